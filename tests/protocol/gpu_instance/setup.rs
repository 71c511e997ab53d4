//! A cloud for instances that Terraform creates, and shorthand for configurations.

use serde_json::{Value as Json, json};
use terraform_provider_compshare::simulator::{Options, Simulator};

use super::super::setup::{cloud, merged};
use crate::support::terraform_core::Terraform;

pub(super) const IMAGE: &str = "compshareImage-12rjyhwynazd";

/// A cloud without instances, and its provider.
pub(super) async fn empty() -> (Simulator, Terraform) {
    of(Options::default()).await
}

pub(super) async fn of(options: Options) -> (Simulator, Terraform) {
    let (simulator, terraform) = cloud(options).await;
    let terraform = terraform.resource("compshare_instance");
    (simulator, terraform)
}

/// The same cloud in a run of its own, without a state.
pub(super) async fn next_run(simulator: &Simulator, terraform: &Terraform) -> Terraform {
    let next = terraform.in_another_process(&simulator.url()).await;
    next.configure(json!({"max_retries": 0})).await.unwrap();
    next.resource("compshare_instance")
}

/// A configuration of an instance with additional arguments.
pub(super) fn config(more: Json) -> Json {
    let base = json!({
        "name": "trainer", "zone": "cn-wlcb-01", "gpu_type": "4090", "image_id": IMAGE,
    });
    merged(base, more)
}

/// A created instance and its ID.
pub(super) async fn created(more: Json) -> (Simulator, Terraform, String) {
    let (simulator, mut terraform) = empty().await;
    terraform.run(config(more)).await.unwrap();
    simulator.clear_calls();
    let id = terraform.attribute("id").as_str().unwrap().to_owned();
    (simulator, terraform, id)
}

/// Actions of the received calls that change something, without their common parts.
pub(super) fn changes(simulator: &Simulator) -> Vec<String> {
    let calls = simulator.calls().into_iter().map(|call| call.action);
    let changes = calls
        .filter(|action| !["Describe", "Get", "Check"].iter().any(|read| action.starts_with(read)));
    changes
        .map(|action| {
            action.replace("CompShareInstanceName", "Name").replace("CompShareInstance", "")
        })
        .collect()
}
