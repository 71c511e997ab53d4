//! The client: the parts put together.

use std::{collections::HashSet, fmt, sync::Arc, time::Duration};

use secrecy::ExposeSecret;
use tokio::time::{Instant, sleep};

use super::{
    answer, backoff,
    base_url::BaseUrl,
    call::{Call, DescribeInstances, Scope},
    credentials::Credentials,
    error::{Error, ErrorKind},
    form::Form,
    gather::{self, Gatherer},
    instance::Instance,
    limit::Limit,
    listing::{self, Kind, Listings},
    ret_code::Class,
    retry, signature,
    transport::Transport,
};

/// How to talk to the cloud.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where it is.
    pub base_url: BaseUrl,
    /// Attempts after the first, for what may be repeated.
    pub max_retries: u32,
    /// Time for one attempt, from connecting to the end of the answer. Listing instances is known to take up to 40 s.
    pub request_timeout: Duration,
    /// Requests that may be under way at once, over the whole client; at least 1.
    pub max_concurrent_requests: usize,
    /// Whether look-ups that come together share a request. Off only to measure what that saves.
    pub coalesce: bool,
    /// What is sent as `User-Agent`.
    pub user_agent: String,
}

/// The public endpoint, 5 retries, 60 s, 10 requests at once, this package's name and version.
impl Default for Settings {
    fn default() -> Self {
        Self {
            base_url: BaseUrl::default(),
            max_retries: 5,
            request_timeout: Duration::from_secs(60),
            max_concurrent_requests: 10,
            coalesce: true,
            user_agent: concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// A client of the API. A clone is the same client: same connections, same limits.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    settings: Settings,
    credentials: Credentials,
    transport: Transport,
    limit: Limit,
    gatherer: Gatherer,
    listings: Listings,
}

/// A list of instances on its way, made by [`Client::pages`].
#[derive(Debug)]
pub struct Pages {
    client: Client,
    /// The request for the next page; `None` after the last.
    next: Option<DescribeInstances>,
    /// The ids so far: the list may shift between two requests.
    listed: HashSet<String>,
}

impl Pages {
    /// The next page, which may be empty; `None` after the last. After an error, the same page is asked for again.
    ///
    /// # Errors
    ///
    /// As [`Client::call`].
    pub async fn next(&mut self) -> Result<Option<Vec<Instance>>, Error> {
        let Some(describe) = &mut self.next else { return Ok(None) };
        let page = self.client.call(describe).await?;
        let length = u32::try_from(page.instances.len()).unwrap_or(u32::MAX);
        describe.offset = describe.offset.saturating_add(length);
        // An offset past the last is an error there, so the total decides where it is known.
        let more = page.total.map_or(length >= describe.limit, |total| describe.offset < total);
        if length == 0 || !more {
            self.next = None;
        }
        let unlisted = |instance: &Instance| self.listed.insert(instance.id.clone());
        Ok(Some(page.instances.into_iter().filter(unlisted).collect()))
    }
}

/// What one attempt came to when it did not succeed.
struct Failure {
    kind: ErrorKind,
    request_id: Option<String>,
    retry_after: Option<Duration>,
}

impl Client {
    /// A client for the owner of `credentials`. Loads the system's root certificates and reads the proxy variables, but
    /// makes no connection yet.
    ///
    /// # Errors
    ///
    /// `Unsent`, if the HTTP client cannot be set up: no usable root certificate, or a user agent that is no header.
    pub fn new(settings: Settings, credentials: Credentials) -> Result<Self, Error> {
        let transport = Transport::new(
            settings.base_url.clone(),
            settings.request_timeout,
            &settings.user_agent,
        )
        .map_err(|kind| Error::new("", 0, None, kind))?;
        let limit = Limit::new(settings.max_concurrent_requests);
        let gatherer = Gatherer::default();
        let listings = Listings::default();
        let inner = Inner { settings, credentials, transport, limit, gatherer, listings };
        Ok(Self(Arc::new(inner)))
    }

    /// How this client talks to the cloud.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Makes `call`, repeatedly if that is harmless and needed. Dropping the future ends it at once; a request that is
    /// out by then may still be done.
    ///
    /// # Errors
    ///
    /// The last attempt's failure. [`Error::may_have_happened`] is then about that attempt, and about earlier ones as
    /// well: a call that is not repeatable is sent again only after failures that rule it out.
    pub async fn call<C: Call>(&self, call: &C) -> Result<C::Reply, Error> {
        let mut pauses = backoff::pauses(self.0.settings.max_retries);
        let mut attempt = 1;
        loop {
            let failure = match self.attempt(call, attempt).await {
                Ok(reply) => return Ok(reply),
                Err(failure) => failure,
            };
            // No pause left to make: that was the last attempt.
            let repeat = retry::may_repeat(C::REPEATABLE, &failure.kind);
            let pause = if repeat { pauses.next() } else { None };
            let pause = pause.filter(|_| self.0.limit.pay_for_retry());
            let Some(pause) = pause else {
                return Err(Error::new(C::ACTION, attempt, failure.request_id, failure.kind));
            };
            sleep(backoff::at_least(pause, failure.retry_after)).await;
            attempt += 1;
        }
    }

    /// The instance `id`, looked for in `scope`; `None` if the cloud does not know it there.
    ///
    /// Look-ups at about the same time share one request; see the module `gather`.
    ///
    /// # Errors
    ///
    /// As [`Self::call`]. An answer that is incomplete is an error, never `None`.
    pub async fn instance(&self, id: &str, scope: &Scope) -> Result<Option<Instance>, Error> {
        self.instance_within(id, scope, Duration::ZERO).await
    }

    /// As [`Self::instance`], but not in a hurry: the look is taken after `delay` at the latest, and sooner if a request is
    /// made for others anyway. For waits.
    ///
    /// # Errors
    ///
    /// As [`Self::instance`].
    pub async fn instance_within(
        &self,
        id: &str,
        scope: &Scope,
        delay: Duration,
    ) -> Result<Option<Instance>, Error> {
        if self.0.settings.coalesce {
            return gather::look(self, id, scope, delay).await;
        }
        sleep(delay).await;
        gather::look_alone(self, id, scope).await
    }

    pub(super) fn gatherer(&self) -> &Gatherer {
        &self.0.gatherer
    }

    /// All instances in `scope`, or only those with `tag`. Lists that are asked for at about the same time are one.
    ///
    /// # Errors
    ///
    /// As [`Self::call`], of the page that failed.
    pub async fn list(&self, scope: Scope, tag: Option<String>) -> Result<Arc<[Instance]>, Error> {
        listing::list(self, Kind { scope, tag }).await
    }

    pub(super) fn listings(&self) -> &Listings {
        &self.0.listings
    }

    /// All instances that `describe` asks for, from its offset on. See [`Self::pages`].
    ///
    /// # Errors
    ///
    /// As [`Self::call`], of the page that failed.
    pub async fn instances(&self, describe: &DescribeInstances) -> Result<Vec<Instance>, Error> {
        let mut pages = self.pages(describe.clone());
        let mut instances = Vec::new();
        while let Some(page) = pages.next().await? {
            instances.extend(page);
        }
        Ok(instances)
    }

    /// The instances that `describe` asks for, from its offset on, page by page as they come. One that moves to another
    /// page meanwhile may be missed, but none is listed twice.
    pub fn pages(&self, describe: DescribeInstances) -> Pages {
        Pages { client: self.clone(), next: Some(describe), listed: HashSet::new() }
    }

    /// One attempt: sign, wait for a turn, send, judge.
    ///
    /// The order is important. The turn comes after signing and before the clock of the request starts, so that waiting
    /// for it costs no request its time; it ends with the answer, so that no pause between attempts occupies one.
    async fn attempt<C: Call>(&self, call: &C, attempt: u32) -> Result<C::Reply, Failure> {
        let (form, signature) = self.signed(call);
        let turn = self.0.limit.turn().await;
        let began = Instant::now();
        let sent = self.0.transport.send(&form).await;
        drop(turn);
        let duration = began.elapsed();
        let credentials = &self.0.credentials;
        let secrets = [
            credentials.private_key().expose_secret(),
            credentials.public_key().expose_secret(),
            &signature,
        ];
        let outcome = match &sent {
            Ok(answer) => answer::judge(answer, &secrets),
            Err(kind) => Err(kind.clone()),
        };
        let answer = sent.ok();
        let request_id = answer.as_ref().and_then(|answer| answer.request_id.clone());
        let ret_code = match &outcome {
            Ok(_) => Some(0),
            Err(ErrorKind::Refused { code, .. }) => Some(*code),
            Err(_) => None,
        };
        tracing::debug!(
            action = C::ACTION,
            instance = call.instance_id(),
            attempt,
            duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
            http_status = answer.as_ref().map(|answer| answer.status),
            ret_code,
            request_id,
            failure = outcome.as_ref().err().map(tracing::field::display),
            "made a call",
        );
        let retry_after = answer.and_then(|answer| answer.retry_after);
        match &outcome {
            Err(kind) if kind.class() == Some(Class::Throttled) => {
                self.0.limit.throttled(retry_after)
            }
            Ok(_) | Err(ErrorKind::Refused { .. }) => self.0.limit.succeeded(),
            Err(_) => {}
        }
        outcome.map_err(|kind| Failure { kind, request_id, retry_after })
    }

    /// The form of `call`, and the signature in it.
    fn signed<C: Call>(&self, call: &C) -> (Form, String) {
        let credentials = &self.0.credentials;
        let mut form = Form::default();
        call.form(&mut form);
        form.put("Action", C::ACTION);
        form.put("PublicKey", credentials.public_key().expose_secret());
        let signature = signature::sign(&form, credentials.private_key());
        form.put("Signature", signature.as_str());
        (form, signature)
    }
}

/// The settings only.
impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Client").field("settings", &self.0.settings).finish_non_exhaustive()
    }
}
