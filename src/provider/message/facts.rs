//! What an operation did and saw, and what that means for the bill.

use super::error::{facts_of, line};
use crate::{
    operation::{CallOutcome, LoggedCall, OperationLog},
    power::{Failure, PowerReason, REBOOT, Reason, START, STOP, undoes_start},
};

/// What the failure means for the bill.
pub(crate) fn bill(reason: &Reason, log: &OperationLog) -> &'static str {
    let stopped = log.states.last().is_some_and(|state| state == "Stopped");
    match reason {
        Reason::Kind(PowerReason::GpuAllocated { stopped_again: true }) => {
            "It is stopped. The short time it ran with a GPU may be billed."
        }
        Reason::Kind(PowerReason::GpuAllocated { stopped_again: false }) => {
            "It is running, and the GPU is billed."
        }
        _ if undoes_start(log) => {
            "It got a GPU that it was not to have, which is billed as long as it runs."
        }
        Reason::Vanished => "What is gone is not billed any more.",
        Reason::FailedState(_) if log.may_have_executed(START) => {
            "A start was asked for before it failed; see in the console whether it is billed in this state."
        }
        Reason::FellBack(STOP) => "It is running, and billed.",
        Reason::Kind(PowerReason::GpuMissing) => {
            "It is running without its GPU, and billed for that."
        }
        Reason::FellBack(REBOOT) => {
            "It is stopped now, so a pay-as-you-go instance costs nothing but its extra disks."
        }
        Reason::FellBack(START) => {
            "It is stopped now. The short time it was starting may be billed."
        }
        _ if log.may_have_executed(START) => {
            "A start was asked for and not refused: the instance may be starting or running now, and is billed if it is."
        }
        _ if log.may_have_executed(STOP) && stopped => {
            "It was stopped on the way and is stopped now, so a pay-as-you-go instance costs nothing but its extra disks."
        }
        _ if log.may_have_executed(STOP) => {
            "A stop was asked for and not refused; until the instance has stopped it is billed."
        }
        _ if log.may_have_executed(REBOOT) => {
            "A reboot was asked for and not refused; it changes nothing in what the instance costs."
        }
        _ => "Nothing was started or stopped, so the bill is what it was.",
    }
}

/// The raw facts of a failed operation.
pub(crate) fn facts(failure: &Failure) -> String {
    let log = &failure.log;
    let mut facts = format!("Instance: {}", log.instance_id);
    line(&mut facts, "States seen", &states(log));
    line(&mut facts, "Asked of the cloud", &asked(log));
    let last = log.last_refusal().or_else(|| log.last_lost());
    match (&failure.reason, last) {
        (Reason::Call(error), _) => {
            facts.push('\n');
            facts.push_str(&facts_of(error));
        }
        (_, Some(error)) => {
            facts.push_str("\nLast failed answer:\n");
            facts.push_str(&facts_of(error));
        }
        _ => {}
    }
    facts
}

fn states(log: &OperationLog) -> String {
    let name =
        |state: &String| if state.is_empty() { "(none given)".to_owned() } else { state.clone() };
    log.states.iter().map(name).collect::<Vec<_>>().join(", then ")
}

/// The calls with what came of them; what came several times in a row is told once.
fn asked(log: &OperationLog) -> String {
    if log.calls.is_empty() {
        return "nothing that changes anything".to_owned();
    }
    let one = |calls: &[LoggedCall]| {
        let outcome = match &calls[0].outcome {
            CallOutcome::Pending => "no answer yet".to_owned(),
            outcome => outcome.to_string(),
        };
        let times =
            if calls.len() > 1 { format!(", {} times", calls.len()) } else { String::new() };
        format!("{} ({outcome}){times}", calls[0].action)
    };
    let equal = |one: &LoggedCall, next: &LoggedCall| {
        one.action == next.action && one.outcome.to_string() == next.outcome.to_string()
    };
    log.calls.chunk_by(equal).map(one).collect::<Vec<_>>().join(", then ")
}
