//! A simulated cloud and a provider for it, and shorthand for configurations, states and faults.

use std::time::Duration;

use serde_json::{Value as Json, json};
use terraform_provider_compshare::simulator::{Effect, Fault, Options, Simulator};

use crate::support::{
    actions::{DESCRIBE, START},
    calls::Calls as _,
    terraform_core::{Diagnostic, Terraform},
};

/// ID of the instance in tests with one instance.
pub(super) const ID: &str = "uhost-1";

/// Computed attributes that are known only after a start.
pub(super) const CHANGED_BY_A_START: [&str; 10] = [
    "gpu_count",
    "price_cny",
    "private_ip",
    "public_ip",
    "reclaim_at",
    "scheduled_stop_at",
    "ssh_host",
    "ssh_port",
    "ssh_user",
    "started_at",
];

/// A cloud with the instance [`ID`], whose fields `instance` overrides, and a provider for it.
pub(super) async fn cloud_with(instance: Json) -> (Simulator, Terraform) {
    cloud(Options {
        instances: vec![merged(json!({"UHostId": ID}), instance)],
        ..Options::default()
    })
    .await
}

/// A cloud with `options`, and a provider for it that does not retry failed requests.
pub(super) async fn cloud(options: Options) -> (Simulator, Terraform) {
    let simulator = Simulator::start(options).await.unwrap();
    let terraform = Terraform::with(&simulator.url(), json!({"max_retries": 0})).await;
    (simulator, terraform)
}

/// A cloud with a stopped [`ID`], and a provider that sends each start and stop at most once
/// within a test.
pub(super) async fn without_repeats() -> (Simulator, Terraform) {
    let (simulator, _) = cloud_with(json!({})).await;
    let terraform = Terraform::without_repeats(&simulator.url()).await;
    (simulator, terraform)
}

/// A configuration for [`ID`] with additional arguments.
pub(super) fn configuration(more: Json) -> Json {
    merged(json!({"instance_id": ID}), more)
}

/// A state of [`ID`] as an earlier run stored it, with `state` as the reported power state.
pub(super) fn stored_state(state: &str, more: Json) -> Json {
    let gpus = i32::from(state == "Running");
    let stored = json!({
        "instance_id": ID, "id": ID, "state": state,
        "region": "cn-wlcb", "zone": "cn-wlcb-01", "without_gpu": false,
        "name": "训练", "gpu_type": "4090", "gpu_count": gpus,
        "started_at": "2025-12-31T00:00:00Z",
    });
    merged(stored, more)
}

/// `base` with the fields of `more` added or replaced.
pub(super) fn merged(mut base: Json, more: Json) -> Json {
    let (Json::Object(fields), Json::Object(more)) = (&mut base, more) else {
        panic!("not two objects")
    };
    fields.extend(more);
    base
}

/// The only warning.
#[track_caller]
pub(super) fn only(warnings: &[Diagnostic]) -> &Diagnostic {
    let [warning] = warnings else { panic!("not one warning: {warnings:?}") };
    warning
}

/// Number of starts and stops received for [`ID`].
pub(super) fn starts_and_stops(simulator: &Simulator) -> (usize, usize) {
    simulator.starts_and_stops(ID)
}

/// Number of describes received.
pub(super) fn describes(simulator: &Simulator) -> usize {
    simulator.count(DESCRIBE)
}

/// A fault that reports `state` in the next `times` describes.
pub(super) fn reporting(state: &str, times: u32) -> Fault {
    Fault::report_state(state).on_action(DESCRIBE).times(times)
}

/// A fault with `effect` on the next start.
pub(super) fn on_start(effect: Effect) -> Fault {
    Fault::new(effect).on_action(START)
}

/// Waits until `condition` holds, for tests that act during an operation.
pub(super) async fn wait_until(condition: impl Fn() -> bool) {
    let waited = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let limit = Duration::from_secs(10);
    tokio::time::timeout(limit, waited).await.expect("the condition did not become true");
}
