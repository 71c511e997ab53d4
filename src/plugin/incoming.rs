//! From a bound socket to a stream of connections that have proved who they are.
//!
//! Nothing a peer does can end the server or hold up another peer: each TLS handshake runs in a
//! task of its own, and one that fails is logged and dropped.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::{mpsc, watch},
    task::JoinSet,
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::Connected;

use super::{Acceptor, listener::Socket};

/// Connections that are ready and wait to be served. One host opens one or two.
const READY: usize = 16;

/// The pause after a failed `accept`: the likely cause, too many open files, does not pass at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Accepts on `socket` until the stream is dropped. With an `acceptor`, only connections it lets in
/// come out.
pub(super) fn accept(
    socket: Socket,
    acceptor: Option<Acceptor>,
    open: OpenConnections,
) -> ReceiverStream<io::Result<Connection>> {
    let (ready, connections) = mpsc::channel(READY);
    tokio::spawn(async move {
        // Dropped with this task, and with it each handshake that is still under way.
        let mut handshakes = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                accepted = socket.accept() => accepted,
                () = ready.closed() => return,
                Some(_) = handshakes.join_next() => continue,
            };
            match accepted {
                Ok(stream) => {
                    let (acceptor, open, ready) = (acceptor.clone(), open.clone(), ready.clone());
                    handshakes.spawn(async move {
                        if let Some(stream) = admit(stream, acceptor).await {
                            // An error means that the server is ending.
                            let _ = ready.send(Ok(open.connection(stream))).await;
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

/// A stream of bytes both ways.
trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

impl Socket {
    async fn accept(&self) -> io::Result<Box<dyn Duplex>> {
        match self {
            #[cfg(unix)]
            Self::Unix(listener) => Ok(Box::new(listener.accept().await?.0)),
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                // Small messages go both ways and each waits for the other.
                stream.set_nodelay(true)?;
                Ok(Box::new(stream))
            }
        }
    }
}

/// How many connections there are now; each counts until it is dropped.
#[derive(Clone, Debug, Default)]
pub(super) struct OpenConnections(Arc<watch::Sender<usize>>);

impl OpenConnections {
    /// Follows the number.
    pub(super) fn watch(&self) -> watch::Receiver<usize> {
        self.0.subscribe()
    }

    /// Counts one more.
    pub(super) fn open(&self) -> Open {
        self.0.send_modify(|count| *count += 1);
        Open(self.clone())
    }

    fn connection(&self, stream: Box<dyn Duplex>) -> Connection {
        Connection { stream, _open: self.open() }
    }
}

/// Counts one connection for as long as it lives.
#[derive(Debug)]
pub(super) struct Open(OpenConnections);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.0.send_modify(|count| *count -= 1);
    }
}

/// A connection that may be served.
pub(super) struct Connection {
    stream: Box<dyn Duplex>,
    _open: Open,
}

impl Connected for Connection {
    /// Who the peer is has been settled before; no service needs to know.
    type ConnectInfo = ();

    fn connect_info(&self) {}
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
