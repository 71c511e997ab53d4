//! The same server on TCP, as on systems where hosts expect it, run within the test.

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

/// Serves on a free port; the sender ends it.
fn serve(
    acceptor: Option<Acceptor>,
    owner: Owner,
) -> (Address, JoinHandle<Result<(), Error>>, oneshot::Sender<()>) {
    let listener = Listener::bind(&Place::Ports(0..=0)).unwrap();
    let address = Address::new(listener.address().network(), &listener.address().to_string());
    let (stop, stopped) = oneshot::channel();
    let shutdown = async move {
        let _ = stopped.await;
    };
    let served = tokio::spawn(serve_on(listener, acceptor, owner, Services::default(), shutdown));
    (address, served, stop)
}

async fn assert_ended(served: JoinHandle<Result<(), Error>>) {
    timeout(LIMIT, served).await.expect("it does not end").unwrap().unwrap();
}

#[tokio::test]
async fn mutual_tls_guards_a_port_that_every_local_user_can_reach() {
    let identity = Identity::new();
    let acceptor = Acceptor::for_client(identity.certificate.clone()).unwrap();
    let server = acceptor.certificate().clone();
    let (address, served, _stop) =
        serve(Some(acceptor), Owner::Host(HostTimeouts::default(), Parent::of_process()));

    let thief = identity.with_a_wrong_key().connector(server.clone());
    if let Ok(channel) = connect(&address, Some(thief)).await {
        assert!(health(&channel, "plugin").await.is_err());
    }
    let channel = connect(&address, Some(identity.connector(server))).await.unwrap();
    assert_eq!(health(&channel, "plugin").await.unwrap(), 1);
    shut_down(&channel).await.unwrap();
    assert_ended(served).await;
}

#[tokio::test]
async fn it_ends_when_whoever_runs_it_says_so() {
    let (address, served, stop) = serve(None, Owner::Developer);
    let channel = connect(&address, None).await.unwrap();
    assert_eq!(health(&channel, "plugin").await.unwrap(), 1);
    stop.send(()).unwrap();
    assert_ended(served).await;
}

#[tokio::test]
async fn a_host_that_hangs_up_for_longer_than_patience_allows_ends_it() {
    let (address, served, _stop) = serve(None, Owner::Host(TIMEOUTS, Parent::of_process()));
    let channel = connect(&address, None).await.unwrap();
    assert_eq!(health(&channel, "plugin").await.unwrap(), 1);
    drop(channel);
    assert_ended(served).await;
}

/// As the kernel has it, which knows nothing of what the server believes.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn nobody_on_the_network_reaches_the_port() {
    let (address, _served, _stop) = serve(None, Owner::Developer);
    let Address::Tcp(address) = address else { panic!("no port: {address:?}") };
    let address: SocketAddr = address.parse().unwrap();
    let is_on_the_port = |socket: &Socket| match socket {
        Socket::Tcp { local, listens: true, .. } => local.port() == address.port(),
        _ => false,
    };
    let mut listening = Proc::of(std::process::id()).sockets();
    listening.retain(is_on_the_port);
    let [Socket::Tcp { local, .. }] = &listening[..] else { panic!("{listening:?}") };
    assert!(local.ip().is_loopback(), "{local}");
}
