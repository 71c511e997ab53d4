//! Two hosts connected to one process, which is possible only in debug mode.
//!
//! As in providers written with Go's framework, the process has one configuration, the most recent
//! one of any host, and one Stop, which cancels the calls of all hosts. A running call keeps the
//! configuration with which it started.

use std::time::Duration;

use serde_json::{Value as Json, json};
use terraform_provider_compshare::simulator::{Options, Simulator};
use tokio::time::timeout;

use super::{debug, until};
use crate::support::{
    actions::{DESCRIBE, START},
    host::{LIMIT, provider},
    terraform_core::Terraform,
};

const AN_HOUR: Duration = Duration::from_secs(60 * 60);
const ID: &str = "uhost-1";

/// Starts a simulator with its own keys, in which a start takes an hour. Returns it and the
/// provider block for it.
async fn account(owner: &str) -> (Simulator, Json) {
    let keys = [format!("public-{owner}"), format!("private-{owner}")];
    let cloud = Simulator::start(Options {
        public_key: keys[0].clone(),
        private_key: keys[1].clone(),
        instances: vec![json!({"UHostId": ID, "Name": owner})],
        start_time: AN_HOUR,
        ..Options::default()
    });
    let cloud = cloud.await.unwrap();
    let config = json!({
        "base_url": cloud.url(), "public_key": keys[0], "private_key": keys[1],
        "poll_interval": "20ms", "max_retries": 0,
    });
    (cloud, config)
}

/// Connects a further host to the process.
async fn host(variable: &Json) -> Terraform {
    Terraform::on(provider(debug::reattach(variable).await)).await
}

/// Returns the name of the only instance of the configured account.
async fn owner(host: &Terraform) -> Json {
    let listed = host.query(&json!({}), true, 10).await.unwrap();
    listed[0].object["name"].clone()
}

#[tokio::test]
async fn next_host_has_its_own_configuration() {
    let (_process, variable) = debug::start("--debug").await;
    let ((cloud, mine), (other, theirs)) = (account("first").await, account("second").await);
    let first = host(&variable).await;
    first.configure(mine).await.unwrap();
    assert_eq!(owner(&first).await, "first");
    drop(first);
    let calls = cloud.calls().len();
    let second = host(&variable).await;
    second.configure(theirs).await.unwrap();
    assert_eq!(owner(&second).await, "second");
    assert_eq!((cloud.calls().len(), other.count(DESCRIBE)), (calls, 1));
}

#[tokio::test]
async fn reconfigure_does_not_affect_running_calls() {
    let (_process, variable) = debug::start("--debug").await;
    let ((cloud, mine), (other, theirs)) = (account("first").await, account("second").await);
    let mut first = host(&variable).await;
    first.configure(mine).await.unwrap();
    let plan = first.plan(json!({"instance_id": ID})).await.unwrap();
    let second = host(&variable).await;
    let meanwhile = async {
        until(|| cloud.count(START) == 1).await;
        second.configure(theirs).await.unwrap();
        assert_eq!(owner(&second).await, "second");
        let describes = cloud.count(DESCRIBE);
        until(|| cloud.count(DESCRIBE) > describes + 1).await;
        cloud.advance(AN_HOUR);
    };
    let (applied, ()) = tokio::join!(first.apply(plan), meanwhile);
    applied.unwrap();
    assert_eq!(first.attribute("name"), "first");
    assert_eq!((cloud.count(START), other.count(START)), (1, 0));
    // The configuration belongs to the process, not to the connection.
    assert_eq!(owner(&first).await, "second");
}

#[tokio::test]
async fn stop_of_one_host_cancels_calls_of_all() {
    let (_process, variable) = debug::start("--debug").await;
    let (cloud, config) = account("both").await;
    let (mut first, second) = (host(&variable).await, host(&variable).await);
    first.configure(config).await.unwrap();
    let plan = first.plan(json!({"instance_id": ID})).await.unwrap();
    let meanwhile = async {
        until(|| cloud.count(START) == 1).await;
        second.stop().await;
    };
    let both = async { tokio::join!(first.apply(plan), meanwhile) };
    let (applied, ()) = timeout(LIMIT, both).await.expect("the apply is not interrupted");
    applied.unwrap_err().says("Interrupted While Waiting for Instance to Start", &[]);
    // The process still serves both hosts after the Stop.
    assert_eq!(owner(&first).await, "both");
    assert_eq!(owner(&second).await, "both");
}
