//! States and faults of the API, each with its call, or with an error and its remedy.

use std::time::Duration;

use serde_json::{Value, json};
use terraform_provider_compshare::simulator::{Effect, Fault};

use super::stage::{ADDRESS, FOREVER, Stage, instance};
use crate::support::{
    actions::{DESCRIBE, START, STOP},
    terraform::{Running, Terraform, with_each_terraform},
};

/// A stage with one instance and its resource, with these lines in the block.
async fn scene(terraform: &Terraform, instance: Value, lines: &str) -> Stage {
    let stage = Stage::new(terraform, &[instance]).await;
    stage.configure_resource(lines);
    stage
}

/// An instance that supports no-GPU mode.
fn with_no_gpu_mode(state: &str) -> Value {
    json!({"UHostId": "uhost-a", "State": state, "SupportWithoutGpuStart": true})
}

/// Starts an apply and returns once it polls the instance: one describe is that of the plan.
fn polling(stage: &Stage) -> Running {
    let mut apply = stage.workspace.spawn(&["apply", "-no-color", "-auto-approve"]);
    apply.wait_until(|| stage.cloud.count(DESCRIBE) > 4);
    apply
}

#[test]
fn starting_instance_is_polled_until_it_runs() {
    with_each_terraform(async |terraform| {
        let stage = scene(terraform, instance("Starting"), "").await;
        let apply = polling(&stage);
        stage.set_state("Running");
        apply.finish(Duration::from_secs(60)).succeed();
        stage.assert_no_changes();
        stage.assert_empty_plan();
    });
}

#[test]
fn stopping_instance_is_started_after_it_stopped() {
    with_each_terraform(async |terraform| {
        let stage = scene(terraform, instance("Stopping"), "").await;
        let apply = polling(&stage);
        stage.assert_no_changes();
        stage.set_state("Stopped");
        apply.finish(Duration::from_secs(60)).succeed();
        assert_eq!(stage.changes(), [START]);
    });
}

#[test]
fn failed_installation_is_an_error_without_a_wait() {
    with_each_terraform(async |terraform| {
        let stage = scene(terraform, instance("Install Fail"), "").await;
        stage.workspace.try_apply().fail().says(&["uhost-a", "Install Fail"]);
        stage.assert_no_changes();
        assert_eq!(stage.stored(), None);
    });
}

#[test]
fn refresh_ignores_an_empty_state() {
    with_each_terraform(async |terraform| {
        let stage = scene(terraform, instance("Running"), "").await;
        stage.apply();
        stage.cloud.add_fault(Fault::report_state("").forever());
        stage.assert_empty_plan();
        stage.assert_no_changes();
    });
}

#[test]
fn lost_response_does_not_start_the_instance_twice() {
    with_each_terraform(async |terraform| {
        let stage = scene(terraform, instance("Stopped"), "").await;
        stage.cloud.add_fault(Fault::new(Effect::LoseResponse).on_action(START));
        stage.apply();
        assert_eq!(stage.changes(), [START]);
        stage.assert_empty_plan();
    });
}

#[test]
fn sold_out_zone_is_an_error_with_its_remedy() {
    with_each_terraform(async |terraform| {
        let stage = scene(terraform, instance("Stopped"), "").await;
        stage.cloud.add_fault(Fault::new(Effect::SoldOut).forever());
        stage.workspace.try_apply().fail().says(&["uhost-a", "8357", "wait_for_capacity"]);
        assert_eq!(stage.changes(), [START]);
        assert_eq!(stage.stored(), None);
    });
}

#[test]
fn wait_for_capacity_ends_with_the_timeout() {
    with_each_terraform(async |terraform| {
        let lines = "wait_for_capacity = true\ntimeouts {\ncreate = \"2s\"\n}";
        let stage = scene(terraform, instance("Stopped"), lines).await;
        stage.cloud.add_fault(Fault::new(Effect::SoldOut).forever());
        stage.workspace.try_apply().fail().says(&["uhost-a", "8357"]);
        assert_eq!(stage.stored(), None);
    });
}

#[test]
fn timeout_reports_the_last_state() {
    with_each_terraform(async |terraform| {
        let stage = Stage::with_transitions(terraform, &[instance("Stopped")], FOREVER).await;
        stage.configure_resource("timeouts {\ncreate = \"1s\"\n}");
        stage.workspace.try_apply().fail().says(&["Timed Out", "uhost-a", "Starting"]);
        assert_eq!(stage.changes(), [START]);

        // The accepted start continues, so that the next apply needs no call.
        stage.set_state("Running");
        stage.apply();
        assert_eq!(stage.changes(), [START]);
    });
}

#[test]
fn start_in_no_gpu_mode_stores_zero_gpus() {
    with_each_terraform(async |terraform| {
        let stage = scene(terraform, with_no_gpu_mode("Stopped"), "without_gpu = true").await;
        stage.apply();
        assert_eq!(stage.changes(), [START]);
        let state = stage.stored().unwrap();
        assert_eq!((&state["without_gpu"], &state["gpu_count"]), (&json!(true), &json!(0)));
        stage.assert_empty_plan();
    });
}

#[test]
fn unexpected_gpu_is_released_by_a_stop() {
    with_each_terraform(async |terraform| {
        let stage = scene(terraform, with_no_gpu_mode("Stopped"), "without_gpu = true").await;
        stage.cloud.add_fault(Fault::new(Effect::GpuAllocated).forever());
        stage.workspace.try_apply().fail().says(&["uhost-a", "GPU", "stopped"]);
        assert_eq!(stage.changes(), [START, STOP]);
        assert_eq!(stage.reported("uhost-a"), "Stopped");
    });
}

#[test]
fn change_of_gpu_mode_needs_allow_stopping_for_update() {
    with_each_terraform(async |terraform| {
        let stage = scene(terraform, with_no_gpu_mode("Running"), "").await;
        stage.apply();

        stage.configure_resource("without_gpu = true");
        let plan = stage.workspace.run(&["plan", "-no-color", "-input=false"]);
        plan.fail().says(&["uhost-a", "allow_stopping_for_update"]);
        stage.assert_no_changes();

        stage.configure_resource("without_gpu = true\nallow_stopping_for_update = true");
        assert_eq!(stage.plan().actions()[ADDRESS], "update");
        stage.apply();
        assert_eq!(stage.changes(), [STOP, START]);
        stage.assert_empty_plan();
    });
}
