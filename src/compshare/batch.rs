//! Queues of callers that wait for a describe, and the timing of the batches formed from them.
//!
//! Each caller names an instance and the time at which its describe is due: now, or, in a wait, after
//! a poll interval. A batch is sent when its first caller is due, and also includes the callers due
//! next, up to [`MAX_IDS`] instances. Concurrent reads therefore share one request, and all waits
//! together need one request per poll interval. A caller may be served early, but never late.
//!
//! A batch is held back only while more callers are likely. Terraform reads N resources at a time and
//! starts the next read when one has finished, so the callers of a completed batch of N are expected
//! to be followed by N more. A single reader is never delayed.
//!
//! A request covers one region and project, so there is one queue for each [`Scope`].

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    sync::{Notify, oneshot},
    time::{Instant, sleep_until},
};

use super::{call::Scope, calls::describe::DescribeInstances, error::Error, instance::Instance};
use crate::lock::lock;

// Measured with `benches/fleet` (1,000 instances, 100 ms latency): a refresh needs 10 to 12 requests
// at parallelism 100 and 100 at parallelism 10. A fixed window of 5 ms needed 56 at parallelism 100.
// The windows are not shorter because Terraform takes about 3 ms per read and 20 ms per apply.

/// Time without a new caller after which a batch is sent if the number of callers to expect is unknown.
const IDLE_WINDOW: Duration = Duration::from_millis(25);
/// The same while more callers are expected; about the latency of the request that is saved.
const EXPECTING_WINDOW: Duration = Duration::from_millis(100);
/// Longest time that a caller is held back.
const MAX_WINDOW: Duration = Duration::from_millis(500);
/// Most instances in one request.
const MAX_IDS: usize = DescribeInstances::MAX_LIMIT as usize;

/// Result of a describe; `None` if the instance was not found.
pub(super) type Described = Result<Option<Arc<Instance>>, Error>;

/// The queues of one client.
#[derive(Debug, Default)]
pub(super) struct Batches(Mutex<HashMap<Scope, Queue>>);

#[derive(Debug)]
struct Queue {
    callers: Vec<Caller>,
    /// Whether a task sends the batches of this queue.
    has_task: bool,
    in_flight: usize,
    /// Number of callers expected to follow those of completed batches. `None` after a batch was sent:
    /// the number is unknown until it completes.
    expected: Option<usize>,
    /// When a caller joined or a batch completed.
    last_change: Instant,
    changed: Arc<Notify>,
}

/// Caller that waits for the describe of an instance.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) id: String,
    pub(super) due: Instant,
    pub(super) sender: oneshot::Sender<Described>,
}

impl Batches {
    /// Adds a caller. Returns true if the caller must start the task of the queue.
    pub(super) fn join(&self, scope: &Scope, caller: Caller) -> bool {
        let now = Instant::now();
        let mut queues = lock(&self.0);
        let queue = queues.entry(scope.clone()).or_insert_with(|| Queue::new(now));
        queue.callers.push(caller);
        queue.expected = queue.expected.map(|expected| expected.saturating_sub(1));
        queue.last_change = now;
        queue.changed.notify_one();
        !std::mem::replace(&mut queue.has_task, true)
    }

    /// Records that a batch of `callers` callers has completed.
    pub(super) fn completed(&self, scope: &Scope, callers: usize) {
        if let Some(queue) = lock(&self.0).get_mut(scope) {
            queue.in_flight -= 1;
            queue.expected = Some(queue.expected.unwrap_or(0) + callers);
            queue.last_change = Instant::now();
            queue.changed.notify_one();
        }
    }

    /// Waits until the next batch is to be sent and returns its callers; `None` if the queue is empty,
    /// which ends its task.
    pub(super) async fn next(&self, scope: &Scope) -> Option<Vec<Caller>> {
        loop {
            let (ready, changed) = {
                let mut queues = lock(&self.0);
                let queue = queues.get_mut(scope)?;
                queue.callers.retain(|caller| !caller.sender.is_closed());
                let now = Instant::now();
                let Some(ready) = queue.ready(now) else {
                    queue.has_task = false;
                    return None;
                };
                if ready <= now {
                    return Some(queue.take());
                }
                (ready, Arc::clone(&queue.changed))
            };
            tokio::select! {
                () = sleep_until(ready) => {}
                () = changed.notified() => {}
            }
        }
    }
}

impl Queue {
    fn new(now: Instant) -> Self {
        Self {
            callers: Vec::new(),
            has_task: false,
            in_flight: 0,
            expected: None,
            last_change: now,
            changed: Arc::default(),
        }
    }

    /// Returns the time at which the next batch is to be sent; `None` if the queue is empty.
    fn ready(&self, now: Instant) -> Option<Instant> {
        let first = self.callers.iter().map(|caller| caller.due).min()?;
        if self.callers.iter().filter(|caller| caller.due <= now).count() >= MAX_IDS {
            return Some(now);
        }
        let complete = match (self.in_flight, self.expected) {
            (0, Some(0)) => first,
            (0, Some(_)) => self.last_change + EXPECTING_WINDOW,
            (0, None) => self.last_change + IDLE_WINDOW,
            _ => first + MAX_WINDOW,
        };
        Some(complete.clamp(first, first + MAX_WINDOW))
    }

    /// Removes and returns the callers that are due first, with at most [`MAX_IDS`] different
    /// instances, and all other callers of these instances.
    fn take(&mut self) -> Vec<Caller> {
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
        let (taken, left) = self.callers.drain(..).partition(|caller| ids.contains(&caller.id));
        self.callers = left;
        self.in_flight += 1;
        self.expected = None;
        taken
    }
}
