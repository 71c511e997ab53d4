//! HTTP transport: sends one signed form, and classifies failures by whether the request may have
//! been received.
//!
//! All retries and redirects of reqwest are disabled, because `retry` alone decides whether a
//! request is sent twice. One resend of hyper remains: a request of which no byte was written,
//! because its kept-alive connection had been closed, is sent on another connection.

use std::{
    error::Error as StdError,
    io,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use reqwest::{header::HeaderMap, redirect, retry};
use secrecy::zeroize::Zeroizing;

use super::{
    base_url::BaseUrl,
    error::{ErrorKind, Lost},
    form::Form,
};
use crate::error_chain::error_chain;

/// Most bytes of a body. A hundred instances with all fields need less than a tenth of it.
const MAX_BODY: usize = 4 << 20;
/// Timeout of connecting. It is short because a failed connect, unlike a request timeout, proves
/// that nothing was sent.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// Longest `Retry-After` that is honored, so that a wrong value cannot block an apply.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);
const TCP_KEEPALIVE: Duration = Duration::from_secs(30);
/// Header with the request ID that CompShare support needs.
pub(super) const REQUEST_ID: &str = "X-UCLOUD-REQUEST-UUID";
pub(super) const RETRY_AFTER: &str = "Retry-After";

/// Sender of forms to one URL.
#[derive(Clone, Debug)]
pub(super) struct Transport {
    http: reqwest::Client,
    base_url: BaseUrl,
}

/// HTTP response, successful or not.
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) request_id: Option<String>,
    pub(super) retry_after: Option<Duration>,
    /// Body, or the failure to read it. Wiped when dropped, because it may contain passwords.
    pub(super) body: Result<Zeroizing<Vec<u8>>, ErrorKind>,
}

impl Transport {
    /// Creates the HTTP client. Makes no connection.
    pub(super) fn new(
        base_url: BaseUrl,
        timeout: Duration,
        user_agent: &str,
    ) -> Result<Self, ErrorKind> {
        let mut builder = reqwest::Client::builder()
            .user_agent(user_agent)
            .timeout(timeout)
            .connect_timeout(timeout.min(CONNECT_TIMEOUT))
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .gzip(true)
            .tcp_keepalive(TCP_KEEPALIVE);
        // A request to this machine may be unencrypted and must not pass through a proxy.
        if base_url.is_loopback() {
            builder = builder.no_proxy();
        }
        // Plain HTTP needs no root certificates, and reading them takes a while.
        if base_url.as_url().scheme() == "http" {
            builder = builder.tls_certs_only([]);
        }
        let http = builder.build().map_err(|error| ErrorKind::Unsent {
            cause: causes(&error.without_url()),
            permanent: true,
        })?;
        Ok(Self { http, base_url })
    }

    /// Sends `form` once. An error means that no response was received.
    pub(super) async fn send(&self, form: &Form) -> Result<Response, ErrorKind> {
        let response = self
            .http
            .post(self.base_url.as_url().clone())
            .header("U-Timestamp-Ms", unix_ms())
            .form(form.as_map())
            .send()
            .await
            .map_err(classify)?;
        Ok(Response {
            status: response.status().as_u16(),
            request_id: text(response.headers(), REQUEST_ID),
            retry_after: seconds(response.headers()),
            body: read(response).await,
        })
    }
}

/// Returns the wall clock time, which the vendor's SDKs also send.
fn unix_ms() -> String {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis().to_string()
}

/// Returns the start of a header, visible characters only.
pub(super) fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    let text = headers.get(name)?.to_str().ok()?;
    let text: String = text.chars().filter(char::is_ascii_graphic).take(100).collect();
    (!text.is_empty()).then_some(text)
}

/// Returns `Retry-After` if it is given in seconds. A date is ignored: the pause would depend on
/// two clocks that may disagree.
pub(super) fn seconds(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(MAX_RETRY_AFTER))
}

async fn read(mut response: reqwest::Response) -> Result<Zeroizing<Vec<u8>>, ErrorKind> {
    let mut body = Zeroizing::new(Vec::new());
    while let Some(piece) = response.chunk().await.map_err(classify)? {
        if body.len() + piece.len() > MAX_BODY {
            return Err(ErrorKind::TooLarge { limit: MAX_BODY });
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

/// Returns the kind of a failure. Name resolution, connect, TLS handshake and a refusing proxy come
/// before the first byte of a request. All later failures count as sent: a server that closed the
/// connection at once may have read the whole request.
fn classify(error: reqwest::Error) -> ErrorKind {
    let error = error.without_url();
    if error.is_builder() {
        return ErrorKind::Unsent { cause: causes(&error), permanent: true };
    }
    if error.is_connect() {
        return ErrorKind::Unsent { cause: causes(&error), permanent: is_distrust(&error) };
    }
    if error.is_timeout() {
        return ErrorKind::MaybeSent(Lost::TimedOut);
    }
    ErrorKind::MaybeSent(Lost::Interrupted(causes(&error)))
}

/// Returns true if the server's certificate was not accepted, which a retry would not change.
fn is_distrust(error: &reqwest::Error) -> bool {
    let mut causes = std::iter::successors(error.source(), |cause| source(*cause));
    causes.any(|cause| matches!(cause.downcast_ref(), Some(rustls::Error::InvalidCertificate(_))))
}

/// Returns the source of `cause`, or the error inside an I/O error, which its `source` skips.
fn source<'a>(cause: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match cause.downcast_ref::<io::Error>() {
        Some(wrapper) => wrapper.get_ref().map(|inner| inner as &(dyn StdError + 'static)),
        None => cause.source(),
    }
}

/// Returns the causes of `error`. The outermost messages, of reqwest and of hyper's client, only
/// name the phase in which the error occurred.
fn causes(error: &reqwest::Error) -> String {
    let Some(cause) = error.source() else { return error.to_string() };
    let is_phase = cause.to_string().starts_with("client error (");
    match cause.source().filter(|_| is_phase) {
        Some(inner) => error_chain(inner),
        None => error_chain(cause),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_read_up_to_a_maximum() {
        for (header, pause) in [
            ("7", Some(7)),
            (" 60 ", Some(60)),
            ("86400", Some(60)),
            ("18446744073709551615", Some(60)),
            ("18446744073709551616", None),
            ("-1", None),
            ("Wed, 21 Oct 2026 07:28:00 GMT", None),
            ("", None),
        ] {
            let headers = [(RETRY_AFTER, header)]
                .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            let headers = HeaderMap::from_iter(headers);
            assert_eq!(seconds(&headers), pause.map(Duration::from_secs), "{header:?}");
        }
    }
}
