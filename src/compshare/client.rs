//! Client of the API: signs, sends and resends calls.

use std::{fmt, iter, sync::Arc, time::Duration};

use secrecy::ExposeSecret;
use tokio::time::{Instant, sleep};

use super::{
    base_url::BaseUrl,
    call::Call,
    class::{Class, Resend},
    credentials::Credentials,
    error::{Error, ErrorKind},
    form::Form,
    limit::Limit,
    network::Network,
    response, signature,
    transport::Transport,
};

/// Upper bound of the first pause. It doubles with each pause.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// Upper bound of all pauses.
const MAX_PAUSE: Duration = Duration::from_secs(15);

/// Settings of a [`Client`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub base_url: BaseUrl,
    /// Attempts after the first.
    pub max_retries: u32,
    /// Timeout of one attempt, from connecting to the end of the response. A list of instances is
    /// known to take up to 40 s.
    pub request_timeout: Duration,
    /// Most requests in flight at once; at least 1.
    pub max_concurrent_requests: usize,
    /// Value of the `User-Agent` header.
    pub user_agent: String,
}

/// The public endpoint, 5 retries, 60 s, 10 concurrent requests, name and version of this package.
impl Default for Settings {
    fn default() -> Self {
        Self {
            base_url: BaseUrl::default(),
            max_retries: 5,
            request_timeout: Duration::from_secs(60),
            max_concurrent_requests: 30,
            user_agent: concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// Client of the API. Clones share connections and limits.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    settings: Settings,
    credentials: Credentials,
    transport: Transport,
    limit: Limit,
}

/// Failed attempt.
struct Failure {
    kind: ErrorKind,
    request_id: Option<String>,
    retry_after: Option<Duration>,
}

impl Client {
    /// A client of the API at the end of `network`. Makes no connection.
    ///
    /// # Errors
    ///
    /// `Unsent` if the HTTP client cannot be set up, for example because the user agent is not a valid
    /// header.
    pub fn new(
        settings: Settings,
        network: Network,
        credentials: Credentials,
    ) -> Result<Self, Error> {
        let transport = Transport::new(
            settings.base_url.clone(),
            network,
            settings.request_timeout,
            settings.user_agent.clone(),
        )
        .map_err(ErrorKind::before_any_call)?;
        let limit = Limit::new(settings.max_concurrent_requests);
        Ok(Self(Arc::new(Inner { settings, credentials, transport, limit })))
    }

    /// Sends `call`, and sends it again after failures that may pass, if that cannot do harm.
    /// Dropping the future cancels the call, but a request that was sent may still be carried out.
    ///
    /// # Errors
    ///
    /// The failure of the last attempt. [`Error::may_have_happened`] then covers all attempts: a
    /// call that is not repeatable is resent only after failures that rule out its execution.
    pub async fn call<C: Call>(&self, call: &C) -> Result<C::Reply, Error> {
        let mut pauses = pauses(self.0.settings.max_retries);
        let mut attempts = 1;
        loop {
            let Failure { kind, request_id, retry_after } = match self.attempt(call, attempts).await
            {
                Ok(reply) => return Ok(reply),
                Err(failure) => failure,
            };
            let may_resend = match kind.resend() {
                Resend::Always => true,
                Resend::IfRepeatable => C::REPEATABLE,
                Resend::Never => false,
            };
            let pause = if may_resend { pauses.next() } else { None };
            let Some(pause) = pause.filter(|_| self.0.limit.pay_for_retry()) else {
                return Err(Error { action: call.action(), attempts, request_id, kind });
            };
            sleep(pause.max(retry_after.unwrap_or_default())).await;
            attempts += 1;
        }
    }

    /// Makes one attempt.
    ///
    /// The permit is acquired after signing and before the request timeout starts, so that waiting
    /// for it does not shorten the timeout, and it is released with the response, so that a pause
    /// between attempts does not hold it.
    async fn attempt<C: Call>(&self, call: &C, attempt: u32) -> Result<C::Reply, Failure> {
        let (form, signature) = self.signed(call);
        let permit = self.0.limit.permit().await;
        let began = Instant::now();
        let sent = self.0.transport.send(&form, C::REPEATABLE).await;
        drop(permit);
        let duration = began.elapsed();
        let credentials = &self.0.credentials;
        let secrets = [
            credentials.private_key.expose_secret(),
            credentials.public_key.expose_secret(),
            &signature,
        ];
        let outcome = match &sent {
            Ok(response) => response::judge(response, &secrets)
                .and_then(|reply| call.check(&reply).map(|()| reply)),
            Err(kind) => Err(kind.clone()),
        };
        let response = sent.ok();
        let request_id = response.as_ref().and_then(|response| response.request_id.clone());
        let ret_code = match &outcome {
            Ok(_) => Some(0),
            Err(ErrorKind::Refused { code, .. }) => Some(*code),
            Err(_) => None,
        };
        tracing::debug!(
            action = call.action(),
            instance = call.instance_id(),
            attempt,
            duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
            http_status = response.as_ref().map(|response| response.status),
            ret_code,
            request_id,
            failure = outcome.as_ref().err().map(tracing::field::display),
            "API call",
        );
        let retry_after = response.and_then(|response| response.retry_after);
        match &outcome {
            Err(kind) if kind.class() == Some(Class::Throttled) => {
                self.0.limit.throttled(retry_after);
            }
            Ok(_) | Err(ErrorKind::Refused { .. }) => self.0.limit.succeeded(),
            Err(_) => {}
        }
        outcome.map_err(|kind| Failure { kind, request_id, retry_after })
    }

    /// Returns the form of `call`, and the signature in it.
    fn signed<C: Call>(&self, call: &C) -> (Form, String) {
        let credentials = &self.0.credentials;
        let mut form = Form::default();
        call.form(&mut form);
        form.put("Action", call.action());
        form.put("PublicKey", credentials.public_key.expose_secret());
        let signature = signature::sign(&form, &credentials.private_key);
        form.put("Signature", signature.as_str());
        (form, signature)
    }
}

/// Returns the pauses before `max_retries` retries. Each is a random part of a bound that doubles
/// (full jitter), so that clients that failed together do not return together.
fn pauses(max_retries: u32) -> impl Iterator<Item = Duration> {
    let bounds = iter::successors(Some(FIRST_PAUSE), |bound| Some((*bound * 2).min(MAX_PAUSE)));
    bounds.take(max_retries as usize).map(|bound| bound.mul_f64(fastrand::f64()))
}

/// Shows the settings only.
impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Client").field("settings", &self.0.settings).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_stay_below_a_doubling_bound() {
        let bounds = [500, 1000, 2000, 4000, 8000, 15_000, 15_000];
        for _ in 0..200 {
            let pauses: Vec<_> = pauses(7).collect();
            assert_eq!(pauses.len(), bounds.len());
            for (pause, bound) in pauses.iter().zip(bounds) {
                assert!(*pause <= Duration::from_millis(bound), "{pauses:?}");
            }
        }
        assert_eq!(pauses(0).count(), 0);
    }

    #[test]
    fn pauses_cover_the_whole_range() {
        let first: Vec<_> = (0..500).filter_map(|_| pauses(1).next()).collect();
        assert!(first.iter().min().unwrap() < &Duration::from_millis(50));
        assert!(first.iter().max().unwrap() > &Duration::from_millis(450));
    }
}
