//! Pauses between polls and before repeated calls.

use std::time::Duration;

/// Pauses of an operation. Its timeout applies in addition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Interval between two polls. It grows to five times that while nothing changes.
    pub poll: Duration,
    /// Age up to which a describe of this process may replace the first one of an operation.
    pub recent: Duration,
    /// Pause before the second describe of an instance that was not found.
    pub confirm: Duration,
    /// Time for which describes may not report a new instance, or an accepted change that is no
    /// change of the state.
    pub visible: Duration,
    /// Pause before the second describe where one contradicts earlier ones.
    pub recheck: Duration,
    /// Time in which an accepted start or stop must begin.
    pub settle: Duration,
    /// Time for which the old state must be reported after a lost response before the call is
    /// resent.
    pub resend: Duration,
    /// Time in which a reboot must be observed.
    pub reboot: Duration,
    /// Time after which an undocumented state that does not change counts as a resting state.
    pub unlisted: Duration,
    /// Time after which an instance counts as stuck in its start.
    pub stuck: Duration,
    /// First pause after a refusal that may pass, for example because another operation is in
    /// progress. The pause grows to six times that.
    pub retry: Duration,
    /// Pause between two attempts while the zone is sold out.
    pub capacity: Duration,
    /// Interval between progress reports while nothing changes.
    pub report: Duration,
}

impl Pace {
    /// The pace of production, with `poll` as the first poll interval.
    pub const fn new(poll: Duration) -> Self {
        Self {
            poll,
            recent: Duration::from_secs(5),
            confirm: Duration::from_millis(500),
            visible: Duration::from_secs(30),
            recheck: Duration::from_secs(3),
            settle: Duration::from_secs(300),
            resend: Duration::from_secs(10),
            reboot: Duration::from_secs(60),
            unlisted: Duration::from_secs(120),
            stuck: Duration::from_secs(180),
            retry: Duration::from_secs(5),
            capacity: Duration::from_secs(30),
            report: Duration::from_secs(30),
        }
    }

    /// Returns the interval between two polls, when nothing has changed for `unchanged`: a twentieth
    /// of that time, but at least [`Self::poll`] and at most five times that.
    ///
    /// It depends on the time and not on the number of polls, because batching can make polls come
    /// earlier than planned.
    pub(crate) fn poll_pause(&self, unchanged: Duration) -> Duration {
        self.poll.max(unchanged / 20).min(self.poll * 5)
    }

    /// As [`Self::poll_pause`], but shorter at first, for a state that may pass quickly.
    pub(crate) fn short_poll_pause(&self, unchanged: Duration) -> Duration {
        (self.confirm + unchanged / 4).min(self.poll_pause(unchanged))
    }

    /// Returns the longest pause between two polls.
    pub(super) fn longest_poll_pause(&self) -> Duration {
        self.poll_pause(Duration::MAX / 8)
    }

    /// Returns the pause after a refusal that may pass, when `refusals` came before it.
    pub(crate) fn retry_pause(&self, refusals: u32) -> Duration {
        let growth = 2.0_f64.powi(i32::try_from(refusals).unwrap_or(i32::MAX)).min(6.0);
        self.retry.mul_f64(growth * jitter(0.1))
    }

    /// Returns the pause after a refusal because the zone is sold out.
    pub(crate) fn capacity_pause(&self) -> Duration {
        self.capacity.mul_f64(jitter(0.2))
    }
}

/// Returns a random factor, so that the calls of concurrent operations spread.
fn jitter(share: f64) -> f64 {
    1.0 + share * (2.0 * fastrand::f64() - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_their_maximum() {
        let pace = Pace::new(Duration::from_secs(3));
        let seconds = Duration::from_secs;
        assert_eq!(pace.poll_pause(seconds(60)), seconds(3));
        assert_eq!(pace.poll_pause(seconds(200)), seconds(10));
        assert_eq!(pace.poll_pause(seconds(1_000_000)), seconds(15));
        assert_eq!(pace.longest_poll_pause(), seconds(15));
        assert_eq!(pace.short_poll_pause(Duration::ZERO), Duration::from_millis(500));
        assert_eq!(pace.short_poll_pause(seconds(4)), Duration::from_millis(1500));
        assert_eq!(pace.short_poll_pause(seconds(1_000_000)), seconds(15));
        let near = |pause: Duration, seconds: f64| {
            let ratio = pause.as_secs_f64() / seconds;
            assert!((0.89..=1.11).contains(&ratio), "{pause:?} is not near {seconds} s");
        };
        near(pace.retry_pause(0), 5.0);
        near(pace.retry_pause(1), 10.0);
        near(pace.retry_pause(u32::MAX), 30.0);
    }
}
