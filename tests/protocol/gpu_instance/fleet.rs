//! A fleet of creates, which share all reads.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use terraform_provider_compshare::simulator::Options;
use tokio::time::Instant;

use super::setup::{config, of};
use crate::support::actions::{CREATE, DESCRIBE};

const FLEET: usize = 100;

#[tokio::test]
async fn hundred_creates_share_their_reads() {
    let create_time = Duration::from_millis(500);
    let (simulator, terraform) = of(Options { create_time, ..Options::default() }).await;
    let began = Instant::now();
    let creates = (0..FLEET).map(|number| {
        let mut terraform = terraform.resource("compshare_instance");
        async move { terraform.run(config(json!({"name": format!("node-{number}")}))).await }
    });
    for outcome in join_all(creates).await {
        outcome.unwrap();
    }
    let calls = simulator.calls();
    let lists = calls
        .iter()
        .filter(|call| call.action == DESCRIBE && !call.parameters.contains_key("UHostIds.0"));
    let (lists, describes) = (lists.count(), simulator.count(DESCRIBE));
    println!("{lists} lists, {describes} describes in {:?}", began.elapsed());
    assert_eq!((simulator.count(CREATE), simulator.instances().len()), (FLEET, FLEET));
    assert_eq!(simulator.count("DescribeAvailableCompShareInstanceTypes"), 1);
    assert_eq!(simulator.count("GetCompShareInstanceUserPrice"), 1);
    // One before the creates and one after them.
    assert_eq!(lists, 2);
    // A poll describes all instances that are due in one request.
    assert!(describes < 4 * FLEET, "{describes}");
}
