//! Where connections come in: the Unix socket of the real binary, and a TCP port of the same server within the test, as on
//! systems where hosts expect one.

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

/// A server behind mutual TLS.
pub(super) struct Door {
    pub(super) address: Address,
    /// What it presents.
    pub(super) certificate: CertificateDer<'static>,
    behind: Behind,
}

/// Who serves.
enum Behind {
    Binary(Box<Process>),
    Test(Identity),
}

impl Door {
    /// One of each kind.
    pub(super) async fn both() -> [Self; 2] {
        [Self::binary(Identity::new()).await, Self::test(Identity::new())]
    }

    /// Of the real binary, for a host with this identity.
    pub(super) async fn binary(identity: Identity) -> Self {
        let Host { line, process } = Launch::new().of(identity).start().await;
        let certificate = line.certificate.unwrap();
        Self { address: line.address, certificate, behind: Behind::Binary(Box::new(process)) }
    }

    /// On a free port, as long as the test runs.
    pub(super) fn test(identity: Identity) -> Self {
        let acceptor = Acceptor::for_client(identity.certificate.clone()).unwrap();
        let certificate = acceptor.certificate().clone();
        let listener = Listener::bind(&Place::Ports(0..=0)).unwrap();
        let address = Address::new(listener.address().network(), &listener.address().to_string());
        let owner = Owner::Host(HostTimeouts::default(), Parent::of_process());
        let services = Services::default();
        tokio::spawn(serve_on(listener, Some(acceptor), owner, services, future::pending()));
        Self { address, certificate, behind: Behind::Test(identity) }
    }

    /// Who is to be let in.
    pub(super) fn identity(&self) -> &Identity {
        match &self.behind {
            Behind::Binary(process) => process.identity(),
            Behind::Test(identity) => identity,
        }
    }

    /// The process of the binary.
    pub(super) fn pid(&self) -> u32 {
        let Behind::Binary(process) = &self.behind else { panic!("it is within the test") };
        process.pid()
    }

    /// What the host makes of it.
    pub(super) async fn connect(&self) -> Result<Channel, Error> {
        let tls = self.identity().connector(self.certificate.clone());
        connect(&self.address, Some(tls)).await
    }

    /// Asserts that the host gets in.
    pub(super) async fn assert_serving(&self) {
        assert_eq!(health(&self.connect().await.unwrap(), "plugin").await.unwrap(), 1);
    }

    /// Waits until the log has `part`, where there is one.
    pub(super) async fn logged(&mut self, part: &str) {
        if let Behind::Binary(process) = &mut self.behind {
            process.logged(part).await;
        }
    }

    /// A connection on which nothing has been said.
    pub(super) async fn knock(&self) -> Box<dyn Stream> {
        dial(&self.address).await.unwrap()
    }

    /// What a client is told that does not get in. In TLS 1.3 it learns that only after its own handshake.
    pub(super) async fn refusal(&self, tls: TlsConnector) -> AlertDescription {
        let stream = self.knock().await;
        let attempt = async {
            let mut stream = tls.connect("localhost".try_into().unwrap(), stream).await?;
            stream.read(&mut [0; 64]).await
        };
        let error = match timeout(LIMIT, attempt).await.expect("no answer in time") {
            Ok(length) => panic!("got in, and was sent {length} bytes"),
            Err(error) => error,
        };
        match error.get_ref().and_then(|cause| cause.downcast_ref()) {
            Some(rustls::Error::AlertReceived(alert)) => *alert,
            _ => panic!("no alert: {error:?}"),
        }
    }

    /// All that comes back for `bytes` until the connection is closed.
    pub(super) async fn answer(&self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = self.knock().await;
        stream.write_all(bytes).await.unwrap();
        remainder(stream).await
    }
}

/// All that comes from `stream` until it is closed, which has to be soon.
pub(super) async fn remainder(mut stream: Box<dyn Stream>) -> Vec<u8> {
    let mut answer = Vec::new();
    match timeout(2 * LIMIT, stream.read_to_end(&mut answer)).await.expect("it is kept open") {
        // It was closed before all that was sent had been read.
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        end => drop(end.unwrap()),
    }
    answer
}
