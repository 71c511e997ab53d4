//! Coalesced look-ups: whoever looks for an instance shares one request with everybody who looks at about the same time.
//!
//! Every look-up says by when it wants to be made: at once, or, in a wait, after a poll interval. A request is made for the one
//! that is due first, and takes along up to 99 others that are waiting, the soonest first: the cloud answers for a hundred
//! instances as it does for one. So reads that come together become one request, and all waits together need one request per
//! poll interval, whatever their number; one that polls often makes the others see sooner, never later.
//!
//! How long a request waits for company depends on who can be expected. Whoever reads many instances, a few at a time, comes
//! with the next ones when the last ones are answered: as many as were answered, and not before. So while a request is under
//! way, and then until as many have come as it answered, there is company to wait for, as long as it keeps coming. One who
//! reads alone is as many as were answered, and goes at once.
//!
//! For each [`Scope`] there is a queue, since a request is for one region and project. It has a task as long as somebody
//! waits in it. Nobody's giving up ends a request that others wait for, and an answer always comes from a request that was
//! made after the look-up was asked for.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::future::BoxFuture;
use tokio::{
    sync::{Notify, oneshot},
    time::{Instant, sleep_until},
};

use super::{
    Client,
    call::{Call as _, DescribeInstances, Scope},
    error::Error,
    instance::Instance,
    ret_code::Class,
};

// Measured with `benches/fleet`, 1,000 instances and 100 ms for an answer: a refresh at parallelism 100 takes 10 to 12 requests,
// at parallelism 10 it takes 100. A fixed window of 5 ms took 56 at parallelism 100. Terraform itself needs some 3 ms for each
// read, 20 ms for each apply, which is why the pauses between those who belong together are not shorter.

/// When nobody is known to be coming, nobody is if nobody has come for this long.
const QUIET: Duration = Duration::from_millis(25);
/// The same when somebody may be: about the time of the request that it can save.
const QUIET_WHILE_MISSING: Duration = Duration::from_millis(100);
/// Nobody waits for company longer than this.
const PATIENCE: Duration = Duration::from_millis(500);
/// As many ids as one request can carry.
const FULL: usize = DescribeInstances::MAX_LIMIT as usize;

/// What came of a look-up; `None` if the cloud does not know the instance.
pub(super) type Looked = Result<Option<Instance>, Error>;

/// Everybody who is waiting for a look-up.
#[derive(Debug, Default)]
pub(super) struct Gatherer {
    queues: Mutex<HashMap<Scope, Queue>>,
}

#[derive(Debug)]
struct Queue {
    waiting: Vec<Waiting>,
    /// Whether there is a task that makes requests.
    served: bool,
    /// Requests without an answer so far.
    under_way: usize,
    /// How many of those who were answered have not come back with another look-up. `None`: a request was made since, so
    /// nobody knows.
    missing: Option<usize>,
    /// When somebody came, or was answered.
    last_change: Instant,
    changed: Arc<Notify>,
}

#[derive(Debug)]
struct Waiting {
    id: String,
    due: Instant,
    answer: oneshot::Sender<Looked>,
}

/// Looks for `id` in `scope`, after `delay` at the latest.
pub(super) async fn look(client: &Client, id: &str, scope: &Scope, delay: Duration) -> Looked {
    let (answer, looked) = oneshot::channel();
    let now = Instant::now();
    let waiting = Waiting { id: id.to_owned(), due: now + delay, answer };
    if client.gatherer().join(scope, waiting, now) {
        tokio::spawn(serve(client.clone(), scope.clone()));
    }
    looked.await.unwrap_or_else(|_| Err(Error::abandoned(DescribeInstances::ACTION)))
}

/// Looks for `id` in `scope` with a request of its own.
pub(super) async fn look_alone(client: &Client, id: &str, scope: &Scope) -> Looked {
    let looked = describe(client, scope, vec![id.to_owned()]).await;
    looked.into_iter().next().map_or(Ok(None), |(_, looked)| looked)
}

/// Makes requests as long as anybody waits in the queue of `scope`.
async fn serve(client: Client, scope: Scope) {
    while let Some(batch) = client.gatherer().next(&scope).await {
        tokio::spawn(answer(client.clone(), scope.clone(), batch));
    }
}

async fn answer(client: Client, scope: Scope, batch: Vec<Waiting>) {
    let mut waiting: BTreeMap<String, Vec<oneshot::Sender<Looked>>> = BTreeMap::new();
    for Waiting { id, answer, .. } in batch {
        waiting.entry(id).or_default().push(answer);
    }
    let ids = waiting.keys().cloned().collect();
    let answers = describe(&client, &scope, ids).await;
    client.gatherer().answered(&scope, waiting.values().map(Vec::len).sum());
    for (id, looked) in answers {
        for answer in waiting.remove(&id).unwrap_or_default() {
            // An error here says that nobody wants to know any more.
            let _ = answer.send(looked.clone());
        }
    }
}

/// Describes `ids` in one request; in several, if some of them make it fail.
fn describe<'a>(
    client: &'a Client,
    scope: &'a Scope,
    ids: Vec<String>,
) -> BoxFuture<'a, Vec<(String, Looked)>> {
    Box::pin(async move {
        let request = DescribeInstances {
            ids: ids.clone(),
            scope: scope.clone(),
            ..DescribeInstances::default()
        };
        let error = match client.instances(&request).await {
            Ok(instances) => return found(ids, instances),
            Err(error) => error,
        };
        if ids.len() > 1 && is_about_an_id(&error) && !is_general(client, scope, &ids, &error).await
        {
            let (left, right) = ids.split_at(ids.len() / 2);
            let mut looked = describe(client, scope, left.to_vec()).await;
            looked.extend(describe(client, scope, right.to_vec()).await);
            return looked;
        }
        let looked =
            |error: &Error| if error.is_not_found() { Ok(None) } else { Err(error.clone()) };
        ids.into_iter().map(|id| (id, looked(&error))).collect()
    })
}

fn found(ids: Vec<String>, instances: Vec<Instance>) -> Vec<(String, Looked)> {
    let mut instances: HashMap<_, _> = instances.into_iter().map(|i| (i.id.clone(), i)).collect();
    ids.into_iter()
        .map(|id| {
            let instance = instances.remove(&id);
            (id, Ok(instance))
        })
        .collect()
}

/// Whether one bad id can have made a request fail that would succeed without it.
fn is_about_an_id(error: &Error) -> bool {
    match error.class() {
        Some(Class::NotFound | Class::Permission | Class::Unlisted) => true,
        Some(Class::Usage) => error.is_usage_of("UHostId"),
        _ => false,
    }
}

/// Whether the first and the last of `ids` fail alike when each is alone: then it is not about an id, and splitting would
/// only repeat the failure for each.
async fn is_general(client: &Client, scope: &Scope, ids: &[String], error: &Error) -> bool {
    if ids.len() < 3 {
        return false;
    }
    for id in [ids.first(), ids.last()].into_iter().flatten() {
        let request = DescribeInstances {
            ids: vec![id.clone()],
            scope: scope.clone(),
            ..DescribeInstances::default()
        };
        match client.instances(&request).await {
            Err(alone) if alone.ret_code() == error.ret_code() => {}
            _ => return false,
        }
    }
    true
}

impl Gatherer {
    /// Adds one who waits; true if the queue wants a task.
    fn join(&self, scope: &Scope, waiting: Waiting, now: Instant) -> bool {
        let mut queues = self.queues();
        let queue = queues.entry(scope.clone()).or_insert_with(|| Queue::new(now));
        queue.waiting.push(waiting);
        queue.missing = queue.missing.map(|missing| missing.saturating_sub(1));
        queue.last_change = now;
        queue.changed.notify_one();
        !std::mem::replace(&mut queue.served, true)
    }

    /// A request was answered that `count` were waiting for.
    fn answered(&self, scope: &Scope, count: usize) {
        if let Some(queue) = self.queues().get_mut(scope) {
            queue.under_way -= 1;
            queue.missing = Some(queue.missing.unwrap_or(0) + count);
            queue.last_change = Instant::now();
            queue.changed.notify_one();
        }
    }

    /// The next batch, when it is time for it; `None` if nobody waits.
    async fn next(&self, scope: &Scope) -> Option<Vec<Waiting>> {
        loop {
            let (ready, changed) = {
                let mut queues = self.queues();
                let queue = queues.get_mut(scope)?;
                queue.waiting.retain(|waiting| !waiting.answer.is_closed());
                let now = Instant::now();
                let Some(ready) = queue.ready(now) else {
                    queue.served = false;
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

    fn queues(&self) -> MutexGuard<'_, HashMap<Scope, Queue>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn new(now: Instant) -> Self {
        Self {
            waiting: Vec::new(),
            served: false,
            under_way: 0,
            missing: None,
            last_change: now,
            changed: Arc::default(),
        }
    }

    /// When the next request is to be made; `None` if nobody waits.
    fn ready(&self, now: Instant) -> Option<Instant> {
        let first = self.waiting.iter().map(|waiting| waiting.due).min()?;
        if self.waiting.iter().filter(|waiting| waiting.due <= now).count() >= FULL {
            return Some(now);
        }
        let company = match (self.under_way, self.missing) {
            (0, Some(0)) => first,
            (0, Some(_)) => self.last_change + QUIET_WHILE_MISSING,
            (0, None) => self.last_change + QUIET,
            _ => first + PATIENCE,
        };
        Some(company.clamp(first, first + PATIENCE))
    }

    /// Those who are due first, with as many different ids as fit; whoever looks for one of these comes along.
    fn take(&mut self) -> Vec<Waiting> {
        self.waiting.sort_by_key(|waiting| waiting.due);
        let mut ids: Vec<String> = Vec::new();
        for waiting in &self.waiting {
            if !ids.contains(&waiting.id) {
                ids.push(waiting.id.clone());
            }
            if ids.len() == FULL {
                break;
            }
        }
        let (taken, left) = self.waiting.drain(..).partition(|waiting| ids.contains(&waiting.id));
        self.waiting = left;
        self.under_way += 1;
        self.missing = None;
        taken
    }
}
