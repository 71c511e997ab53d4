//! Bound sockets and the byte streams of their connections.

use std::io;

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
};

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
