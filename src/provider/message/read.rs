//! Messages about reads, lists and selections of instances.

use std::sync::Arc;

use super::{
    error::{add_call, call_text},
    text::Facts,
};
use crate::{
    compshare::{Error, Instance, Undecodable},
    cty::Path,
    framework::{Diagnostic, Diagnostics},
};

/// Maximum number of instances that a message lists.
const MAX_LISTED: usize = 20;

/// A failed call about one instance. `attempt` completes the title "Unable to …"; `effect` is a
/// sentence, or empty.
pub(crate) fn instance_call(attempt: &str, id: &str, effect: &str, error: &Error) -> Diagnostics {
    let mut facts = Facts::default();
    facts.add("Instance", format_args!("`{id}`"));
    add_call(&mut facts, "API call", error);
    call_text(attempt, error).into_error(effect, &facts)
}

/// A failed refresh.
pub(crate) fn read(id: &str, error: &Error) -> Diagnostics {
    instance_call("Read Instance", id, "The Terraform state was not changed.", error)
}

/// A failed list. `filters` are the configured filters, each with the API's name of the parameter
/// and the name of the attribute.
pub(crate) fn list(error: &Error, filters: &[(&str, &'static str)]) -> Diagnostics {
    let mut facts = Facts::default();
    add_call(&mut facts, "API call", error);
    let mut text = call_text("List Instances", error);
    let filter = filters.iter().find(|(parameter, _)| error.is_usage_of(parameter));
    text.attribute = filter.map(|(_, attribute)| *attribute);
    text.into_error("", &facts)
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
pub(crate) fn unknown_name(name: &str) -> Diagnostic {
    Diagnostic::error(
        "Instance Not Found",
        format!(
            "No instance is named \"{name}\". Names are case-sensitive and must match exactly. Only \
             instances in the configured `region`, `zone`, and `project_id` are considered."
        ),
    )
    .at(Path::root().attribute("name"))
}

/// A name that several instances have.
pub(crate) fn ambiguous_name(name: &str, instances: &[Arc<Instance>]) -> Diagnostic {
    let mut list = Facts::default();
    for instance in instances.iter().take(MAX_LISTED) {
        let zone = instance.zone.as_deref().or(instance.region.as_deref()).unwrap_or("?");
        list.add(&format!("  {}", instance.id), format_args!("{}, in {zone}", instance.state));
    }
    if let Some(more) = instances.len().checked_sub(MAX_LISTED).filter(|more| *more > 0) {
        list.add("  and more", more);
    }
    Diagnostic::error(
        "Multiple Instances Found",
        format!(
            "{} instances are named \"{name}\":\n\n{list}\n\nSet `instance_id` to one of these IDs \
             instead of `name`.",
            instances.len()
        ),
    )
    .at(Path::root().attribute("name"))
}

/// A password that cannot be decoded.
pub(crate) fn password(id: &str, error: Undecodable) -> Diagnostic {
    Diagnostic::warning(
        "Unable to Decode Instance Password",
        format!(
            "The password that the API returned for instance `{id}` is {error}, so `password` is null. \
             View or reset the password in the CompShare console."
        ),
    )
}
