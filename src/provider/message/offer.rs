//! Messages about zones, GPU models, sizes, capacity and images.

use std::collections::BTreeSet;

use super::{
    error::{NO_CHANGES, add_call, call_text},
    text::{Facts, Text},
};
use crate::{
    compshare::{Error, Size, Zone},
    framework::{Diagnostic, Diagnostics, Severity},
    operation::Location,
};

/// Maximum number of values that a message lists.
const MAX_LISTED: usize = 40;

/// A region or zone that CompShare does not have.
pub(crate) fn unknown_place(attempt: &str, place: &Location, known: &[Zone]) -> Diagnostics {
    let regions: BTreeSet<&str> = known.iter().filter_map(|zone| zone.region.as_deref()).collect();
    let known_region = place.region.as_deref().filter(|region| regions.contains(region));
    let text = match (place.zone.as_deref(), place.region.as_deref()) {
        (_, Some(region)) if known_region.is_none() => Text::unable(
            attempt,
            "Unknown Region",
            format!("CompShare has no region `{region}`. Its regions: {}.", list(regions)),
            "Correct or remove `region`.",
        )
        .at("region"),
        (zone, _) => {
            let in_region = known_region.map(|region| format!(" in region `{region}`"));
            let in_region = in_region.unwrap_or_default();
            let zones = known
                .iter()
                .filter(|zone| known_region.is_none() || zone.region.as_deref() == known_region);
            Text::unable(
                attempt,
                "Unknown Zone",
                format!(
                    "CompShare has no zone `{}`{in_region}. The zones{in_region}: {}.",
                    zone.unwrap_or_default(),
                    list(zones.filter_map(|zone| zone.zone.as_deref()))
                ),
                "Correct `zone`.",
            )
            .at("zone")
        }
    };
    text.into_error(NO_CHANGES, &Facts::default())
}

/// A GPU model that no zone in `place` lists. `known` are the others.
pub(crate) fn unknown_gpu_type(
    attempt: &str,
    gpu_type: &str,
    place: &Location,
    known: &[String],
) -> Diagnostics {
    let place = match (&place.zone, &place.region) {
        (Some(zone), _) => format!("zone `{zone}`"),
        (None, Some(region)) => format!("region `{region}`"),
        (None, None) => "any zone".to_owned(),
    };
    let known = match known {
        [] => "No GPU model is offered there.".to_owned(),
        known => format!("Offered there: {}.", list(known.iter().map(String::as_str))),
    };
    Text::unable(
        attempt,
        "GPU Model Not Offered",
        format!("GPU model `{gpu_type}` is not offered in {place}. {known}"),
        "Correct `gpu_type`, or choose another zone.",
    )
    .at("gpu_type")
    .into_error(NO_CHANGES, &Facts::default())
}

/// A configured size that is not `legal`. `attribute` leaves no legal size.
pub(crate) fn illegal_size(
    attempt: &str,
    gpu_type: &str,
    attribute: &'static str,
    legal: &[Size],
) -> Diagnostics {
    let mut legal = legal.to_vec();
    legal.sort_unstable();
    legal.dedup();
    let mut sizes = Facts::default();
    for Size { gpu_count, cpu, memory_gb } in legal.iter().take(MAX_LISTED) {
        let name = format!("  gpu_count = {gpu_count}");
        sizes.add(&name, format_args!("cpu = {cpu}, memory_gb = {memory_gb}"));
    }
    Text::unable(
        attempt,
        "Size Not Offered",
        format!("GPU model `{gpu_type}` is offered in these sizes only:\n\n{sizes}"),
        "Configure one of these sizes. Attributes that are left out fit any size.",
    )
    .at(attribute)
    .into_error(NO_CHANGES, &Facts::default())
}

/// A price of a GPU model for which the API lists no sizes.
pub(crate) fn unknown_size(attempt: &str, gpu_type: &str) -> Diagnostics {
    Text::unable(
        attempt,
        "Size Unknown",
        format!("The CompShare API lists no sizes of GPU model `{gpu_type}`."),
        "Set `cpu` and `memory_gb`.",
    )
    .at("cpu")
    .into_error(NO_CHANGES, &Facts::default())
}

/// A capacity check for which no image was found.
pub(crate) fn no_image(attempt: &str, gpu_type: &str) -> Diagnostics {
    Text::unable(
        attempt,
        "No Image Found",
        format!(
            "A capacity check needs an image, and no platform image supports GPU model `{gpu_type}`."
        ),
        "Set `image_id`.",
    )
    .at("image_id")
    .into_error(NO_CHANGES, &Facts::default())
}

/// A failed call about a region or zone.
pub(crate) fn call_in(attempt: &str, place: &str, error: &Error) -> Diagnostics {
    let mut facts = Facts::default();
    facts.add("Location", place);
    add_call(&mut facts, "API call", error);
    call_text(attempt, error).into_error(NO_CHANGES, &facts)
}

/// A zone whose capacity could not be checked. This is a warning if another zone has capacity.
pub(crate) fn unchecked(zone: &str, error: &Error, is_available_elsewhere: bool) -> Diagnostic {
    let mut facts = Facts::default();
    facts.add("Zone", zone);
    add_call(&mut facts, "API call", error);
    let text = call_text("Check Capacity", error);
    if is_available_elsewhere {
        let effect = "The sizes of this zone are missing from `offers`. Another zone has capacity.";
        return text.into_warning(effect, &facts);
    }
    let effect = "It is not certain that the GPU model is sold out. No changes were made.";
    text.into_diagnostic(Severity::Error, effect, &facts)
}

fn list<'a>(values: impl IntoIterator<Item = &'a str>) -> String {
    let values = values.into_iter().take(MAX_LISTED);
    values.map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ")
}
