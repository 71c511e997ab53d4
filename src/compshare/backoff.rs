//! The pauses between attempts.

use std::{iter, time::Duration};

/// Upper bound of the first pause; it doubles from pause to pause.
const FIRST: Duration = Duration::from_millis(500);
/// Upper bound of any pause.
const LONGEST: Duration = Duration::from_secs(15);

/// One pause for each retry, `max_retries` of them: anything from nothing up to a bound that doubles each time.
///
/// Full jitter: clients that failed together must not come back together.
pub(super) fn pauses(max_retries: u32) -> impl Iterator<Item = Duration> {
    let bounds = iter::successors(Some(FIRST), |bound| Some((*bound * 2).min(LONGEST)));
    bounds.take(max_retries as usize).map(|bound| bound.mul_f64(fastrand::f64()))
}

/// The pause to make when the server asked for `wanted`: at least that much.
pub(super) fn at_least(pause: Duration, wanted: Option<Duration>) -> Duration {
    pause.max(wanted.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_stay_below_a_bound_that_doubles() {
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
    fn pauses_are_spread_over_the_whole_range() {
        let first: Vec<_> = (0..500).filter_map(|_| pauses(1).next()).collect();
        assert!(first.iter().min().unwrap() < &Duration::from_millis(50));
        assert!(first.iter().max().unwrap() > &Duration::from_millis(450));
    }

    #[test]
    fn no_retries_mean_no_pauses() {
        assert_eq!(pauses(0).count(), 0);
    }

    #[test]
    fn a_server_may_ask_for_more() {
        let seconds = Duration::from_secs;
        assert_eq!(at_least(seconds(3), None), seconds(3));
        assert_eq!(at_least(seconds(3), Some(seconds(2))), seconds(3));
        assert_eq!(at_least(seconds(3), Some(seconds(7))), seconds(7));
    }
}
