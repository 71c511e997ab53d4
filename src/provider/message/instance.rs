//! Messages about creates and renames of instances.

use std::time::Duration;

use super::{
    error::{add_call, call_text},
    lifecycle::without_foreign_attribute,
    text::{Facts, Text},
};
use crate::{
    compshare::{Class, Error, Instance},
    framework::{Diagnostic, Diagnostics},
    lifecycle::CreateFailure,
    provider::timeouts::format_duration,
};

pub(super) const NOTHING_CREATED: &str = "No instance was created, and nothing is billed.";
pub(super) const CREATE: &str = "Create Instance";

/// Attributes of an instance that is to be created.
#[derive(Debug)]
pub(crate) struct NewInstance {
    pub(crate) name: String,
    pub(crate) zone: String,
    pub(crate) gpu_type: String,
}

/// A failed create, whose remark had this marker.
pub(crate) fn create_failed(
    new: &NewInstance,
    marker: &str,
    failure: &CreateFailure,
    timeout: Duration,
) -> Diagnostics {
    let mut facts = new.facts();
    match failure {
        CreateFailure::Refused(error) => {
            add_call(&mut facts, "API call", error);
            refused(error).into_error(NOTHING_CREATED, &facts)
        }
        CreateFailure::RefusedUntilTimeout(error) => {
            add_call(&mut facts, "API call", error);
            let timeout = format_duration(timeout);
            let text = refused(error);
            let text = text.and(&format!("Retried until the timeout of {timeout} expired."));
            let waited_for_capacity = error.class() == Some(Class::Capacity);
            let text = match waited_for_capacity {
                true => text.with_todo("Try again later, or increase the timeout."),
                false => text,
            };
            text.into_error(NOTHING_CREATED, &facts)
        }
        CreateFailure::Interrupted => Text::new(
            "Interrupted Before Creating Instance",
            format!("Terraform was interrupted before instance \"{}\" was created.", new.name),
            "Run Terraform again to continue.",
        )
        .into_error(NOTHING_CREATED, &facts),
        CreateFailure::Lost { response, search, is_interrupted } => {
            add_call(&mut facts, "API call", response);
            if let Some(search) = search {
                add_call(&mut facts, "Last failed call", search);
            }
            facts.add("Marker", format_args!("`{marker}`"));
            lost(new, response, search.is_some(), *is_interrupted).into_error(
                "If the instance exists, it is billed. The create was not repeated, because that \
                 could create a second instance.",
                &facts,
            )
        }
    }
}

/// A create that was not sent, because the checks before it lasted too long.
pub(crate) fn timed_out_before_create(new: &NewInstance, timeout: Duration) -> Diagnostics {
    let timeout = format_duration(timeout);
    Text::new(
        "Timed Out Before Creating Instance",
        format!(
            "The checks of name, size and price of instance \"{}\" were not finished within \
             {timeout}.",
            new.name
        ),
        "Apply again, or increase the timeout.",
    )
    .into_error(NOTHING_CREATED, &new.facts())
}

impl NewInstance {
    fn facts(&self) -> Facts {
        let Self { name, zone, gpu_type } = self;
        let mut facts = Facts::default();
        facts.add("Instance", format_args!("\"{name}\" in {zone} ({gpu_type})"));
        facts
    }
}

/// Text of a refused create, with the attribute at fault.
fn refused(error: &Error) -> Text {
    let text = |reason, what: &str, attribute: &'static str| {
        let todo = format!("Correct `{attribute}`.");
        Text::unable(CREATE, reason, what.to_owned(), todo).at(attribute)
    };
    match error.ret_code() {
        Some(8017 | 8027) => {
            text("Image Not Available", "The image cannot be used now.", "image_id")
        }
        Some(226_603) => text(
            "Image Does Not Support GPU Model",
            "The image does not support the GPU model.",
            "image_id",
        ),
        Some(226_637) => text(
            "Image Not Supported in Zone",
            "The zone does not support images of this type.",
            "image_id",
        ),
        Some(8315) => text(
            "System Disk Smaller Than Image",
            "The system disk is smaller than the image.",
            "boot_disk_gb",
        ),
        Some(8067 | 8107) => text(
            "Disk Size Not Allowed",
            "The size of the system disk is not allowed.",
            "boot_disk_gb",
        ),
        Some(8116) => text(
            "Charge Type Not Supported",
            "This charge type is not supported for the GPU model or zone.",
            "charge_type",
        ),
        Some(8052) => text("Firewall Not Accepted", "The firewall is not accepted.", "firewall_id"),
        Some(8333) => {
            text("Size Not Allowed", "This combination of CPU and memory is not sold.", "gpu_count")
        }
        _ => parameter(CREATE, error),
    }
}

/// Text of a failed call about an instance, with the attribute that sets a refused parameter.
fn parameter(attempt: &str, error: &Error) -> Text {
    let text = without_foreign_attribute(call_text(attempt, error));
    let message = error.message().unwrap_or_default();
    let named = [
        ("CompShareImageId", "image_id", "Image"),
        ("GpuType", "gpu_type", "GPU Model"),
        ("ChargeType", "charge_type", "Charge Type"),
        ("SecurityGroupId", "firewall_id", "Firewall"),
        ("Disks", "boot_disk_gb", "System Disk"),
        ("Name", "name", "Name"),
    ];
    let named = named.into_iter().find(|(parameter, ..)| message.contains(parameter));
    let is_usage = matches!(error.ret_code(), Some(210 | 220 | 230 | 280));
    let Some((_, attribute, name)) = named.filter(|_| is_usage && text.attribute.is_none()) else {
        return text;
    };
    Text::unable(
        attempt,
        format_args!("Invalid {name}"),
        format!("The CompShare API rejected the value of `{attribute}`."),
        format!("Correct `{attribute}`."),
    )
    .at(attribute)
}

/// A create whose response was lost, and whose instance was not found.
fn lost(new: &NewInstance, response: &Error, search_failed: bool, is_interrupted: bool) -> Text {
    let text = without_foreign_attribute(call_text("Confirm Create of Instance", response));
    let what = if search_failed {
        "The list of instances, which shows whether the instance was created, could not be read."
    } else if is_interrupted {
        "Terraform was interrupted before the instance appeared in the list of instances, which can \
         take 30 seconds."
    } else {
        "The instance did not appear in the list of instances in the time in which a new instance \
         may be missing from it."
    };
    let todo = format!(
        "Check in the CompShare console whether an instance named \"{}\" exists whose remark ends \
         with the marker below. If so, import it with `terraform import`, the address of the \
         resource, and its ID. Otherwise apply again.",
        new.name
    );
    Text { todo: todo.into(), ..text.and(what) }
}

/// A check before a create that failed.
pub(crate) fn not_created(attempt: &str, error: &Error) -> Diagnostics {
    let mut facts = Facts::default();
    add_call(&mut facts, "API call", error);
    without_foreign_attribute(call_text(attempt, error)).into_error(NOTHING_CREATED, &facts)
}

/// A failed rename.
pub(crate) fn rename(id: &str, error: &Error) -> Diagnostics {
    let mut facts = Facts::default();
    facts.add("Instance", format_args!("`{id}`"));
    add_call(&mut facts, "API call", error);
    parameter("Rename Instance", error).into_error("The bill does not depend on the name.", &facts)
}

/// A name that two resources of one run want to create.
pub(crate) fn name_in_use(name: &str) -> Diagnostics {
    Text::unable(
        CREATE,
        "Name Used Twice",
        format!("Another `compshare_instance` of this apply has the name \"{name}\"."),
        "Give each instance a name of its own, for example with `count.index` or `each.key`.",
    )
    .at("name")
    .into_error(NOTHING_CREATED, &Facts::default())
}

/// An instance that an earlier run has created and that this run does not manage.
pub(crate) fn left_behind(instance: &Instance, import_id: &str) -> Diagnostics {
    let name = instance.name.as_deref().unwrap_or_default();
    Text::unable(
        CREATE,
        "Name Belongs to Existing Instance",
        format!(
            "Terraform has created instance `{}` with the name \"{name}\", and this apply does not \
             manage it. An apply that was interrupted may have left it behind.",
            instance.id
        ),
        format!(
            "Import the instance with `terraform import`, the address of the resource, and \
             `{import_id}`. If it belongs to another configuration, or \
             is to be replaced with `create_before_destroy`, choose another `name`."
        ),
    )
    .at("name")
    .into_error("No instance was created. The existing one is billed.", &existing(instance))
}

/// As [`left_behind`], found after the create of another instance.
pub(crate) fn left_behind_unseen(instance: &Instance, import_id: &str) -> Diagnostic {
    let name = instance.name.as_deref().unwrap_or_default();
    Text::new(
        "Second Instance With the Same Name",
        format!(
            "Terraform has also created instance `{}` with the name \"{name}\", and it is not in \
             this state. An apply that was interrupted may have left it behind; it was not listed \
             yet when this apply created its own instance.",
            instance.id
        ),
        format!(
            "Delete the instance in the CompShare console, or import it with `terraform import`, the \
             address of another resource, and `{import_id}`."
        ),
    )
    .at("name")
    .into_warning("Both instances are billed.", &existing(instance))
}

fn existing(instance: &Instance) -> Facts {
    let mut facts = Facts::default();
    let zone = instance.zone.as_deref().or(instance.region.as_deref()).unwrap_or("?");
    facts.add("Instance", format_args!("`{}` in {zone} ({})", instance.id, instance.state));
    facts
}
