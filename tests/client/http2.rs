//! HTTP/2: requests that the server refuses before it processes them.

use std::sync::Arc;

use rcgen::CertifiedKey;
use terraform_provider_compshare::compshare::{ErrorKind, Network, Stage};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpListener,
    time::Instant,
};
use tokio_rustls::TlsAcceptor;

use super::*;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

const NO_ERROR: u32 = 0;
const INTERNAL_ERROR: u32 = 2;
const REFUSED_STREAM: u32 = 7;
const CANCEL: u32 = 8;
const ENHANCE_YOUR_CALM: u32 = 11;

/// Reaction of the server to the first request of a connection.
#[derive(Clone, Copy, Debug)]
enum Reaction {
    Respond,
    /// RST_STREAM with this error.
    Reset(u32),
    /// GOAWAY with the last processed stream and this error, then the end of the connection.
    GoAway {
        last_stream: u32,
        error: u32,
    },
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Reacts to the requests of a connection as `reactions` say, one after the other.
async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    mut next: impl FnMut() -> Reaction,
) -> std::io::Result<()> {
    stream.read_exact(&mut [0; 24]).await?;
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).await?;
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        stream.read_exact(&mut vec![0; length as usize]).await?;
        let id = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        let (kind, flags) = (head[3], head[4]);
        if ![DATA, HEADERS].contains(&kind) || flags & END_STREAM == 0 {
            continue;
        }
        match next() {
            Reaction::Respond => {
                // Entry 8 of HPACK's static table: `:status: 200`.
                stream.write_all(&frame(HEADERS, END_HEADERS, id, &[0x88])).await?;
                stream.write_all(&frame(DATA, END_STREAM, id, STARTED.as_bytes())).await?;
            }
            Reaction::Reset(error) => {
                stream.write_all(&frame(RST_STREAM, 0, id, &error.to_be_bytes())).await?;
            }
            Reaction::GoAway { last_stream, error } => {
                let payload = [last_stream.to_be_bytes(), error.to_be_bytes()].concat();
                stream.write_all(&frame(GOAWAY, 0, 0, &payload)).await?;
                return stream.shutdown().await;
            }
        }
    }
}

/// Sends a start to a server that reacts to the first requests as `reactions` say, and responds to
/// all later ones. Returns the outcome and the number of requests.
async fn outcome(reactions: &[Reaction]) -> (Result<(), Error>, usize) {
    let CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let mut config = rustls::ServerConfig::builder_with_provider(Arc::new(
        rustls::crypto::aws_lc_rs::default_provider(),
    ))
    .with_safe_default_protocol_versions()
    .unwrap()
    .with_no_client_auth()
    .with_single_cert(
        vec![cert.der().clone()],
        rustls::pki_types::PrivatePkcs8KeyDer::from(signing_key.serialize_der()).into(),
    )
    .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let requests = Arc::new(std::sync::Mutex::new(0));
    let counted = Arc::clone(&requests);
    let reactions = reactions.to_vec();
    let server = tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let Ok(stream) = acceptor.accept(stream).await else { continue };
            let (counted, reactions) = (Arc::clone(&counted), reactions.clone());
            tokio::spawn(serve(stream, move || {
                let mut count = counted.lock().unwrap();
                *count += 1;
                reactions.get(*count - 1).copied().unwrap_or(Reaction::Respond)
            }));
        }
    });
    let trusted = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(trusted.path(), cert.pem()).unwrap();
    let settings = settings(&format!("https://localhost:{port}"));
    let environment = [("SSL_CERT_FILE", trusted.path())].into_iter().collect();
    let network = Network::read(&settings.base_url, &environment).await.unwrap();
    let client = client_through(network, Settings { max_retries: 0, ..settings });
    let outcome = client.call(&start()).await.map(drop);
    server.abort();
    let requests = *requests.lock().unwrap();
    (outcome, requests)
}

#[tokio::test]
async fn refused_request_is_sent_again_at_once() {
    for reaction in [
        Reaction::Reset(REFUSED_STREAM),
        Reaction::GoAway { last_stream: 0, error: NO_ERROR },
        Reaction::GoAway { last_stream: 0, error: ENHANCE_YOUR_CALM },
    ] {
        let began = Instant::now();
        let (outcome, requests) = outcome(&[reaction]).await;
        outcome.unwrap_or_else(|error| panic!("{reaction:?}: {error:?}"));
        assert_eq!(requests, 2, "{reaction:?}");
        assert!(began.elapsed() < Duration::from_secs(2), "{reaction:?}: {:?}", began.elapsed());
    }
}

#[tokio::test]
async fn request_that_is_always_refused_is_unsent() {
    let (outcome, requests) = outcome(&[Reaction::Reset(REFUSED_STREAM); 9]).await;
    let error = outcome.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Unsent { at: Stage::Stream, .. }), "{error:?}");
    assert!(!error.may_have_happened());
    assert_eq!(requests, 3);
}

#[tokio::test]
async fn start_that_may_have_been_processed_is_not_resent() {
    for reaction in [
        Reaction::Reset(CANCEL),
        Reaction::Reset(INTERNAL_ERROR),
        Reaction::GoAway { last_stream: 1, error: NO_ERROR },
        Reaction::GoAway { last_stream: 1, error: ENHANCE_YOUR_CALM },
    ] {
        let (outcome, requests) = outcome(&[reaction]).await;
        let error = outcome.unwrap_err();
        assert!(error.may_have_happened(), "{reaction:?}: {error:?}");
        assert_eq!(requests, 1, "{reaction:?}");
    }
}
