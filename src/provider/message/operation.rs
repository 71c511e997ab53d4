//! Messages about power operations: failures, refused plans, and planned destroys.

use std::time::Duration;

use super::{
    error::{Cause, call_text},
    facts,
    text::{Facts, Text},
    unsuitable::{elsewhere, no_gpu, not_found, restart_required},
};
use crate::{
    compshare::{Class, Error},
    framework::{Diagnostic, Diagnostics},
    operation::Caveat,
    power::{
        Failure, GpuMode, Operation, PowerReason, REBOOT, Reason, START, STOP, Target, undoes_start,
    },
    provider::timeouts::format_duration,
};

const UNEXPECTED_GPU: &str = "Unexpected GPU Allocation";

/// A failed operation.
pub(crate) fn operation(operation: &Operation, failure: &Failure) -> Diagnostics {
    let effect = facts::billing(&failure.reason, &failure.log);
    of_failure(failure, operation).into_error(effect, &facts::facts(failure))
}

/// A planned operation that cannot succeed.
pub(crate) fn refused_plan(operation: &Operation, reason: &Reason) -> Diagnostics {
    let text = of_reason(reason, operation, action(operation.target));
    text.into_error("No changes were made.", &Facts::default())
}

/// The warning about a planned destroy that leaves the instance unchanged.
pub(crate) fn keeps_running(id: &str) -> Diagnostic {
    Diagnostic::warning(
        "Instance Keeps Running",
        format!(
            "Destroying this resource only removes it from the Terraform state. Instance `{id}` is \
             left unchanged, and continues to be billed if it is running. To stop it, apply \
             `stop_on_destroy = true` (or `state = \"Stopped\"`) before the destroy."
        ),
    )
}

/// The warning about a successful operation.
pub(crate) fn caveat(id: &str, caveat: Caveat) -> Diagnostic {
    match caveat {
        Caveat::NotObserved(_) => Diagnostic::warning(
            "Reboot Not Observed",
            format!(
                "CompShare accepted the reboot request for instance `{id}`, but no reboot was \
                 observed: it may have been too short. The bill does not change. If in doubt, \
                 check the uptime of the instance."
            ),
        ),
        Caveat::LeftRunning => Diagnostic::warning(
            "Instance Left Running",
            format!(
                "Instance `{id}` was not stopped, because another resource of this run requires it \
                 to be running. It continues to be billed. When a resource is renamed, use a \
                 `moved` block instead of a destroy and a create."
            ),
        ),
    }
}

/// The verb of an action, for titles.
fn title_verb(action: &str) -> &'static str {
    match action {
        START => "Start",
        STOP => "Stop",
        REBOOT => "Reboot",
        _ => "Read",
    }
}

/// The verb of an action that changes the instance, for sentences.
fn verb(action: &str) -> &'static str {
    match action {
        START => "start",
        STOP => "stop",
        _ => "reboot",
    }
}

/// The action that leads to `target` last. A change of the GPU mode begins with a stop.
pub(super) const fn action(target: Target) -> &'static str {
    match target {
        Target::Running { .. } | Target::Awaited => START,
        Target::Rebooted => REBOOT,
        Target::Stopped | Target::NotRunning => STOP,
    }
}

/// Text of a failed call of an operation.
fn failed_call(error: &Error) -> Text {
    call_text(&format!("{} Instance", title_verb(error.action)), error)
}

/// Text of a failed operation. The log decides what can be done about it.
fn of_failure(failure: &Failure, operation: &Operation) -> Text {
    let Failure { reason, log } = failure;
    let last_action = log.calls.last().map_or_else(|| action(operation.target), |call| call.action);
    let text = of_reason(reason, operation, last_action);
    match (reason, log.last_refusal()) {
        (Reason::Kind(PowerReason::GpuAllocated { .. }), _) => text,
        _ if undoes_start(log) => not_stopped_again(reason, text, operation),
        (Reason::TimedOut(timeout), Some(refusal)) => refused_until(*timeout, refusal),
        (Reason::TimedOut(timeout), None) if operation.target == Target::Awaited => {
            never_running(&operation.instance.id, *timeout)
        }
        (Reason::TimedOut(_), None) if log.calls.is_empty() => Text {
            todo: "The instance was changing its state for another reason, or the API did not \
                   report its state. Try again later, or increase the timeout."
                .to_owned(),
            ..text
        },
        (Reason::Interrupted, None) if log.calls.is_empty() => {
            Text { todo: "Run Terraform again to continue.".to_owned(), ..text }
        }
        _ => text,
    }
}

/// A timeout during which the API refused all requests.
fn refused_until(timeout: Duration, refusal: &Error) -> Text {
    let text = failed_call(refusal);
    let timeout = format_duration(timeout);
    let what = format!("{} Retried until the timeout of {timeout} expired.", text.what);
    if refusal.class() != Some(Class::Capacity) {
        return Text { what, ..text };
    }
    let todo = "Try again later, or increase the timeout. For work that needs no GPU, set \
                `without_gpu = true` if the instance supports it.";
    Text { what, todo: todo.to_owned(), ..text }
}

fn never_running(id: &str, timeout: Duration) -> Text {
    Text::new(
        "Instance Not Running",
        format!(
            "Instance `{id}` was not running within {}. `compshare_instance_login` waits for the \
             instance but does not start it.",
            format_duration(timeout)
        ),
        "Start the instance, for example with `compshare_instance_power`, or increase `timeout`.",
    )
}

/// An unexpected GPU, and the stop of the instance failed for `reason`.
fn not_stopped_again(reason: &Reason, text: Text, operation: &Operation) -> Text {
    let why = match reason {
        Reason::Call(error) => Cause::of(error).what,
        Reason::TimedOut(timeout) => {
            format!("The timeout of {} expired.", format_duration(*timeout))
        }
        Reason::Interrupted => "Terraform was interrupted.".to_owned(),
        _ => text.what,
    };
    Text::new(
        UNEXPECTED_GPU,
        format!(
            "Instance `{}` was started in no-GPU mode, but CompShare allocated a GPU. The provider \
             tried to stop the instance again, but failed: {}",
            operation.instance.id,
            lower_first(&why)
        ),
        "Stop the instance in the CompShare console or with `state = \"Stopped\"`, or remove \
         `without_gpu` to keep it running with the GPU.",
    )
    .at("without_gpu")
}

/// A sentence for use after a colon. Names keep their capital letters.
fn lower_first(sentence: &str) -> String {
    match sentence.split_once(' ') {
        Some((first @ ("The" | "Another" | "An" | "A"), rest)) => {
            format!("{} {rest}", first.to_lowercase())
        }
        _ => sentence.to_owned(),
    }
}

/// Text of a failure whose last action was `last_action`.
pub(super) fn of_reason(reason: &Reason, operation: &Operation, last_action: &str) -> Text {
    let id = &operation.instance.id;
    match reason {
        Reason::Call(error) => failed_call(error),
        Reason::NotFound => not_found(&operation.instance),
        Reason::Location(mismatch) => elsewhere(id, mismatch),
        Reason::Vanished => Text::new(
            "Instance No Longer Exists",
            format!(
                "Instance `{id}` existed when the operation began, but no longer exists (checked \
                 twice)."
            ),
            "Check in the CompShare console whether the instance was deleted. If it was, remove this \
             resource from the configuration.",
        ),
        Reason::FailedState(state) => Text::new(
            "Instance Is in a Failed State",
            format!("Instance `{id}` is in state `{state}`, which requires manual action."),
            "Reinstall or delete the instance in the CompShare console, or contact CompShare \
             support. Then try again.",
        ),
        Reason::NoEffect(action) => no_effect(id, action),
        Reason::ResponseLost(action) => not_confirmed(id, action),
        Reason::FellBack(action) => fell_back(id, action),
        Reason::Kind(reason) => of_power_reason(reason, id),
        Reason::TimedOut(timeout) => Text::new(
            format!("Timed Out Waiting for Instance to {}", title_verb(last_action)),
            format!(
                "Instance `{id}` was not {} within {}.",
                goal(operation.target),
                format_duration(*timeout)
            ),
            "Requests that were accepted are not canceled. Run Terraform again to continue waiting, \
             with a longer timeout if the operation needs it.",
        ),
        Reason::Interrupted => Text::new(
            format!("Interrupted While Waiting for Instance to {}", title_verb(last_action)),
            format!(
                "Terraform was interrupted before instance `{id}` was {}.",
                goal(operation.target)
            ),
            "Requests that were accepted are not canceled. Run Terraform again to continue.",
        ),
    }
}

fn of_power_reason(reason: &PowerReason, id: &str) -> Text {
    match reason {
        PowerReason::RestartNotAllowed { to_no_gpu_mode } => restart_required(id, *to_no_gpu_mode),
        PowerReason::NotRunning => Text::new(
            "Unable to Reboot Instance: Not Running",
            format!("Instance `{id}` is `Stopped`, and only a running instance can be rebooted."),
            "Start the instance instead.",
        ),
        PowerReason::NoGpuMode(refusal) => no_gpu(id, refusal),
        PowerReason::GpuAllocated { stopped_again } => Text::new(
            UNEXPECTED_GPU,
            format!("Instance `{id}` was started in no-GPU mode, but CompShare allocated a GPU."),
            if *stopped_again {
                "No-GPU mode does not appear to work for this instance. Remove `without_gpu`, or \
                 contact CompShare support."
            } else {
                "Stop the instance, or remove `without_gpu` to keep it running with the GPU. No-GPU \
                 mode does not appear to work for this instance."
            },
        )
        .at("without_gpu"),
        PowerReason::GpuMissing => Text::new(
            "GPU Missing After Start",
            format!("Instance `{id}` was started with its GPU, but is running in no-GPU mode."),
            "Check the instance in the CompShare console. Stopping and starting it again may help.",
        ),
    }
}

fn no_effect(id: &str, action: &str) -> Text {
    Text::new(
        format!("Unable to {} Instance: No Effect", title_verb(action)),
        format!("The state of instance `{id}` did not change after the {} request.", verb(action)),
        "Check the instance in the CompShare console, then try again.",
    )
}

fn not_confirmed(id: &str, action: &str) -> Text {
    let title = format!("Unable to {} Instance: Not Confirmed", title_verb(action));
    if action == REBOOT {
        return Text::new(
            title,
            format!(
                "The API did not confirm the reboot request for instance `{id}`, and no reboot was \
                 observed. The request was not repeated, because that could reboot the instance \
                 twice."
            ),
            "Check in the CompShare console whether the instance was rebooted. If not, try again.",
        );
    }
    Text::new(
        title,
        format!(
            "The API did not confirm any {} request for instance `{id}`, and the state of the \
             instance did not change.",
            verb(action)
        ),
        "Check the instance in the CompShare console, then try again. If the problem persists, \
         contact CompShare support.",
    )
}

fn fell_back(id: &str, action: &str) -> Text {
    match action {
        START => Text::new(
            "Instance Stopped Unexpectedly During Start",
            format!("Instance `{id}` was starting, but returned to `Stopped`."),
            "The instance may have been stopped outside of Terraform, or the host had no capacity. \
             Try again. If the problem persists, contact CompShare support.",
        ),
        REBOOT => Text::new(
            "Instance Stopped Unexpectedly During Reboot",
            format!("Instance `{id}` was rebooting, and is `Stopped` now."),
            "The instance may have been stopped outside of Terraform. Start it again.",
        ),
        _ => Text::new(
            "Instance Started Unexpectedly During Stop",
            format!("Instance `{id}` was stopping, but returned to `Running`."),
            "The instance may have been started outside of Terraform. Try again.",
        ),
    }
}

const fn goal(target: Target) -> &'static str {
    match target {
        Target::Running { mode: GpuMode::WithGpu, .. } | Target::Awaited => "running",
        Target::Running { mode: GpuMode::WithoutGpu(_), .. } => "running in no-GPU mode",
        Target::Rebooted => "running again",
        Target::Stopped | Target::NotRunning => "stopped",
    }
}
