//! The loop of one operation: describe, decide, call, wait.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};

use super::{
    decision::{Situation, Step},
    describer::Describer,
    kind::Kind,
    log::{CallOutcome, OperationLog},
    outcome::{Reason, Success},
    pace::Pace,
};
use crate::compshare::{
    Call as _, Class, Client, Error, ErrorKind, Instance, OnRefusal, Resend, State,
};

/// Number of refusals because the instance does not exist after which a call is not resent, although
/// describes find the instance.
const MAX_DENIALS: u32 = 3;

/// Describes without the instance that confirm its absence.
const CONFIRMED_ABSENCES: u32 = 2;

/// One operation in progress.
pub(super) struct Run<'a, K> {
    pub(super) kind: &'a K,
    pub(super) log: OperationLog,
    pub(super) describer: &'a Describer,
    pub(super) client: &'a Client,
    pub(super) pace: &'a Pace,
}

impl<K: Kind> Run<'_, K> {
    /// Runs the loop until the decision ends it.
    pub(super) async fn finish(&mut self) -> Result<Success, Reason<K::Reason>> {
        let mut due = Instant::now();
        if let Some((call, seen)) = self.call_without_describe() {
            self.log.found(&seen);
            self.call(&call, &seen).await?;
            due = self.next_poll(Instant::now());
        }
        loop {
            let Some(seen) = self.poll(due).await? else {
                if self.may_still_appear() {
                    due = self.next_poll(due);
                    continue;
                }
                if self.log.absences() < CONFIRMED_ABSENCES {
                    due = Instant::now() + self.pace.confirm;
                    continue;
                }
                return self.absent();
            };
            match self.decide(&seen) {
                Step::Done => return Ok(Success { instance: Some(seen), caveat: None }),
                Step::DoneWith(caveat) => {
                    return Ok(Success { instance: Some(seen), caveat: Some(caveat) });
                }
                Step::Fail(reason) => return Err(reason),
                Step::Call(call) => {
                    self.call(&call, &seen).await?;
                    due = self.next_poll(Instant::now());
                }
                Step::Wait => due = self.next_poll(due),
                Step::Confirm => {
                    // `poll` may describe earlier.
                    sleep(self.pace.recheck).await;
                    due = Instant::now();
                }
            }
        }
    }

    /// Returns the first call if a recent describe, such as that of the plan, leads to one that the
    /// API refuses in any other state. All other decisions require a describe by the operation.
    fn call_without_describe(&self) -> Option<(K::Call, Arc<Instance>)> {
        let instance = self.kind.instance();
        let seen = self.describer.recent_unchanged(&instance.id, self.pace.recent)?;
        instance.check_location(&seen).ok()?;
        match self.kind.decide(&self.situation(&seen)) {
            Step::Call(call) if self.kind.is_checked_by_api(&call) => Some((call, seen)),
            _ => None,
        }
    }

    /// Describes the instance at `due` at the latest. Once a call has been sent, polls again
    /// after a failure that may pass, because the effect of the call must not be missed.
    async fn poll(&mut self, due: Instant) -> Result<Option<Arc<Instance>>, Reason<K::Reason>> {
        let instance = self.kind.instance();
        let mut within = due.saturating_duration_since(Instant::now());
        loop {
            let described = match self.log.absences() {
                0 => self.describer.describe_in(&instance.scope, &instance.id, within).await,
                _ => {
                    self.describer.describe_everywhere(&instance.scope, &instance.id, within).await
                }
            };
            match described {
                Ok(described) => {
                    if described.is_none() {
                        self.log.not_found();
                    }
                    return Ok(described);
                }
                Err(error) if !self.follows_call() || !may_pass(&error) => {
                    return Err(Reason::Call(error));
                }
                Err(error) => {
                    self.log.describe_failed(error);
                    within = self.pace.longest_poll_pause();
                    // `within` is no lower limit: a batch of other callers may be sent at once.
                    sleep(within).await;
                }
            }
        }
    }

    /// Returns true if the operation has sent a call, or was preceded by the create.
    fn follows_call(&self) -> bool {
        self.kind.follows_create() || !self.log.calls.is_empty()
    }

    /// Returns true if a new instance may be missing from describes because it is new.
    fn may_still_appear(&self) -> bool {
        self.kind.follows_create()
            && self.log.last_seen.is_none()
            && self.log.changed().elapsed() < self.pace.visible
    }

    fn decide(&mut self, seen: &Arc<Instance>) -> Step<K::Call, K::Reason> {
        if self.log.last_seen.is_none()
            && let Err(mismatch) = self.kind.instance().check_location(seen)
        {
            return Step::Fail(Reason::Location(mismatch));
        }
        self.log.found(seen);
        if self.log.is_contradictory() {
            return Step::Confirm;
        }
        self.kind.decide(&self.situation(seen))
    }

    fn situation<'s>(&'s self, seen: &'s Arc<Instance>) -> Situation<'s> {
        Situation { seen, log: &self.log, pace: self.pace, now: Instant::now() }
    }

    /// Ends the operation after the absence of the instance is confirmed.
    fn absent(&self) -> Result<Success, Reason<K::Reason>> {
        if self.kind.accepts_absence() {
            return Ok(Success { instance: None, caveat: None });
        }
        let existed = self.log.last_seen.is_some();
        Err(if existed { Reason::Vanished } else { Reason::NotFound })
    }

    /// Sends `call`. Returns an error if the operation cannot continue after it.
    async fn call(
        &mut self,
        call: &K::Call,
        seen: &Arc<Instance>,
    ) -> Result<(), Reason<K::Reason>> {
        let refusals = self.log.refusals();
        self.log.call_sent(call.action(), seen);
        self.describer.changes(&self.kind.instance().id);
        let Err(error) = self.client.call(call).await else {
            self.log.call_ended(CallOutcome::Accepted);
            return Ok(());
        };
        if error.may_have_happened() {
            self.log.call_ended(CallOutcome::Lost(error));
            return Ok(());
        }
        self.log.call_ended(CallOutcome::Refused(error.clone()));
        if let Some(pause) = self.pause_after_refusal(call, &error, refusals) {
            self.log.delay_calls_until(Instant::now() + pause);
            return Ok(());
        }
        if self.has_changed_nevertheless(seen).await { Ok(()) } else { Err(Reason::Call(error)) }
    }

    /// Describes the instance after a final refusal. Returns true if it has left the state `before`
    /// nevertheless. Even if not, the refused start may have changed its size.
    async fn has_changed_nevertheless(&mut self, before: &Instance) -> bool {
        let instance = self.kind.instance();
        let described =
            self.describer.describe_in(&instance.scope, &instance.id, Duration::ZERO).await;
        let Ok(Some(seen)) = described else { return false };
        self.log.found(&seen);
        seen.state != State::Unknown && seen.state != before.state
    }

    /// Returns the pause before the call is resent; `None` if it is not resent. `refusals` came
    /// before this one.
    fn pause_after_refusal(
        &self,
        call: &K::Call,
        error: &Error,
        refusals: u32,
    ) -> Option<Duration> {
        let retry_pause = || self.pace.retry_pause(refusals);
        match error.class()?.behavior().operation {
            OnRefusal::Retry => Some(retry_pause()),
            OnRefusal::RetryFewTimes => {
                (refusals < self.kind.max_state_refusals()).then(retry_pause)
            }
            OnRefusal::RetryForCapacity => {
                self.kind.waits_for_capacity().then(|| self.pace.capacity_pause())
            }
            OnRefusal::RetryWithoutParameter => {
                self.kind.can_omit_parameter(call, error).then_some(Duration::ZERO)
            }
            // Describes confirm it, unless they still find the instance.
            OnRefusal::Fail
                if error.class() == Some(Class::NotFound) && self.kind.accepts_absence() =>
            {
                (refusals < MAX_DENIALS).then(retry_pause)
            }
            OnRefusal::InDoubt | OnRefusal::Fail => None,
        }
    }

    /// Returns the time of the next poll: an interval after the begin of the `last` one, so that the
    /// latency of the API does not add up, but earlier if a call may be resent then.
    fn next_poll(&self, last: Instant) -> Instant {
        let now = Instant::now();
        let interval = self.kind.poll_pause(self.pace, &self.log, now - self.log.last_change());
        let next = (last.min(now) + interval).max(now + interval / 2);
        match self.log.not_before() {
            Some(time) if time > now => next.min(time),
            _ => next,
        }
    }
}

/// Returns true if another describe may succeed after `error`.
fn may_pass(error: &Error) -> bool {
    match (&error.kind, error.class()) {
        (ErrorKind::Unsent { at, .. }, _) => !at.is_permanent(),
        (_, Some(class)) => class.behavior().resend != Resend::Never,
        (_, None) => true,
    }
}
