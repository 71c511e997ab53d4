//! The provider through its protocol, in process: a stand-in for Terraform core on one side, the simulated cloud on the
//! other.

mod actions;
mod conformance;
mod data_sources;
mod gpu_mode;
mod identity;
mod interruption;
mod location;
mod login;
mod messages;
mod panics;
mod plan;
mod provider;
mod query;
mod sharing;
mod start;
mod state;
mod stop;
mod table;
mod unknowns;

use std::time::Duration;

use serde_json::{Value as Json, json};
use terraform_provider_compshare::simulator::{Call, Effect, Fault, Options, Simulator};

use crate::support::terraform_core::Terraform;

const START: &str = "StartCompShareInstance";
const STOP: &str = "StopCompShareInstance";
const DESCRIBE: &str = "DescribeCompShareInstance";

/// The instance of the tests that need one.
const ID: &str = "uhost-1";

/// A cloud with the instance [`ID`], described further by `instance`, and a provider for it.
async fn cloud_with(instance: Json) -> (Simulator, Terraform) {
    cloud(Options {
        instances: vec![merged(json!({"UHostId": ID}), instance)],
        ..Options::default()
    })
    .await
}

/// A cloud made of `options`, and a provider for it that does not repeat a failed request.
async fn cloud(options: Options) -> (Simulator, Terraform) {
    let simulator = Simulator::start(options).await.unwrap();
    let terraform = Terraform::with(&simulator.url(), json!({"max_retries": 0})).await;
    (simulator, terraform)
}

/// A cloud with a stopped [`ID`], and a provider that does not ask a second time within a test.
async fn patient() -> (Simulator, Terraform) {
    let (simulator, _) = cloud_with(json!({})).await;
    let terraform = Terraform::patient(&simulator.url()).await;
    (simulator, terraform)
}

/// A configuration for [`ID`].
fn wanted(more: Json) -> Json {
    merged(json!({"instance_id": ID}), more)
}

/// A state of [`ID`] that an earlier run left, in which it was seen as `state`.
fn remembered(state: &str, more: Json) -> Json {
    let gpus = i32::from(state == "Running");
    let seen = json!({
        "instance_id": ID, "id": ID, "state": state, "region": "cn-wlcb", "zone": "cn-wlcb-01", "without_gpu": false,
        "name": "训练", "gpu_type": "4090", "gpu_count": gpus, "started_at": "2025-12-31T00:00:00Z",
    });
    merged(seen, more)
}

fn merged(mut base: Json, more: Json) -> Json {
    let (Json::Object(fields), Json::Object(more)) = (&mut base, more) else {
        panic!("no objects")
    };
    fields.extend(more);
    base
}

/// How often the cloud was asked to start and to stop [`ID`].
fn asked(simulator: &Simulator) -> (usize, usize) {
    asked_for(simulator, ID)
}

fn asked_for(simulator: &Simulator, id: &str) -> (usize, usize) {
    let count = |action| {
        let of = |call: &&Call| call.action == action && call.instance.as_deref() == Some(id);
        simulator.calls().iter().filter(of).count()
    };
    (count(START), count(STOP))
}

/// How often the cloud was asked about instances.
fn looks(simulator: &Simulator) -> usize {
    simulator.count(DESCRIBE)
}

/// Describes report `state` this often, then the truth.
fn reporting(state: &str, times: u32) -> Fault {
    Fault::report_state(state).on_action(DESCRIBE).times(times)
}

/// `effect` on the next start.
fn on_start(effect: Effect) -> Fault {
    Fault::new(effect).on_action(START)
}

/// Waits until `happened`, for tests that act while an operation is under way.
async fn until(happened: impl Fn() -> bool) {
    let waited = async {
        while !happened() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), waited).await.expect("it never happened");
}
