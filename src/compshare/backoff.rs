//! Pauses between the attempts of a call.

use std::{iter, time::Duration};

/// Upper bound of the first pause. It doubles with each pause.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// Upper bound of all pauses.
const MAX_PAUSE: Duration = Duration::from_secs(15);

/// Returns the pauses before `max_retries` retries. Each is a random part of a bound that doubles
/// (full jitter), so that clients that failed together do not return together.
pub(super) fn pauses(max_retries: u32) -> impl Iterator<Item = Duration> {
    let bounds = iter::successors(Some(FIRST_PAUSE), |bound| Some((*bound * 2).min(MAX_PAUSE)));
    bounds.take(max_retries as usize).map(|bound| bound.mul_f64(fastrand::f64()))
}

/// Returns `pause`, or the server's `Retry-After` if that is longer.
pub(super) fn at_least(pause: Duration, retry_after: Option<Duration>) -> Duration {
    pause.max(retry_after.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_stay_below_a_doubling_bound() {
        let bounds = [500, 1000, 2000, 4000, 8000, 15_000, 15_000];
        for _ in 0..200 {
            let pauses: Vec<_> = pauses(7).collect();
            assert_eq!(pauses.len(), bounds.len());
            for (pause, bound) in pauses.iter().zip(bounds) {
                assert!(*pause <= Duration::from_millis(bound), "{pauses:?}");
            }
        }
    }

    #[test]
    fn pauses_cover_the_whole_range() {
        let first: Vec<_> = (0..500).filter_map(|_| pauses(1).next()).collect();
        assert!(first.iter().min().unwrap() < &Duration::from_millis(50));
        assert!(first.iter().max().unwrap() > &Duration::from_millis(450));
    }

    #[test]
    fn zero_retries_have_no_pauses() {
        assert_eq!(pauses(0).count(), 0);
    }

    #[test]
    fn retry_after_lengthens_a_pause() {
        let seconds = Duration::from_secs;
        assert_eq!(at_least(seconds(3), None), seconds(3));
        assert_eq!(at_least(seconds(3), Some(seconds(2))), seconds(3));
        assert_eq!(at_least(seconds(3), Some(seconds(7))), seconds(7));
    }
}
