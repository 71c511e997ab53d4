//! Memory, threads and descriptors of a long-running process.

use futures_util::future::join_all;
use serde_json::json;
use terraform_provider_compshare::{
    protocol::tfplugin5 as wire,
    simulator::{Options, Simulator},
};
use tokio::time::Instant;

use super::{account, debug};
use crate::support::{effort::rounds, host::provider, proc::Proc, terraform_core::Terraform};

/// Concurrent connections.
const CONNECTIONS: usize = 8;
/// Concurrent reads of one connection.
const CONCURRENT_READS: usize = 12;
/// Reads of one connection, which is then closed.
const READS: usize = 125;

/// Opens new connections and makes `READS` reads on each.
async fn burst(variable: &serde_json::Value, request: &wire::read_resource::Request) {
    let connection = async || {
        let client = provider(debug::reattach(variable).await);
        let reader = |first: usize| {
            let mut client = client.clone();
            async move {
                for _ in (first..READS).step_by(CONCURRENT_READS) {
                    let read = client.read_resource(request.clone()).await.unwrap().into_inner();
                    assert!(read.diagnostics.is_empty() && read.new_state.is_some(), "{read:?}");
                }
            }
        };
        join_all((0..CONCURRENT_READS).map(reader)).await;
    };
    join_all((0..CONNECTIONS).map(|_| connection())).await;
}

#[tokio::test]
async fn many_reads_use_no_further_resources() {
    let instances = vec![json!({"UHostId": "uhost-1", "State": "Running"})];
    let cloud = Simulator::start(Options { instances, ..Options::default() }).await.unwrap();
    let (process, variable) = debug::start("--debug").await;
    let process = Proc::of(process.pid());
    let mut terraform = Terraform::on(provider(debug::reattach(&variable).await)).await;
    terraform.configure(account(&cloud.url())).await.unwrap();
    terraform.run(json!({"instance_id": "uhost-1"})).await.unwrap();
    let request = terraform.reading();

    let bursts = rounds(5_000) / (CONNECTIONS * READS);
    burst(&variable, &request).await;
    let (before, began) = (process.at_rest().await, Instant::now());
    for _ in 0..bursts {
        burst(&variable, &request).await;
        cloud.clear_calls();
    }
    let took = began.elapsed();
    let after = process.back_to(before).await;
    println!(
        "reads: {} over {} connections in {took:.1?}; before {before:?}, after {after:?}",
        bursts * CONNECTIONS * READS,
        bursts * CONNECTIONS,
    );
    after.assert_no_heavier_than(before);
}
