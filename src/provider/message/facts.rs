//! What an operation did and saw, and what that means for the bill.

use super::error::{facts_of, line};
use crate::power::{CallOutcome, Failure, LoggedCall, OperationLog, Reason, Verb};

/// What the failure means for the bill.
pub(crate) fn bill(reason: &Reason, log: &OperationLog) -> &'static str {
    let stopped = log.states.last().is_some_and(|state| state == "Stopped");
    match reason {
        Reason::GpuAllocated { stopped_again: true } => {
            "It is stopped. The short time it ran with a GPU may be billed."
        }
        Reason::GpuAllocated { stopped_again: false } => "It is running, and the GPU is billed.",
        _ if log.unexpected_gpu => {
            "It got a GPU that it was not to have, which is billed as long as it runs."
        }
        Reason::Vanished => "What is gone is not billed any more.",
        Reason::FailedState(_) if log.may_have_executed("StartCompShareInstance") => {
            "A start was asked for before it failed; see in the console whether it is billed in this state."
        }
        Reason::FellBack(Verb::Stop) => "It is running, and billed.",
        Reason::GpuMissing => "It is running without its GPU, and billed for that.",
        Reason::FellBack(Verb::Reboot) => {
            "It is stopped now, so a pay-as-you-go instance costs nothing but its extra disks."
        }
        Reason::FellBack(Verb::Start) => {
            "It is stopped now. The short time it was starting may be billed."
        }
        _ if log.may_have_executed("StartCompShareInstance") => {
            "A start was asked for and not refused: the instance may be starting or running now, and is billed if it is."
        }
        _ if log.may_have_executed("StopCompShareInstance") && stopped => {
            "It was stopped on the way and is stopped now, so a pay-as-you-go instance costs nothing but its extra disks."
        }
        _ if log.may_have_executed("StopCompShareInstance") => {
            "A stop was asked for and not refused; until the instance has stopped it is billed."
        }
        _ if log.may_have_executed("RebootCompShareInstance") => {
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
    let last = log.last_refusal.as_ref().or(log.last_error.as_ref());
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
    let one = |asked: &[LoggedCall]| {
        let answer = match &asked[0].outcome {
            CallOutcome::Pending => "no answer yet",
            CallOutcome::Accepted => "accepted",
            CallOutcome::Refused(words) | CallOutcome::Lost(words) => words,
        };
        let times =
            if asked.len() > 1 { format!(", {} times", asked.len()) } else { String::new() };
        format!("{} ({answer}){times}", asked[0].action)
    };
    log.calls.chunk_by(|one, next| one == next).map(one).collect::<Vec<_>>().join(", then ")
}
