//! HTTP transport: sends one signed form, and classifies failures by whether the request may have
//! been processed.
//!
//! Redirects are disabled, and so are all retries of reqwest but one: a request that the server has
//! certainly not processed is sent again at once. hyper adds another: a request of which no byte was
//! written, because its kept-alive connection had been closed, is sent on another connection.

use std::{
    error::Error as StdError,
    io,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use reqwest::{header::HeaderMap, redirect, retry};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use secrecy::zeroize::Zeroizing;

use super::{
    base_url::BaseUrl,
    error::{ErrorKind, Lost, Stage},
    form::Form,
    network::Network,
};
use crate::{error_chain::error_chain, lock::lock};

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

/// Message of hyper for a connection that was closed before the response was complete.
const HYPER_CLOSED: &str = "connection closed before message completed";

/// Sender of forms to one URL.
#[derive(Debug)]
pub(super) struct Transport {
    settings: HttpSettings,
    /// Client without kept-alive connections, for requests that must not be repeated: the server may
    /// be closing a kept-alive one, and then it is uncertain whether it processed the request.
    fresh: reqwest::Client,
    pool: Mutex<Pool>,
}

/// Settings of the HTTP clients.
#[derive(Debug)]
struct HttpSettings {
    base_url: BaseUrl,
    network: Network,
    timeout: Duration,
    user_agent: String,
}

/// Client with kept-alive connections. It is replaced after each lost response, since its other
/// connections may be broken as well.
#[derive(Debug)]
struct Pool {
    http: reqwest::Client,
    /// Number of replaced predecessors.
    generation: u32,
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
    /// Creates the HTTP clients. Makes no connection.
    pub(super) fn new(
        base_url: BaseUrl,
        network: Network,
        timeout: Duration,
        user_agent: String,
    ) -> Result<Self, ErrorKind> {
        let settings = HttpSettings { base_url, network, timeout, user_agent };
        let fresh = settings.client(0)?;
        let pool = Mutex::new(Pool { http: settings.client(usize::MAX)?, generation: 0 });
        Ok(Self { settings, fresh, pool })
    }

    /// Sends `form` once; on a connection of its own if it is not `repeatable`. An error means that
    /// no response was received.
    pub(super) async fn send(&self, form: &Form, repeatable: bool) -> Result<Response, ErrorKind> {
        let (pooled, generation) = {
            let pool = lock(&self.pool);
            (pool.http.clone(), pool.generation)
        };
        let sent = self.send_with(if repeatable { pooled } else { self.fresh.clone() }, form).await;
        let lost = match &sent {
            Ok(response) => response.body.as_ref().err(),
            Err(kind) => Some(kind),
        };
        if matches!(lost, Some(ErrorKind::MaybeSent(_))) {
            self.replace_pool(generation);
        }
        sent
    }

    /// Replaces the pool of this `generation`, unless another request has done so.
    fn replace_pool(&self, generation: u32) {
        let mut pool = lock(&self.pool);
        if pool.generation != generation {
            return;
        }
        if let Ok(http) = self.settings.client(usize::MAX) {
            *pool = Pool { http, generation: generation.wrapping_add(1) };
        }
    }

    async fn send_with(&self, http: reqwest::Client, form: &Form) -> Result<Response, ErrorKind> {
        let response = http
            .post(self.settings.base_url.as_url().clone())
            .header("U-Timestamp-Ms", unix_ms())
            .form(form.as_map())
            .send()
            .await
            .map_err(|error| self.settings.failure(error))?;
        Ok(Response {
            status: response.status().as_u16(),
            request_id: text(response.headers(), REQUEST_ID),
            retry_after: seconds(response.headers()),
            body: read(response).await,
        })
    }
}

impl HttpSettings {
    /// Creates a client that keeps at most `max_idle` unused connections.
    fn client(&self, max_idle: usize) -> Result<reqwest::Client, ErrorKind> {
        let Self { base_url, network, timeout, user_agent } = self;
        let unprocessed =
            retry::for_host(base_url.host_and_port().0).no_budget().classify_fn(|attempt| {
                match attempt.error() {
                    Some(error) if is_unprocessed(error) => attempt.retryable(),
                    _ => attempt.success(),
                }
            });
        let mut builder = reqwest::Client::builder()
            .user_agent(user_agent)
            .timeout(*timeout)
            .connect_timeout((*timeout).min(CONNECT_TIMEOUT))
            .redirect(redirect::Policy::none())
            .retry(unprocessed)
            .gzip(true)
            .pool_max_idle_per_host(max_idle)
            .tcp_keepalive(TCP_KEEPALIVE);
        let unusable = |error: reqwest::Error| ErrorKind::Unsent {
            at: Stage::Settings,
            cause: causes(&error.without_url()),
        };
        match &network.proxy {
            Some(proxy) => {
                let proxy = reqwest::Proxy::all(proxy.url.clone()).map_err(unusable)?;
                builder = builder.proxy(proxy);
            }
            // A request to this machine may be unencrypted and must not pass through a proxy.
            // Windows and macOS have further proxy settings, which reqwest reads.
            None if base_url.is_loopback() || !cfg!(any(windows, target_os = "macos")) => {
                builder = builder.no_proxy();
            }
            None => {}
        }
        if base_url.as_url().scheme() == "http" {
            builder = builder.tls_certs_only([]);
        } else if let Some(certificates) = &network.certificates {
            builder = builder.tls_backend_preconfigured(tls(certificates.roots.clone())?);
        }
        builder.build().map_err(unusable)
    }

    /// Returns the kind of a failure before the headers of a response. Name resolution, connect, TLS
    /// handshake and a refusing proxy come before the first byte of a request. All later failures
    /// count as sent: a server that closed the connection at once may have read the whole request.
    fn failure(&self, error: reqwest::Error) -> ErrorKind {
        let error = error.without_url();
        if error.is_builder() {
            return ErrorKind::Unsent { at: Stage::Settings, cause: causes(&error) };
        }
        if error.is_connect() {
            return self.unconnected(&error);
        }
        if is_unprocessed(&error) {
            let cause = format!("the server refused the HTTP/2 stream: {}", causes(&error));
            return ErrorKind::Unsent { at: Stage::Stream, cause };
        }
        lost(&error)
    }

    fn unconnected(&self, error: &reqwest::Error) -> ErrorKind {
        let Self { base_url, network: Network { proxy, certificates }, .. } = self;
        let (host, port) = base_url.host_and_port();
        let route = match proxy {
            Some(proxy) => format!("{host}:{port} through the proxy {proxy}"),
            None => format!("{host}:{port}"),
        };
        let reason = causes(error);
        if is_distrust(error) {
            let origin = certificates.as_ref().map_or("those of the system", |from| &from.origin);
            let cause = format!("no trust in {route}: {reason}; trusted certificates: {origin}");
            return ErrorKind::Unsent { at: Stage::Certificate, cause };
        }
        let (at, reason) = match proxy {
            Some(proxy) => proxy.failure(reason),
            None => (Stage::Connection, reason),
        };
        ErrorKind::Unsent { at, cause: format!("no connection to {route}: {reason}") }
    }
}

/// TLS with these authorities, and the HTTP versions that reqwest offers by default.
fn tls(roots: Arc<RootCertStore>) -> Result<ClientConfig, ErrorKind> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| ErrorKind::Unsent { at: Stage::Settings, cause: error.to_string() })?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
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
    while let Some(piece) = response.chunk().await.map_err(|error| lost(&error.without_url()))? {
        if body.len() + piece.len() > MAX_BODY {
            return Err(ErrorKind::TooLarge { limit: MAX_BODY });
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

/// Returns the kind of a failure of which the request may have been processed.
fn lost(error: &reqwest::Error) -> ErrorKind {
    if error.is_timeout() {
        return ErrorKind::MaybeSent(Lost::TimedOut);
    }
    let cause = causes(error);
    let cause = cause.replace(HYPER_CLOSED, "the server closed the connection");
    ErrorKind::MaybeSent(Lost::Interrupted(cause))
}

/// Returns true if the server has certainly not processed the request: it refused the HTTP/2 stream,
/// or closed the connection and reported that the last stream it processed is an earlier one.
fn is_unprocessed(error: &(dyn StdError + 'static)) -> bool {
    chain(error).any(|cause| match cause.downcast_ref::<h2::Error>() {
        Some(error) if error.is_remote() => {
            error.is_go_away() || error.reason() == Some(h2::Reason::REFUSED_STREAM)
        }
        _ => false,
    })
}

/// Returns true if the server's certificate was not accepted.
fn is_distrust(error: &reqwest::Error) -> bool {
    chain(error)
        .any(|cause| matches!(cause.downcast_ref(), Some(rustls::Error::InvalidCertificate(_))))
}

/// Returns `error` and its causes.
fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |cause| source(*cause))
}

/// Returns the source of `cause`, or the error inside an I/O error, which its `source` skips.
fn source<'a>(cause: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match cause.downcast_ref::<io::Error>() {
        Some(wrapper) => wrapper.get_ref().map(|inner| inner as &(dyn StdError + 'static)),
        None => cause.source(),
    }
}

/// Returns the causes of `error` in plain words. An error of the operating system is named without
/// its number and phase. The outermost messages, of reqwest and of hyper's client, only name the
/// phase in which the error occurred.
fn causes(error: &reqwest::Error) -> String {
    let mut io_errors = chain(error).filter_map(|cause| cause.downcast_ref::<io::Error>());
    if let Some(kind) = io_errors.find(|error| error.raw_os_error().is_some()).map(io::Error::kind)
        && kind.to_string() != "uncategorized error"
    {
        return kind.to_string();
    }
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
