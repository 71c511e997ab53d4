//! Input and result of a decision, and the common rules for a call.

use std::sync::Arc;

use tokio::time::Instant;

use super::{
    failure::Reason,
    log::{CallStatus, OperationLog},
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
    Call(C),
    /// Poll again.
    Wait,
    Fail(Reason<R>),
}

impl Situation<'_> {
    /// Returns the step for a call that is to change the state of the instance: sends the call if
    /// it has not been sent, waits for its effect, and resends it or fails if there is none.
    pub(crate) fn send<C: Call, R>(&self, call: C) -> Step<C, R> {
        let action = call.action();
        let is_recent = |since, time| self.now - since < time;
        match self.log.status(action) {
            CallStatus::NotSent => self.send_now(call),
            CallStatus::Lost { since } if is_recent(since, self.pace.resend) => Step::Wait,
            CallStatus::Lost { .. } if self.log.lost_responses() < MAX_LOST_RESPONSES => {
                Step::Call(call)
            }
            CallStatus::Lost { .. } => Step::Fail(Reason::ResponseLost(action)),
            CallStatus::Accepted { state_left: true, .. } => Step::Fail(Reason::FellBack(action)),
            CallStatus::Accepted { since, .. } if is_recent(since, self.pace.settle) => Step::Wait,
            CallStatus::Accepted { .. } => Step::Fail(Reason::NoEffect(action)),
        }
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
