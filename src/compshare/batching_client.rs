//! Client whose concurrent describes and lists share requests.
//!
//! Requests are sent by tasks of their own, so a caller that gives up does not cancel a request
//! that others wait for. Every result comes from a request that was sent after the caller joined.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::{
    FutureExt as _,
    future::{BoxFuture, Shared},
};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};

use super::{
    batch_queue::{BatchQueue, Caller, Described},
    call::Scope,
    calls::describe::DescribeInstances,
    client::Client,
    describe_batch::{Outcome, describe_batch},
    error::Error,
    instance::Instance,
    pages::Pages,
};
use crate::lock::lock;

/// Time between the first caller of a list and its request. Callers of the same list come some
/// milliseconds apart, for example from data sources that find instances by name.
const LIST_WINDOW: Duration = Duration::from_millis(5);

/// Client whose concurrent describes and lists share requests. Clones share their batches.
#[derive(Clone, Debug)]
pub struct BatchingClient(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    client: Client,
    /// Senders to the tasks that send the batches. A request covers one region and project, so
    /// there is one task for each scope.
    queues: Mutex<HashMap<Scope, mpsc::UnboundedSender<Caller>>>,
    /// Lists that have not been requested yet.
    lists: Mutex<HashMap<ListKey, PendingList>>,
}

type List = Result<Arc<[Arc<Instance>]>, Error>;
type PendingList = Shared<BoxFuture<'static, List>>;

/// Filter of a list. Callers with equal keys share one list.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct ListKey {
    scope: Scope,
    tag: Option<String>,
}

impl BatchingClient {
    pub fn new(client: Client) -> Self {
        Self(Arc::new(Inner { client, queues: Mutex::default(), lists: Mutex::default() }))
    }

    /// The client below, for calls that are not batched.
    pub fn client(&self) -> &Client {
        &self.0.client
    }

    /// Describes an instance within the given time at the latest, and earlier if other callers send
    /// a request in `scope` before that. Returns `None` if the instance is not in `scope`.
    ///
    /// # Errors
    ///
    /// As [`Client::call`]. An incomplete response is an error, never `None`.
    pub async fn describe(&self, id: &str, scope: &Scope, within: Duration) -> Described {
        let (sender, described) = oneshot::channel();
        let caller = Caller { id: id.to_owned(), joined: Instant::now(), within, sender };
        self.join(scope, caller);
        described.await.unwrap_or_else(|_| Err(Error::abandoned(DescribeInstances::ACTION)))
    }

    /// Lists all instances in `scope`, or only those with `tag`.
    ///
    /// # Errors
    ///
    /// As [`Client::call`], for the page that failed.
    pub async fn list(&self, scope: Scope, tag: Option<String>) -> List {
        let key = ListKey { scope, tag };
        let list = lock(&self.0.lists)
            .entry(key.clone())
            .or_insert_with(|| {
                let task = tokio::spawn(self.clone().request_list(key));
                task.map(|list| {
                    list.unwrap_or_else(|_| Err(Error::abandoned(DescribeInstances::ACTION)))
                })
                .boxed()
                .shared()
            })
            .clone();
        list.await
    }

    fn join(&self, scope: &Scope, caller: Caller) {
        let mut queues = lock(&self.0.queues);
        let queue = queues.entry(scope.clone()).or_insert_with(|| {
            let (sender, callers) = mpsc::unbounded_channel();
            let (client, scope) = (self.0.client.clone(), scope.clone());
            let describe = move |batch| describe_batch(client.clone(), scope.clone(), batch);
            tokio::spawn(send_batches(describe, callers));
            sender
        });
        // If the task has ended, the caller is dropped and reports that its request was abandoned.
        let _ = queue.send(caller);
    }

    /// Requests a list after [`LIST_WINDOW`]. Later callers start a new list, so that no caller
    /// receives a list that was requested before it joined.
    async fn request_list(self, key: ListKey) -> List {
        sleep(LIST_WINDOW).await;
        lock(&self.0.lists).remove(&key);
        let ListKey { scope, tag } = key;
        let describe = DescribeInstances { scope, tag, ..DescribeInstances::default() };
        let instances = Pages::new(self.client().clone(), describe).all().await?;
        Ok(instances.into_iter().map(Arc::new).collect())
    }
}

/// Sends the batches of `callers` with `describe`, until all clones of the client are dropped.
async fn send_batches<F>(
    describe: impl Fn(Vec<Caller>) -> F,
    mut callers: mpsc::UnboundedReceiver<Caller>,
) where
    F: Future<Output = Vec<Outcome>> + Send + 'static,
{
    let mut queue = BatchQueue::new(Instant::now());
    let mut requests: JoinSet<Vec<Outcome>> = JoinSet::new();
    let mut in_flight = HashMap::new();
    loop {
        let next_batch = queue.next_batch_at(Instant::now());
        tokio::select! {
            // Callers that have joined are received before a batch is sent, so that it has them.
            biased;
            caller = callers.recv() => match caller {
                Some(caller) => queue.join(caller, Instant::now()),
                None => return,
            },
            Some(done) = requests.join_next_with_id() => {
                // After a panic, the senders are dropped.
                let (id, outcomes) = done.unwrap_or_else(|panic| (panic.id(), Vec::new()));
                // The queue must know the batch as completed before its callers join again.
                if let Some(counts) = in_flight.remove(&id) {
                    queue.complete(counts, Instant::now());
                }
                deliver(outcomes);
            }
            () = sleep_until(next_batch.unwrap_or_else(Instant::now)), if next_batch.is_some() => {
                let (batch, counts) = queue.take_batch(Instant::now());
                in_flight.insert(requests.spawn(describe(batch)).id(), counts);
            }
        }
    }
}

fn deliver(outcomes: Vec<Outcome>) {
    for (senders, described) in outcomes {
        for sender in senders {
            // The receiver may have been dropped.
            let _ = sender.send(described.clone());
        }
    }
}

/// Batches request by request, with an API that only takes time. The clock is paused: it advances
/// while all tasks wait.
#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use futures_util::future::{join, join_all};
    use tokio::sync::Semaphore;

    use super::*;

    const LATENCY: Duration = Duration::from_millis(100);
    /// Time of Terraform per read.
    const TERRAFORM: Duration = Duration::from_millis(3);

    /// Batches of an API that records the number of callers of each request.
    struct Fixture {
        callers: mpsc::UnboundedSender<Caller>,
        requests: Arc<Mutex<Vec<usize>>>,
    }

    impl Fixture {
        fn new() -> Self {
            let requests = Arc::new(Mutex::new(Vec::new()));
            let (callers, receiver) = mpsc::unbounded_channel();
            let sent = Arc::clone(&requests);
            let describe = move |batch: Vec<Caller>| {
                lock(&sent).push(batch.len());
                async {
                    sleep(LATENCY).await;
                    batch.into_iter().map(|caller| (vec![caller.sender], Ok(None))).collect()
                }
            };
            tokio::spawn(send_batches(describe, receiver));
            Self { callers, requests }
        }

        /// Describes an instance, and returns the time that it took.
        async fn describe(&self, n: usize, within: Duration) -> Duration {
            let (sender, described) = oneshot::channel();
            let joined = Instant::now();
            let id = format!("uhost-{n}");
            self.callers.send(Caller { id, joined, within, sender }).unwrap();
            assert!(matches!(described.await, Ok(Ok(None))));
            joined.elapsed()
        }

        /// Reads instances as Terraform does: `parallelism` at a time, and the next one when one is
        /// finished.
        async fn refresh(&self, count: usize, parallelism: usize) {
            let (next, terraform) = (Cell::new(0), Semaphore::new(1));
            let worker = async |_| {
                while next.get() < count {
                    let n = next.replace(next.get() + 1);
                    let busy = terraform.acquire().await;
                    sleep(TERRAFORM).await;
                    drop(busy);
                    self.describe(n, Duration::ZERO).await;
                }
            };
            join_all((0..parallelism).map(worker)).await;
        }

        fn requests(&self) -> Vec<usize> {
            std::mem::take(&mut lock(&self.requests))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn refresh_needs_one_request_per_round() {
        for (count, parallelism) in [(10, 1), (200, 10), (200, 50), (1000, 100)] {
            let fixture = Fixture::new();
            let began = Instant::now();
            fixture.refresh(count, parallelism).await;
            let rounds = count / parallelism;
            let requests = fixture.requests();
            // The first caller is sent alone, and some may be left over at the end.
            assert!(requests.len() <= rounds + 2, "{count} at {parallelism}: {requests:?}");
            // In each round, Terraform first deals with all callers one by one.
            let round = TERRAFORM * u32::try_from(parallelism).unwrap() + LATENCY;
            let limit = round * u32::try_from(rounds).unwrap() + LATENCY;
            let took = began.elapsed();
            assert!(took <= limit, "{count} at {parallelism}: {took:?}, limit {limit:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn polls_of_many_waits_share_more_frequent_requests() {
        let interval = Duration::from_secs(3);
        for (waits, shares) in [(1, 1), (2, 2), (10, 10), (80, 10)] {
            let fixture = Fixture::new();
            let expected = interval / shares + LATENCY;
            join_all((0..waits).map(async |n| {
                for _ in 0..5 {
                    assert_eq!(fixture.describe(n, interval).await, expected, "{waits} waits");
                }
            }))
            .await;
            assert_eq!(fixture.requests(), [waits; 5]);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn read_includes_the_polls_that_are_due_later() {
        let fixture = Fixture::new();
        let pause = Duration::from_secs(1);
        let read = async {
            sleep(pause).await;
            fixture.describe(0, Duration::ZERO).await
        };
        let poll = fixture.describe(1, Duration::from_secs(60));
        assert_eq!(join(read, poll).await, (LATENCY, pause + LATENCY));
        assert_eq!(fixture.requests(), [2]);
    }

    #[tokio::test(start_paused = true)]
    async fn callers_are_not_held_back_by_polls_of_others() {
        let fixture = Fixture::new();
        // Ten callers, so that ten more are expected.
        fixture.refresh(10, 10).await;
        fixture.requests();
        let polls = join_all((10..20).map(async |n| {
            for _ in 0..3 {
                fixture.describe(n, Duration::from_secs(60)).await;
            }
        }));
        let callers = join_all((20..60).map(async |n: u32| {
            sleep(TERRAFORM * (n - 20)).await;
            fixture.describe(n as usize, Duration::ZERO).await
        }));
        let (_, took) = join(polls, callers).await;
        assert_eq!(took[0], LATENCY);
        // Requests with urgent callers are 100 ms apart.
        assert!(took.iter().all(|took| *took < LATENCY * 2), "{took:?}");
        assert_eq!(fixture.requests(), [11, 43, 16]);
    }

    #[tokio::test(start_paused = true)]
    async fn panic_of_a_request_does_not_hold_back_others() {
        let (callers, receiver) = mpsc::unbounded_channel();
        let describe = |batch: Vec<Caller>| async move {
            assert_ne!(batch[0].id, "uhost-0");
            batch.into_iter().map(|caller| (vec![caller.sender], Ok(None))).collect()
        };
        tokio::spawn(send_batches(describe, receiver));
        let fixture = Fixture { callers, requests: Arc::default() };
        let (sender, described) = oneshot::channel();
        let (id, joined) = ("uhost-0".to_owned(), Instant::now());
        fixture.callers.send(Caller { id, joined, within: Duration::ZERO, sender }).unwrap();
        described.await.unwrap_err();
        assert_eq!(fixture.describe(1, Duration::ZERO).await, Duration::ZERO);
    }
}
