//! Refused plans, and warnings about plans.

use super::{
    error::{NO_CHANGES, add_call, call_text},
    facts::STOPPED,
    operation::of_reason,
    text::{Facts, Text},
};
use crate::{
    compshare::Error,
    framework::{Diagnostic, Diagnostics},
    operation::OperationLog,
    power::{Operation, Reason},
    provider::planned::Conflict,
};

const APPLY_FAILS: &str = "The apply of this resource will fail. Other resources are not affected.";

/// A planned operation that cannot succeed.
pub(crate) fn refused_plan(operation: &Operation, reason: &Reason) -> Diagnostics {
    before_any_call(operation, reason).into_error(NO_CHANGES, &Facts::default())
}

/// A planned operation that the state of the instance makes impossible.
pub(crate) fn failing_apply(operation: &Operation, reason: &Reason) -> Diagnostic {
    warning(before_any_call(operation, reason), APPLY_FAILS)
}

fn before_any_call(operation: &Operation, reason: &Reason) -> Text {
    of_reason(reason, operation, &OperationLog::new(&operation.instance.id, None))
}

fn warning(text: Text, effect: &str) -> Diagnostic {
    text.into_warning(effect, &Facts::default())
}

/// A planned operation on an instance that has existed.
pub(crate) fn no_longer_exists(id: &str) -> Diagnostic {
    let text = Text::unable(
        "Manage Instance",
        "No Longer Exists",
        format!("Instance `{id}` is in the Terraform state, but was not found (checked twice)."),
        "If the instance was deleted, remove this resource from the configuration.",
    );
    warning(text.at("instance_id"), APPLY_FAILS)
}

/// A plan whose describe failed, or timed out without an error.
pub(crate) fn plan_not_checked(error: Option<&Error>) -> Diagnostic {
    let attempt = "Check Plan";
    let mut facts = Facts::default();
    let text = match error {
        Some(error) => {
            add_call(&mut facts, "API call", error);
            call_text(attempt, error)
        }
        None => Text::no_response(attempt),
    };
    Text { attribute: None, ..text }
        .with_todo("Plan again to repeat the check.")
        .into_warning("The apply checks each instance before it changes it.", &facts)
}

/// An instance that CompShare deletes at the time `at`.
pub(crate) fn deleted_soon(id: &str, at: &str, runs: bool) -> Diagnostic {
    let todo = if runs {
        "Apply this plan, which starts the instance, before that time."
    } else {
        "To keep the instance, start it before that time, for example with `state = \"Running\"` and \
         `without_gpu = true`."
    };
    let what = format!("CompShare permanently deletes stopped instance `{id}` at `{at}`.");
    warning(Text::new("Instance Will Be Deleted Soon", what, todo), DETACHED)
}

const DETACHED: &str = "Data disks are detached, not deleted, and continue to be billed.";

/// A pay-as-you-go instance that a plan keeps stopped.
pub(crate) fn deleted_if_kept_stopped(id: &str) -> Diagnostic {
    let text = Text::new(
        "Stopped Instance Will Be Deleted After Seven Days",
        format!(
            "This plan keeps instance `{id}` stopped, and CompShare permanently deletes a \
             pay-as-you-go instance after it has been stopped for 7 days."
        ),
        "To keep the instance, start it once before that.",
    );
    warning(text.at("state"), STOPPED)
}

/// An instance that runs without its GPU, although no mode is configured.
pub(crate) fn runs_without_gpu(id: &str) -> Diagnostic {
    let text = Text::new(
        "Instance Running Without Its GPU",
        format!(
            "Instance `{id}` is running in no-GPU mode, and `without_gpu` is not set. The mode is \
             left unchanged, because a change requires a restart."
        ),
        "Set `without_gpu = true` to keep this mode, or `allow_stopping_for_update = true` to let \
         Terraform restart the instance with its GPU.",
    );
    warning(text.at("without_gpu"), "The instance is billed at the price of no-GPU mode.")
}

/// Two plans for one instance.
pub(crate) fn conflict(id: &str, conflict: Conflict) -> Diagnostic {
    match conflict {
        Conflict::TwoResources => warning(
            Text::new(
                "Instance Managed by Two Resources",
                format!(
                    "Another `compshare_instance_power` in this plan also manages instance `{id}`."
                ),
                "Keep only one resource for each instance.",
            )
            .at("instance_id"),
            "If they differ, each apply starts or stops the instance.",
        ),
        Conflict::StoppedAndRun => warning(
            Text::new(
                "Destroy Will Stop Instance: Needed by Another Resource",
                format!(
                    "This plan destroys a resource that stops instance `{id}` (`stop_on_destroy`), \
                     and another resource requires it to be running."
                ),
                "If the resource was renamed, add a `moved` block with its old and its new address: \
                 the instance is then left running.",
            ),
            "All processes on the instance are terminated. The other resource starts it again in this \
             apply or the next one, which can fail if the zone is sold out.",
        ),
    }
}

/// The warning about a planned destroy that leaves the instance unchanged.
pub(crate) fn keeps_running(id: &str) -> Diagnostic {
    let text = Text::new(
        "Destroy Does Not Stop Instance",
        format!("Destroying this resource only removes instance `{id}` from the Terraform state."),
        "To stop it, apply `stop_on_destroy = true` before the destroy.",
    );
    warning(text, "If the instance is running, it keeps running and continues to be billed.")
}
