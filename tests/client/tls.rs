//! Who is not trusted is told nothing.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use terraform_provider_compshare::compshare::ErrorKind;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;
use crate::support::tls::self_signed_server;

#[tokio::test]
async fn a_certificate_of_unknown_origin_is_refused_at_once() {
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
    assert!(matches!(error.kind(), ErrorKind::Unsent { permanent: true, .. }), "{error:?}");
    assert_eq!(error.attempts(), 1);
    assert!(error.to_string().contains("certificate"), "{error}");
    assert_eq!(received.load(Ordering::SeqCst), 0);
    server.abort();
}

#[tokio::test]
async fn a_handshake_that_fails_for_another_reason_is_tried_again() {
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
    assert!(matches!(error.kind(), ErrorKind::Unsent { permanent: false, .. }), "{error:?}");
    assert_eq!(error.attempts(), 3);
    server.abort();
}
