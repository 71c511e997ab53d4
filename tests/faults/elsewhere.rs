//! Addresses at which there is no cloud.

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    task::JoinHandle,
};

use super::trouble::{Trouble, Unreachable};
use crate::support::{nowhere::Nowhere, tls::self_signed_server};

/// Two servers that are not what is looked for, and one address without any.
pub(super) struct Elsewhere {
    nowhere: Nowhere,
    untrusted: String,
    no_tls: String,
    tasks: [JoinHandle<()>; 2],
}

impl Elsewhere {
    pub(super) async fn new() -> Self {
        let (untrusted, no_tls) = (listen().await, listen().await);
        let url = |listener: &TcpListener| {
            format!("https://localhost:{}", listener.local_addr().unwrap().port())
        };
        Self {
            nowhere: Nowhere::new(),
            untrusted: url(&untrusted),
            no_tls: url(&no_tls),
            tasks: [
                tokio::spawn(accept_with_tls(untrusted)),
                tokio::spawn(accept_without_tls(no_tls)),
            ],
        }
    }

    /// Where the provider looks for the cloud, if that is what is wrong.
    pub(super) fn url(&self, trouble: &Trouble) -> Option<String> {
        let Trouble::Unreachable(why) = trouble else { return None };
        Some(match why {
            Unreachable::Refused => self.nowhere.url(),
            Unreachable::NoSuchName => "https://compshare.invalid".to_owned(),
            Unreachable::NoTls => self.no_tls.clone(),
            Unreachable::Untrusted => self.untrusted.clone(),
        })
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

async fn listen() -> TcpListener {
    TcpListener::bind(("127.0.0.1", 0)).await.unwrap()
}

/// Answers whatever comes in plain text.
async fn accept_without_tls(listener: TcpListener) {
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        tokio::spawn(async move {
            // What is left unread would make the end a reset.
            let mut handshake = vec![0; 16 * 1024];
            if stream.read(&mut handshake).await.is_ok_and(|length| length > 0) {
                let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            }
        });
    }
}

/// Does whatever handshakes come, with a certificate that it made itself.
async fn accept_with_tls(listener: TcpListener) {
    let acceptor = self_signed_server();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let acceptor = acceptor.clone();
        tokio::spawn(async move { acceptor.accept(stream).await.map(drop) });
    }
}
