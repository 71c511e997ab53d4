//! Addresses at which the provider cannot reach the API.

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    task::JoinHandle,
};

use super::fault::{ConnectionFailure, Fault, Kind};
use crate::support::{closed_port::ClosedPort, tls::self_signed_server};

/// Two servers that are not the API, and one address without a server.
pub(super) struct UnreachableServers {
    closed_port: ClosedPort,
    untrusted: String,
    plain_text: String,
    tasks: [JoinHandle<()>; 2],
}

impl UnreachableServers {
    pub(super) async fn start() -> Self {
        let (untrusted, plain_text) = (listen().await, listen().await);
        let url = |listener: &TcpListener| {
            format!("https://localhost:{}", listener.local_addr().unwrap().port())
        };
        Self {
            closed_port: ClosedPort::new(),
            untrusted: url(&untrusted),
            plain_text: url(&plain_text),
            tasks: [
                tokio::spawn(accept_with_tls(untrusted)),
                tokio::spawn(accept_without_tls(plain_text)),
            ],
        }
    }

    /// Base URL of the provider under `fault`, if the fault is an unreachable API.
    pub(super) fn url(&self, fault: &Fault) -> Option<String> {
        let Kind::Unreachable(why) = fault.kind else { return None };
        Some(match why {
            ConnectionFailure::ConnectionRefused => self.closed_port.url(),
            ConnectionFailure::UnknownHost => "https://compshare.invalid".to_owned(),
            ConnectionFailure::PlainText => self.plain_text.clone(),
            ConnectionFailure::UntrustedCertificate => self.untrusted.clone(),
        })
    }
}

impl Drop for UnreachableServers {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

async fn listen() -> TcpListener {
    TcpListener::bind(("127.0.0.1", 0)).await.unwrap()
}

/// Answers every connection in plain text.
async fn accept_without_tls(listener: TcpListener) {
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        tokio::spawn(async move {
            // Unread bytes would turn the end of the connection into a reset.
            let mut handshake = vec![0; 16 * 1024];
            if stream.read(&mut handshake).await.is_ok_and(|length| length > 0) {
                let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            }
        });
    }
}

/// Accepts TLS handshakes with a self-signed certificate.
async fn accept_with_tls(listener: TcpListener) {
    let acceptor = self_signed_server();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let acceptor = acceptor.clone();
        tokio::spawn(async move { acceptor.accept(stream).await.map(drop) });
    }
}
