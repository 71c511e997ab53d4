//! Messages about reads, lists and selections of instances.

use std::sync::Arc;

use super::{
    error::{NO_CHANGES, add_call, call_text},
    text::{Facts, Text},
};
use crate::{
    compshare::{Error, Instance, Undecodable},
    framework::{Diagnostic, Diagnostics},
    operation::{InstanceRef, Location},
};

/// Maximum number of instances that a message lists.
const MAX_LISTED: usize = 20;

/// A failed read of an instance by a data source or an ephemeral resource.
pub(crate) fn read(instance: &InstanceRef, error: &Error) -> Diagnostics {
    failed_read(&instance.id, NO_CHANGES, &instance.location, error)
}

/// A failed refresh of a resource that belongs to instance `id`.
pub(crate) fn refresh(id: &str, error: &Error) -> Diagnostics {
    failed_read(id, "The Terraform state was not changed.", &Location::default(), error)
}

fn failed_read(id: &str, effect: &str, location: &Location, error: &Error) -> Diagnostics {
    let mut facts = Facts::default();
    facts.add("Instance", format_args!("`{id}`"));
    add_call(&mut facts, "API call", error);
    call_text("Read Instance", error).in_location(location).into_error(effect, &facts)
}

/// A failed list. `filters` are the configured filters, each with the API's name of the parameter
/// and the name of the attribute.
pub(crate) fn list(error: &Error, filters: &[(&str, &'static str)]) -> Diagnostics {
    let mut facts = Facts::default();
    add_call(&mut facts, "API call", error);
    let mut text = call_text("List Instances", error);
    let filter = filters.iter().find(|(parameter, _)| error.is_usage_of(parameter));
    text.attribute = filter.map(|(_, attribute)| *attribute);
    text.into_error(NO_CHANGES, &facts)
}

/// An interrupted read or list. `activity` completes the title "Interrupted While …".
pub(crate) fn interrupted(activity: &str) -> Diagnostic {
    let detail = "Terraform was interrupted before the API responded. No changes were made. Run \
                  Terraform again to continue.";
    Diagnostic::error(format!("Interrupted While {activity}"), detail)
}

/// An interrupted refresh.
pub(crate) fn interrupted_read(id: &str) -> Diagnostic {
    let detail = format!(
        "Terraform was interrupted before the API reported the state of instance `{id}`. No changes \
         were made. Run Terraform again to continue."
    );
    Diagnostic::error("Interrupted While Reading Instance", detail)
}

/// A name that no instance has.
pub(crate) fn unknown_name(name: &str) -> Diagnostics {
    Text::unable(
        SELECT,
        "Name Not Found",
        format!(
            "No instance is named \"{name}\" in the configured `region`, `zone`, and `project_id`."
        ),
        "Correct `name`. Names are case-sensitive and must match exactly.",
    )
    .at("name")
    .into_error(NO_CHANGES, &Facts::default())
}

/// Attempt of a data source that selects one instance.
pub(super) const SELECT: &str = "Select Instance";

/// A name that several instances have.
pub(crate) fn ambiguous_name(name: &str, instances: &[Arc<Instance>]) -> Diagnostics {
    let mut list = Facts::default();
    for instance in instances.iter().take(MAX_LISTED) {
        let zone = instance.zone.as_deref().or(instance.region.as_deref()).unwrap_or("?");
        list.add(&format!("  {}", instance.id), format_args!("{}, in {zone}", instance.state));
    }
    if let Some(more) = instances.len().checked_sub(MAX_LISTED).filter(|more| *more > 0) {
        list.add("  and more", more);
    }
    Text::unable(
        SELECT,
        "Name Not Unique",
        format!("{} instances are named \"{name}\":\n\n{list}", instances.len()),
        "Set `instance_id` to one of these IDs instead of `name`.",
    )
    .at("name")
    .into_error(NO_CHANGES, &Facts::default())
}

/// A password that cannot be decoded.
pub(crate) fn password(id: &str, error: Undecodable) -> Diagnostic {
    Text::new(
        "Unable to Decode Instance Password",
        format!("The password that the API returned for instance `{id}` is {error}."),
        "View or reset the password in the CompShare console.",
    )
    .into_warning("`password` is null.", &Facts::default())
}
