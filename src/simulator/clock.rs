//! What time it is in the simulated cloud.

use std::{sync::Mutex, time::Duration};

use jiff::{SignedDuration, Timestamp};

use super::locked;

/// Which time the simulated cloud lives by.
///
/// The delays of answers ([`latency`](super::Options::latency), [`Effect::Delay`](super::Effect::Delay)) are not part of
/// this: they keep a real connection waiting, so they always take real time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clock {
    /// The time of this machine, for demonstrations and for clients that wait by themselves.
    #[default]
    Real,
    /// Stands at 2026-01-01T00:00:00Z until [`Simulator::advance`](super::Simulator::advance) moves it, so that a test can
    /// look at every state in between.
    Stepped,
}

/// 2026-01-01T00:00:00Z: a fixed moment, so that expected times can be written down.
const STEPPED_ORIGIN: Timestamp = Timestamp::constant(1_767_225_600, 0);

/// A [`Clock`] that runs.
#[derive(Debug)]
pub(super) struct Time {
    /// Where a stepped clock began; `None` for a real one.
    origin: Option<Timestamp>,
    /// By how much the clock was advanced.
    advanced: Mutex<Duration>,
}

impl Time {
    pub(super) fn new(clock: Clock) -> Self {
        let origin = match clock {
            Clock::Real => None,
            Clock::Stepped => Some(STEPPED_ORIGIN),
        };
        Self { origin, advanced: Mutex::default() }
    }

    pub(super) fn now(&self) -> Timestamp {
        later(self.origin.unwrap_or_else(Timestamp::now), *locked(&self.advanced))
    }

    pub(super) fn advance(&self, by: Duration) {
        let mut advanced = locked(&self.advanced);
        *advanced = advanced.saturating_add(by);
    }
}

/// `by` after `moment`; the end of time where that is out of range.
pub(super) fn later(moment: Timestamp, by: Duration) -> Timestamp {
    SignedDuration::try_from(by)
        .ok()
        .and_then(|by| moment.checked_add(by).ok())
        .unwrap_or(Timestamp::MAX)
}
