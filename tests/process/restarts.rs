//! Repeated starts and shutdowns; no process, task, file or socket remains.

use std::{future, time::Duration};

use rustix::process::Signal;
use terraform_provider_compshare::{
    environment::Environment,
    plugin::{
        Acceptor, HostTimeouts, Listener, Owner, Parent, Place, Services, rpc::ConnInfo, serve_on,
    },
    protocol::{
        Server,
        tfplugin5::{get_provider_schema::Request, provider_server::ProviderServer},
    },
    provider::CompshareProvider,
};
use tokio::{
    io::AsyncWriteExt as _,
    runtime::Handle,
    time::{Instant, timeout},
};
use tokio_rustls::TlsConnector;
use tonic::transport::Channel;

use super::until;
use crate::support::{
    effort::rounds,
    host::{
        Address, Identity, LIMIT, Launch, broker, connect, dial, entries, health, provider,
        shut_down, stdio,
    },
};

/// Opens the streams that a host keeps open, and requests the schemas.
async fn use_as_a_host(channel: &Channel) {
    let _output = stdio(channel).stream_stdio(()).await.unwrap();
    let no_messages = tokio_stream::pending::<ConnInfo>();
    let _brokered = broker(channel).start_stream(no_messages).await.unwrap();
    let schemas = provider(channel.clone()).get_schema(Request::default()).await.unwrap();
    assert!(schemas.into_inner().provider.is_some());
}

#[tokio::test]
async fn binary_leaves_no_process_and_no_file() {
    let temporary = tempfile::tempdir().unwrap();
    let began = Instant::now();
    let count = rounds(50);
    for round in 0..count {
        let launch = Launch::new().with("TMPDIR", temporary.path().to_str().unwrap());
        let host = launch.start().await;
        assert_eq!(entries(temporary.path()).len(), 1, "round {round}: one socket");
        let channel = host.connect().await;
        use_as_a_host(&channel).await;
        let idle = dial(&host.line.address).await.unwrap();
        if round % 2 == 0 {
            shut_down(&channel).await.unwrap();
        } else {
            host.process.signal(Signal::TERM);
        }
        let ended = host.process.ended().await;
        assert_eq!(ended.status.code(), Some(0), "round {round}: {:?}", ended.stderr);
        assert!(entries(temporary.path()).is_empty(), "round {round}");
        drop(idle);
    }
    println!("starts and ends of the binary: {count} in {:.1?}, no file left", began.elapsed());
}

/// Runs the server within the test, where its tasks can be counted.
#[tokio::test]
async fn ended_server_has_no_task_and_no_socket() {
    let temporary = tempfile::tempdir().unwrap();
    let identity = Identity::new();
    let tasks = || Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    let began = Instant::now();
    let count = rounds(50);
    for round in 0..count {
        let place = match round % 2 {
            0 => Place::Socket {
                parent: temporary.path().to_owned(),
                variable: "TMPDIR",
                group: None,
            },
            _ => Place::Ports(0..=0),
        };
        serve_once(&place, &identity).await;
        until(|| tasks() == before).await;
        assert!(entries(temporary.path()).is_empty(), "round {round}");
    }
    println!(
        "starts and ends of the server: {count} in {:.1?}, tasks {before} before and {} after",
        began.elapsed(),
        tasks()
    );
}

/// Starts and ends a server with a host and a client that does not finish its handshake.
async fn serve_once(place: &Place, identity: &Identity) {
    let acceptor = Acceptor::for_client(identity.certificate.clone()).unwrap();
    let tls = identity.connector(acceptor.certificate().clone());
    let listener = Listener::bind(place).unwrap();
    let address = Address::of(&listener);
    let server = ProviderServer::new(Server::new(CompshareProvider::new(Environment::default())));
    let timeouts = HostTimeouts { connect: LIMIT, reconnect: Duration::from_millis(50) };
    let served = tokio::spawn(serve_on(
        listener,
        Some(acceptor),
        Owner::Host(timeouts, Parent::of_process()),
        Services::default().with(server),
        future::pending(),
    ));
    let channel = connect(&address, Some(tls.clone())).await.unwrap();
    assert_eq!(health(&channel, "plugin").await.unwrap(), 1);
    use_as_a_host(&channel).await;
    let mut unfinished = dial(&address).await.unwrap();
    unfinished.write_all(&[0x16, 0x03, 0x01]).await.unwrap();
    shut_down(&channel).await.unwrap();
    timeout(LIMIT, served).await.expect("the server does not end").unwrap().unwrap();
    drop(channel);
    until_closed(&address, &tls).await;
}

/// Waits until the server does not accept connections. Another process may reuse its port, but does
/// not have its certificate.
async fn until_closed(address: &Address, tls: &TlsConnector) {
    let gone = async {
        while connect(address, Some(tls.clone())).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    timeout(LIMIT, gone).await.expect("the server still accepts connections");
}
