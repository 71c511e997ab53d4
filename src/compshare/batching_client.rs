//! Client whose concurrent describes and lists share requests.
//!
//! The batches are sent by tasks of their own, so a caller that gives up does not cancel a request
//! that others wait for. Every result comes from a request that was sent after the caller joined.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use futures_util::future::BoxFuture;
use tokio::{
    sync::oneshot,
    time::{Instant, sleep},
};

use super::{
    batch::{Batches, Caller, Described},
    call::Scope,
    calls::describe::DescribeInstances,
    class::IdFault,
    client::Client,
    error::Error,
    instance::Instance,
    list_batch::{List, ListBatches, ListKey},
    pages::Pages,
};

/// Time between the first caller of a list and its request. Callers of the same list come some
/// milliseconds apart, for example from data sources that look up instances by name.
const LIST_WINDOW: Duration = Duration::from_millis(25);

/// Client whose concurrent describes and lists share requests. Clones share their batches.
#[derive(Clone, Debug)]
pub struct BatchingClient(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    client: Client,
    batches: Batches,
    lists: ListBatches,
}

impl BatchingClient {
    pub fn new(client: Client) -> Self {
        let inner = Inner { client, batches: Batches::default(), lists: ListBatches::default() };
        Self(Arc::new(inner))
    }

    /// The client below, for calls that are not batched.
    pub fn client(&self) -> &Client {
        &self.0.client
    }

    /// Describes an instance within the given time at the latest, and earlier if other callers send a
    /// request in `scope` before that. Returns `None` if the instance is not in `scope`.
    ///
    /// # Errors
    ///
    /// As [`Client::call`]. An incomplete response is an error, never `None`.
    pub async fn describe(&self, id: &str, scope: &Scope, within: Duration) -> Described {
        let (sender, described) = oneshot::channel();
        let caller = Caller { id: id.to_owned(), due: Instant::now() + within, sender };
        if self.0.batches.join(scope, caller) {
            tokio::spawn(self.clone().send_batches(scope.clone()));
        }
        described.await.unwrap_or_else(|_| Err(Error::abandoned(DescribeInstances::ACTION)))
    }

    /// Lists all instances in `scope`, or only those with `tag`.
    ///
    /// # Errors
    ///
    /// As [`Client::call`], for the page that failed.
    pub async fn list(&self, scope: Scope, tag: Option<String>) -> List {
        let key = ListKey { scope, tag };
        let (list, is_first) = self.0.lists.join(&key);
        if is_first {
            tokio::spawn(self.clone().send_list(key));
        }
        list.await.unwrap_or_else(|_| Err(Error::abandoned(DescribeInstances::ACTION)))
    }

    /// Sends the batches of `scope` until its queue is empty.
    async fn send_batches(self, scope: Scope) {
        while let Some(callers) = self.0.batches.next(&scope).await {
            tokio::spawn(self.clone().send_batch(scope.clone(), callers));
        }
    }

    async fn send_batch(self, scope: Scope, callers: Vec<Caller>) {
        let mut senders: BTreeMap<String, Vec<oneshot::Sender<Described>>> = BTreeMap::new();
        for Caller { id, sender, .. } in callers {
            senders.entry(id).or_default().push(sender);
        }
        let ids = senders.keys().cloned().collect();
        let results = describe_all(self.client(), &scope, ids).await;
        self.0.batches.completed(&scope, senders.values().map(Vec::len).sum());
        for (id, described) in results {
            for sender in senders.remove(&id).unwrap_or_default() {
                // The receiver may have been dropped.
                let _ = sender.send(described.clone());
            }
        }
    }

    async fn send_list(self, key: ListKey) {
        sleep(LIST_WINDOW).await;
        let senders = self.0.lists.take(&key);
        let describe =
            DescribeInstances { scope: key.scope, tag: key.tag, ..DescribeInstances::default() };
        let list = Pages::new(self.client().clone(), describe).all().await;
        let list: List = list.map(|instances| instances.into_iter().map(Arc::new).collect());
        for sender in senders {
            // The receiver may have been dropped.
            let _ = sender.send(list.clone());
        }
    }
}

/// Describes `ids` in one request, or in several if some of them make the request fail.
fn describe_all<'a>(
    client: &'a Client,
    scope: &'a Scope,
    ids: Vec<String>,
) -> BoxFuture<'a, Vec<(String, Described)>> {
    Box::pin(async move {
        let error = match request(client, scope, ids.clone()).await {
            Ok(instances) => return by_id(ids, instances),
            Err(error) => error,
        };
        if ids.len() > 1
            && may_concern_an_id(&error)
            && !fails_alone_too(client, scope, &ids, &error).await
        {
            let (left, right) = ids.split_at(ids.len() / 2);
            let mut described = describe_all(client, scope, left.to_vec()).await;
            described.extend(describe_all(client, scope, right.to_vec()).await);
            return described;
        }
        let result = if error.is_not_found() { Ok(None) } else { Err(error) };
        ids.into_iter().map(|id| (id, result.clone())).collect()
    })
}

async fn request(client: &Client, scope: &Scope, ids: Vec<String>) -> Result<Vec<Instance>, Error> {
    let describe = DescribeInstances { ids, scope: scope.clone(), ..DescribeInstances::default() };
    Pages::new(client.clone(), describe).all().await
}

fn by_id(ids: Vec<String>, instances: Vec<Instance>) -> Vec<(String, Described)> {
    let by_id = |instance: Instance| (instance.id.clone(), Arc::new(instance));
    let mut instances: HashMap<_, _> = instances.into_iter().map(by_id).collect();
    let described = |id: String| {
        let instance = instances.remove(&id);
        (id, Ok(instance))
    };
    ids.into_iter().map(described).collect()
}

/// Returns true if a single bad ID may have made the whole request fail.
fn may_concern_an_id(error: &Error) -> bool {
    match error.class().map(|class| class.behavior().id_fault) {
        Some(IdFault::Possible) => true,
        Some(IdFault::IfNamed) => error.is_usage_of("UHostId"),
        Some(IdFault::Excluded) | None => false,
    }
}

/// Returns true if the first and the last of `ids` fail with the same code when each is requested
/// alone. The error then does not concern one ID, and splitting would repeat it for each of them.
async fn fails_alone_too(client: &Client, scope: &Scope, ids: &[String], error: &Error) -> bool {
    if ids.len() < 3 {
        return false;
    }
    for id in [ids.first(), ids.last()].into_iter().flatten() {
        match request(client, scope, vec![id.clone()]).await {
            Err(alone) if alone.ret_code() == error.ret_code() => {}
            _ => return false,
        }
    }
    true
}
