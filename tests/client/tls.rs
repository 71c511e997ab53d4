//! Servers that are not trusted receive no request.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use terraform_provider_compshare::compshare::{ErrorKind, Stage};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;
use crate::support::tls::self_signed_server;

#[tokio::test]
async fn untrusted_certificate_fails_without_retry() {
    let acceptor = self_signed_server();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let received = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&received);
    let server = tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            counted
                .fetch_add(stream.read(&mut [0; 100]).await.unwrap_or_default(), Ordering::SeqCst);
        }
    });
    let client = client(settings(&format!("https://localhost:{port}")));
    let error = client.call(&start()).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Unsent { at: Stage::Certificate, .. }), "{error:?}");
    assert_eq!(error.attempts, 1);
    assert!(error.to_string().contains("certificate"), "{error}");
    assert_eq!(received.load(Ordering::SeqCst), 0);
    server.abort();
}

#[tokio::test]
async fn failed_tls_handshake_is_retried() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let error =
        client(settings(&format!("https://localhost:{port}"))).call(&start()).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Unsent { at: Stage::Connection, .. }), "{error:?}");
    assert_eq!(error.attempts, 3);
    server.abort();
}
