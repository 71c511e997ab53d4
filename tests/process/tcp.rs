//! The plugin server on TCP, as on Windows, run within the test.

#[cfg(target_os = "linux")]
use std::net::SocketAddr;
use std::time::Duration;

use terraform_provider_compshare::plugin::{
    Acceptor, Error, HostTimeouts, Listener, Owner, Parent, Place, Services, serve_on,
};
use tokio::{sync::oneshot, task::JoinHandle, time::timeout};

use crate::support::host::{Address, Identity, LIMIT, connect, health, shut_down};
#[cfg(target_os = "linux")]
use crate::support::proc::{Proc, Socket};

const TIMEOUTS: HostTimeouts =
    HostTimeouts { connect: LIMIT, reconnect: Duration::from_millis(50) };

/// Starts a server on a free port. The returned sender ends it.
fn serve(
    acceptor: Option<Acceptor>,
    owner: Owner,
) -> (Address, JoinHandle<Result<(), Error>>, oneshot::Sender<()>) {
    let listener = Listener::bind(&Place::Ports(0..=0)).unwrap();
    let address = Address::of(&listener);
    let (stop, stopped) = oneshot::channel();
    let shutdown = async move {
        let _ = stopped.await;
    };
    let served = tokio::spawn(serve_on(listener, acceptor, owner, Services::default(), shutdown));
    (address, served, stop)
}

async fn assert_ended(served: JoinHandle<Result<(), Error>>) {
    timeout(LIMIT, served).await.expect("the server does not end").unwrap().unwrap();
}

#[tokio::test]
async fn tcp_port_requires_mutual_tls() {
    let identity = Identity::new();
    let acceptor = Acceptor::for_client(identity.certificate.clone()).unwrap();
    let server = acceptor.certificate().clone();
    let (address, served, _stop) =
        serve(Some(acceptor), Owner::Host(HostTimeouts::default(), Parent::of_process()));

    let wrong_key = identity.with_a_wrong_key().connector(server.clone());
    if let Ok(channel) = connect(&address, Some(wrong_key)).await {
        assert!(health(&channel, "plugin").await.is_err());
    }
    let channel = connect(&address, Some(identity.connector(server))).await.unwrap();
    assert_eq!(health(&channel, "plugin").await.unwrap(), 1);
    shut_down(&channel).await.unwrap();
    assert_ended(served).await;
}

#[tokio::test]
async fn server_ends_on_shutdown_future() {
    let (address, served, stop) = serve(None, Owner::Developer);
    let channel = connect(&address, None).await.unwrap();
    assert_eq!(health(&channel, "plugin").await.unwrap(), 1);
    stop.send(()).unwrap();
    assert_ended(served).await;
}

#[tokio::test]
async fn disconnected_host_ends_server_after_timeout() {
    let (address, served, _stop) = serve(None, Owner::Host(TIMEOUTS, Parent::of_process()));
    let channel = connect(&address, None).await.unwrap();
    assert_eq!(health(&channel, "plugin").await.unwrap(), 1);
    drop(channel);
    assert_ended(served).await;
}

/// Checked with the kernel's list of sockets.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn tcp_port_is_on_loopback_only() {
    let (address, _served, _stop) = serve(None, Owner::Developer);
    let Address::Tcp(address) = address else { panic!("no port: {address:?}") };
    let address: SocketAddr = address.parse().unwrap();
    let listens_on_port = |socket: &Socket| match socket {
        Socket::Tcp { local, listens: true, .. } => local.port() == address.port(),
        _ => false,
    };
    let mut listening = Proc::of(std::process::id()).sockets();
    listening.retain(listens_on_port);
    let [Socket::Tcp { local, .. }] = &listening[..] else { panic!("{listening:?}") };
    assert!(local.ip().is_loopback(), "{local}");
}
