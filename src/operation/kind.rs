//! Parts of an operation that differ between kinds of operation.

use std::{fmt, time::Duration};

use super::{
    decision::{Situation, Step},
    instance_ref::InstanceRef,
    log::OperationLog,
    pace::Pace,
};
use crate::compshare::{Call, Error, State};

/// Kind of operation on one instance; a value is the specification of one operation.
pub(crate) trait Kind: Sync {
    /// The API call of this kind. Its reply is not used: an operation ends when a describe shows
    /// the result.
    type Call: Call + fmt::Debug + Send + Sync;
    /// Reasons of a failure beside the common ones.
    type Reason: fmt::Debug + Send;

    fn instance(&self) -> &InstanceRef;

    /// State that the instance had when its object was read, if a contradicting describe must be
    /// confirmed.
    fn known_state(&self) -> Option<&State> {
        None
    }

    /// Timeout of the operation, including the wait for the instance lock.
    fn timeout(&self) -> Duration;

    /// Decides on the next step for an instance that was found where it was expected. Pure.
    fn decide(&self, situation: &Situation<'_>) -> Step<Self::Call, Self::Reason>;

    /// Returns true if the operation has succeeded when the instance does not exist.
    fn accepts_absence(&self) -> bool {
        false
    }

    /// Returns true if the instance was created immediately before the operation. It may then be
    /// missing from describes for a while, and failed describes are repeated.
    fn follows_create(&self) -> bool {
        false
    }

    /// Returns true if the operation makes no calls. It then does not hold the instance lock: it
    /// would block the operation that it waits for.
    fn is_passive(&self) -> bool {
        false
    }

    /// Returns true if no other operation of the same run may stop the instance because its object
    /// is destroyed.
    fn keeps_running(&self) -> bool {
        false
    }

    /// Returns true if the operation stops an instance because its object is destroyed.
    fn ends_with_object(&self) -> bool {
        false
    }

    /// Returns true if the API refuses `call` unless the instance is in the right state for it.
    fn is_checked_by_api(&self, _call: &Self::Call) -> bool {
        false
    }

    /// Returns true if a call is resent while the zone is sold out.
    fn waits_for_capacity(&self) -> bool {
        false
    }

    /// Returns true if `call` can be resent without the parameter that `error` refuses.
    fn can_omit_parameter(&self, _call: &Self::Call, _error: &Error) -> bool {
        false
    }

    /// Number of refusals because of the state of the instance after which a call is not resent.
    /// The reported state may be ahead of the one that the API acts on.
    fn max_state_refusals(&self) -> u32 {
        3
    }

    /// Returns the pause before the next poll, when nothing has changed for `unchanged`.
    fn poll_pause(&self, pace: &Pace, _log: &OperationLog, unchanged: Duration) -> Duration {
        pace.poll_pause(unchanged)
    }
}
