//! Facts of a failed operation, and its effect on the bill.

use super::{
    error::{add_call, add_request},
    text::Facts,
};
use crate::{
    compshare::{Error, State},
    operation::{self, CallOutcome, Failure, LoggedCall, OperationLog},
    power::{PowerReason, REBOOT, Reason, START, STOP, undoes_start},
};

/// Bill of a stopped instance.
pub(super) const STOPPED: &str = "While it is stopped, a pay-as-you-go instance is billed only for data disks, \
                       custom images, and a system disk above the free 100 GB; a prepaid instance is \
                       billed in full.";

pub(super) const REBOOT_BILL: &str = "A reboot does not change the bill.";

/// Effect of a failed operation on the bill.
pub(super) fn billing(reason: &Reason, log: &OperationLog) -> String {
    let is_last = |state| log.states.last() == Some(&state);
    let is_refused_with =
        |code| log.last_refusal().is_some_and(|error| error.ret_code() == Some(code));
    let effect = match reason {
        Reason::Kind(PowerReason::GpuAllocated { stopped_again: true }) => {
            "The provider stopped the instance again. You may be charged for the short time it was \
             running with a GPU."
        }
        Reason::Kind(PowerReason::GpuAllocated { stopped_again: false }) => {
            "The instance is running and the GPU is being billed."
        }
        _ if undoes_start(log) => "The GPU is being billed until the instance is stopped.",
        Reason::Vanished => {
            "The instance is no longer billed. Data disks that it left behind still are."
        }
        Reason::FailedState(_) if log.may_have_executed(START) => {
            "A start request was sent before the failure. Check in the CompShare console whether the \
             instance is billed in this state."
        }
        Reason::FellBack(STOP) => "The instance is being billed.",
        Reason::Kind(PowerReason::GpuMissing) => {
            "The instance is billed at the price of no-GPU mode."
        }
        Reason::FellBack(REBOOT) => STOPPED,
        Reason::FellBack(START) => "You may be charged for the short time it was starting.",
        _ if is_accepted(log, START) => {
            "The start request was accepted and is not canceled. The instance is billed once it is \
             running."
        }
        _ if log.may_have_executed(START) => {
            "The start request may have been accepted. If so, the instance is billed once it is \
             running."
        }
        _ if log.may_have_executed(STOP) && is_last(State::Stopped) => {
            return format!("The provider stopped the instance. {STOPPED}");
        }
        _ if is_accepted(log, STOP) => {
            "The stop request was accepted and is not canceled. The instance is billed until it is \
             stopped."
        }
        _ if log.may_have_executed(STOP) => {
            "The stop request may have been accepted. The instance is billed until it is stopped."
        }
        _ if log.may_have_executed(REBOOT) => REBOOT_BILL,
        _ if is_last(State::Starting) || is_refused_with(ALREADY_STARTING) => {
            "The provider did not start the instance, but it is starting. It is billed once it is \
             running."
        }
        _ => "No instance was started or stopped. Billing is unchanged.",
    };
    effect.to_owned()
}

/// `RetCode` of a start of an instance that is starting.
const ALREADY_STARTING: i64 = 226_622;

fn is_accepted(log: &OperationLog, action: &str) -> bool {
    let accepted = |call: &LoggedCall| matches!(call.outcome, CallOutcome::Accepted);
    log.calls.iter().any(|call| call.action == action && accepted(call))
}

pub(super) fn facts<R>(failure: &Failure<R>) -> Facts {
    let log = &failure.log;
    let mut facts = Facts::default();
    facts.add("Instance", instance(log));
    match log.calls.len() {
        0 => {}
        1 => facts.add("API call", calls(log)),
        _ => facts.add("API calls", calls(log)),
    }
    let error = match &failure.reason {
        operation::Reason::Call(error) => Some(error),
        _ => log.last_refusal().or_else(|| log.last_lost()),
    };
    match error {
        Some(error) if is_logged(log, error) => add_request(&mut facts, error),
        Some(error) if log.calls.is_empty() => add_call(&mut facts, "API call", error),
        Some(error) => add_call(&mut facts, "Last failed call", error),
        None => {}
    }
    facts
}

/// The instance with its zone and its observed states.
fn instance(log: &OperationLog) -> String {
    let id = &log.instance_id;
    let Some(seen) = &log.last_seen else { return format!("`{id}`") };
    let zone = seen.zone.iter().map(|zone| format!(" in {zone}")).collect::<String>();
    let states = log.states.iter().map(|state| match state.as_str() {
        "" => "state not reported",
        state => state,
    });
    format!("`{id}`{zone} ({})", states.collect::<Vec<_>>().join(" -> "))
}

/// The calls that change the instance, with their outcomes. Equal consecutive calls are counted.
fn calls(log: &OperationLog) -> String {
    let group = |calls: &[LoggedCall]| {
        let outcome = match &calls[0].outcome {
            CallOutcome::Pending => "no response yet".to_owned(),
            outcome => outcome.to_string(),
        };
        let times =
            if calls.len() > 1 { format!(", {} times", calls.len()) } else { String::new() };
        format!("{} ({outcome}){times}", calls[0].action)
    };
    let equal = |one: &LoggedCall, next: &LoggedCall| {
        one.action == next.action && one.outcome.to_string() == next.outcome.to_string()
    };
    log.calls.chunk_by(equal).map(group).collect::<Vec<_>>().join(", then ")
}

/// Returns `true` if the list of calls already contains `error`.
fn is_logged(log: &OperationLog, error: &Error) -> bool {
    log.calls.iter().any(|call| match &call.outcome {
        CallOutcome::Refused(logged) | CallOutcome::Lost(logged) => {
            logged.action == error.action && logged.kind == error.kind
        }
        CallOutcome::Pending | CallOutcome::Accepted => false,
    })
}
