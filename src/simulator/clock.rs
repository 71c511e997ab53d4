//! Clock of the simulated API.

use std::{sync::Mutex, time::Duration};

use jiff::{SignedDuration, Timestamp};

use crate::lock::lock;

/// Source of the time in the simulated API.
///
/// Delays of responses ([`latency`](super::Options::latency),
/// [`Effect::Delay`](super::Effect::Delay)) are independent of it and always elapse in real time,
/// because a client waits on the connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clock {
    /// The system clock, for demonstrations and for clients that wait in real time.
    #[default]
    Real,
    /// Starts at 2026-01-01T00:00:00Z and moves only by
    /// [`Simulator::advance`](super::Simulator::advance), so that a test can observe every
    /// transitional state.
    Stepped,
}

/// 2026-01-01T00:00:00Z; fixed, so that tests can state expected times.
const STEPPED_ORIGIN: Timestamp = Timestamp::constant(1_767_225_600, 0);

/// Current time of a [`Clock`].
#[derive(Debug)]
pub(super) struct Time {
    /// Start of a stepped clock; `None` for the system clock.
    origin: Option<Timestamp>,
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
        later(self.origin.unwrap_or_else(Timestamp::now), *lock(&self.advanced))
    }

    pub(super) fn advance(&self, by: Duration) {
        let mut advanced = lock(&self.advanced);
        *advanced = advanced.saturating_add(by);
    }
}

/// Returns the time `by` after `time`, or the latest timestamp if that is out of range.
pub(super) fn later(time: Timestamp, by: Duration) -> Timestamp {
    SignedDuration::try_from(by)
        .ok()
        .and_then(|by| time.checked_add(by).ok())
        .unwrap_or(Timestamp::MAX)
}
