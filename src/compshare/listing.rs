//! Shared lists: whoever asks for all instances of one kind shares the list with everybody who asks at about the same time.
//!
//! A configuration that looks up many instances by name asks for the same list once for each. The first one to ask waits a
//! moment for the others, and what comes later begins another list: an answer always comes from requests that were made
//! after it was asked for.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::oneshot, time::sleep};

use super::{
    Client,
    call::{Call as _, DescribeInstances, Scope},
    error::Error,
    instance::Instance,
};

/// How long the first one waits for the others. They come in one go, some milliseconds apart.
const MOMENT: Duration = Duration::from_millis(25);

/// What came of a list.
type Listed = Result<Arc<[Instance]>, Error>;

/// Which instances are listed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Kind {
    pub(super) scope: Scope,
    pub(super) tag: Option<String>,
}

/// Everybody who is waiting for a list that has not begun.
#[derive(Debug, Default)]
pub(super) struct Listings(Mutex<HashMap<Kind, Vec<oneshot::Sender<Listed>>>>);

impl Listings {
    fn waiting(&self) -> MutexGuard<'_, HashMap<Kind, Vec<oneshot::Sender<Listed>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All instances of a kind.
pub(super) async fn list(client: &Client, kind: Kind) -> Listed {
    if !client.settings().coalesce {
        return list_alone(client, kind).await;
    }
    let (answer, listed) = oneshot::channel();
    let is_first = {
        let mut waiting = client.listings().waiting();
        let company = waiting.entry(kind.clone()).or_default();
        company.push(answer);
        company.len() == 1
    };
    if is_first {
        tokio::spawn(serve(client.clone(), kind));
    }
    listed.await.unwrap_or_else(|_| Err(Error::abandoned(DescribeInstances::ACTION)))
}

async fn serve(client: Client, kind: Kind) {
    sleep(MOMENT).await;
    let company = client.listings().waiting().remove(&kind).unwrap_or_default();
    let listed = list_alone(&client, kind).await;
    for answer in company {
        // An error here says that nobody wants to know any more.
        let _ = answer.send(listed.clone());
    }
}

async fn list_alone(client: &Client, Kind { scope, tag }: Kind) -> Listed {
    let describe = DescribeInstances { scope, tag, ..DescribeInstances::default() };
    client.instances(&describe).await.map(Arc::from)
}
