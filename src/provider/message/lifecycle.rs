//! Messages about operations that set up, resize or delete an instance.

use std::time::Duration;

use super::{
    error::call_text,
    facts::{STOPPED, facts},
    text::Text,
    unsuitable::{elsewhere, not_found},
};
use crate::{
    compshare::{Class, Error, ResizeInstance, State, TerminateInstance},
    framework::Diagnostics,
    lifecycle::{Failure, LifecycleReason, Operation, Reason, Target},
    operation::OperationLog,
    power::{START, STOP},
    provider::timeouts::format_duration,
};

const TAINTED: &str = "The instance exists, and is billed once it is running. It is in the Terraform \
                       state, marked as tainted: the next apply replaces it.";
const UNTAINT: &str = "To keep the instance, run `terraform untaint` with the address of the \
                       resource. Then apply again.";

/// A failed operation.
pub(crate) fn lifecycle(operation: &Operation, failure: &Failure) -> Diagnostics {
    let Failure { reason, log } = failure;
    without_foreign_attribute(of_reason(reason, operation, log))
        .into_error(&effect(reason, operation, log), &facts(failure))
}

/// Removes an attribute that only other resources have.
pub(super) fn without_foreign_attribute(text: Text) -> Text {
    let own = ["name", "zone", "project_id", "gpu_type", "image_id", "charge_type", "gpu_count"];
    let own = |attribute: &&str| {
        own.contains(attribute)
            || ["allow_stopping_for_update", "boot_disk_gb", "firewall_id"].contains(attribute)
    };
    Text { attribute: text.attribute.filter(own), ..text }
}

/// A resize of a running instance that may not be stopped.
pub(crate) fn resize_needs_stop(id: &str) -> Diagnostics {
    stop_not_allowed(id).into_error(super::error::NO_CHANGES, &super::text::Facts::default())
}

const fn verb(target: Target) -> &'static str {
    match target {
        Target::Created => "Set Up",
        Target::Resized { .. } => "Resize",
        Target::Deleted { .. } => "Delete",
    }
}

/// The verb of an action, for titles.
fn action_verb(action: &str) -> &'static str {
    match action {
        START => "Start",
        STOP => "Stop",
        ResizeInstance::ACTION | ResizeInstance::DISK_ACTION => "Resize",
        TerminateInstance::ACTION => "Delete",
        _ => "Read",
    }
}

fn failed_call(error: &Error) -> Text {
    call_text(&format!("{} Instance", action_verb(error.action)), error)
}

fn of_reason(reason: &Reason, operation: &Operation, log: &OperationLog) -> Text {
    let instance = &operation.instance;
    let id = &instance.id;
    let attempt = format!("{} Instance", verb(operation.target));
    let unable = |reason, what, todo| Text::unable(&attempt, reason, what, todo);
    match reason {
        Reason::Call(error) => failed_call(error),
        Reason::NotFound if operation.target == Target::Created => unable(
            "Not Listed",
            format!(
                "CompShare created instance `{id}`, but does not list it (checked for the time in \
                 which a new instance may be missing)."
            ),
            "Check the instance in the CompShare console, then apply again.",
        ),
        Reason::NotFound => not_found(&attempt, instance),
        Reason::Location(mismatch) => elsewhere(&attempt, id, mismatch),
        Reason::Vanished => unable(
            "No Longer Exists",
            format!(
                "Instance `{id}` existed when the operation began, but no longer exists (checked \
                 twice)."
            ),
            "Check in the CompShare console whether the instance was deleted.",
        ),
        Reason::FailedState(state) => unable(
            "Failed State",
            format!("Instance `{id}` is in state `{state}`, which it does not leave by itself."),
            "Apply again. If this recurs, choose another image or zone, or contact CompShare support.",
        ),
        Reason::NoEffect(action) => no_effect(id, action, "did not change after", log),
        Reason::ResponseLost(action) => no_effect(id, action, "was not confirmed after", log),
        Reason::FellBack(action) => no_effect(id, action, "is as before", log),
        Reason::Kind(reason) => of_lifecycle_reason(*reason, id),
        Reason::TimedOut(timeout) => timed_out(*timeout, operation, log),
        Reason::Interrupted => Text::new(
            format!("Interrupted While Waiting to {} Instance", verb(operation.target)),
            match operation.target {
                Target::Created => format!(
                    "Instance `{id}` has been created. Terraform was interrupted before it was \
                     running."
                ),
                Target::Resized { .. } => {
                    format!("Terraform was interrupted before instance `{id}` was resized.")
                }
                Target::Deleted { .. } => {
                    format!("Terraform was interrupted before instance `{id}` was deleted.")
                }
            },
            if operation.target == Target::Created {
                UNTAINT
            } else {
                "Run Terraform again to continue."
            },
        ),
    }
}

fn no_effect(id: &str, action: &str, what: &str, log: &OperationLog) -> Text {
    let verb = action_verb(action);
    let reason = match log.last_lost() {
        Some(_) => "Not Confirmed",
        None => "No Effect",
    };
    Text::unable(
        format_args!("{verb} Instance"),
        reason,
        format!("Instance `{id}` {what} the {} request.", verb.to_lowercase()),
        "Check the instance in the CompShare console, then apply again.",
    )
}

fn of_lifecycle_reason(reason: LifecycleReason, id: &str) -> Text {
    match reason {
        LifecycleReason::StopNotAllowed => stop_not_allowed(id),
        LifecycleReason::NoGpuSize => Text::unable(
            "Resize Instance",
            "In No-GPU Mode",
            format!(
                "Instance `{id}` has the size of its last start in no-GPU mode, in which it cannot be \
                 resized."
            ),
            "Start the instance with its GPU, for example with `without_gpu = false` in \
             `compshare_instance_power`, then apply again.",
        ),
        LifecycleReason::NoBootDisk => Text::unable(
            "Resize Instance",
            "System Disk Not Reported",
            format!("The API does not report the system disk of instance `{id}`."),
            "Remove `boot_disk_gb`, and extend the disk in the CompShare console.",
        )
        .at("boot_disk_gb"),
    }
}

fn stop_not_allowed(id: &str) -> Text {
    Text::unable(
        "Resize Instance",
        "Stop Not Allowed",
        format!(
            "Instance `{id}` is running, and must be stopped for a resize. All processes on it are \
             terminated."
        ),
        "Set `allow_stopping_for_update = true` to let Terraform stop and start the instance, or \
         stop it first.",
    )
    .at("allow_stopping_for_update")
}

fn timed_out(timeout: Duration, operation: &Operation, log: &OperationLog) -> Text {
    let timeout = format_duration(timeout);
    if let Some(refusal) = log.last_refusal() {
        let text =
            failed_call(refusal).and(&format!("Retried until the timeout of {timeout} expired."));
        let waited_for_capacity = refusal.class() == Some(Class::Capacity);
        return match waited_for_capacity {
            true => text.with_todo("Try again later, or increase the timeout."),
            false => text,
        };
    }
    let id = &operation.instance.id;
    let (what, todo) = match operation.target {
        Target::Created => ("running", UNTAINT),
        Target::Resized { .. } => ("resized", "Run Terraform again to continue."),
        Target::Deleted { .. } => ("deleted", "Run Terraform again to continue."),
    };
    Text::new(
        format!("Timed Out Waiting to {} Instance", verb(operation.target)),
        format!("Instance `{id}` was not {what} within {timeout}."),
        todo,
    )
}

/// Effect of a failed operation on the state and the bill.
fn effect(reason: &Reason, operation: &Operation, log: &OperationLog) -> String {
    let is_stopped = log.states.last() == Some(&State::Stopped);
    let effect = match (operation.target, reason) {
        (Target::Created, Reason::FailedState(_)) => {
            "CompShare does not bill a failed creation. The instance is in the Terraform state, \
             marked as tainted: the next apply replaces it."
        }
        (Target::Created, _) => TAINTED,
        (_, Reason::Vanished | Reason::NotFound) => {
            "The instance is no longer billed. Data disks that it left behind still are."
        }
        _ if log.may_have_executed(START) => {
            "The start request may have been accepted. If so, the instance is billed once it is \
             running."
        }
        _ if log.may_have_executed(TerminateInstance::ACTION) => {
            "The delete request may have been accepted, and is not canceled. The instance is billed \
             until it is deleted."
        }
        _ if log.may_have_executed(STOP) && is_stopped => {
            return format!("The provider stopped the instance. {STOPPED}");
        }
        _ if log.may_have_executed(STOP) => {
            "The stop request may have been accepted. The instance is billed until it is stopped."
        }
        _ => "The instance still exists, and its billing is unchanged.",
    };
    effect.to_owned()
}
