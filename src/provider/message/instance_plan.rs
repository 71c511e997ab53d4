//! Messages about plans of instances: prices, sizes, replacements.

use super::{
    error::NO_CHANGES,
    facts::STOPPED,
    instance::{CREATE, NOTHING_CREATED},
    text::{Facts, Text},
};
use crate::{
    compshare::Size,
    framework::{Diagnostic, Diagnostics},
};

/// Maximum number of sizes or GPU models that a message lists.
const MAX_LISTED: usize = 12;

/// Planned attributes of an instance that is to be created.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Purchase<'a> {
    /// `None` if it is not known yet.
    pub(crate) name: Option<&'a str>,
    pub(crate) charge_type: &'a str,
    pub(crate) gpu_type: &'a str,
}

/// A price above the limit.
pub(crate) fn price_too_high(price: f64, limit: f64, charge_type: &str) -> Diagnostics {
    Text::unable(
        CREATE,
        "Price Above Limit",
        format!(
            "The instance costs {price} CNY per {}, and `max_price_cny` is {limit}.",
            unit(charge_type)
        ),
        "Raise `max_price_cny`, or choose another size or zone.",
    )
    .at("max_price_cny")
    .into_error(NOTHING_CREATED, &Facts::default())
}

/// A limit, and no price to compare it with.
pub(crate) fn price_unknown(limit: f64) -> Diagnostics {
    Text::unable(
        CREATE,
        "Price Unknown",
        format!(
            "CompShare reports no price for the instance, and `max_price_cny` is {limit}: without a \
             price, the limit cannot be checked."
        ),
        "Correct `charge_type`, or remove `max_price_cny`.",
    )
    .at("max_price_cny")
    .into_error(NOTHING_CREATED, &Facts::default())
}

const fn unit(charge_type: &str) -> &'static str {
    match charge_type.as_bytes() {
        b"Day" => "day",
        b"Month" => "month",
        _ => "hour",
    }
}

/// A GPU model that is not sold in the zone.
pub(crate) fn gpu_type_not_sold(gpu_type: &str, zone: &str, others: &[String]) -> Diagnostics {
    let what = match others {
        [] => format!("CompShare lists no GPU models in zone `{zone}`."),
        others => format!(
            "CompShare does not sell GPU model `{gpu_type}` in zone `{zone}`, but: {}.",
            listed(others)
        ),
    };
    Text::unable(CREATE, "GPU Model Not Sold", what, "Correct `gpu_type` or `zone`.")
        .at("gpu_type")
        .into_error(NO_CHANGES, &Facts::default())
}

/// A size that is not sold. `same_count` are the sizes with the configured number of GPUs.
pub(crate) fn size_not_sold(
    gpu_type: &str,
    zone: &str,
    gpu_count: u32,
    same_count: &[Size],
    all: &[Size],
) -> Diagnostics {
    let text = |size: &Size| {
        let Size { gpu_count, cpu, memory_gb } = size;
        format!("{gpu_count} × GPU, {cpu} cores, {memory_gb} GB")
    };
    let (attribute, sizes) =
        if same_count.is_empty() { ("gpu_count", all) } else { ("cpu", same_count) };
    let sizes: Vec<_> = sizes.iter().map(text).collect();
    let mut facts = Facts::default();
    for size in sizes.iter().take(MAX_LISTED) {
        facts.add("Size on sale", size);
    }
    let (reason, what) = if same_count.is_empty() {
        ("GPU Count Not Sold", format!("with {gpu_count} GPUs"))
    } else {
        ("Not Sold", "in the configured size".to_owned())
    };
    let what = format!("CompShare does not sell GPU model `{gpu_type}` in zone `{zone}` {what}.");
    Text::unable("Choose Size", reason, what, "Configure one of the sizes below.")
        .at(attribute)
        .into_error(NO_CHANGES, &facts)
}

fn listed(names: &[String]) -> String {
    let names: Vec<_> = names.iter().take(MAX_LISTED).map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// The costs of a planned create.
pub(crate) fn billed(new: Purchase<'_>, size: Size, price: Option<f64>) -> Diagnostic {
    let Purchase { name, charge_type, gpu_type } = new;
    let Size { gpu_count, cpu, memory_gb } = size;
    let name =
        name.map_or_else(|| "The new instance".to_owned(), |name| format!("Instance \"{name}\""));
    let unit = unit(charge_type);
    let costs = match price {
        Some(price) => format!("costs {price} CNY per {unit}"),
        None => format!("is billed per {unit}; CompShare reports no price"),
    };
    let what = format!("{name} ({gpu_count} × {gpu_type}, {cpu} cores, {memory_gb} GB) {costs}.");
    let (title, todo, effect) = match charge_type {
        _ if price.is_none() => (
            "New Instance Is Billed, Price Not Reported",
            "Check the price in the CompShare console.",
            "",
        ),
        "Postpay" => (
            "New Instance Is Billed While It Runs",
            "To stop it later, use `compshare_instance_power`. Prices can change before the apply; \
             `max_price_cny` limits the price.",
            STOPPED,
        ),
        "Spot" => (
            "New Spot Instance Is Billed While It Runs",
            "Prices can change before the apply; `max_price_cny` limits the price.",
            "CompShare can interrupt a spot instance at any time.",
        ),
        _ => (
            "New Instance Is Prepaid",
            "If that is not intended, set `charge_type = \"Postpay\"`.",
            "One unit is charged at the create, and a stopped instance is billed in full.",
        ),
    };
    Text::new(title, what, todo).at("charge_type").into_warning(effect, &Facts::default())
}

/// A planned delete or replacement of a protected instance.
pub(crate) fn deletion_protected(id: &str, verb: &str) -> Diagnostics {
    Text::unable(
        format_args!("{verb} Instance"),
        "Deletion Protection",
        format!("Instance `{id}` has `deletion_protection = true`."),
        "To delete it nevertheless, first apply `deletion_protection = false`.",
    )
    .at("deletion_protection")
    .into_error(NO_CHANGES, &Facts::default())
}

/// A configuration that would replace an instance which was only imported.
pub(crate) fn imported_replacement(id: &str, attributes: &[String]) -> Diagnostics {
    Text::unable(
        "Manage Imported Instance",
        "Would Be Replaced",
        format!(
            "Instance `{id}` was imported, and the configuration differs from it in {}: Terraform \
             would delete the instance and create another one.",
            listed(attributes)
        ),
        "Correct the configuration: `terraform state show` prints the values of the instance. To \
         replace it nevertheless, destroy it first.",
    )
    .into_error(NO_CHANGES, &Facts::default())
}

/// A planned replacement.
pub(crate) fn replacement(id: &str, attributes: &[String]) -> Diagnostic {
    Text::new(
        "Replacement Deletes Instance and Its Data",
        format!(
            "This plan deletes instance `{id}` and creates another one, because of a change of {}.",
            listed(attributes)
        ),
        "If that is not intended, revert the change. `deletion_protection = true` refuses such plans.",
    )
    .into_warning(
        "The system disk and its data are permanently deleted. The zone may have no capacity for the \
         new instance.",
        &Facts::default(),
    )
}

/// A change of an attribute that the API cannot change.
pub(crate) fn unchangeable(id: &str, attribute: &'static str, stored: Option<&str>) -> Diagnostics {
    let todo = match stored {
        Some(stored) => format!("Set `{attribute} = \"{stored}\"`, the value of the instance."),
        None => format!("Remove `{attribute}`."),
    };
    Text::unable(
        "Change Instance",
        "Cannot Be Changed",
        format!(
            "The CompShare API has no request that changes `{attribute}` of an instance, and \
             replacing instance `{id}` would delete its data."
        ),
        todo,
    )
    .at(attribute)
    .into_error(NO_CHANGES, &Facts::default())
}
