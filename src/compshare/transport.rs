//! Sending one signed form, and sorting what can go wrong on the way by whether the cloud can have seen it.
//!
//! reqwest does the HTTP. Whatever it repeats or follows by its own judgement is turned off: whether a request goes out
//! once or twice is decided in one place, `retry`. (What remains is hyper's: a request of which not one byte was
//! written, because the kept connection it was meant for had been closed, goes out on another.)

use std::{
    error::Error as StdError,
    io,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use reqwest::{Response, header::HeaderMap, redirect, retry};
use secrecy::zeroize::Zeroizing;

use super::{
    base_url::BaseUrl,
    error::{ErrorKind, Lost},
    form::Form,
};

/// An answer that is longer is not read to its end. A hundred instances with all their fields take well under a tenth
/// of it.
const MAX_BODY: usize = 4 << 20;
/// Connecting takes a fraction of a request's time; if it does not, better to know for certain that nothing was sent.
const MAX_CONNECT_TIME: Duration = Duration::from_secs(15);
/// The most that a server's `Retry-After` is honoured, so that a strange one cannot hang a run.
const LONGEST_ON_REQUEST: Duration = Duration::from_secs(60);
/// Says which request it was, for the vendor's support.
pub(super) const REQUEST_ID: &str = "X-UCLOUD-REQUEST-UUID";
/// Says when to come again.
pub(super) const RETRY_AFTER: &str = "Retry-After";

/// Sends forms to one address.
#[derive(Clone, Debug)]
pub(super) struct Transport {
    http: reqwest::Client,
    base_url: BaseUrl,
}

/// An answer, whatever it says.
pub(super) struct Answer {
    pub(super) status: u16,
    /// `X-UCLOUD-REQUEST-UUID`.
    pub(super) request_id: Option<String>,
    /// `Retry-After`, if it is given in seconds, within reason.
    pub(super) retry_after: Option<Duration>,
    /// The body, or why it could not be had. It may hold passwords, so it is wiped when dropped.
    pub(super) body: Result<Zeroizing<Vec<u8>>, ErrorKind>,
}

impl Transport {
    /// Prepares to send; touches no network.
    pub(super) fn new(
        base_url: BaseUrl,
        timeout: Duration,
        user_agent: &str,
    ) -> Result<Self, ErrorKind> {
        let mut builder = reqwest::Client::builder()
            .user_agent(user_agent)
            .timeout(timeout)
            .connect_timeout(timeout.min(MAX_CONNECT_TIME))
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .gzip(true)
            .tcp_keepalive(Duration::from_secs(30));
        // What is meant for this machine, possibly in plain text, is not to be handed to a proxy.
        if base_url.is_loopback() {
            builder = builder.no_proxy();
        }
        // Where nothing is encrypted, nobody has to be trusted, and reading whom the system trusts takes a while.
        if base_url.is_plain() {
            builder = builder.tls_certs_only([]);
        }
        let http = builder.build().map_err(|error| ErrorKind::Unsent {
            cause: chain(&error.without_url()),
            permanent: true,
        })?;
        Ok(Self { http, base_url })
    }

    /// Sends `form` once. An error means that no answer began.
    pub(super) async fn send(&self, form: &Form) -> Result<Answer, ErrorKind> {
        let response = self
            .http
            .post(self.base_url.as_url().clone())
            .header("U-Timestamp-Ms", unix_ms())
            .form(form.as_map())
            .send()
            .await
            .map_err(sort)?;
        Ok(Answer {
            status: response.status().as_u16(),
            request_id: text(response.headers(), REQUEST_ID),
            retry_after: seconds(response.headers()),
            body: read(response).await,
        })
    }
}

/// The only use of the wall clock: the vendor's SDKs send it along with each request.
fn unix_ms() -> String {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis().to_string()
}

/// A header that is to be shown to people: short, and of visible characters only.
pub(super) fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    let text = headers.get(name)?.to_str().ok()?;
    let text: String = text.chars().filter(char::is_ascii_graphic).take(100).collect();
    (!text.is_empty()).then_some(text)
}

/// The date form of `Retry-After` is not understood: it would make the pause depend on two clocks agreeing.
pub(super) fn seconds(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_ON_REQUEST))
}

async fn read(mut response: Response) -> Result<Zeroizing<Vec<u8>>, ErrorKind> {
    let mut body = Zeroizing::new(Vec::new());
    while let Some(piece) = response.chunk().await.map_err(sort)? {
        if body.len() + piece.len() > MAX_BODY {
            let http_status = response.status().as_u16();
            return Err(ErrorKind::Unreadable {
                http_status,
                reason: format!("longer than {MAX_BODY} bytes"),
            });
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

/// Can it have been sent? Name resolution, connecting and the TLS handshake come before the first byte of a request,
/// and a proxy's refusal to connect as well. Everything later counts as sent, for even a connection that was closed at
/// once may have been closed by someone who had read enough.
fn sort(error: reqwest::Error) -> ErrorKind {
    let error = error.without_url();
    if error.is_builder() {
        return ErrorKind::Unsent { cause: chain(&error), permanent: true };
    }
    if error.is_connect() {
        return ErrorKind::Unsent { cause: chain(&error), permanent: is_distrust(&error) };
    }
    if error.is_timeout() {
        return ErrorKind::MaybeSent(Lost::TimedOut);
    }
    ErrorKind::MaybeSent(Lost::Interrupted(chain(&error)))
}

/// The server's certificate was looked at and not trusted. It will not become better.
fn is_distrust(error: &reqwest::Error) -> bool {
    causes(error)
        .any(|cause| matches!(cause.downcast_ref(), Some(rustls::Error::InvalidCertificate(_))))
}

/// What lies behind `error`, from the outside in. reqwest's own words only say in which phase it happened.
fn chain(error: &reqwest::Error) -> String {
    let mut words: Vec<String> = Vec::new();
    for cause in causes(error) {
        let text = cause.to_string();
        // Layers that repeat what is inside them add nothing.
        if words.last().is_some_and(|last| last.ends_with(&text)) {
            continue;
        }
        words.push(text);
    }
    if words.is_empty() { error.to_string() } else { words.join(": ") }
}

/// What is behind `error`, from the outside in.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    std::iter::successors(error.source(), |cause| behind(*cause))
}

/// The source of `cause`, or what it wraps, which an I/O error does not count as its source.
fn behind<'a>(cause: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match cause.downcast_ref::<io::Error>() {
        Some(wrapper) => wrapper.get_ref().map(|inner| inner as &(dyn StdError + 'static)),
        None => cause.source(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_may_ask_for_a_pause_within_reason() {
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
