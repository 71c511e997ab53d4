//! Operation that sets or cancels the scheduled stop of an instance.

use std::{convert::Infallible, time::Duration};

use crate::{
    compshare::{Call as _, Class, Error, Instance, Scope, State, StopScheduleCall},
    operation::{
        CallOutcome, CallStatus, Caveat, Failure, InstanceRef, Kind, OperationLog, Pace, Reason,
        Situation, Step,
    },
};

/// Number of lost responses after which a request is not resent.
const MAX_LOST_RESPONSES: usize = 3;

/// Failure of a [`ScheduleOperation`].
pub(crate) type ScheduleFailure = Failure<Infallible>;

/// Specification of one operation.
#[derive(Debug)]
pub(crate) struct ScheduleOperation {
    pub(crate) instance: InstanceRef,
    /// Project of the call, which requires one. Describes use the one of `instance`, so that they
    /// share batches with those of other resources.
    pub(super) project_id: String,
    pub(crate) target: Target,
    pub(super) timeout: Duration,
}

/// Time in Unix seconds of a stop that is to be reported, or not to be reported any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Set(i64),
    Cancel(i64),
}

impl Target {
    pub(crate) const fn action(self) -> &'static str {
        match self {
            Self::Set(_) => StopScheduleCall::SET,
            Self::Cancel(_) => StopScheduleCall::CANCEL,
        }
    }

    fn is_reached(self, seen: &Instance) -> bool {
        let reported = seen.scheduled_stop_time();
        match self {
            Self::Set(time) => reported == Some(time),
            Self::Cancel(time) => reported != Some(time),
        }
    }
}

impl Kind for ScheduleOperation {
    type Call = StopScheduleCall;
    type Reason = Infallible;

    fn instance(&self) -> &InstanceRef {
        &self.instance
    }

    fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Sends one request even if the stop is already as required: the describe may be outdated.
    fn decide(&self, situation: &Situation<'_>) -> Step<StopScheduleCall, Infallible> {
        let Situation { seen, log, pace, now } = *situation;
        let call = self.call(seen);
        let action = call.action();
        let lost = || log.calls.iter().filter(|one| matches!(one.outcome, CallOutcome::Lost(_)));
        match log.status(action) {
            CallStatus::NotSent => match log.last_refusal() {
                Some(refusal) if self.has_nothing_to_cancel(refusal) => Step::Done,
                Some(refusal) if is_refused_by_stopped(seen, refusal) => {
                    Step::Fail(Reason::Call(refusal.clone()))
                }
                _ => situation.send_now(call),
            },
            _ if self.target.is_reached(seen) => Step::Done,
            CallStatus::Lost { since } if now - since < pace.resend => Step::Wait,
            CallStatus::Lost { .. } if lost().count() < MAX_LOST_RESPONSES => {
                situation.send_now(call)
            }
            CallStatus::Lost { .. } => Step::Fail(Reason::ResponseLost(action)),
            CallStatus::Accepted { since, .. } if now - since < pace.visible => Step::Wait,
            CallStatus::Accepted { .. } => match self.target {
                Target::Set(_) => Step::Fail(Reason::NoEffect(action)),
                Target::Cancel(_) => Step::DoneWith(Caveat::NotObserved(action)),
            },
        }
    }

    /// The schedule of an instance ends with it.
    fn accepts_absence(&self) -> bool {
        matches!(self.target, Target::Cancel(_))
    }

    fn poll_pause(&self, pace: &Pace, _log: &OperationLog, unchanged: Duration) -> Duration {
        pace.short_poll_pause(unchanged)
    }
}

impl ScheduleOperation {
    fn has_nothing_to_cancel(&self, refusal: &Error) -> bool {
        matches!(self.target, Target::Cancel(_)) && refusal.class() == Some(Class::NotFound)
    }

    fn call(&self, seen: &Instance) -> StopScheduleCall {
        let project_id = Some(self.project_id.clone());
        StopScheduleCall {
            instance_id: self.instance.id.clone(),
            scope: Scope { project_id, ..self.instance.scope_at(seen) },
            stop_time: match self.target {
                Target::Set(time) => Some(time),
                Target::Cancel(_) => None,
            },
        }
    }
}

/// Returns true if the API refuses to schedule stops of instances that are stopped.
fn is_refused_by_stopped(seen: &Instance, refusal: &Error) -> bool {
    seen.state == State::Stopped && refusal.class() == Some(Class::PowerState)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;
    use tokio::time::{Instant, advance};

    use super::*;
    use crate::compshare::{ErrorKind, Lost};

    const TIME: i64 = 1_767_254_400;
    const PACE: Pace = Pace::new(Duration::from_secs(3));
    const SET: &str = StopScheduleCall::SET;

    fn error(kind: ErrorKind) -> Error {
        Error { action: SET, attempts: 1, request_id: None, kind }
    }

    fn lost() -> CallOutcome {
        CallOutcome::Lost(error(ErrorKind::MaybeSent(Lost::TimedOut)))
    }

    fn refused(code: i64) -> CallOutcome {
        CallOutcome::Refused(error(ErrorKind::Refused { code, message: String::new() }))
    }

    fn instance(state: &str, time: i64) -> Arc<Instance> {
        let fields = json!({"UHostId": "uhost-1", "State": state, "SchedulerStopTime": time});
        Arc::new(serde_json::from_value(fields).unwrap())
    }

    /// Returns the step, in one word, after `outcomes` and a describe `wait` later that reports
    /// `state` and `time`.
    async fn step(
        target: Target,
        outcomes: &[CallOutcome],
        wait: Duration,
        (state, time): (&str, i64),
    ) -> &'static str {
        let operation = ScheduleOperation {
            instance: InstanceRef::default(),
            project_id: "org-1".to_owned(),
            target,
            timeout: Duration::MAX,
        };
        let mut log = OperationLog::new("uhost-1", None);
        for outcome in outcomes {
            let before = instance(state, 0);
            log.found(&before);
            log.call_sent(target.action(), &before);
            log.call_ended(outcome.clone());
        }
        advance(wait).await;
        let seen = instance(state, time);
        log.found(&seen);
        let situation = Situation { seen: &seen, log: &log, pace: &PACE, now: Instant::now() };
        match operation.decide(&situation) {
            Step::Call(_) => "call",
            Step::Done => "done",
            Step::DoneWith(_) => "done, not observed",
            Step::Wait => "wait",
            Step::Confirm => "confirm",
            Step::Fail(Reason::Call(_)) => "fail: refused",
            Step::Fail(Reason::NoEffect(_)) => "fail: no effect",
            Step::Fail(Reason::ResponseLost(_)) => "fail: lost",
            Step::Fail(_) => "fail",
        }
    }

    #[tokio::test(start_paused = true)]
    async fn decision_depends_on_the_last_call_and_the_reported_time() {
        let (set, cancel) = (Target::Set(TIME), Target::Cancel(TIME));
        let accepted = || CallOutcome::Accepted;
        let (soon, later, late) = (Duration::ZERO, PACE.resend, PACE.visible);
        for (target, outcomes, wait, (state, time), expected) in [
            // A describe before the call may be outdated.
            (set, &[][..], soon, ("Running", TIME), "call"),
            (set, &[], soon, ("Starting", 0), "call"),
            (set, &[accepted()], soon, ("Running", TIME), "done"),
            (set, &[accepted()], soon, ("Running", 0), "wait"),
            (set, &[accepted()], later, ("Running", TIME - 60), "wait"),
            (set, &[accepted()], late, ("Running", 0), "fail: no effect"),
            (set, &[lost()], soon, ("Running", 0), "wait"),
            (set, &[lost()], soon, ("Running", TIME), "done"),
            (set, &[lost()], later, ("Running", 0), "call"),
            (set, &[lost(), lost(), lost()], later, ("Running", 0), "fail: lost"),
            (set, &[refused(8903)], soon, ("Running", 0), "call"),
            (set, &[refused(8905)], soon, ("Running", 0), "call"),
            (set, &[refused(8905)], soon, ("Stopped", 0), "fail: refused"),
            (cancel, &[], soon, ("Running", 0), "call"),
            (cancel, &[accepted()], soon, ("Running", 0), "done"),
            (cancel, &[refused(8039)], soon, ("Running", TIME), "done"),
            (cancel, &[accepted()], soon, ("Running", TIME + 60), "done"),
            (cancel, &[accepted()], soon, ("Running", TIME), "wait"),
            (cancel, &[accepted()], late, ("Running", TIME), "done, not observed"),
        ] {
            let step = step(target, outcomes, wait, (state, time)).await;
            assert_eq!(step, expected, "{target:?} {outcomes:?} {wait:?} {state} {time}");
        }
    }
}
