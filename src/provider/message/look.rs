//! Looks, reads and lists that failed, or found something else than was looked for.

use std::sync::Arc;

use super::error::{facts_of, line, of_error};
use crate::{
    compshare::{Error, Instance, Undecodable},
    cty::Path,
    framework::{Attr, Diagnostic, Diagnostics},
    provider::instance::filter::InstanceFilter,
};

/// How many instances a message names at most.
const MOST_NAMED: usize = 20;

/// A call that failed outside any operation on an instance: `attempt` as in "Unable to …", and the sentence for it.
pub(crate) fn call(attempt: &str, sentence: &str, error: &Error) -> Diagnostic {
    let words = of_error(error);
    let detail = format!("{sentence}: {}\n\n{}\n\n{}", words.what, words.todo, facts_of(error));
    Diagnostic::error(format!("Unable to {attempt}"), detail)
}

/// A refresh that failed. The state stays as it was.
pub(crate) fn read(id: &str, error: &Error) -> Diagnostic {
    let words = of_error(error);
    Diagnostic::error(
        "Unable to Read Instance",
        format!(
            "The state of instance `{id}` could not be read: {} The Terraform state is left as it was.\n\n{}\n\n{}",
            words.what,
            words.todo,
            facts_of(error)
        ),
    )
}

/// A look at an instance that failed, with nothing stored that it could have been compared with.
pub(crate) fn look(id: &str, error: &Error) -> Diagnostic {
    call("Read Instance", &format!("Instance `{id}` could not be looked at"), error)
}

/// A list that failed, or broke off.
pub(crate) fn list(error: &Error, filter: &InstanceFilter) -> Diagnostics {
    let diagnostic = call("List Instances", "The instances could not be listed", error);
    let is_about =
        |parameter: &str, attr: &Attr<String>| !attr.is_null() && error.is_usage_of(parameter);
    let path = [("Region", "region", &filter.region), ("Zone", "zone", &filter.zone)]
        .into_iter()
        .find(|(parameter, _, attr)| is_about(parameter, attr))
        .map(|(_, attribute, _)| Path::root().attribute(attribute));
    Diagnostic { path, ..diagnostic }.into()
}

/// A look or a list that was interrupted.
pub(crate) fn interrupted(attempt: &str) -> Diagnostic {
    let detail = "Terraform was interrupted before the cloud had answered. Nothing changed.";
    Diagnostic::error(format!("Interrupted: Unable to {attempt}"), detail)
}

/// A refresh that was interrupted.
pub(crate) fn interrupted_read(id: &str) -> Diagnostic {
    let detail = format!(
        "Terraform was interrupted while the state of instance `{id}` was being read. Nothing changed."
    );
    Diagnostic::error("Interrupted: Unable to Read Instance", detail)
}

/// No instance has the name that was looked for.
pub(crate) fn unknown_name(name: &str) -> Diagnostic {
    Diagnostic::error(
        "Instance Not Found",
        format!(
            "No instance is named \"{name}\". A name has to be given as it is, capital letters and spaces included; if \
             `region`, `zone` or `project_id` are set, here or in the provider, only instances there count."
        ),
    )
    .at(Path::root().attribute("name"))
}

/// Several instances have the name that was looked for.
pub(crate) fn ambiguous_name(name: &str, instances: &[Arc<Instance>]) -> Diagnostic {
    let mut detail =
        format!("{} instances are named \"{name}\", and one has to be meant:\n", instances.len());
    for instance in instances.iter().take(MOST_NAMED) {
        let zone = instance.zone.as_deref().or(instance.region.as_deref()).unwrap_or("?");
        line(&mut detail, &format!("  {}", instance.id), &format!("{}, in {zone}", instance.state));
    }
    if let Some(more) = instances.len().checked_sub(MOST_NAMED).filter(|more| *more > 0) {
        line(&mut detail, "  and more", &more.to_string());
    }
    detail.push_str("\n\nSet `instance_id` to one of these ids instead of `name`.");
    Diagnostic::error("Several Instances With This Name", detail).at(Path::root().attribute("name"))
}

/// A password that cannot be told.
pub(crate) fn password(id: &str, error: Undecodable) -> Diagnostic {
    Diagnostic::warning(
        "Unreadable Password",
        format!(
            "What the cloud answered as the password of instance `{id}` is {error}, so `password` is null. It can be seen, and \
             set anew, in the CompShare console."
        ),
    )
}
