//! An address at which nobody listens.

use tokio::net::TcpSocket;

/// A port that refuses every connection for as long as this lives.
///
/// It is bound, so that nobody else can have it: one that was let go again may soon be the listener of another test.
pub(crate) struct Nowhere(TcpSocket);

impl Nowhere {
    pub(crate) fn new() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
        Self(socket)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.0.local_addr().unwrap())
    }
}
