//! What the process listens on and connects to, as the kernel sees it.

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

/// Everything a practitioner can ask for, each thing once.
async fn use_all(terraform: &mut Terraform) {
    let this = json!({"instance_id": ID});
    terraform.run(this.clone()).await.unwrap();
    terraform.refresh().await.unwrap();
    terraform.read_data("compshare_instances", &json!({})).await.unwrap();
    terraform.open("compshare_instance_login", &this).await.unwrap();
    assert_eq!(terraform.query(&json!({}), true, 10).await.unwrap().len(), 1);
    terraform.invoke("compshare_instance_stop", &this).await.succeed();
}

/// Does `work`, and looks at the sockets of `process` meanwhile: all that was to be seen.
async fn sockets_during(process: &Proc, work: impl Future<Output = ()>) -> Vec<Vec<Socket>> {
    let mut looks: Vec<Vec<Socket>> = Vec::new();
    let look = async {
        loop {
            looks.push(process.sockets());
            sleep(Duration::from_millis(3)).await;
        }
    };
    tokio::select! {
        () = work => {}
        () = look => {}
    }
    looks
}

/// The number of `sockets` that nobody could find by a name: the two ends of pipes within the process.
fn nameless(sockets: &[Socket]) -> usize {
    sockets.iter().filter(|socket| matches!(socket, Socket::Unix { path: None, .. })).count()
}

/// Asserts that there is one place to come in, `door`, and one to go to, `cloud`.
fn assert_private(sockets: &[Socket], door: &Path, cloud: SocketAddr) {
    let mut listening = 0;
    for socket in sockets {
        match socket {
            Socket::Unix { path: Some(path), listens } if path == door => {
                listening += usize::from(*listens);
            }
            Socket::Unix { path: None, listens: false } => {}
            Socket::Tcp { peer, listens: false, .. } if *peer == cloud => {}
            other => panic!("what is this for? {other:?}"),
        }
    }
    assert_eq!(listening, 1);
}

#[tokio::test]
async fn it_listens_on_its_own_socket_and_connects_to_the_cloud_and_to_nothing_else() {
    let moment = Duration::from_millis(300);
    let cloud = Simulator::start(Options {
        instances: vec![json!({"UHostId": ID})],
        start_time: moment,
        stop_time: moment,
        ..Options::default()
    });
    let cloud = cloud.await.unwrap();
    let address: SocketAddr = cloud.url().strip_prefix("http://").unwrap().parse().unwrap();
    let host = Launch::new().start().await;
    let process = Proc::of(host.process.pid());
    let door = host.line.address.path();
    let pipes = nameless(&process.sockets());

    let looks = sockets_during(&process, async {
        let mut terraform = Terraform::on(host.provider().await).await;
        terraform.configure(account(&cloud.url())).await.unwrap();
        use_all(&mut terraform).await;
    });
    let looks = looks.await;
    for sockets in &looks {
        assert_private(sockets, door, address);
        assert_eq!(nameless(sockets), pipes, "something else was connected to: {sockets:?}");
    }
    let is_to_the_cloud = |socket: &Socket| matches!(socket, Socket::Tcp { .. });
    let seen = looks.iter().filter(|sockets| sockets.iter().any(is_to_the_cloud)).count();
    assert!(seen > 0, "not seen at work in {} looks", looks.len());
    println!(
        "sockets: {} looks, {seen} of them with a connection to the cloud, and nothing else",
        looks.len()
    );
}
