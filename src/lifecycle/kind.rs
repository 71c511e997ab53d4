//! Lifecycle operations as a kind of operation.

use std::time::Duration;

use super::{
    decide::decide,
    operation::{Operation, Target},
    reason::LifecycleReason,
};
use crate::{
    compshare::{InstanceChange, State},
    operation::{InstanceRef, Kind, Situation, Step},
};

impl Kind for Operation {
    type Call = InstanceChange;
    type Reason = LifecycleReason;

    fn instance(&self) -> &InstanceRef {
        &self.instance
    }

    fn known_state(&self) -> Option<&State> {
        self.known_state.as_ref()
    }

    fn timeout(&self) -> Duration {
        self.timeout
    }

    fn decide(&self, situation: &Situation<'_>) -> Step<InstanceChange, LifecycleReason> {
        decide(self, situation)
    }

    fn accepts_absence(&self) -> bool {
        matches!(self.target, Target::Deleted { .. })
    }

    /// An instance without a known state has not been in any describe since its create.
    fn follows_create(&self) -> bool {
        self.target == Target::Created || self.accepts_absence() && self.known_state.is_none()
    }

    fn waits_for_capacity(&self) -> bool {
        self.wait_for_capacity
    }

    /// A stopped instance can be refused as still stopping for most of a minute.
    fn max_state_refusals(&self) -> u32 {
        if self.accepts_absence() { 10 } else { 3 }
    }
}
