//! Warnings about plans.

use super::{
    error::{Cause, add_call},
    operation::{action, of_reason},
    text::{Facts, Text},
};
use crate::{
    compshare::Error,
    framework::Diagnostic,
    power::{Operation, Reason},
    provider::planned::Conflict,
};

/// A planned operation that the state of the instance makes impossible.
pub(crate) fn failing_apply(operation: &Operation, reason: &Reason) -> Diagnostic {
    let text = of_reason(reason, operation, action(operation.target));
    let effect = "The apply of this resource will fail. Other resources are not affected.";
    text.into_warning(effect, &Facts::default())
}

/// A planned operation on an instance that has existed.
pub(crate) fn no_longer_exists(id: &str) -> Diagnostic {
    Text::new(
        "Instance No Longer Exists",
        format!(
            "Instance `{id}` was managed by this resource, but no longer exists (checked twice)."
        ),
        "If the instance was deleted, remove this resource from the configuration.",
    )
    .at("instance_id")
    .into_warning(
        "The apply of this resource will fail. Other resources are not affected.",
        &Facts::default(),
    )
}

/// A plan whose describe failed, or timed out without an error.
pub(crate) fn plan_not_checked(error: Option<&Error>) -> Diagnostic {
    let mut facts = Facts::default();
    let (reason, what) = match error.map(Cause::of) {
        Some(cause) => (cause.reason, cause.what),
        None => ("No Response", "The CompShare API did not respond in time.".to_owned()),
    };
    if let Some(error) = error {
        add_call(&mut facts, "API call", error);
    }
    Text::new(
        format!("Plan Not Checked: {reason}"),
        format!("{what} Whether the planned starts and stops are possible was not checked."),
        "Plan again to repeat the check. The apply checks each instance before it changes it.",
    )
    .into_warning("", &facts)
}

/// An instance that CompShare deletes at the time `at`.
pub(crate) fn deleted_soon(id: &str, at: &str, runs: bool) -> Diagnostic {
    Text::new(
        "Instance Will Be Deleted Soon",
        format!(
            "Instance `{id}` is stopped, and CompShare permanently deletes it at `{at}` unless it is \
             started before."
        ),
        if runs {
            "This plan starts it. Apply the plan before that time."
        } else {
            "To keep the instance, start it before that time, for example with \
             `state = \"Running\"` and `without_gpu = true`."
        },
    )
    .into_warning("", &Facts::default())
}

/// A pay-as-you-go instance that a plan keeps stopped.
pub(crate) fn deleted_if_kept_stopped(id: &str) -> Diagnostic {
    Text::new(
        "Stopped Instance Will Be Deleted After Seven Days",
        format!(
            "This plan keeps instance `{id}` stopped. CompShare permanently deletes a pay-as-you-go \
             instance after it has been stopped for 7 days."
        ),
        "To keep the instance, start it once before that.",
    )
    .at("state")
    .into_warning("", &Facts::default())
}

/// An instance that runs without its GPU, although no mode is configured.
pub(crate) fn runs_without_gpu(id: &str) -> Diagnostic {
    Text::new(
        "Instance Running Without Its GPU",
        format!(
            "Instance `{id}` is running in no-GPU mode, and `without_gpu` is not set. The mode is \
             left unchanged, because a change requires a restart."
        ),
        "Set `without_gpu = true` to keep this mode, or `allow_stopping_for_update = true` to let \
         Terraform restart the instance with its GPU.",
    )
    .at("without_gpu")
    .into_warning("", &Facts::default())
}

/// Two plans for one instance.
pub(crate) fn conflict(id: &str, conflict: Conflict) -> Diagnostic {
    match conflict {
        Conflict::TwoResources => Text::new(
            "Instance Managed by Two Resources",
            format!(
                "Another `compshare_instance_power` in this plan also manages instance `{id}`. If \
                 they differ, each apply starts or stops the instance."
            ),
            "Keep only one resource for each instance.",
        )
        .at("instance_id"),
        Conflict::StoppedAndRun => Text::new(
            "Instance Will Be Stopped and Started",
            format!(
                "This plan destroys a resource that stops instance `{id}` (`stop_on_destroy`), and \
                 contains another resource that runs it. All processes on the instance are \
                 terminated."
            ),
            "If the resource was renamed, add a `moved` block with its old and its new address: the \
             instance is then left running.",
        ),
    }
    .into_warning("", &Facts::default())
}
