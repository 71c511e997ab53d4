//! A process that serves for long weighs no more at the end than at the beginning.

use futures_util::future::join_all;
use serde_json::json;
use terraform_provider_compshare::{
    protocol::tfplugin5 as wire,
    simulator::{Options, Simulator},
};
use tokio::time::Instant;

use super::{account, debug};
use crate::support::{effort::rounds, host::provider, proc::Proc, terraform_core::Terraform};

/// Connections at the same time, each with some reads under way.
const CONNECTIONS: usize = 8;
const READS_UNDER_WAY: usize = 12;
/// Reads of one connection. Then it is closed and another one made.
const READS: usize = 125;

/// Makes new connections, and `READS` reads on each.
async fn burst(variable: &serde_json::Value, request: &wire::read_resource::Request) {
    let connection = async || {
        let client = provider(debug::reattach(variable).await);
        let reader = |first: usize| {
            let mut client = client.clone();
            async move {
                for _ in (first..READS).step_by(READS_UNDER_WAY) {
                    let read = client.read_resource(request.clone()).await.unwrap().into_inner();
                    assert!(read.diagnostics.is_empty() && read.new_state.is_some(), "{read:?}");
                }
            }
        };
        join_all((0..READS_UNDER_WAY).map(reader)).await;
    };
    join_all((0..CONNECTIONS).map(|_| connection())).await;
}

#[tokio::test]
async fn memory_threads_and_descriptors_are_the_same_after_many_reads() {
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
