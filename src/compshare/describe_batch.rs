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
    calls::describe::{DescribeInstances, Instances},
    class::{Class, IdFault},
    client::Client,
    error::Error,
    instance::Instance,
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
            Ok(page) => return by_id(client, scope, ids, page).await,
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

async fn request(client: &Client, scope: &Scope, ids: Vec<String>) -> Result<Instances, Error> {
    let describe = DescribeInstances { ids, scope: scope.clone(), ..DescribeInstances::default() };
    client.call(&describe).await
}

/// Returns the instances of `page`. If it is incomplete, describes the missing ones, which are
/// fewer than `ids` because the client accepts an incomplete page only with one of them.
async fn by_id(
    client: &Client,
    scope: &Scope,
    ids: Vec<String>,
    page: Instances,
) -> Vec<(String, Described)> {
    let is_complete = page.gap(0).is_none();
    let entry = |instance: Instance| (instance.id.clone(), Arc::new(instance));
    let mut instances: HashMap<_, _> = page.instances.into_iter().map(entry).collect();
    let mut described = Vec::new();
    let mut missing = Vec::new();
    for id in ids {
        match instances.remove(&id) {
            None if !is_complete => missing.push(id),
            instance => described.push((id, Ok(instance))),
        }
    }
    if !missing.is_empty() {
        described.extend(describe_all(client, scope, missing).await);
    }
    described
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
