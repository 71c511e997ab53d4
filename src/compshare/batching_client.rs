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
const LIST_WINDOW: Duration = Duration::from_millis(25);

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
        let caller = Caller { id: id.to_owned(), due: Instant::now() + within, sender };
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
            tokio::spawn(send_batches(self.0.client.clone(), scope.clone(), callers));
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

/// Sends the batches of `callers`, until all clones of the client are dropped.
async fn send_batches(client: Client, scope: Scope, mut callers: mpsc::UnboundedReceiver<Caller>) {
    let mut queue = BatchQueue::new(Instant::now());
    let mut requests: JoinSet<Vec<Outcome>> = JoinSet::new();
    loop {
        let next_batch = queue.next_batch_at(!requests.is_empty(), Instant::now());
        tokio::select! {
            // Callers that have joined are received before a batch is sent, so that it has them.
            biased;
            caller = callers.recv() => match caller {
                Some(caller) => queue.join(caller, Instant::now()),
                None => return,
            },
            Some(outcomes) = requests.join_next() => {
                // After a panic, the senders are dropped.
                let outcomes = outcomes.unwrap_or_default();
                // The queue must know the batch as completed before its callers join again.
                let callers = outcomes.iter().map(|(senders, _)| senders.len()).sum();
                queue.complete(callers, Instant::now());
                deliver(outcomes);
            }
            () = sleep_until(next_batch.unwrap_or_else(Instant::now)), if next_batch.is_some() => {
                requests.spawn(describe_batch(client.clone(), scope.clone(), queue.take_batch()));
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
