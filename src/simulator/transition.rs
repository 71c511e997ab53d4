//! Changes of state that take time.

use std::time::Duration;

use jiff::Timestamp;

use super::{clock::later, fault::Effect};

/// A change of state that takes time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Transition {
    /// States during the transition, each for the same time; empty if the state remains.
    phases: &'static [&'static str],
    pub(super) outcome: Outcome,
    begins: Timestamp,
    /// End of the transition; `None` if it never ends.
    pub(super) ends: Option<Timestamp>,
    /// Expiry of the operation lock.
    pub(super) locked_until: Timestamp,
}

/// Outcome of a [`Transition`].
#[derive(Clone, Copy, Debug)]
pub(super) enum Outcome {
    State(&'static str),
    /// `Stopped`, in the size before the start.
    RolledBack,
    /// The instance no longer exists.
    Gone,
}

/// Durations of a [`Transition`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Durations {
    pub(super) transition: Duration,
    pub(super) lock: Duration,
}

impl Transition {
    pub(super) fn new(
        phases: &'static [&'static str],
        outcome: Outcome,
        durations: Durations,
        now: Timestamp,
    ) -> Self {
        Self {
            phases,
            outcome,
            begins: now,
            ends: Some(later(now, durations.transition)),
            locked_until: later(now, durations.lock),
        }
    }

    /// Applies a fault to the outcome.
    pub(super) fn with_fault(self, fault: Option<&Effect>) -> Self {
        let outcome = match fault {
            Some(Effect::FallBackToStopped) => Outcome::State("Stopped"),
            Some(Effect::RollBack) => Outcome::RolledBack,
            Some(Effect::InstallFail) => Outcome::State("Install Fail"),
            Some(Effect::Vanish) => Outcome::Gone,
            Some(Effect::StuckInStarting) => return Self { ends: None, ..self },
            _ => self.outcome,
        };
        Self { outcome, ..self }
    }

    /// Returns the transitional state at `now`, which is before the end.
    pub(super) fn state(&self, now: Timestamp) -> Option<&'static str> {
        let elapsed = now.duration_since(self.begins).as_millis();
        let whole =
            self.ends.map_or(i128::MAX, |ends| ends.duration_since(self.begins).as_millis());
        let index = elapsed.checked_mul(self.phases.len() as i128)?.checked_div(whole).unwrap_or(0);
        self.phases.get(usize::try_from(index).ok()?).copied()
    }
}
