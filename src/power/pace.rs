//! The rhythm of waiting.

use std::time::Duration;

/// How long the pauses of an operation are. The operation's timeout ends them all, whatever stands here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// First interval between two looks; it grows to five times that.
    pub poll: Duration,
    /// Before an absent instance is looked for once more.
    pub confirm: Duration,
    /// How long after an accepted call the old state may still be reported.
    pub settle: Duration,
    /// How long after a lost answer the old state must be reported before the call is sent again.
    pub doubt: Duration,
    /// First pause after a refusal because another operation is under way; it grows to six times that.
    pub lock: Duration,
    /// Between two tries while the zone is sold out.
    pub capacity: Duration,
    /// Between two signs of life to whoever watches an operation in which nothing changes.
    pub report: Duration,
}

impl Pace {
    /// The pace for real use, with `poll` as the first interval.
    pub const fn new(poll: Duration) -> Self {
        Self {
            poll,
            confirm: Duration::from_millis(500),
            settle: Duration::from_secs(60),
            doubt: Duration::from_secs(10),
            lock: Duration::from_secs(5),
            capacity: Duration::from_secs(30),
            report: Duration::from_secs(30),
        }
    }

    /// The pause before the next look, when nothing has changed for `unchanged`: a quarter of that longer than the first
    /// interval, up to five times the first. It is a tenth shorter or longer at random.
    ///
    /// It depends on time and not on the number of looks, since a look can come sooner than asked for.
    pub(super) fn poll_pause(&self, unchanged: Duration) -> Duration {
        (self.poll + unchanged / 4).min(self.poll * 5).mul_f64(jitter(0.1))
    }

    /// The pause before the next look for something that may pass quickly, when nothing has changed for `unchanged`: shorter
    /// than [`Self::poll_pause`] at first.
    pub(super) fn glimpse_pause(&self, unchanged: Duration) -> Duration {
        (self.confirm + unchanged / 4).min(self.poll_pause(unchanged))
    }

    /// The pause after refusal number `count` because of another operation.
    pub(super) fn lock_pause(&self, count: u32) -> Duration {
        let growth = 2.0_f64.powi(i32::try_from(count).unwrap_or(i32::MAX)).min(6.0);
        self.lock.mul_f64(growth * jitter(0.1))
    }

    /// The pause after a refusal because the zone is sold out.
    pub(super) fn capacity_pause(&self) -> Duration {
        self.capacity.mul_f64(jitter(0.2))
    }
}

fn jitter(share: f64) -> f64 {
    1.0 + share * (2.0 * fastrand::f64() - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_grow_to_their_ceiling_and_no_further() {
        let pace = Pace::new(Duration::from_secs(3));
        let near = |pause: Duration, seconds: f64| {
            let ratio = pause.as_secs_f64() / seconds;
            assert!((0.89..=1.11).contains(&ratio), "{pause:?} is not near {seconds} s");
        };
        near(pace.poll_pause(Duration::ZERO), 3.0);
        near(pace.poll_pause(Duration::from_secs(3)), 3.75);
        near(pace.poll_pause(Duration::from_secs(60)), 15.0);
        near(pace.poll_pause(Duration::from_secs(1_000_000)), 15.0);
        near(pace.glimpse_pause(Duration::ZERO), 0.5);
        near(pace.glimpse_pause(Duration::from_secs(4)), 1.5);
        near(pace.glimpse_pause(Duration::from_secs(1_000_000)), 15.0);
        near(pace.lock_pause(0), 5.0);
        near(pace.lock_pause(1), 10.0);
        near(pace.lock_pause(u32::MAX), 30.0);
    }
}
