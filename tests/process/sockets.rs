//! Sockets of the process, as the kernel lists them.

use std::{net::SocketAddr, path::Path, time::Duration};

use serde_json::json;
use terraform_provider_compshare::simulator::{Options, Simulator};
use tokio::time::sleep;

use super::account;
use crate::support::{
    host::Launch,
    proc::{Proc, Socket},
    terraform_core::Terraform,
};

const ID: &str = "uhost-1";

/// Uses each kind of object of the provider once.
async fn use_all_kinds(terraform: &mut Terraform) {
    let this = json!({"instance_id": ID});
    terraform.run(this.clone()).await.unwrap();
    terraform.refresh().await.unwrap();
    terraform.read_data("compshare_instances", &json!({})).await.unwrap();
    terraform.open("compshare_instance_login", &this).await.unwrap();
    assert_eq!(terraform.query(&json!({}), true, 10).await.unwrap().len(), 1);
    terraform.invoke("compshare_instance_stop", &this).await.succeed();
}

/// Lists the sockets of `process` repeatedly during `work`.
async fn sockets_during(process: &Proc, work: impl Future<Output = ()>) -> Vec<Vec<Socket>> {
    let mut samples: Vec<Vec<Socket>> = Vec::new();
    let sampling = async {
        loop {
            samples.push(process.sockets());
            sleep(Duration::from_millis(3)).await;
        }
    };
    tokio::select! {
        () = work => {}
        () = sampling => {}
    }
    samples
}

/// Returns the number of sockets without a name: the ends of pipes within the process.
fn unnamed(sockets: &[Socket]) -> usize {
    sockets.iter().filter(|socket| matches!(socket, Socket::Unix { path: None, .. })).count()
}

/// Asserts that the process listens only on `own` and connects only to `api`.
fn assert_confined(sockets: &[Socket], own: &Path, api: SocketAddr) {
    let mut listening = 0;
    for socket in sockets {
        match socket {
            Socket::Unix { path: Some(path), listens } if path == own => {
                listening += usize::from(*listens);
            }
            Socket::Unix { path: None, listens: false } => {}
            Socket::Tcp { peer, listens: false, .. } if *peer == api => {}
            other => panic!("unexpected socket: {other:?}"),
        }
    }
    assert_eq!(listening, 1);
}

#[tokio::test]
async fn process_connects_only_to_host_and_api() {
    let operation_time = Duration::from_millis(300);
    let cloud = Simulator::start(Options {
        instances: vec![json!({"UHostId": ID})],
        start_time: operation_time,
        stop_time: operation_time,
        ..Options::default()
    });
    let cloud = cloud.await.unwrap();
    let address: SocketAddr = cloud.url().strip_prefix("http://").unwrap().parse().unwrap();
    let host = Launch::new().start().await;
    let process = Proc::of(host.process.pid());
    let own = host.line.address.path();
    let pipes = unnamed(&process.sockets());

    let samples = sockets_during(&process, async {
        let mut terraform = Terraform::on(host.provider().await).await;
        terraform.configure(account(&cloud.url())).await.unwrap();
        use_all_kinds(&mut terraform).await;
    });
    let samples = samples.await;
    for sockets in &samples {
        assert_confined(sockets, own, address);
        assert_eq!(unnamed(sockets), pipes, "unexpected connection: {sockets:?}");
    }
    let is_tcp = |socket: &Socket| matches!(socket, Socket::Tcp { .. });
    let connected = samples.iter().filter(|sockets| sockets.iter().any(is_tcp)).count();
    assert!(connected > 0, "no API connection in {} samples", samples.len());
    println!(
        "sockets: {} samples, {connected} of them with a connection to the API, no others",
        samples.len()
    );
}
