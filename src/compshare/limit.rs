//! Concurrency limit and retry budget of a client.
//!
//! The limit starts at the configured number of requests. A throttling response halves it and holds
//! all requests for a while; each success raises it a little. A retry is paid for from a budget
//! that successes refill, so that an API that always fails does not receive several times the usual
//! load.

use std::{
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

use crate::lock::lock;

/// Pause of all requests after a throttling response without `Retry-After`.
const DEFAULT_THROTTLE_PAUSE: Duration = Duration::from_millis(250);
/// Initial and largest number of retries in the budget.
const RETRY_BUDGET: f64 = 50.0;
/// Retries that a success adds to the budget.
const RETRY_REFUND: f64 = 0.2;

/// Limit shared by all calls of a client.
///
/// Not a `tokio::sync::Semaphore`: its permits cannot be withdrawn while they are in use, which
/// halving the limit requires.
#[derive(Debug)]
pub(super) struct Limit {
    max: usize,
    state: Mutex<State>,
    released: Notify,
}

#[derive(Debug)]
struct State {
    in_flight: usize,
    /// Current limit, between 1 and `max`. Fractions add up over several successes.
    allowed: f64,
    paused_until: Option<Instant>,
    budget: f64,
}

/// Permit for one request in flight; released when dropped.
#[derive(Debug)]
pub(super) struct Permit<'a>(&'a Limit);

impl Limit {
    /// A limit of at most `max` requests at once; 0 counts as 1.
    pub(super) fn new(max: usize) -> Self {
        let max = max.max(1);
        let allowed = max as f64;
        let state = State { in_flight: 0, allowed, paused_until: None, budget: RETRY_BUDGET };
        Self { max, state: Mutex::new(state), released: Notify::new() }
    }

    /// Waits for a permit.
    pub(super) async fn permit(&self) -> Permit<'_> {
        loop {
            let released = self.released.notified();
            match self.try_permit() {
                Ok(permit) => return permit,
                Err(Some(paused_until)) => sleep_until(paused_until).await,
                Err(None) => released.await,
            }
        }
    }

    /// Returns a permit, or the end of the current pause if there is one.
    fn try_permit(&self) -> Result<Permit<'_>, Option<Instant>> {
        let mut state = self.state();
        if let Some(end) = state.paused_until.filter(|end| *end > Instant::now()) {
            return Err(Some(end));
        }
        if state.in_flight >= state.allowed as usize {
            return Err(None);
        }
        state.in_flight += 1;
        Ok(Permit(self))
    }

    /// Records a response that was not a throttling one.
    pub(super) fn succeeded(&self) {
        let mut state = self.state();
        state.budget = (state.budget + RETRY_REFUND).min(RETRY_BUDGET);
        let before = state.allowed as usize;
        state.allowed = (state.allowed + 1.0 / state.allowed).min(self.max as f64);
        // A released permit wakes one waiter. A higher limit allows one more.
        if state.allowed as usize > before {
            self.released.notify_one();
        }
    }

    /// Records a throttling response, with its `Retry-After`.
    pub(super) fn throttled(&self, retry_after: Option<Duration>) {
        let mut state = self.state();
        let now = Instant::now();
        // Several throttling responses to concurrent requests count once.
        if state.paused_until.is_none_or(|end| end <= now) {
            state.allowed = (state.allowed / 2.0).max(1.0);
        }
        let end = now + retry_after.unwrap_or(DEFAULT_THROTTLE_PAUSE);
        state.paused_until = state.paused_until.max(Some(end));
    }

    /// Takes a retry from the budget. Returns false if the budget is used up.
    pub(super) fn pay_for_retry(&self) -> bool {
        let mut state = self.state();
        let affordable = state.budget >= 1.0;
        if affordable {
            state.budget -= 1.0;
        }
        affordable
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.0.state().in_flight -= 1;
        self.0.released.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::{
        task::yield_now,
        time::{advance, timeout},
    };

    use super::*;

    fn allowed(limit: &Limit) -> usize {
        limit.state().allowed as usize
    }

    #[tokio::test]
    async fn permits_are_limited() {
        let limit = Limit::new(2);
        let first = limit.permit().await;
        let _second = limit.permit().await;
        assert!(limit.try_permit().is_err());
        drop(first);
        assert!(limit.try_permit().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn released_permit_goes_to_a_waiter() {
        let limit = Arc::new(Limit::new(1));
        let permit = limit.permit().await;
        let waiting = tokio::spawn({
            let limit = limit.clone();
            async move { drop(limit.permit().await) }
        });
        yield_now().await;
        drop(permit);
        timeout(Duration::from_secs(1), waiting).await.unwrap().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn throttling_halves_the_limit_once_and_pauses_requests() {
        let limit = Limit::new(10);
        for _ in 0..5 {
            limit.throttled(None);
        }
        assert_eq!(allowed(&limit), 5);
        let began = Instant::now();
        drop(limit.permit().await);
        assert!(began.elapsed() >= DEFAULT_THROTTLE_PAUSE, "{:?}", began.elapsed());
        limit.throttled(Some(Duration::from_secs(7)));
        let began = Instant::now();
        drop(limit.permit().await);
        assert!(began.elapsed() >= Duration::from_secs(7), "{:?}", began.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn limit_stays_above_zero_and_recovers() {
        let limit = Limit::new(4);
        for _ in 0..10 {
            limit.throttled(None);
            advance(DEFAULT_THROTTLE_PAUSE * 2).await;
        }
        assert_eq!(allowed(&limit), 1);
        for _ in 0..20 {
            limit.succeeded();
        }
        assert_eq!(allowed(&limit), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn raised_limit_wakes_a_waiter() {
        let limit = Arc::new(Limit::new(2));
        limit.throttled(None);
        advance(DEFAULT_THROTTLE_PAUSE * 2).await;
        let _first = limit.permit().await;
        let waiting = tokio::spawn({
            let limit = limit.clone();
            async move { drop(limit.permit().await) }
        });
        yield_now().await;
        limit.succeeded();
        timeout(Duration::from_secs(1), waiting).await.unwrap().unwrap();
    }

    #[test]
    fn successes_refill_the_retry_budget() {
        let limit = Limit::new(1);
        let paid = (0..1000).filter(|_| limit.pay_for_retry()).count();
        assert_eq!(paid, 50);
        for _ in 0..6 {
            limit.succeeded();
        }
        assert!(limit.pay_for_retry());
        assert!(!limit.pay_for_retry());
    }
}
