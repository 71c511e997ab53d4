//! Connections: the socket that accepts them, their TLS handshakes, and their number.
//!
//! Each handshake runs in a task of its own, and a failed one is logged and dropped: no peer can end
//! the server or delay another peer.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpListener,
    sync::{mpsc, watch},
    task::JoinSet,
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::Connected;

use super::tls::Acceptor;

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

/// Bidirectional byte stream.
pub(super) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// Listening socket.
#[derive(Debug)]
pub(super) enum Socket {
    #[cfg(unix)]
    Unix(tokio::net::UnixListener),
    Tcp(TcpListener),
}

impl Socket {
    pub(super) async fn accept(&self) -> io::Result<Box<dyn Duplex>> {
        match self {
            #[cfg(unix)]
            Self::Unix(listener) => Ok(Box::new(listener.accept().await?.0)),
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                // gRPC messages here are small, and each side waits for the other's.
                stream.set_nodelay(true)?;
                Ok(Box::new(stream))
            }
        }
    }
}

/// Number of open connections. Each counts until it is dropped.
#[derive(Clone, Debug, Default)]
pub(super) struct OpenConnections(Arc<watch::Sender<usize>>);

impl OpenConnections {
    pub(super) fn watch(&self) -> watch::Receiver<usize> {
        self.0.subscribe()
    }

    pub(super) fn open(&self) -> Open {
        self.0.send_modify(|count| *count += 1);
        Open(self.clone())
    }

    pub(super) fn connection(&self, stream: Box<dyn Duplex>) -> Connection {
        Connection { stream, _open: self.open() }
    }
}

/// Guard that counts one connection.
#[derive(Debug)]
pub(super) struct Open(OpenConnections);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.0.send_modify(|count| *count -= 1);
    }
}

/// Connection whose peer is authenticated, if TLS is used at all.
pub(super) struct Connection {
    stream: Box<dyn Duplex>,
    _open: Open,
}

impl Connected for Connection {
    /// The peer is authenticated during the TLS handshake; services do not need its address.
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
