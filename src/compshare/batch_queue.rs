//! Queue of callers that wait for a describe, and the timing of the batches formed from them.
//!
//! Each caller names an instance and the time at which its describe is due: now, or, in a wait,
//! after a poll interval. A batch is sent when its first caller is due, and also includes the
//! callers due next, up to [`MAX_IDS`] instances. Concurrent reads therefore share one request, and
//! all waits together need one request per poll interval. No caller is served late.
//!
//! A batch is held back only while more callers are likely. Terraform reads N resources at a time
//! and starts the next read when one has finished, so the callers of a completed batch of N are
//! expected to be followed by N more. A single reader is never delayed.

use std::{sync::Arc, time::Duration};

use tokio::{sync::oneshot, time::Instant};

use super::{calls::describe::DescribeInstances, error::Error, instance::Instance};

// Measured with `benches/fleet` (1,000 instances, 100 ms latency): a refresh needs 10 to 12
// requests at parallelism 100 and 100 at parallelism 10. A fixed window of 5 ms needed 56 at
// parallelism 100. Terraform takes about 3 ms per read and 20 ms per apply, so shorter windows would
// separate callers that belong together.

/// Time without a new caller after which the first batch is sent.
const IDLE_WINDOW: Duration = Duration::from_millis(25);
/// The same while more callers are expected; about the latency of the request that is saved.
const EXPECTING_WINDOW: Duration = Duration::from_millis(100);
/// Longest time that a caller is held back.
const MAX_WINDOW: Duration = Duration::from_millis(500);
/// Most instances in one request.
const MAX_IDS: usize = DescribeInstances::MAX_LIMIT as usize;

/// Result of a describe; `None` if the instance was not found.
pub(super) type Described = Result<Option<Arc<Instance>>, Error>;

/// Caller that waits for the describe of an instance.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) id: String,
    pub(super) due: Instant,
    pub(super) sender: oneshot::Sender<Described>,
}

#[derive(Debug)]
pub(super) struct BatchQueue {
    callers: Vec<Caller>,
    /// Number of callers expected after completed batches; `None` before the first batch.
    expected: Option<usize>,
    /// Time at which a caller joined or a batch was completed.
    last_change: Instant,
}

impl BatchQueue {
    pub(super) fn new(now: Instant) -> Self {
        Self { callers: Vec::new(), expected: None, last_change: now }
    }

    pub(super) fn join(&mut self, caller: Caller, now: Instant) {
        self.callers.push(caller);
        self.expected = self.expected.map(|expected| expected.saturating_sub(1));
        self.last_change = now;
    }

    /// Records that a batch of `callers` callers is completed.
    pub(super) fn complete(&mut self, callers: usize, now: Instant) {
        self.expected = Some(self.expected.unwrap_or(0) + callers);
        self.last_change = now;
    }

    /// Returns the time at which the next batch is to be sent; `None` if no caller waits.
    pub(super) fn next_batch_at(&mut self, in_flight: bool, now: Instant) -> Option<Instant> {
        // Callers that gave up.
        self.callers.retain(|caller| !caller.sender.is_closed());
        let first_due = self.callers.iter().map(|caller| caller.due).min()?;
        if self.callers.iter().filter(|caller| caller.due <= now).count() >= MAX_IDS {
            return Some(now);
        }
        let complete = match self.expected {
            _ if in_flight => first_due + MAX_WINDOW,
            Some(0) => first_due,
            Some(_) => self.last_change + EXPECTING_WINDOW,
            None => self.last_change + IDLE_WINDOW,
        };
        Some(complete.clamp(first_due, first_due + MAX_WINDOW))
    }

    /// Removes and returns the callers that are due first, with at most [`MAX_IDS`] different
    /// instances, and all other callers of these instances.
    pub(super) fn take_batch(&mut self) -> Vec<Caller> {
        self.callers.sort_by_key(|caller| caller.due);
        let mut ids: Vec<String> = Vec::new();
        for caller in &self.callers {
            if !ids.contains(&caller.id) {
                ids.push(caller.id.clone());
            }
            if ids.len() == MAX_IDS {
                break;
            }
        }
        let (batch, rest) = self.callers.drain(..).partition(|caller| ids.contains(&caller.id));
        self.callers = rest;
        self.expected = Some(0);
        batch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixture {
        queue: BatchQueue,
        now: Instant,
        receivers: Vec<oneshot::Receiver<Described>>,
    }

    impl Fixture {
        fn new() -> Self {
            let now = Instant::now();
            Self { queue: BatchQueue::new(now), now, receivers: Vec::new() }
        }

        /// Adds callers of `uhost-{n}` that are due `within` some time.
        fn join(&mut self, ids: std::ops::Range<usize>, within: Duration) {
            for n in ids {
                let (sender, receiver) = oneshot::channel();
                let caller = Caller { id: format!("uhost-{n}"), due: self.now + within, sender };
                self.queue.join(caller, self.now);
                self.receivers.push(receiver);
            }
        }

        /// Time until the next batch.
        fn pause(&mut self, in_flight: bool) -> Option<Duration> {
            Some(self.queue.next_batch_at(in_flight, self.now)? - self.now)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn empty_queue_has_no_batch() {
        let mut fixture = Fixture::new();
        assert_eq!(fixture.pause(false), None);
        fixture.join(0..1, Duration::ZERO);
        fixture.receivers.clear();
        assert_eq!(fixture.pause(false), None, "the caller gave up");
    }

    #[tokio::test(start_paused = true)]
    async fn batch_is_held_back_only_while_callers_are_expected() {
        let mut fixture = Fixture::new();
        fixture.join(0..2, Duration::ZERO);
        assert_eq!(fixture.pause(false), Some(IDLE_WINDOW));
        assert_eq!(fixture.queue.take_batch().len(), 2);
        fixture.join(2..3, Duration::ZERO);
        assert_eq!(fixture.pause(true), Some(MAX_WINDOW));
        fixture.queue.complete(2, fixture.now);
        assert_eq!(fixture.pause(false), Some(EXPECTING_WINDOW), "two are expected");
        fixture.join(3..4, Duration::ZERO);
        assert_eq!(fixture.pause(false), Some(EXPECTING_WINDOW), "one is expected");
        fixture.join(4..5, Duration::ZERO);
        assert_eq!(fixture.pause(false), Some(Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn poll_is_not_sent_before_it_is_due() {
        let interval = Duration::from_secs(3);
        let mut fixture = Fixture::new();
        fixture.join(0..1, interval);
        assert_eq!(fixture.pause(false), Some(interval));
        fixture.join(1..2, Duration::ZERO);
        assert_eq!(fixture.pause(false), Some(IDLE_WINDOW));
        assert_eq!(fixture.queue.take_batch().len(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn full_batch_is_sent_at_once() {
        let mut fixture = Fixture::new();
        fixture.join(0..150, Duration::ZERO);
        assert_eq!(fixture.pause(true), Some(Duration::ZERO));
        assert_eq!(fixture.queue.take_batch().len(), MAX_IDS);
        assert_eq!(fixture.pause(true), Some(MAX_WINDOW));
        fixture.join(120..130, Duration::ZERO);
        assert_eq!(fixture.queue.take_batch().len(), 60);
    }
}
