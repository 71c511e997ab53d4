//! Connections that a handler can break without sending a response.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use axum::{
    extract::connect_info::Connected,
    serve::{IncomingStream, Listener},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};

/// Switch that breaks a connection: from then on every write fails, so that no byte of a response
/// is sent.
#[derive(Clone, Debug, Default)]
pub(super) struct BreakSwitch(Arc<AtomicBool>);

impl BreakSwitch {
    pub(super) fn break_connection(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn check(&self) -> io::Result<()> {
        if self.0.load(Ordering::Relaxed) {
            Err(io::ErrorKind::ConnectionAborted.into())
        } else {
            Ok(())
        }
    }
}

impl Connected<IncomingStream<'_, BreakableListener>> for BreakSwitch {
    fn connect_info(stream: IncomingStream<'_, BreakableListener>) -> Self {
        stream.remote_addr().clone()
    }
}

/// Listener whose connections have a [`BreakSwitch`] in the place of the client's address.
pub(super) struct BreakableListener(pub(super) TcpListener);

impl Listener for BreakableListener {
    type Io = Connection;
    type Addr = BreakSwitch;

    async fn accept(&mut self) -> (Connection, BreakSwitch) {
        let (stream, _) = Listener::accept(&mut self.0).await;
        let switch = BreakSwitch::default();
        (Connection { stream, switch: switch.clone() }, switch)
    }

    fn local_addr(&self) -> io::Result<BreakSwitch> {
        Ok(BreakSwitch::default())
    }
}

/// Connection to a client, until its switch breaks it.
pub(super) struct Connection {
    stream: TcpStream,
    switch: BreakSwitch,
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
        self.switch.check()?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
