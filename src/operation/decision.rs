//! Input and result of a decision, and the rules that all kinds of operation share.

use std::sync::Arc;

use tokio::time::Instant;

use super::{
    log::{CallStatus, OperationLog},
    outcome::{Caveat, Reason},
    pace::Pace,
};
use crate::compshare::{Call, Instance};

/// Number of lost responses after which a call is not resent.
const MAX_LOST_RESPONSES: usize = 3;

/// Input of a decision.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Situation<'a> {
    /// The last describe, which `log` contains already.
    pub(crate) seen: &'a Arc<Instance>,
    pub(crate) log: &'a OperationLog,
    pub(crate) pace: &'a Pace,
    pub(crate) now: Instant,
}

/// Next step of an operation.
#[derive(Debug)]
pub(crate) enum Step<C, R> {
    /// End the operation: the instance is as required.
    Done,
    /// End the operation with success and a warning.
    DoneWith(Caveat),
    Call(C),
    /// Poll again.
    Wait,
    /// Describe the instance again soon: another describe must agree with the last one.
    Confirm,
    Fail(Reason<R>),
}

impl Situation<'_> {
    /// Returns the step for a call that is to change the state of the instance: sends the call if
    /// it has not been sent, waits for its effect, and resends it or fails if there is none.
    pub(crate) fn send<C: Call, R>(&self, call: C) -> Step<C, R> {
        let action = call.action();
        let is_recent = |since, time| self.now - since < time;
        let Some(last) = self.log.last_call(action) else { return self.send_now(call) };
        let has_returned = last.before.state == self.seen.state;
        match last.status() {
            CallStatus::NotSent => self.send_now(call),
            CallStatus::Accepted { state_left: true, .. } if has_returned => {
                Step::Fail(Reason::FellBack(action))
            }
            CallStatus::Lost { since } if is_recent(since, self.pace.resend) => Step::Wait,
            CallStatus::Accepted { since, .. } if is_recent(since, self.pace.settle) => Step::Wait,
            // With a long poll interval, the only describe since the call.
            _ if last.describes < 2 => Step::Confirm,
            CallStatus::Lost { .. } if self.log.lost_responses() < MAX_LOST_RESPONSES => {
                Step::Call(call)
            }
            CallStatus::Lost { .. } => Step::Fail(Reason::ResponseLost(action)),
            CallStatus::Accepted { .. } => Step::Fail(Reason::NoEffect(action)),
        }
    }

    /// Returns the step for a call in a state that the instance may not leave by itself. The API
    /// refuses it if the state does not allow it; it is then not resent.
    pub(crate) fn try_once<C: Call, R>(&self, call: C) -> Step<C, R> {
        let action = call.action();
        let is_tried =
            self.log.status(action) != CallStatus::NotSent || self.log.is_refused_in_state(action);
        if is_tried { Step::Wait } else { self.send_now(call) }
    }

    /// Returns the step for a call that is sent regardless of earlier calls of the same action, at
    /// the earliest when the pause after the last refusal is over.
    pub(crate) fn send_now<C, R>(&self, call: C) -> Step<C, R> {
        match self.log.not_before() {
            Some(time) if self.now < time => Step::Wait,
            _ => Step::Call(call),
        }
    }
}
