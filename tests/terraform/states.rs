//! What the cloud may report, row by row: each leads to the right call, to none, or to an error that helps.

use std::time::Duration;

use serde_json::{Value, json};
use terraform_provider_compshare::simulator::{Effect, Fault, Simulator};

use super::{ADDRESS, SHORT, changes, stage};
use crate::support::{
    actions::{DESCRIBE, START, STOP},
    calls::Calls as _,
    terraform::{Terraform, Workspace, with_each_terraform},
};

/// A cloud with one instance, and a configuration of it with these attributes.
async fn scene(terraform: &Terraform, instance: Value, attributes: &str) -> (Simulator, Workspace) {
    let (cloud, workspace) = stage(terraform, &[instance], SHORT).await;
    configure(&workspace, attributes);
    (cloud, workspace)
}

fn configure(workspace: &Workspace, attributes: &str) {
    let resource = format!(
        "resource \"compshare_instance_power\" \"this\" {{\n  instance_id = \"uhost-a\"\n{attributes}\n}}\n"
    );
    workspace.write("main.tf", &resource);
}

#[test]
fn an_instance_that_is_starting_is_waited_for() {
    with_each_terraform(async |terraform| {
        let (cloud, workspace) =
            scene(terraform, json!({"UHostId": "uhost-a", "State": "Starting"}), "").await;
        let mut apply = workspace.spawn(&["apply", "-no-color", "-auto-approve"]);
        // Once while planning; then it waits.
        apply.wait_until(|| cloud.count(DESCRIBE) > 4);
        cloud.patch("uhost-a", json!({"State": "Running"}));
        apply.finish(Duration::from_secs(60)).succeed();
        cloud.assert_no_mutating_calls();
        workspace.plan().assert_empty();
    });
}

#[test]
fn an_instance_that_is_stopping_is_started_when_it_has_stopped() {
    with_each_terraform(async |terraform| {
        let (cloud, workspace) =
            scene(terraform, json!({"UHostId": "uhost-a", "State": "Stopping"}), "").await;
        let mut apply = workspace.spawn(&["apply", "-no-color", "-auto-approve"]);
        apply.wait_until(|| cloud.count(DESCRIBE) > 4);
        cloud.assert_no_mutating_calls();
        cloud.patch("uhost-a", json!({"State": "Stopped"}));
        apply.finish(Duration::from_secs(60)).succeed();
        assert_eq!(changes(&cloud), [START]);
    });
}

#[test]
fn an_instance_whose_installation_failed_is_an_error_at_once() {
    with_each_terraform(async |terraform| {
        let (cloud, workspace) =
            scene(terraform, json!({"UHostId": "uhost-a", "State": "Install Fail"}), "").await;
        workspace.try_apply().fail().says(&["uhost-a", "Install Fail"]);
        cloud.assert_no_mutating_calls();
        assert_eq!(workspace.state_of(ADDRESS), None);
    });
}

#[test]
fn a_refresh_does_not_believe_an_empty_state() {
    with_each_terraform(async |terraform| {
        let (cloud, workspace) =
            scene(terraform, json!({"UHostId": "uhost-a", "State": "Running"}), "").await;
        workspace.apply();
        cloud.add_fault(Fault::report_state("").forever());
        workspace.plan().assert_empty();
        cloud.assert_no_mutating_calls();
    });
}

#[test]
fn a_lost_answer_does_not_start_it_twice() {
    with_each_terraform(async |terraform| {
        let (cloud, workspace) =
            scene(terraform, json!({"UHostId": "uhost-a", "State": "Stopped"}), "").await;
        cloud.add_fault(Fault::new(Effect::LoseAnswer).on_action(START));
        workspace.apply();
        assert_eq!(changes(&cloud), [START]);
        workspace.plan().assert_empty();
    });
}

#[test]
fn a_zone_that_is_sold_out_is_an_error_at_once_that_says_what_helps() {
    with_each_terraform(async |terraform| {
        let (cloud, workspace) =
            scene(terraform, json!({"UHostId": "uhost-a", "State": "Stopped"}), "").await;
        cloud.add_fault(Fault::new(Effect::SoldOut).forever());
        workspace.try_apply().fail().says(&["uhost-a", "8357", "wait_for_capacity"]);
        assert_eq!(changes(&cloud), [START]);
        assert_eq!(workspace.state_of(ADDRESS), None);
    });
}

#[test]
fn a_wait_for_capacity_ends_with_the_timeout() {
    with_each_terraform(async |terraform| {
        let (cloud, workspace) = scene(
            terraform,
            json!({"UHostId": "uhost-a", "State": "Stopped"}),
            "wait_for_capacity = true\ntimeouts {\ncreate = \"2s\"\n}",
        )
        .await;
        cloud.add_fault(Fault::new(Effect::SoldOut).forever());
        workspace.try_apply().fail().says(&["uhost-a", "8357"]);
        assert_eq!(workspace.state_of(ADDRESS), None);
    });
}

#[test]
fn a_start_that_takes_too_long_says_what_was_seen_last() {
    with_each_terraform(async |terraform| {
        let instance = json!({"UHostId": "uhost-a", "State": "Stopped"});
        let (cloud, workspace) = stage(terraform, &[instance], Duration::from_secs(3600)).await;
        configure(&workspace, "timeouts {\ncreate = \"1s\"\n}");
        workspace.try_apply().fail().says(&["Timeout", "uhost-a", "Starting"]);
        assert_eq!(changes(&cloud), [START]);

        // The next apply finds what came of it.
        cloud.patch("uhost-a", json!({"State": "Running"}));
        workspace.apply();
        assert_eq!(changes(&cloud), [START]);
    });
}

#[test]
fn a_start_without_gpu_costs_no_gpu_and_is_seen_as_such() {
    with_each_terraform(async |terraform| {
        let instance =
            json!({"UHostId": "uhost-a", "State": "Stopped", "SupportWithoutGpuStart": true});
        let (cloud, workspace) = scene(terraform, instance, "without_gpu = true").await;
        workspace.apply();
        assert_eq!(changes(&cloud), [START]);
        let state = workspace.state_of(ADDRESS).unwrap();
        assert_eq!((&state["without_gpu"], &state["gpu_count"]), (&json!(true), &json!(0)));
        workspace.plan().assert_empty();
    });
}

#[test]
fn a_gpu_that_was_not_asked_for_is_given_back() {
    with_each_terraform(async |terraform| {
        let instance =
            json!({"UHostId": "uhost-a", "State": "Stopped", "SupportWithoutGpuStart": true});
        let (cloud, workspace) = scene(terraform, instance, "without_gpu = true").await;
        cloud.add_fault(Fault::new(Effect::GpuAllocated).forever());
        workspace.try_apply().fail().says(&["uhost-a", "GPU", "stopped"]);
        assert_eq!(changes(&cloud), [START, STOP]);
        assert_eq!(cloud.instance("uhost-a").unwrap()["State"], "Stopped");
    });
}

#[test]
fn another_gpu_mode_is_refused_in_the_plan_unless_stopping_is_allowed() {
    with_each_terraform(async |terraform| {
        let instance =
            json!({"UHostId": "uhost-a", "State": "Running", "SupportWithoutGpuStart": true});
        let (cloud, workspace) = scene(terraform, instance, "").await;
        workspace.apply();

        configure(&workspace, "without_gpu = true");
        let plan = workspace.run(&["plan", "-no-color", "-input=false"]);
        plan.fail().says(&["uhost-a", "allow_stopping_for_update"]);
        cloud.assert_no_mutating_calls();

        configure(&workspace, "without_gpu = true\nallow_stopping_for_update = true");
        assert_eq!(workspace.plan().actions()[ADDRESS], "update");
        workspace.apply();
        assert_eq!(changes(&cloud), [STOP, START]);
        workspace.plan().assert_empty();
    });
}
