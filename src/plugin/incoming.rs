//! Accepting of connections, and their TLS handshakes.
//!
//! Each handshake runs in a task of its own, and a failed one is logged and dropped: no peer can end
//! the server or delay another peer.

use std::{io, time::Duration};

use tokio::{sync::mpsc, task::JoinSet};
use tokio_stream::wrappers::ReceiverStream;

use super::{
    connection::{Connection, OpenConnections},
    socket::{Duplex, Socket},
    tls::Acceptor,
};

/// Connections that may wait for the server. A host opens one or two.
const BACKLOG: usize = 16;

/// Pause after a failed `accept`: the likely cause, too many open files, does not pass at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Accepts connections on `socket` until the returned stream is dropped. With an `acceptor`, the
/// stream has only connections whose peer it has authenticated.
pub(super) fn accept(
    socket: Socket,
    acceptor: Option<Acceptor>,
    open: OpenConnections,
) -> ReceiverStream<io::Result<Connection>> {
    let (sender, connections) = mpsc::channel(BACKLOG);
    tokio::spawn(async move {
        // Dropped with this task, and every unfinished handshake with it.
        let mut handshakes = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                accepted = socket.accept() => accepted,
                () = sender.closed() => return,
                Some(_) = handshakes.join_next() => continue,
            };
            match accepted {
                Ok(stream) => {
                    let (acceptor, open, sender) = (acceptor.clone(), open.clone(), sender.clone());
                    handshakes.spawn(async move {
                        if let Some(stream) = admit(stream, acceptor).await {
                            // An error means that the server is ending.
                            let _ = sender.send(Ok(open.connection(stream))).await;
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    });
    ReceiverStream::new(connections)
}

async fn admit(stream: Box<dyn Duplex>, acceptor: Option<Acceptor>) -> Option<Box<dyn Duplex>> {
    let Some(acceptor) = acceptor else {
        return Some(stream);
    };
    match acceptor.accept(stream).await {
        Ok(stream) => Some(Box::new(stream)),
        Err(error) => {
            tracing::warn!(%error, "refused a connection: its TLS handshake failed");
            None
        }
    }
}
