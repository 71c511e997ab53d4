//! Queue of callers that wait for a describe, and the timing of the batches formed from them.
//!
//! A caller is urgent, or it is a poll, which may wait for its interval. Each batch includes all
//! waiting callers, up to [`MAX_IDS`] instances. Sharing a request must not cost time:
//!
//! - **Urgent callers** are held back only while more are likely. Terraform reads N resources at a
//!   time and starts the next read when one has finished, so the callers of a completed batch of N
//!   are expected to be followed by N more. The first batch of a process and a single reader are
//!   never held back.
//! - **While operations poll,** an urgent caller probably starts another one. Its describe is not
//!   held back; there is only a pause between two such batches, which include the polls.
//! - **Polls** are sent more often if they are shared: k operations that wait for an interval T are
//!   all polled after T/k, with as many requests as if each of them polled alone.

use std::{sync::Arc, time::Duration};

use tokio::{sync::oneshot, time::Instant};

use super::{calls::describe::DescribeInstances, error::Error, instance::Instance};

// Measured with `benches/fleet`: a debounce alone, which sends a batch when no caller has joined
// for a while, delays each of the rounds in which a fleet is read, and needs more requests.

/// Time without a new caller after which a batch is sent although more callers are expected.
/// Terraform takes about 3 ms per read.
const IDLE_WINDOW: Duration = Duration::from_millis(40);
/// The same while the first batch is in flight: its callers began together with these.
const FIRST_IDLE_WINDOW: Duration = Duration::from_millis(10);
/// Longest time that an urgent caller is held back.
const MAX_WINDOW: Duration = Duration::from_millis(500);
/// Pause between two batches with urgent callers while operations poll.
const URGENT_PAUSE: Duration = Duration::from_millis(100);
/// Number of polls up to which each further one shortens the interval of all.
const MAX_SHARES: usize = 10;
/// Shortest interval of shared polls.
const MIN_SHARED_INTERVAL: Duration = Duration::from_millis(100);
/// Most instances in one request.
const MAX_IDS: usize = DescribeInstances::MAX_LIMIT as usize;

/// Result of a describe; `None` if the instance was not found.
pub(super) type Described = Result<Option<Arc<Instance>>, Error>;

/// Caller that waits for the describe of an instance.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) id: String,
    pub(super) joined: Instant,
    /// Longest time until the describe is sent; zero if the caller is urgent.
    pub(super) within: Duration,
    pub(super) sender: oneshot::Sender<Described>,
}

impl Caller {
    const fn is_urgent(&self) -> bool {
        self.within.is_zero()
    }
}

/// Numbers of callers of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    urgent: usize,
    polls: usize,
}

#[derive(Debug)]
pub(super) struct BatchQueue {
    callers: Vec<Caller>,
    in_flight: Counts,
    /// Number of urgent callers expected after completed batches; `None` before the first.
    expected: Option<usize>,
    /// Time at which an urgent caller joined or its batch was completed.
    last_change: Instant,
    /// Time of the last batch with urgent callers.
    last_urgent: Option<Instant>,
}

impl BatchQueue {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            callers: Vec::new(),
            in_flight: Counts::default(),
            expected: None,
            last_change: now,
            last_urgent: None,
        }
    }

    pub(super) fn join(&mut self, caller: Caller, now: Instant) {
        if caller.is_urgent() {
            self.expected = self.expected.map(|expected| expected.saturating_sub(1));
            self.last_change = now;
        }
        self.callers.push(caller);
    }

    /// Returns the time at which the next batch is to be sent; `None` if no caller waits.
    pub(super) fn next_batch_at(&mut self, now: Instant) -> Option<Instant> {
        // Callers that gave up.
        self.callers.retain(|caller| !caller.sender.is_closed());
        let urgent = self.callers.iter().filter(|caller| caller.is_urgent());
        let polls = self.callers.iter().filter(|caller| !caller.is_urgent());
        let counts = Counts { urgent: urgent.clone().count(), polls: polls.clone().count() };
        let shares = u32::try_from(counts.polls.min(MAX_SHARES)).unwrap_or(1);
        let next_poll = polls.map(|poll| poll.joined + shared(poll.within, shares)).min();
        let next_urgent = match urgent.map(|caller| caller.joined).min() {
            Some(_) if counts.urgent >= MAX_IDS => Some(now),
            Some(first) if counts.polls + self.in_flight.polls > 0 => Some(self.paused(first)),
            Some(first) => Some(self.held_back(first)),
            None => None,
        };
        next_urgent.into_iter().chain(next_poll).min()
    }

    /// Time of a batch whose first urgent caller joined at `first`, while operations poll.
    fn paused(&self, first: Instant) -> Instant {
        self.last_urgent.map_or(first, |last| first.max(last + URGENT_PAUSE))
    }

    /// Time of a batch whose first urgent caller joined at `first`, while more are likely.
    fn held_back(&self, first: Instant) -> Instant {
        let is_in_flight = self.in_flight.urgent > 0;
        let idle = match self.expected {
            None if is_in_flight => FIRST_IDLE_WINDOW,
            // The callers in flight will be followed by others.
            Some(_) if is_in_flight => MAX_WINDOW,
            None | Some(0) => return first,
            Some(_) => IDLE_WINDOW,
        };
        (self.last_change + idle).clamp(first, first + MAX_WINDOW)
    }

    /// Removes and returns the callers that are due first, with at most [`MAX_IDS`] different
    /// instances, and all other callers of these instances.
    pub(super) fn take_batch(&mut self, now: Instant) -> (Vec<Caller>, Counts) {
        self.callers.sort_by_key(|caller| caller.joined + caller.within);
        let mut ids: Vec<String> = Vec::new();
        for caller in &self.callers {
            if !ids.contains(&caller.id) {
                ids.push(caller.id.clone());
            }
            if ids.len() == MAX_IDS {
                break;
            }
        }
        let (batch, rest): (Vec<_>, _) =
            self.callers.drain(..).partition(|caller| ids.contains(&caller.id));
        self.callers = rest;
        let urgent = batch.iter().filter(|caller| caller.is_urgent()).count();
        let counts = Counts { urgent, polls: batch.len() - urgent };
        self.in_flight.urgent += counts.urgent;
        self.in_flight.polls += counts.polls;
        if counts.urgent > 0 {
            self.expected = self.expected.map(|_| 0);
            self.last_urgent = Some(now);
        }
        (batch, counts)
    }

    /// Records that a batch with `counts` callers is completed.
    pub(super) fn complete(&mut self, counts: Counts, now: Instant) {
        self.in_flight.urgent -= counts.urgent;
        self.in_flight.polls -= counts.polls;
        if counts.urgent > 0 {
            self.expected = Some(self.expected.unwrap_or(0) + counts.urgent);
            self.last_change = now;
        }
    }
}

/// Returns the interval of a poll that shares its requests.
fn shared(within: Duration, shares: u32) -> Duration {
    (within / shares.max(1)).max(MIN_SHARED_INTERVAL).min(within)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::ZERO;
    const LATENCY: Duration = Duration::from_millis(100);

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

        /// A queue whose last batch had this number of urgent callers.
        fn after_batch(urgent: usize) -> Self {
            let mut fixture = Self::new();
            fixture.join(0..urgent, NOW);
            fixture.exchange();
            fixture
        }

        /// Adds callers of `uhost-{n}`.
        fn join(&mut self, ids: std::ops::Range<usize>, within: Duration) {
            for n in ids {
                let (sender, receiver) = oneshot::channel();
                let id = format!("uhost-{n}");
                self.queue.join(Caller { id, joined: self.now, within, sender }, self.now);
                self.receivers.push(receiver);
            }
        }

        /// Time until the next batch.
        fn pause(&mut self) -> Option<Duration> {
            Some(self.queue.next_batch_at(self.now)? - self.now)
        }

        /// Sends a batch, and returns its counts.
        fn send(&mut self) -> Counts {
            self.queue.take_batch(self.now).1
        }

        /// Sends a batch, and completes it after [`LATENCY`].
        fn exchange(&mut self) {
            let counts = self.send();
            self.now += LATENCY;
            self.queue.complete(counts, self.now);
        }
    }

    #[test]
    fn empty_queue_has_no_batch() {
        let mut fixture = Fixture::new();
        assert_eq!(fixture.pause(), None);
        fixture.join(0..1, NOW);
        fixture.receivers.clear();
        assert_eq!(fixture.pause(), None, "the caller gave up");
    }

    #[test]
    fn first_caller_is_sent_at_once_and_its_companions_soon() {
        let mut fixture = Fixture::new();
        fixture.join(0..1, NOW);
        assert_eq!(fixture.pause(), Some(NOW));
        fixture.send();
        fixture.join(1..10, NOW);
        assert_eq!(fixture.pause(), Some(FIRST_IDLE_WINDOW));
    }

    #[test]
    fn batch_is_held_back_only_while_callers_are_expected() {
        let mut fixture = Fixture::after_batch(2);
        fixture.join(2..3, NOW);
        assert_eq!(fixture.pause(), Some(IDLE_WINDOW), "one more is expected");
        fixture.join(3..4, NOW);
        assert_eq!(fixture.pause(), Some(NOW));
        let counts = fixture.send();
        fixture.join(4..5, NOW);
        assert_eq!(fixture.pause(), Some(MAX_WINDOW), "two are in flight");
        fixture.queue.complete(counts, fixture.now);
        assert_eq!(fixture.pause(), Some(IDLE_WINDOW), "two are expected");
        fixture.join(5..7, NOW);
        assert_eq!(fixture.pause(), Some(NOW));
    }

    #[test]
    fn single_reader_is_never_held_back() {
        let mut fixture = Fixture::new();
        for n in 0..3 {
            fixture.join(n..n + 1, NOW);
            assert_eq!(fixture.pause(), Some(NOW));
            fixture.exchange();
        }
    }

    #[test]
    fn no_caller_waits_longer_than_the_longest_window() {
        let mut fixture = Fixture::after_batch(100);
        let began = fixture.now;
        for n in 0..100 {
            fixture.join(n..n + 1, NOW);
            if fixture.pause() == Some(NOW) {
                break;
            }
            fixture.now += IDLE_WINDOW / 2;
        }
        assert_eq!(fixture.now - began, MAX_WINDOW);
    }

    #[test]
    fn shared_polls_are_more_frequent() {
        let (interval, tenth) = (Duration::from_secs(3), Duration::from_millis(300));
        for (polls, within, expected) in [
            (1, interval, interval),
            (2, interval, interval / 2),
            (10, interval, tenth),
            (100, interval, tenth),
            (10, interval / 10, MIN_SHARED_INTERVAL),
            (10, MIN_SHARED_INTERVAL / 2, MIN_SHARED_INTERVAL / 2),
        ] {
            let mut fixture = Fixture::new();
            fixture.join(0..polls, within);
            assert_eq!(fixture.pause(), Some(expected), "{polls} polls within {within:?}");
            assert_eq!(fixture.send(), Counts { urgent: 0, polls });
        }
    }

    #[test]
    fn urgent_caller_is_not_held_back_while_operations_poll() {
        for polls_are_in_flight in [false, true] {
            let mut fixture = Fixture::after_batch(10);
            fixture.join(10..11, Duration::from_secs(3));
            if polls_are_in_flight {
                fixture.send();
            }
            fixture.join(11..12, NOW);
            assert_eq!(fixture.pause(), Some(NOW), "the last batch is {LATENCY:?} old");
            let polls = usize::from(!polls_are_in_flight);
            assert_eq!(fixture.send(), Counts { urgent: 1, polls });
            fixture.join(12..13, Duration::from_secs(3));
            fixture.join(13..14, NOW);
            assert_eq!(fixture.pause(), Some(URGENT_PAUSE));
        }
    }

    #[test]
    fn polls_do_not_make_more_callers_likely() {
        let mut fixture = Fixture::after_batch(1);
        fixture.join(0..10, Duration::from_secs(3));
        fixture.join(10..11, NOW);
        fixture.exchange();
        fixture.join(11..12, NOW);
        assert_eq!(fixture.pause(), Some(NOW));
    }

    #[test]
    fn full_batch_is_sent_at_once() {
        let mut fixture = Fixture::after_batch(1);
        fixture.join(0..150, NOW);
        assert_eq!(fixture.pause(), Some(NOW));
        assert_eq!(fixture.send().urgent, MAX_IDS);
        assert_eq!(fixture.pause(), Some(MAX_WINDOW));
        fixture.join(120..130, NOW);
        assert_eq!(fixture.send().urgent, 60);
    }
}
