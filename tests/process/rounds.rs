//! Start after start, and end after end: nothing is left of any of them.

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

/// What a host opens at once and keeps open, and a question to the provider.
async fn use_as_a_host(channel: &Channel) {
    let _output = stdio(channel).stream_stdio(()).await.unwrap();
    let silence = tokio_stream::pending::<ConnInfo>();
    let _brokered = broker(channel).start_stream(silence).await.unwrap();
    let schemas = provider(channel.clone()).get_schema(Request::default()).await.unwrap();
    assert!(schemas.into_inner().provider.is_some());
}

#[tokio::test]
async fn the_binary_leaves_no_process_and_no_file_behind() {
    let temporary = tempfile::tempdir().unwrap();
    let began = Instant::now();
    let count = rounds(50);
    for round in 0..count {
        let launch = Launch::new().with("TMPDIR", temporary.path().to_str().unwrap());
        let host = launch.start().await;
        assert_eq!(entries(temporary.path()).len(), 1, "round {round}: one socket");
        let channel = host.connect().await;
        use_as_a_host(&channel).await;
        let stranger = dial(&host.line.address).await.unwrap();
        if round % 2 == 0 {
            shut_down(&channel).await.unwrap();
        } else {
            host.process.signal(Signal::TERM);
        }
        let ended = host.process.ended().await;
        assert_eq!(ended.status.code(), Some(0), "round {round}: {:?}", ended.stderr);
        assert!(entries(temporary.path()).is_empty(), "round {round}");
        drop(stranger);
    }
    println!("starts and ends of the binary: {count} in {:.1?}, no file left", began.elapsed());
}

/// The same server within this test, where the tasks it has started can be counted.
#[tokio::test]
async fn a_server_that_has_ended_has_no_task_and_no_socket_any_more() {
    let temporary = tempfile::tempdir().unwrap();
    let identity = Identity::new();
    let tasks = || Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    let began = Instant::now();
    let count = rounds(50);
    for round in 0..count {
        let place = match round % 2 {
            0 => Place::Socket { parent: temporary.path().to_owned(), group: None },
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

/// A server from its beginning to its end, with a host and a stranger who says nothing.
async fn serve_once(place: &Place, identity: &Identity) {
    let acceptor = Acceptor::for_client(identity.certificate.clone()).unwrap();
    let tls = identity.connector(acceptor.certificate().clone());
    let listener = Listener::bind(place).unwrap();
    let address = Address::new(listener.address().network(), &listener.address().to_string());
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
    let mut stranger = dial(&address).await.unwrap();
    stranger.write_all(&[0x16, 0x03, 0x01]).await.unwrap();
    shut_down(&channel).await.unwrap();
    timeout(LIMIT, served).await.expect("it does not end").unwrap().unwrap();
    drop(channel);
    until_it_listens_no_more(&address, &tls).await;
}

/// Until it cannot be spoken with. A port of its own may be somebody else's by then, who does not have its certificate.
async fn until_it_listens_no_more(address: &Address, tls: &TlsConnector) {
    let gone = async {
        while connect(address, Some(tls.clone())).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    timeout(LIMIT, gone).await.expect("it still accepts");
}
