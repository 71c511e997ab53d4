//! Zones, GPU models, capacity, prices and images, in requests that the callers of a run share.
//!
//! Many blocks of a configuration concern the same zone and GPU model. Equal calls are therefore
//! sent once: a caller receives the reply of an equal call that is in flight, or that was sent less
//! than [`MAX_AGE`] ago. A failure is shared by the callers that wait for it, and not kept.

use std::{
    collections::HashMap,
    future::Future,
    hash::Hash,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::{
    FutureExt as _,
    future::{BoxFuture, Shared},
};
use tokio::time::Instant;

use super::{
    call::{Call, Scope},
    calls::{
        capacity::{Capacity, CheckCapacity},
        images::{ImageList, Images, ListImages},
        instance_types::{DescribeInstanceTypes, InstanceTypes},
        price::{GetPrice, Prices},
        zones::{DescribeSupportZone, Zones},
    },
    client::Client,
    error::Error,
};
use crate::lock::lock;

/// Age at which a reply is no longer used. Longer than the reads of a plan take, and shorter than
/// the time in which a zone can sell out unnoticed.
const MAX_AGE: Duration = Duration::from_secs(60);

/// Client whose callers share replies. Clones share them, too.
#[derive(Clone, Debug)]
pub struct Catalog(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    client: Client,
    zones: Replies<DescribeSupportZone>,
    types: Replies<DescribeInstanceTypes>,
    capacity: Replies<CheckCapacity>,
    prices: Replies<GetPrice>,
    images: Replies<ListImages>,
}

impl Catalog {
    pub fn new(client: Client) -> Self {
        Self(Arc::new(Inner {
            client,
            zones: Replies::default(),
            types: Replies::default(),
            capacity: Replies::default(),
            prices: Replies::default(),
            images: Replies::default(),
        }))
    }

    /// Zones of all regions.
    ///
    /// # Errors
    ///
    /// As [`Client::call`].
    pub async fn zones(&self) -> Result<Arc<Zones>, Error> {
        self.0.zones.get(&self.0.client, DescribeSupportZone).await
    }

    /// GPU models in `scope`, which has a region.
    ///
    /// # Errors
    ///
    /// As [`Client::call`].
    pub async fn types(&self, scope: Scope) -> Result<Arc<InstanceTypes>, Error> {
        self.0.types.get(&self.0.client, DescribeInstanceTypes { scope }).await
    }

    /// Capacity of a zone.
    ///
    /// # Errors
    ///
    /// As [`Client::call`].
    pub async fn capacity(&self, check: CheckCapacity) -> Result<Arc<Capacity>, Error> {
        self.0.capacity.get(&self.0.client, check).await
    }

    /// Price of a new instance.
    ///
    /// # Errors
    ///
    /// As [`Client::call`].
    pub async fn price(&self, of: GetPrice) -> Result<Arc<Prices>, Error> {
        self.0.prices.get(&self.0.client, of).await
    }

    /// All pages of a list of images in `scope`, which has a region.
    ///
    /// # Errors
    ///
    /// As [`Client::call`], for the page that failed.
    pub async fn images(&self, list: ImageList, scope: Scope) -> Result<Vec<Arc<Images>>, Error> {
        let mut pages = Vec::new();
        let mut next = Some(ListImages { list, scope, offset: 0 });
        while let Some(request) = next {
            let page = self.0.images.get(&self.0.client, request.clone()).await?;
            next = page.next(&request);
            pages.push(page);
        }
        Ok(pages)
    }
}

type Reply<C> = Result<Arc<<C as Call>::Reply>, Error>;

/// Replies to calls of one kind, by call.
#[derive(Debug)]
struct Replies<C: Call>(Mutex<HashMap<C, Entry<C>>>);

#[derive(Debug)]
struct Entry<C: Call> {
    sent: Instant,
    reply: Shared<BoxFuture<'static, Reply<C>>>,
}

impl<C: Call> Default for Replies<C> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<C> Replies<C>
where
    C: Call<Reply: Send + Sync + 'static> + Clone + Eq + Hash + Send + Sync + 'static,
{
    async fn get(&self, client: &Client, call: C) -> Reply<C> {
        let (client, request) = (client.clone(), call.clone());
        self.get_or_send(call, async move { client.call(&request).await }).await
    }

    /// Returns the reply to an equal call, or the result of `request`. A request is sent by a task
    /// of its own, so that a caller that gives up does not cancel it for the others.
    async fn get_or_send(
        &self,
        call: C,
        request: impl Future<Output = Result<C::Reply, Error>> + Send + 'static,
    ) -> Reply<C> {
        let reply = {
            let mut entries = lock(&self.0);
            entries.retain(|_, entry| entry.is_usable());
            let action = call.action();
            let send = || {
                let task = tokio::spawn(request);
                let reply = task.map(move |joined| {
                    joined.unwrap_or_else(|_| Err(Error::abandoned(action))).map(Arc::new)
                });
                Entry { sent: Instant::now(), reply: reply.boxed().shared() }
            };
            entries.entry(call).or_insert_with(send).reply.clone()
        };
        reply.await
    }
}

impl<C: Call> Entry<C> {
    fn is_usable(&self) -> bool {
        let has_failed = self.reply.peek().is_some_and(Result::is_err);
        !has_failed && self.sent.elapsed() < MAX_AGE
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        task::yield_now,
        time::{advance, sleep},
    };

    use super::*;
    use crate::compshare::error::ErrorKind;

    /// Counts the requests that are sent.
    #[derive(Default)]
    struct Fixture {
        replies: Replies<DescribeSupportZone>,
        sent: Arc<Mutex<u32>>,
    }

    impl Fixture {
        async fn get(&self, outcome: Result<(), u16>) -> Reply<DescribeSupportZone> {
            let sent = self.sent.clone();
            let request = async move {
                *lock(&sent) += 1;
                sleep(Duration::from_secs(1)).await;
                let kind = |status| ErrorKind::Http { status };
                outcome.map(|()| Zones { zones: Vec::new() }).map_err(|status| Error {
                    action: "",
                    attempts: 1,
                    request_id: None,
                    kind: kind(status),
                })
            };
            self.replies.get_or_send(DescribeSupportZone, request).await
        }

        fn sent(&self) -> u32 {
            *lock(&self.sent)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn concurrent_and_later_callers_share_a_reply() {
        let fixture = Fixture::default();
        let (one, other) = tokio::join!(fixture.get(Ok(())), fixture.get(Ok(())));
        assert!(Arc::ptr_eq(&one.unwrap(), &other.unwrap()));
        advance(MAX_AGE / 2).await;
        fixture.get(Ok(())).await.unwrap();
        assert_eq!(fixture.sent(), 1);
        advance(MAX_AGE / 2).await;
        fixture.get(Ok(())).await.unwrap();
        assert_eq!(fixture.sent(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn failure_is_shared_and_not_kept() {
        let fixture = Fixture::default();
        let (one, other) = tokio::join!(fixture.get(Err(502)), fixture.get(Ok(())));
        assert!(one.is_err() && other.is_err());
        assert_eq!(fixture.sent(), 1);
        fixture.get(Ok(())).await.unwrap();
        assert_eq!(fixture.sent(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn caller_that_gives_up_does_not_cancel_the_request() {
        let fixture = Fixture::default();
        {
            let caller = fixture.get(Ok(()));
            tokio::pin!(caller);
            assert!(caller.as_mut().now_or_never().is_none());
            yield_now().await;
        }
        fixture.get(Ok(())).await.unwrap();
        assert_eq!(fixture.sent(), 1);
    }
}
