//! What an operation has done so far, as far as decisions depend on it.

use tokio::time::Instant;

use super::Target;
use crate::compshare::{Instance, State};

/// What became of one kind of call in this operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Sent {
    /// Not sent, or refused for certain.
    #[default]
    Not,
    /// Sent, and the answer was lost.
    InDoubt {
        /// When it was sent.
        since: Instant,
    },
    /// Taken by the cloud.
    Accepted {
        /// When it was sent.
        since: Instant,
        /// Whether the instance has been seen to leave the state it was in.
        left: bool,
    },
}

/// What was done and seen, as far as the next step depends on it.
#[derive(Debug, Default)]
pub(super) struct History {
    pub(super) start: Sent,
    pub(super) stop: Sent,
    pub(super) reboot: Sent,
    /// The start time that was reported before the reboot was asked for.
    pub(super) started_before: Option<i64>,
    /// Times a call's answer was lost.
    pub(super) doubts: u32,
    /// Times a call was refused for the moment, since the last state change.
    pub(super) refusals: u32,
    /// No call before this: the cloud asked for patience.
    pub(super) not_before: Option<Instant>,
    /// Looks in a row that did not find the instance.
    pub(super) absences: u32,
    /// Looks in a row that found it running in the other GPU mode.
    pub(super) mismatches: u32,
    /// Whether the instance was seen at all.
    pub(super) seen: bool,
    /// Whether it was `Stopped` when this operation first asked for a start.
    pub(super) found_stopped: bool,
    /// Whether `WithoutGpu` is left out of a start, after the cloud refused to know it.
    pub(super) spec_alone: bool,
    /// Whether a start that got a GPU unasked is being undone.
    pub(super) undoing: bool,
}

impl History {
    /// Takes note of the GPU mode that was seen.
    pub(super) fn compare(&mut self, seen: &Instance, target: Target) {
        let differs = matches!(target, Target::Running { mode, .. } if !mode.matches(seen.gpu));
        let counts = differs && seen.state == State::Running;
        self.mismatches = if counts { self.mismatches + 1 } else { 0 };
    }

    /// Whether an instance has started anew since it was asked to reboot, as far as its start time tells.
    pub(super) fn has_restarted(&self, seen: &Instance) -> bool {
        self.reboot != Sent::Not
            && seen.start_time.is_some()
            && seen.start_time != self.started_before
    }

    /// Takes note of a state that was seen. An empty one says nothing.
    pub(super) fn observe(&mut self, state: &State) {
        self.absences = 0;
        self.seen = true;
        if !matches!(state, State::Unknown | State::Stopped) {
            self.start = self.start.left();
        }
        if !matches!(state, State::Unknown | State::Running) {
            self.stop = self.stop.left();
            self.reboot = self.reboot.left();
        }
    }
}

impl Sent {
    /// The instance was seen in another state than the one the call was sent in, so the call was taken.
    const fn left(self) -> Self {
        match self {
            Self::Not => Self::Not,
            Self::InDoubt { since } | Self::Accepted { since, .. } => {
                Self::Accepted { since, left: true }
            }
        }
    }
}
