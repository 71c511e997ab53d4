//! Messages about scheduled stops.

use super::{
    error::call_text,
    facts,
    text::{Facts, Text},
    unsuitable::{elsewhere, not_found},
};
use crate::{
    compshare::{Class, Error, State},
    framework::{Attr, Diagnostic, Diagnostics},
    operation::{Location, OperationLog, Reason},
    provider::{
        stop_schedule::{ScheduleFailure, ScheduleOperation, Target},
        timeouts::format_duration,
    },
};

const SCHEDULE: &str = "Schedule Stop";

/// A stop time that is not configured, or configured twice, if that is certain.
pub(crate) fn stop_time_selection(
    stop_at: &Attr<String>,
    stop_after: &Attr<String>,
) -> Diagnostics {
    let text = match (stop_at.is_null(), stop_after.is_null()) {
        (true, true) => Text::unable(
            SCHEDULE,
            "No Time",
            "Neither `stop_at` nor `stop_after` is set.",
            "Set one of them.",
        )
        .at("stop_at"),
        // An unknown value may turn out to be null.
        (false, false) if !stop_at.is_unknown() && !stop_after.is_unknown() => Text::unable(
            SCHEDULE,
            "Two Times",
            "Both `stop_at` and `stop_after` are set.",
            "Remove one of them.",
        )
        .at("stop_after"),
        _ => return Diagnostics::new(),
    };
    text.into_error("", &Facts::default())
}

/// A stop at the time `at` that is less than five minutes ahead.
pub(crate) fn stop_too_soon(id: &str, at: &str, is_configured: bool) -> Diagnostics {
    let (attribute, todo) = if is_configured {
        ("stop_at", "Set a later `stop_at`, or `stop_after` for a time relative to the apply.")
    } else {
        ("stop_after", "Plan again.")
    };
    Text::unable(
        SCHEDULE,
        "Time Too Near",
        format!(
            "The stop of instance `{id}` at `{at}` has passed or is less than 5 minutes ahead, and \
             CompShare requires 5 minutes."
        ),
        todo,
    )
    .at(attribute)
    .into_error(NOT_SCHEDULED, &Facts::default())
}

const NOT_SCHEDULED: &str =
    "No stop was scheduled. If the instance is running, it continues to be billed.";

/// A scheduled stop of a spot instance.
pub(crate) fn spot_schedule(id: &str) -> Diagnostic {
    Text::new(
        "Scheduled Stop of Spot Instance Not Guaranteed",
        format!(
            "CompShare accepted the scheduled stop of instance `{id}`, although its documentation \
             excludes spot instances."
        ),
        "Check after the scheduled time that the instance is stopped.",
    )
    .into_warning("The instance is billed until it is stopped.", &Facts::default())
}

/// A cancellation that was accepted and had no observable effect.
pub(crate) fn cancel_not_observed(id: &str) -> Diagnostic {
    Text::unable(
        "Confirm Cancellation",
        "Not Observed",
        format!(
            "CompShare accepted the cancellation of the scheduled stop of instance `{id}`, but its \
             effect was not observed."
        ),
        "Check in the CompShare console whether a stop is scheduled.",
    )
    .into_warning("CompShare may stop the instance at that time.", &Facts::default())
}

/// A failed operation.
pub(crate) fn schedule(operation: &ScheduleOperation, failure: &ScheduleFailure) -> Diagnostics {
    let text = of_reason(&failure.reason, operation, &failure.log);
    // Other attributes of calls do not exist here.
    let attribute = text.attribute.filter(|name| ["instance_id", "project_id"].contains(name));
    let text = Text { attribute, ..text };
    text.into_error(effect(operation.target, &failure.log), &facts::facts(failure))
}

fn effect(target: Target, log: &OperationLog) -> &'static str {
    let is_stopped = log.states.last() == Some(&State::Stopped);
    match (target, log.may_have_executed(target.action())) {
        (Target::Set(_), false) if is_stopped => "No stop was scheduled. Billing is unchanged.",
        (Target::Set(_), false) => NOT_SCHEDULED,
        (Target::Set(_), true) => {
            "The stop may be scheduled nevertheless. Until it is carried out, the instance continues \
             to be billed."
        }
        (Target::Cancel(_), false) => {
            "The scheduled stop was not canceled. CompShare stops the instance at that time."
        }
        (Target::Cancel(_), true) => {
            "The scheduled stop may not be canceled. If so, CompShare stops the instance at that time."
        }
    }
}

fn of_reason(
    reason: &Reason<std::convert::Infallible>,
    operation: &ScheduleOperation,
    log: &OperationLog,
) -> Text {
    let id = &operation.instance.id;
    let (attempt, confirm) = match operation.target {
        Target::Set(_) => (SCHEDULE, "Confirm Scheduled Stop"),
        Target::Cancel(_) => ("Cancel Scheduled Stop", "Confirm Cancellation"),
    };
    match reason {
        Reason::Call(error) => refused(attempt, operation, error, log),
        Reason::NotFound | Reason::Vanished => not_found(attempt, &operation.instance),
        Reason::Location(mismatch) => elsewhere(attempt, id, mismatch),
        Reason::ResponseLost(_) => {
            let text = match log.last_lost() {
                Some(error) => call_text(confirm, error),
                None => Text::no_response(confirm),
            };
            text.and(&format!("The scheduled stop of instance `{id}` did not change."))
                .with_todo("Try again.")
        }
        Reason::TimedOut(timeout) => {
            let timeout = format_duration(*timeout);
            if let Some(refusal) = log.last_refusal() {
                return refused(attempt, operation, refusal, log)
                    .and(&format!("Retried until the timeout of {timeout} expired."));
            }
            Text::unable(
                attempt,
                "Timed Out",
                format!(
                    "The scheduled stop of instance `{id}` was not confirmed within {timeout}."
                ),
                "Try again. If another operation of the same run holds the instance, increase the \
                 timeout.",
            )
        }
        Reason::Interrupted => Text::new(
            "Interrupted While Waiting for Scheduled Stop",
            format!(
                "Terraform was interrupted before the scheduled stop of instance `{id}` was confirmed."
            ),
            "Run Terraform again to continue.",
        ),
        Reason::Kind(never) => match *never {},
        // The decision fails for no other reason.
        Reason::NoEffect(_) | Reason::FailedState(_) | Reason::FellBack(_) => Text::unable(
            confirm,
            "Not Reported",
            format!(
                "CompShare accepted the request, but does not report the stop of instance `{id}`."
            ),
            "Try again. If this recurs, check the instance in the CompShare console.",
        ),
    }
}

/// A refused request. The API does not document which instances it refuses, or with which code.
fn refused(
    attempt: &str,
    operation: &ScheduleOperation,
    error: &Error,
    log: &OperationLog,
) -> Text {
    if error.action != operation.target.action() {
        return call_text("Read Instance", error).in_location(&Location::default());
    }
    let id = &operation.instance.id;
    let is_conflict = error.class() == Some(Class::PowerState)
        || error.class() == Some(Class::Usage)
            && !error.message().unwrap_or_default().contains("Param");
    let text = call_text(attempt, error).in_location(&Location::default());
    let (Target::Set(_), true, Some(seen)) = (operation.target, is_conflict, &log.last_seen) else {
        return text;
    };
    if seen.is_spot == Some(true) {
        return Text::unable(
            attempt,
            "Spot Instance",
            format!("Instance `{id}` is a spot instance, for which CompShare schedules no stops."),
            "Remove this resource, and stop the instance yourself, for example with \
             `compshare_instance_power`.",
        )
        .at("instance_id");
    }
    if seen.state == State::Stopped {
        return Text::unable(
            attempt,
            "Instance Not Running",
            format!("Instance `{id}` is stopped, and CompShare schedules stops of running instances."),
            "Start the instance first, for example with `compshare_instance_power` and `instance_id = \
             compshare_instance_power.NAME.id` here.",
        )
        .at("instance_id");
    }
    text
}
