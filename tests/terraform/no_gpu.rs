//! No-GPU mode, whose size remains after a stop until a start with GPU restores the full one.

use serde_json::json;
use terraform_provider_compshare::simulator::{Effect, Fault};

use super::stage::{Stage, instance};
use crate::support::{
    actions::{DESCRIBE, START, STOP},
    terraform::with_each_terraform,
};

/// Asserts GPUs and state of `uhost-a`, as the API and Terraform's state have them.
#[track_caller]
fn check(stage: &Stage, state: &str, gpus: u32) {
    let reported = stage.cloud.instance("uhost-a").unwrap();
    assert_eq!((&reported["State"], &reported["GPU"]), (&json!(state), &json!(gpus)));
    let stored = stage.stored().unwrap();
    let allocated = if state == "Running" { gpus } else { 0 };
    assert_eq!((&stored["state"], &stored["gpu_count"]), (&json!(state), &json!(allocated)));
}

#[test]
fn gpu_is_restored_when_capacity_is_back() {
    with_each_terraform(async |terraform| {
        let stage = Stage::new(terraform, &[instance("Stopped")]).await;
        stage.configure_resource("without_gpu = true").apply();
        check(&stage, "Running", 0);
        assert_eq!(stage.stored().unwrap()["without_gpu"], true);
        stage.assert_empty_plan();

        stage.configure_resource("state = \"Stopped\"\nwithout_gpu = true").apply();
        check(&stage, "Stopped", 0);
        assert_eq!(stage.changes(), [START, STOP]);
        stage.assert_empty_plan();

        stage.cloud.add_fault(Fault::new(Effect::SoldOut));
        stage.cloud.clear_calls();
        stage.configure_resource("without_gpu = false");
        let refused = stage.workspace.try_apply().fail();
        refused.says(&["Zone Sold Out", "uhost-a", "226604", "Billing is unchanged"]);
        check(&stage, "Stopped", 0);
        assert_eq!(stage.changes(), [START]);
        let describes = stage.cloud.count(DESCRIBE);
        assert!(describes <= 4, "{describes}");

        stage.cloud.clear_calls();
        stage.apply();
        check(&stage, "Running", 1);
        assert_eq!(stage.changes(), [START]);
        assert_eq!(stage.stored().unwrap()["without_gpu"], false);
        stage.assert_empty_plan();
    });
}
