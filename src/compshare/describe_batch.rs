//! Request of a batch, and the search for the instance ID that makes it fail.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use futures_util::future::BoxFuture;
use tokio::sync::oneshot;

use super::{
    batch_queue::{Caller, Described},
    call::Scope,
    calls::describe::DescribeInstances,
    class::{Class, IdFault},
    client::Client,
    error::Error,
    instance::Instance,
    pages::Pages,
};

/// Callers of an instance, and their result.
pub(super) type Outcome = (Vec<oneshot::Sender<Described>>, Described);

/// Describes the instances of `callers`.
pub(super) async fn describe_batch(
    client: Client,
    scope: Scope,
    callers: Vec<Caller>,
) -> Vec<Outcome> {
    let mut senders: BTreeMap<String, Vec<oneshot::Sender<Described>>> = BTreeMap::new();
    for Caller { id, sender, .. } in callers {
        senders.entry(id).or_default().push(sender);
    }
    let ids = senders.keys().cloned().collect();
    let results = describe_all(&client, &scope, ids).await;
    let outcome = |(id, described): (String, _)| Some((senders.remove(&id)?, described));
    results.into_iter().filter_map(outcome).collect()
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
        let result = if error.class() == Some(Class::NotFound) { Ok(None) } else { Err(error) };
        ids.into_iter().map(|id| (id, result.clone())).collect()
    })
}

async fn request(client: &Client, scope: &Scope, ids: Vec<String>) -> Result<Vec<Instance>, Error> {
    let describe = DescribeInstances { ids, scope: scope.clone(), ..DescribeInstances::default() };
    Pages::new(client.clone(), describe).all().await
}

fn by_id(ids: Vec<String>, instances: Vec<Instance>) -> Vec<(String, Described)> {
    let entry = |instance: Instance| (instance.id.clone(), Arc::new(instance));
    let mut instances: HashMap<_, _> = instances.into_iter().map(entry).collect();
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
