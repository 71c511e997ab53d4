//! Log of one operation: all that it saw and did. Decisions and messages depend on nothing else.

use std::{fmt, sync::Arc};

use tokio::{sync::mpsc::UnboundedSender, time::Instant};

use crate::compshare::{Error, Instance, OnRefusal, State};

/// Event of an operation, for progress reports.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    /// The reported state is now this one.
    State(String),
    CallSent,
    CallEnded(&'static str, CallOutcome),
}

/// Outcome of one call.
#[derive(Debug, Clone)]
pub(crate) enum CallOutcome {
    /// There is no response yet.
    Pending,
    Accepted,
    /// The call was certainly not carried out.
    Refused(Error),
    /// The response was lost: the call may have been carried out.
    Lost(Error),
}

/// One call that changes the instance.
#[derive(Debug)]
pub(crate) struct LoggedCall {
    /// Action of the API.
    pub(crate) action: &'static str,
    pub(crate) outcome: CallOutcome,
    /// The last describe before the call.
    pub(crate) before: Arc<Instance>,
    /// End of the call, or its begin while it is pending.
    at: Instant,
    /// Describes since the call that found the instance.
    pub(super) describes: u32,
    /// The instance has been in another state since the call.
    state_left: bool,
    /// The number of its GPUs has changed since the call: a start can change the size of an
    /// instance before it boots.
    resized: bool,
}

/// Status of an action in an operation, by its last call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallStatus {
    /// Not sent, or refused.
    NotSent,
    /// Sent; the response was lost, and the instance has not changed since.
    Lost { since: Instant },
    /// Accepted, or certainly carried out because the state or the size changed.
    Accepted { since: Instant, state_left: bool },
}

/// Log of one operation.
#[derive(Debug)]
pub(crate) struct OperationLog {
    pub(crate) instance_id: String,
    /// State of the instance before the operation, if it is known.
    known_state: Option<State>,
    /// The last describe that found the instance.
    pub(crate) last_seen: Option<Arc<Instance>>,
    /// The describe before that one.
    seen_before: Option<Arc<Instance>>,
    /// Describes since then that did not find the instance.
    absences: u32,
    /// Reported states, in order, one entry per change.
    pub(crate) states: Vec<State>,
    /// Time of the last change to another known state, and the number of calls before it.
    changed: Instant,
    calls_before_change: usize,
    /// Calls that change the instance, in order.
    pub(crate) calls: Vec<LoggedCall>,
    /// The last failed describe since the last lost response.
    failed_describe: Option<Error>,
    /// No call may be sent before this time.
    not_before: Option<Instant>,
    events: Option<UnboundedSender<Event>>,
}

impl OperationLog {
    /// Creates a log that sends its events to `events`.
    pub(crate) fn new(instance_id: &str, events: Option<UnboundedSender<Event>>) -> Self {
        Self {
            instance_id: instance_id.to_owned(),
            known_state: None,
            last_seen: None,
            seen_before: None,
            absences: 0,
            states: Vec::new(),
            changed: Instant::now(),
            calls_before_change: 0,
            calls: Vec::new(),
            failed_describe: None,
            not_before: None,
            events,
        }
    }

    pub(super) fn with_known_state(self, state: Option<&State>) -> Self {
        Self { known_state: state.cloned(), ..self }
    }

    pub(crate) fn found(&mut self, instance: &Arc<Instance>) {
        let before = self.last_seen.replace(Arc::clone(instance));
        self.seen_before = before.filter(|_| self.absences == 0);
        self.absences = 0;
        self.note_state(&instance.state);
        let is_certain = !self.is_contradictory();
        let size_is_certain = self.seen_twice(|seen| seen.gpu == instance.gpu);
        for call in &mut self.calls {
            call.describes += 1;
            call.state_left |= is_certain
                && instance.state != State::Unknown
                && instance.state != call.before.state;
            call.resized |= size_is_certain
                && instance.gpu.zip(call.before.gpu).is_some_and(|(now, before)| now != before);
        }
    }

    fn note_state(&mut self, state: &State) {
        let last = self.states.last();
        if last == Some(state) {
            return;
        }
        let from = last.map(State::as_str).unwrap_or_default();
        tracing::info!(instance = %self.instance_id, from, to = %state, "state changed");
        if *state != State::Unknown && self.last_known_state() != Some(state) {
            self.changed = Instant::now();
            self.calls_before_change = self.calls.len();
        }
        self.states.push(state.clone());
        self.send(Event::State(state.to_string()));
    }

    fn last_known_state(&self) -> Option<&State> {
        self.states.iter().rfind(|state| **state != State::Unknown)
    }

    /// Returns true if the state of the last describe does not follow from the known state before
    /// it, and the describe before does not agree with it.
    pub(crate) fn is_contradictory(&self) -> bool {
        let Some(seen) = &self.last_seen else { return false };
        let state = &seen.state;
        let other = |before: &&State| **before != State::Unknown && *before != state;
        let known = self.known_state.iter().chain(&self.states);
        let Some(before) = known.rev().find(other) else { return false };
        let executed = |call: &&LoggedCall| !matches!(call.outcome, CallOutcome::Refused(_));
        let cause = self.calls.iter().rfind(executed);
        let is_caused = cause.is_some_and(|call| call.before.state == *before);
        !is_expected(before, state, is_caused) && !self.seen_twice(|seen| seen.state == *state)
    }

    pub(super) fn not_found(&mut self) {
        self.absences += 1;
    }

    pub(super) fn describe_failed(&mut self, error: Error) {
        self.failed_describe = Some(error);
    }

    pub(crate) fn call_sent(&mut self, action: &'static str, seen: &Arc<Instance>) {
        tracing::info!(instance = %self.instance_id, action, "sending a call");
        let before = Arc::clone(seen);
        let at = Instant::now();
        let outcome = CallOutcome::Pending;
        let (describes, state_left, resized) = (0, false, false);
        let call = LoggedCall { action, outcome, before, at, describes, state_left, resized };
        self.calls.push(call);
        self.send(Event::CallSent);
    }

    /// Records the outcome of the last call.
    pub(crate) fn call_ended(&mut self, outcome: CallOutcome) {
        let Some(call) = self.calls.last_mut() else { return };
        let action = call.action;
        tracing::info!(instance = %self.instance_id, action, %outcome, "call ended");
        call.outcome = outcome.clone();
        call.at = Instant::now();
        if matches!(outcome, CallOutcome::Lost(_)) {
            self.failed_describe = None;
        }
        self.send(Event::CallEnded(action, outcome));
    }

    pub(crate) fn delay_calls_until(&mut self, time: Instant) {
        self.not_before = Some(time);
    }

    fn send(&self, event: Event) {
        if let Some(events) = &self.events {
            // The receiver may have been dropped.
            let _ = events.send(event);
        }
    }

    /// Returns the status of `action`.
    pub(crate) fn status(&self, action: &str) -> CallStatus {
        status(&self.calls, action)
    }

    /// Returns the status of `other` at each call of `action`.
    pub(crate) fn statuses_at(&self, action: &str, other: &str) -> Vec<CallStatus> {
        let calls = self.calls.iter().enumerate().filter(|(_, call)| call.action == action);
        calls.map(|(index, _)| status(&self.calls[..index], other)).collect()
    }

    /// Returns true if a call of `action` was sent and not refused.
    pub(crate) fn may_have_executed(&self, action: &str) -> bool {
        let mut calls = self.calls.iter().filter(|call| call.action == action);
        calls.any(|call| !matches!(call.outcome, CallOutcome::Refused(_)))
    }

    /// Returns the last call of `action`.
    pub(crate) fn last_call(&self, action: &str) -> Option<&LoggedCall> {
        self.calls.iter().rfind(|call| call.action == action)
    }

    /// Returns true if the last two describes that found the instance match `predicate`.
    pub(crate) fn seen_twice(&self, predicate: impl Fn(&Instance) -> bool) -> bool {
        let matches = |seen: &Option<Arc<Instance>>| seen.as_deref().is_some_and(&predicate);
        matches(&self.last_seen) && matches(&self.seen_before)
    }

    /// Returns true if the API has refused a call of `action` because of the state that the
    /// instance is still in.
    pub(super) fn is_refused_in_state(&self, action: &str) -> bool {
        let mut calls = self.calls[self.calls_before_change..].iter();
        calls.any(|call| call.action == action && call.is_refused_by_state())
    }

    /// Time of the last change to another known state.
    pub(crate) const fn changed(&self) -> Instant {
        self.changed
    }

    /// Number of describes in a row that did not find the instance.
    pub(super) const fn absences(&self) -> u32 {
        self.absences
    }

    /// Number of lost responses.
    pub(super) fn lost_responses(&self) -> usize {
        self.calls.iter().filter(|call| matches!(call.outcome, CallOutcome::Lost(_))).count()
    }

    /// Number of refusals since the last change of the state.
    pub(super) fn refusals(&self) -> u32 {
        let calls = &self.calls[self.calls_before_change..];
        let refused = calls.iter().filter(|call| matches!(call.outcome, CallOutcome::Refused(_)));
        u32::try_from(refused.count()).unwrap_or(u32::MAX)
    }

    /// Earliest time of the next call, if that is limited.
    pub(super) const fn not_before(&self) -> Option<Instant> {
        self.not_before
    }

    /// Time of the last change of the state or end of a call.
    pub(super) fn last_change(&self) -> Instant {
        self.calls.last().map_or(self.changed, |call| self.changed.max(call.at))
    }

    /// Returns the refusal of the last call, if there was one and no call was accepted since.
    pub(crate) fn last_refusal(&self) -> Option<&Error> {
        let answered = self.calls.iter().rev().find_map(|call| match &call.outcome {
            CallOutcome::Pending | CallOutcome::Lost(_) => None,
            CallOutcome::Accepted => Some(None),
            CallOutcome::Refused(error) => Some(Some(error)),
        });
        answered.flatten()
    }

    /// Returns the last lost response or failed describe.
    pub(crate) fn last_lost(&self) -> Option<&Error> {
        let lost = || {
            self.calls.iter().rev().find_map(|call| match &call.outcome {
                CallOutcome::Lost(error) => Some(error),
                CallOutcome::Pending | CallOutcome::Accepted | CallOutcome::Refused(_) => None,
            })
        };
        self.failed_describe.as_ref().or_else(lost)
    }
}

fn status(calls: &[LoggedCall], action: &str) -> CallStatus {
    let last = calls.iter().rfind(|call| call.action == action);
    last.map_or(CallStatus::NotSent, LoggedCall::status)
}

impl LoggedCall {
    /// Status of the action, if this is its last call.
    pub(super) const fn status(&self) -> CallStatus {
        let since = self.at;
        match self.outcome {
            CallOutcome::Refused(_) => CallStatus::NotSent,
            CallOutcome::Pending | CallOutcome::Lost(_) if !self.state_left && !self.resized => {
                CallStatus::Lost { since }
            }
            CallOutcome::Pending | CallOutcome::Lost(_) | CallOutcome::Accepted => {
                CallStatus::Accepted { since, state_left: self.state_left }
            }
        }
    }

    fn is_refused_by_state(&self) -> bool {
        let CallOutcome::Refused(error) = &self.outcome else { return false };
        let behavior = error.class().map(|class| class.behavior().operation);
        behavior == Some(OnRefusal::RetryFewTimes)
    }
}

/// Returns true if a state can follow from the one before it. `is_caused` is true if the last call
/// was sent in the state before.
fn is_expected(before: &State, state: &State, is_caused: bool) -> bool {
    match state {
        State::Stopped => is_caused || *before == State::Stopping,
        State::Running => is_caused || !matches!(before, State::Stopping | State::Stopped),
        State::Stopping => *before != State::Stopped,
        other => !other.is_failed(),
    }
}

impl fmt::Display for CallOutcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pending => formatter.write_str("pending"),
            Self::Accepted => formatter.write_str("accepted"),
            Self::Refused(error) | Self::Lost(error) => error.kind.fmt(formatter),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::compshare::{ErrorKind, Lost};

    fn instance(state: &str) -> Arc<Instance> {
        Arc::new(serde_json::from_value(json!({"UHostId": "uhost-1", "State": state})).unwrap())
    }

    fn error(kind: ErrorKind) -> Error {
        Error { action: "Start", attempts: 1, request_id: None, kind }
    }

    fn refused(code: i64) -> CallOutcome {
        CallOutcome::Refused(error(ErrorKind::Refused { code, message: String::new() }))
    }

    fn lost() -> CallOutcome {
        CallOutcome::Lost(error(ErrorKind::MaybeSent(Lost::TimedOut)))
    }

    fn log(calls: &[CallOutcome]) -> OperationLog {
        let mut log = OperationLog::new("uhost-1", None);
        for outcome in calls {
            log.call_sent("Start", &instance("Stopped"));
            log.call_ended(outcome.clone());
        }
        log
    }

    #[test]
    fn absence_count_restarts_when_the_instance_is_found() {
        let mut log = log(&[]);
        log.not_found();
        assert_eq!(log.absences(), 1);
        log.found(&instance("Stopped"));
        assert_eq!(log.absences(), 0);
    }

    #[test]
    fn refusals_count_since_the_last_change_of_state() {
        let mut log = log(&[]);
        log.found(&instance("Stopped"));
        for count in 1..=2 {
            log.call_sent("Start", &instance("Stopped"));
            log.call_ended(refused(8903));
            log.found(&instance("Stopped"));
            assert_eq!(log.refusals(), count);
        }
        log.found(&instance("Stopping"));
        assert_eq!(log.refusals(), 0);
    }

    #[test]
    fn last_refusal_is_kept_until_a_call_is_accepted() {
        let code = |calls: &[CallOutcome]| log(calls).last_refusal().and_then(Error::ret_code);
        assert_eq!(code(&[]), None);
        assert_eq!(code(&[refused(8903), refused(8357)]), Some(8357));
        assert_eq!(code(&[refused(8357), lost(), CallOutcome::Pending]), Some(8357));
        assert_eq!(code(&[refused(8357), CallOutcome::Accepted]), None);
    }

    #[test]
    fn last_lost_is_a_lost_response_or_a_later_failed_describe() {
        let mut log = log(&[lost(), CallOutcome::Accepted]);
        assert!(matches!(log.last_lost().map(|error| &error.kind), Some(ErrorKind::MaybeSent(_))));
        log.describe_failed(error(ErrorKind::Http { status: 502 }));
        assert!(matches!(log.last_lost().map(|error| &error.kind), Some(ErrorKind::Http { .. })));
        log.call_sent("Start", &instance("Stopped"));
        log.call_ended(lost());
        assert!(matches!(log.last_lost().map(|error| &error.kind), Some(ErrorKind::MaybeSent(_))));
    }

    #[test]
    fn repeated_state_is_one_entry() {
        let mut log = log(&[]);
        for state in ["Stopped", "Stopped", "Starting", "", "Starting"] {
            log.found(&instance(state));
        }
        let states: Vec<_> = log.states.iter().map(State::as_str).collect();
        assert_eq!(states, ["Stopped", "Starting", "", "Starting"]);
    }
}
