//! Messages about power operations: failures, refused plans, and planned destroys.

use std::time::Duration;

use super::{
    error::call_text,
    facts::{self, REBOOT_BILL},
    text::{Facts, Text},
    unsuitable::{START_IN_NO_GPU_MODE, elsewhere, no_gpu, not_found, restart_not_allowed},
};
use crate::{
    compshare::{Class, Error, State},
    framework::{Diagnostic, Diagnostics},
    operation::{CallStatus, Caveat, OperationLog},
    power::{Failure, Operation, PowerReason, REBOOT, Reason, START, STOP, Target, undoes_start},
    provider::timeouts::format_duration,
};

/// A failed operation.
pub(crate) fn operation(operation: &Operation, failure: &Failure) -> Diagnostics {
    let Failure { reason, log } = failure;
    let text = match reason {
        Reason::Kind(PowerReason::GpuAllocated { .. }) => of_reason(reason, operation, log),
        _ if undoes_start(log) => not_stopped_again(reason, operation, log),
        _ => of_reason(reason, operation, log),
    };
    text.into_error(&facts::billing(reason, log), &facts::facts(failure))
}

/// The warning about a successful operation.
pub(crate) fn caveat(id: &str, caveat: Caveat) -> Diagnostic {
    let (text, effect) = match caveat {
        Caveat::NotObserved(_) => (
            Text::unable(
                "Confirm Reboot",
                "Not Observed",
                format!(
                    "CompShare accepted the reboot request for instance `{id}`, but no reboot was \
                     observed: it may have been too short."
                ),
                "If in doubt, check the uptime of the instance.",
            ),
            REBOOT_BILL,
        ),
        Caveat::LeftRunning => (
            Text::new(
                "Destroy Left Instance Running: Needed by Another Resource",
                format!(
                    "Instance `{id}` was left running, because another resource of this run requires \
                     it to be running."
                ),
                "When a resource is renamed, use a `moved` block instead of a destroy and a create.",
            ),
            "It continues to be billed.",
        ),
    };
    text.into_warning(effect, &Facts::default())
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

/// The action that leads to `target` last.
const fn action(target: Target) -> &'static str {
    match target {
        Target::Running { .. } | Target::Awaited => START,
        Target::Rebooted => REBOOT,
        Target::Stopped | Target::NotRunning => STOP,
    }
}

/// Text of a failed call of `operation`. A start or reboot that needs to stop the instance has no
/// argument `force_stop`.
fn failed_call(operation: &Operation, error: &Error) -> Text {
    let text = call_text(&format!("{} Instance", title_verb(error.action)), error);
    let stops = matches!(operation.target, Target::Stopped | Target::NotRunning);
    let attribute = text.attribute.filter(|name| stops || *name != "force_stop");
    Text { attribute, ..text }.in_location(&operation.instance.location)
}

pub(super) fn of_reason(reason: &Reason, operation: &Operation, log: &OperationLog) -> Text {
    let id = &operation.instance.id;
    let last_action = log.calls.last().map_or_else(|| action(operation.target), |call| call.action);
    let verb = if operation.target == Target::Awaited { "Read" } else { title_verb(last_action) };
    let attempt = format!("{verb} Instance");
    let unable = |reason, what, todo| Text::unable(&attempt, reason, what, todo);
    match reason {
        Reason::Call(error) => failed_call(operation, error),
        Reason::NotFound => not_found(&attempt, &operation.instance),
        Reason::Location(mismatch) => elsewhere(&attempt, id, mismatch),
        Reason::Vanished => unable(
            "No Longer Exists",
            format!(
                "Instance `{id}` existed when the operation began, but no longer exists (checked \
                 twice)."
            ),
            "Check in the CompShare console whether the instance was deleted. If it was, remove this \
             resource from the configuration.",
        ),
        Reason::FailedState(state) => unable(
            "Failed State",
            format!("Instance `{id}` is in state `{state}`, which requires manual action."),
            "Reinstall or delete the instance in the CompShare console, or contact CompShare \
             support. Then try again.",
        ),
        Reason::NoEffect(action) => no_effect(id, action),
        Reason::ResponseLost(action) => not_confirmed(action, log),
        Reason::FellBack(action) => fell_back(id, action),
        Reason::Kind(reason) => of_power_reason(reason, id),
        Reason::TimedOut(timeout) => timed_out(*timeout, operation, log, last_action),
        Reason::Interrupted => Text::new(
            format!("Interrupted While Waiting for Instance to {}", title_verb(last_action)),
            format!(
                "Terraform was interrupted before instance `{id}` was {}.",
                match last_action {
                    START => "running",
                    STOP => "stopped",
                    _ => "running again",
                }
            ),
            "Run Terraform again to continue.",
        ),
    }
}

const TRY_LONGER: &str = "Try again later, or increase the timeout.";

fn timed_out(
    timeout: Duration,
    operation: &Operation,
    log: &OperationLog,
    last_action: &str,
) -> Text {
    let id = &operation.instance.id;
    let verb = title_verb(last_action);
    let timeout = format_duration(timeout);
    if operation.target == Target::Awaited {
        return Text::unable(
            "Read Login",
            "Instance Not Running",
            format!(
                "Instance `{id}` was not running within {timeout}. `compshare_instance_login` waits \
                 for the instance but does not start it."
            ),
            "Start the instance, for example with `compshare_instance_power`, or increase `timeout`.",
        );
    }
    if let Some(refusal) = log.last_refusal() {
        let text = failed_call(operation, refusal)
            .and(&format!("Retried until the timeout of {timeout} expired."));
        let waited_for_capacity = refusal.class() == Some(Class::Capacity);
        return if waited_for_capacity { text.with_todo(TRY_LONGER) } else { text };
    }
    if matches!(log.status(last_action), CallStatus::Lost { .. }) {
        return not_confirmed(last_action, log).and(&format!("The timeout of {timeout} expired."));
    }
    if log.calls.is_empty()
        && let Some(text) = nothing_sent(id, last_action, &timeout, log)
    {
        return text;
    }
    Text::new(
        format!("Timed Out Waiting for Instance to {verb}"),
        format!("Instance `{id}` did not {} within {timeout}.", verb.to_lowercase()),
        "Run Terraform again to continue waiting, with a longer timeout if the operation needs it.",
    )
}

/// A timeout before any call, unless the instance was changing its state as required.
fn nothing_sent(id: &str, action: &str, timeout: &str, log: &OperationLog) -> Option<Text> {
    let verb = title_verb(action);
    let unable = |reason, what| {
        Some(Text::unable(format_args!("{verb} Instance"), reason, what, TRY_LONGER))
    };
    match (action, log.states.last()) {
        (START, Some(State::Starting))
        | (STOP, Some(State::Stopping))
        | (REBOOT, Some(State::Rebooting)) => None,
        (_, None) => Some(Text::new(
            "Timed Out Before Reading Instance",
            format!("The state of instance `{id}` was not read within {timeout}."),
            "Another operation of this run may have held the instance, or the API did not respond. \
             Try again, or increase the timeout.",
        )),
        (_, Some(State::Unknown)) => unable(
            "State Not Reported",
            format!("The API reported no state of instance `{id}` within {timeout}."),
        ),
        (_, Some(_)) => unable(
            "Not Ready",
            format!(
                "Instance `{id}` did not reach a state that allows a {} within {timeout}.",
                verb.to_lowercase()
            ),
        ),
    }
}

/// An unexpected GPU, and the stop of the instance failed for `reason`.
fn not_stopped_again(reason: &Reason, operation: &Operation, log: &OperationLog) -> Text {
    let why = of_reason(reason, operation, log).what;
    Text::unable(
        START_IN_NO_GPU_MODE,
        "GPU Allocated, Stop Failed",
        format!(
            "Instance `{}` was started in no-GPU mode, but CompShare allocated a GPU. The provider \
             could not stop the instance again. {why}",
            operation.instance.id
        ),
        "Stop the instance in the CompShare console or with `state = \"Stopped\"`, or remove \
         `without_gpu` to keep it running with the GPU.",
    )
    .at("without_gpu")
}

fn of_power_reason(reason: &PowerReason, id: &str) -> Text {
    match reason {
        PowerReason::RestartNotAllowed { to_no_gpu_mode } => {
            restart_not_allowed(id, *to_no_gpu_mode)
        }
        PowerReason::NotRunning => Text::unable(
            "Reboot Instance",
            "Not Running",
            format!("Instance `{id}` is stopped, and only a running instance can be rebooted."),
            "Start the instance instead.",
        ),
        PowerReason::NoGpuMode(refusal) => no_gpu(id, refusal),
        PowerReason::GpuAllocated { stopped_again } => {
            let (reason, todo) = if *stopped_again {
                (
                    "GPU Allocated, Stopped Again",
                    "No-GPU mode does not appear to work for this instance. Remove `without_gpu`, or \
                     contact CompShare support.",
                )
            } else {
                (
                    "GPU Allocated and Billed",
                    "Stop the instance, or remove `without_gpu` to keep it running with the GPU.",
                )
            };
            let what = format!(
                "Instance `{id}` was started in no-GPU mode, but CompShare allocated a GPU."
            );
            Text::unable(START_IN_NO_GPU_MODE, reason, what, todo).at("without_gpu")
        }
        PowerReason::GpuMissing => Text::unable(
            "Start Instance",
            "GPU Missing",
            format!("Instance `{id}` was started with its GPU, but is running in no-GPU mode."),
            "Check the instance in the CompShare console. Stopping and starting it again may help.",
        ),
    }
}

fn no_effect(id: &str, action: &str) -> Text {
    let verb = title_verb(action);
    Text::unable(
        format_args!("{verb} Instance"),
        "No Effect",
        format!(
            "The state of instance `{id}` did not change after the {} request.",
            verb.to_lowercase()
        ),
        "Check the instance in the CompShare console, then try again.",
    )
}

/// A request without a usable response, after which the state of the instance did not change.
fn not_confirmed(action: &str, log: &OperationLog) -> Text {
    let id = &log.instance_id;
    let attempt = format!("Confirm {}", title_verb(action));
    let text = match log.last_lost() {
        Some(error) => call_text(&attempt, error),
        None => Text::no_response(&attempt),
    };
    let text = Text { attribute: None, ..text };
    if action == REBOOT {
        let what = format!(
            "No reboot of instance `{id}` was observed. The request was not repeated, because that \
             could reboot the instance twice."
        );
        return text.and(&what).with_todo(
            "Check in the CompShare console whether the instance was rebooted. If not, try again.",
        );
    }
    text.and(&format!("The state of instance `{id}` did not change."))
        .with_todo("Check the instance in the CompShare console, then try again.")
}

fn fell_back(id: &str, action: &str) -> Text {
    let (reason, what, todo) = match action {
        START => (
            "Stopped Again",
            "was starting, but returned to `Stopped`",
            "The instance may have been stopped outside of Terraform, or the host had no capacity. \
             Try again. If the problem persists, contact CompShare support.",
        ),
        REBOOT => (
            "Stopped Instead",
            "was rebooting, and is `Stopped` now",
            "The instance may have been stopped outside of Terraform. Start it again.",
        ),
        _ => (
            "Running Again",
            "was stopping, but returned to `Running`",
            "The instance may have been started outside of Terraform. Try again.",
        ),
    };
    let attempt = format_args!("{} Instance", title_verb(action));
    Text::unable(attempt, reason, format!("Instance `{id}` {what}."), todo)
}
