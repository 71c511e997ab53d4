//! One limit for everything a client sends: how much at once, how much again.
//!
//! At once: as many requests as the settings allow, fewer when the cloud says that they are too many. Each such answer halves
//! the number and holds everybody back for a moment; each success brings back a little. Again: a retry has to be paid for
//! from a budget that successes fill, so that an API that fails all the time is not asked several times as much as usual.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

/// How long everybody is held back when the cloud says "too many" and not for how long.
const BREATH: Duration = Duration::from_millis(250);
/// Retries that are paid for in advance, and the most that can be saved up.
const BUDGET: f64 = 50.0;
/// What a success pays in: one retry for every five.
const SAVED: f64 = 0.2;

/// The limit, shared by all calls of a client.
#[derive(Debug)]
pub(super) struct Limit {
    most: usize,
    state: Mutex<State>,
    freed: Notify,
}

#[derive(Debug)]
struct State {
    under_way: usize,
    /// How many may be under way; between 1 and `most`.
    allowed: f64,
    held_until: Option<Instant>,
    budget: f64,
}

/// The right to have one request under way, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn<'a>(&'a Limit);

impl Limit {
    /// At most `most` requests at once; 0 acts as 1.
    pub(super) fn new(most: usize) -> Self {
        let most = most.max(1);
        let allowed = most as f64;
        let state = State { under_way: 0, allowed, held_until: None, budget: BUDGET };
        Self { most, state: Mutex::new(state), freed: Notify::new() }
    }

    /// Waits for a turn.
    pub(super) async fn turn(&self) -> Turn<'_> {
        loop {
            let freed = self.freed.notified();
            match self.try_turn() {
                Ok(turn) => return turn,
                Err(Some(held_until)) => sleep_until(held_until).await,
                Err(None) => freed.await,
            }
        }
    }

    /// A turn if there is one now; else until when everybody is held back, if they are.
    fn try_turn(&self) -> Result<Turn<'_>, Option<Instant>> {
        let mut state = self.state();
        if let Some(then) = state.held_until.filter(|then| *then > Instant::now()) {
            return Err(Some(then));
        }
        if state.under_way >= state.allowed as usize {
            return Err(None);
        }
        state.under_way += 1;
        Ok(Turn(self))
    }

    /// The cloud answered, and did not complain about the number of requests.
    pub(super) fn succeeded(&self) {
        let mut state = self.state();
        state.budget = (state.budget + SAVED).min(BUDGET);
        let before = state.allowed as usize;
        state.allowed = (state.allowed + 1.0 / state.allowed).min(self.most as f64);
        // A turn that is handed back wakes one; one more than before has to be woken by itself.
        if state.allowed as usize > before {
            self.freed.notify_one();
        }
    }

    /// The cloud said that these are too many requests, and when to come again if it said so.
    pub(super) fn throttled(&self, retry_after: Option<Duration>) {
        let mut state = self.state();
        let until = Instant::now() + retry_after.unwrap_or(BREATH);
        // Those who were under way together are told together: that is one complaint, not many.
        if state.held_until.is_none_or(|then| then <= Instant::now()) {
            state.allowed = (state.allowed / 2.0).max(1.0);
        }
        state.held_until = state.held_until.max(Some(until));
    }

    /// Whether one more retry is within the budget; if so, it is paid for.
    pub(super) fn pay_for_retry(&self) -> bool {
        let mut state = self.state();
        let affordable = state.budget >= 1.0;
        if affordable {
            state.budget -= 1.0;
        }
        affordable
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.state().under_way -= 1;
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(limit: &Limit) -> usize {
        limit.state().allowed as usize
    }

    #[tokio::test]
    async fn no_more_than_the_limit_are_under_way_at_once() {
        let limit = Limit::new(2);
        let first = limit.turn().await;
        let _second = limit.turn().await;
        assert!(limit.try_turn().is_err());
        drop(first);
        assert!(limit.try_turn().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_gets_the_next_turn() {
        let limit = std::sync::Arc::new(Limit::new(1));
        let turn = limit.turn().await;
        let waiting = tokio::spawn({
            let limit = limit.clone();
            async move { drop(limit.turn().await) }
        });
        tokio::task::yield_now().await;
        drop(turn);
        tokio::time::timeout(Duration::from_secs(1), waiting).await.unwrap().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_complaint_halves_the_number_once_and_holds_everybody_back() {
        let limit = Limit::new(10);
        for _ in 0..5 {
            limit.throttled(None);
        }
        assert_eq!(allowed(&limit), 5);
        let began = Instant::now();
        drop(limit.turn().await);
        assert!(began.elapsed() >= BREATH, "{:?}", began.elapsed());
        limit.throttled(Some(Duration::from_secs(7)));
        let began = Instant::now();
        drop(limit.turn().await);
        assert!(began.elapsed() >= Duration::from_secs(7), "{:?}", began.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn the_number_never_falls_below_one_and_successes_bring_it_back() {
        let limit = Limit::new(4);
        for _ in 0..10 {
            limit.throttled(None);
            tokio::time::advance(BREATH * 2).await;
        }
        assert_eq!(allowed(&limit), 1);
        for _ in 0..20 {
            limit.succeeded();
        }
        assert_eq!(allowed(&limit), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_profits_from_a_number_that_rises_again() {
        let limit = std::sync::Arc::new(Limit::new(2));
        limit.throttled(None);
        tokio::time::advance(BREATH * 2).await;
        let _first = limit.turn().await;
        let waiting = tokio::spawn({
            let limit = limit.clone();
            async move { drop(limit.turn().await) }
        });
        tokio::task::yield_now().await;
        limit.succeeded();
        tokio::time::timeout(Duration::from_secs(1), waiting).await.unwrap().unwrap();
    }

    #[test]
    fn retries_end_with_the_budget_and_successes_refill_it() {
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
