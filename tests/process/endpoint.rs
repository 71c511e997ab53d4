//! Endpoints that hosts connect to: the Unix socket of the real binary, and a TCP port of the same
//! server within the test, as on Windows.

use std::{future, io::ErrorKind};

use rustls::{AlertDescription, pki_types::CertificateDer};
use terraform_provider_compshare::plugin::{
    Acceptor, HostTimeouts, Listener, Owner, Parent, Place, Services, serve_on,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::timeout,
};
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Error};

use crate::support::host::{
    Address, Host, Identity, LIMIT, Launch, Process, Stream, connect, dial, health,
};

/// A server with mutual TLS.
pub(super) struct Endpoint {
    pub(super) address: Address,
    /// Certificate of the server.
    pub(super) certificate: CertificateDer<'static>,
    server: Server,
}

enum Server {
    Binary(Box<Process>),
    Test(Identity),
}

impl Endpoint {
    /// Returns one endpoint of each kind.
    pub(super) async fn both() -> [Self; 2] {
        [Self::binary(Identity::new()).await, Self::test(Identity::new())]
    }

    /// Starts the real binary, for a host with this identity.
    pub(super) async fn binary(identity: Identity) -> Self {
        let Host { line, process } = Launch::new().of(identity).start().await;
        let certificate = line.certificate.unwrap();
        Self { address: line.address, certificate, server: Server::Binary(Box::new(process)) }
    }

    /// Starts a server on a free port, for as long as the test runs.
    pub(super) fn test(identity: Identity) -> Self {
        let acceptor = Acceptor::for_client(identity.certificate.clone()).unwrap();
        let certificate = acceptor.certificate().clone();
        let listener = Listener::bind(&Place::Ports(0..=0)).unwrap();
        let address = Address::of(&listener);
        let owner = Owner::Host(HostTimeouts::default(), Parent::of_process());
        let services = Services::default();
        tokio::spawn(serve_on(listener, Some(acceptor), owner, services, future::pending()));
        Self { address, certificate, server: Server::Test(identity) }
    }

    /// Identity of the host.
    pub(super) fn identity(&self) -> &Identity {
        match &self.server {
            Server::Binary(process) => process.identity(),
            Server::Test(identity) => identity,
        }
    }

    /// Process ID of the binary.
    pub(super) fn pid(&self) -> u32 {
        let Server::Binary(process) = &self.server else {
            panic!("the server has no process of its own")
        };
        process.pid()
    }

    /// Connects as the host.
    pub(super) async fn connect(&self) -> Result<Channel, Error> {
        let tls = self.identity().connector(self.certificate.clone());
        connect(&self.address, Some(tls)).await
    }

    /// Asserts that the host can connect.
    pub(super) async fn assert_serving(&self) {
        assert_eq!(health(&self.connect().await.unwrap(), "plugin").await.unwrap(), 1);
    }

    /// Waits until the log contains `part`; a server within the test has no log.
    pub(super) async fn logged(&mut self, part: &str) {
        if let Server::Binary(process) = &mut self.server {
            process.logged(part).await;
        }
    }

    /// Opens a connection without a TLS handshake.
    pub(super) async fn dial(&self) -> Box<dyn Stream> {
        dial(&self.address).await.unwrap()
    }

    /// Connects with a refused identity. Returns the alert, which a TLS 1.3 client receives only
    /// after its own handshake.
    pub(super) async fn refusal(&self, tls: TlsConnector) -> AlertDescription {
        let stream = self.dial().await;
        let attempt = async {
            let mut stream = tls.connect("localhost".try_into().unwrap(), stream).await?;
            stream.read(&mut [0; 64]).await
        };
        let error = match timeout(LIMIT, attempt).await.expect("no response in time") {
            Ok(length) => panic!("accepted, and received {length} bytes"),
            Err(error) => error,
        };
        match error.get_ref().and_then(|cause| cause.downcast_ref()) {
            Some(rustls::Error::AlertReceived(alert)) => *alert,
            _ => panic!("no alert: {error:?}"),
        }
    }

    /// Sends `bytes`. Returns all that is received until the connection is closed.
    pub(super) async fn response_to(&self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = self.dial().await;
        stream.write_all(bytes).await.unwrap();
        remainder(stream).await
    }
}

/// Returns all bytes from `stream` until it is closed; panics if it stays open.
pub(super) async fn remainder(mut stream: Box<dyn Stream>) -> Vec<u8> {
    let mut bytes = Vec::new();
    match timeout(2 * LIMIT, stream.read_to_end(&mut bytes))
        .await
        .expect("the connection stays open")
    {
        // The server closed the connection before it read all bytes.
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        end => drop(end.unwrap()),
    }
    bytes
}
