//! What Terraform itself offers around a resource: replacing, targeting, moving, forgetting, and two of one.

use serde_json::json;
use terraform_provider_compshare::simulator::Fault;

use super::{ADDRESS, SHORT, changes, stage};
use crate::support::{
    actions::{START, STOP},
    calls::Calls as _,
    terraform::{Feature, MIRROR, with_each_terraform, with_each_terraform_that_has},
};

/// The resource with more lines in it.
fn resource(lines: &str) -> String {
    format!(
        "resource \"compshare_instance_power\" \"this\" {{\n  instance_id = \"uhost-a\"\n{lines}\n}}\n"
    )
}

#[test]
fn two_resources_on_one_instance_start_it_once() {
    with_each_terraform(async |terraform| {
        let (cloud, workspace) =
            stage(terraform, &[json!({"UHostId": "uhost-a", "State": "Stopped"})], SHORT).await;
        let each = "for_each = toset([\"one\", \"two\", \"three\"])";
        workspace.write("main.tf", &resource(each));
        workspace.apply();
        assert_eq!(changes(&cloud), [START]);
        workspace.plan().assert_empty();
    });
}

#[test]
fn a_replacement_that_is_asked_for_leaves_a_running_instance_alone() {
    with_each_terraform(async |terraform| {
        let (cloud, workspace) =
            stage(terraform, &[json!({"UHostId": "uhost-a", "State": "Running"})], SHORT).await;
        for order in ["", "lifecycle {\n    create_before_destroy = true\n  }"] {
            workspace.write("main.tf", &resource(order));
            workspace.apply();
            workspace.apply_with(&[&format!("-replace={ADDRESS}")]);
            workspace.plan().assert_empty();
        }
        cloud.assert_no_mutating_calls();
    });
}

#[test]
fn a_replacement_with_stop_on_destroy_stops_and_starts() {
    with_each_terraform(async |terraform| {
        let (cloud, workspace) =
            stage(terraform, &[json!({"UHostId": "uhost-a", "State": "Running"})], SHORT).await;
        workspace.write("main.tf", &resource("stop_on_destroy = true"));
        workspace.apply();
        workspace.apply_with(&[&format!("-replace={ADDRESS}")]);
        assert_eq!(changes(&cloud), [STOP, START]);
        workspace.plan().assert_empty();
    });
}

#[test]
fn what_must_not_be_destroyed_is_not() {
    with_each_terraform(async |terraform| {
        let (cloud, workspace) =
            stage(terraform, &[json!({"UHostId": "uhost-a", "State": "Running"})], SHORT).await;
        let lines = "stop_on_destroy = true\n  lifecycle {\n    prevent_destroy = true\n  }";
        workspace.write("main.tf", &resource(lines));
        workspace.apply();
        workspace.run(&["destroy", "-auto-approve"]).fail().says(&["prevent_destroy"]);
        cloud.assert_no_mutating_calls();
    });
}

#[test]
fn only_what_is_targeted_is_started() {
    with_each_terraform(async |terraform| {
        let stopped = |id: &str| json!({"UHostId": id, "State": "Stopped"});
        let (cloud, workspace) =
            stage(terraform, &[stopped("uhost-a"), stopped("uhost-b")], SHORT).await;
        let both = "resource \"compshare_instance_power\" \"this\" {\n  for_each = toset([\"uhost-a\", \"uhost-b\"])\n  \
                    instance_id = each.key\n}\n";
        workspace.write("main.tf", both);
        workspace.apply_with(&[&format!("-target={ADDRESS}[\"uhost-b\"]")]);
        assert_eq!(cloud.instance("uhost-a").unwrap()["State"], "Stopped");
        assert_eq!(cloud.instance("uhost-b").unwrap()["State"], "Running");
        workspace.apply();
        assert_eq!(cloud.count(START), 2);
    });
}

#[test]
fn a_renamed_resource_is_moved_without_a_call() {
    with_each_terraform_that_has(Feature::MovedBlock, async |terraform| {
        let (cloud, workspace) =
            stage(terraform, &[json!({"UHostId": "uhost-a", "State": "Running"})], SHORT).await;
        workspace.write("main.tf", &resource(""));
        workspace.apply();
        let renamed = resource("").replace("\"this\"", "\"that\"");
        let moved = "moved {\n  from = compshare_instance_power.this\n  to   = compshare_instance_power.that\n}\n";
        workspace.write("main.tf", &format!("{renamed}{moved}"));
        workspace.apply();
        assert!(workspace.state_of("compshare_instance_power.that").is_some());
        cloud.assert_no_mutating_calls();
    });
}

#[test]
fn a_resource_moves_from_the_provider_of_a_mirror_to_this_one() {
    with_each_terraform_that_has(Feature::MovedBetweenProviders, async |terraform| {
        let (cloud, workspace) =
            stage(terraform, &[json!({"UHostId": "uhost-a", "State": "Running"})], SHORT).await;
        let mirrored = super::PROVIDER.replace("compshare/compshare", MIRROR);
        workspace.write("provider.tf", &mirrored);
        workspace.write("main.tf", &resource("stop_on_destroy = true"));
        workspace.apply();

        workspace.write("provider.tf", super::PROVIDER);
        let renamed = resource("stop_on_destroy = true").replace("\"this\"", "\"that\"");
        let moved = "moved {\n  from = compshare_instance_power.this\n  to   = compshare_instance_power.that\n}\n";
        workspace.write("main.tf", &format!("{renamed}{moved}"));
        workspace.apply().says(&["0 added, 0 changed, 0 destroyed"]);
        workspace.plan().assert_empty();
        let state = workspace.state_of("compshare_instance_power.that").unwrap();
        assert_eq!(state["instance_id"], "uhost-a");
        cloud.assert_no_mutating_calls();
    });
}

#[test]
fn a_resource_can_be_forgotten_without_a_call() {
    with_each_terraform(async |terraform| {
        let (cloud, workspace) =
            stage(terraform, &[json!({"UHostId": "uhost-a", "State": "Running"})], SHORT).await;
        workspace.write("main.tf", &resource("stop_on_destroy = true"));
        workspace.apply();
        if terraform.has(Feature::RemovedBlock) {
            let removed = format!(
                "removed {{\n  from = {ADDRESS}\n  lifecycle {{\n    destroy = false\n  }}\n}}\n"
            );
            workspace.write("main.tf", &removed);
            workspace.apply();
        } else {
            workspace.run(&["state", "rm", ADDRESS]).succeed();
        }
        assert!(workspace.state_of(ADDRESS).is_none());
        cloud.assert_no_mutating_calls();
        assert_eq!(cloud.instance("uhost-a").unwrap()["State"], "Running");
    });
}

#[test]
fn each_terraform_workspace_has_a_state_of_its_own() {
    with_each_terraform(async |terraform| {
        let (cloud, workspace) =
            stage(terraform, &[json!({"UHostId": "uhost-a", "State": "Stopped"})], SHORT).await;
        workspace.write("main.tf", &resource(""));
        workspace.apply();
        workspace.run(&["workspace", "new", "other"]).succeed();
        assert_eq!(workspace.plan().actions()[ADDRESS], "create");
        workspace.apply();
        assert_eq!(cloud.count(START), 1, "the second one adopts what runs");
    });
}

#[test]
fn a_create_that_fails_leaves_nothing_and_the_next_apply_goes_on_from_there() {
    with_each_terraform(async |terraform| {
        let (cloud, workspace) =
            stage(terraform, &[json!({"UHostId": "uhost-a", "State": "Stopped"})], SHORT).await;
        cloud.add_fault(Fault::refuse(226_604, "资源不足").on_action(START));
        workspace.write("main.tf", &resource(""));
        workspace.try_apply().fail().says(&["226604", "资源不足"]);
        assert!(workspace.state_of(ADDRESS).is_none(), "nothing is tainted");
        workspace.apply();
        assert_eq!(cloud.count(START), 2);
        workspace.plan().assert_empty();
    });
}

#[test]
fn a_provider_whose_keys_come_from_the_same_run_is_configured_in_time() {
    with_each_terraform_that_has(Feature::TerraformData, async |terraform| {
        let (cloud, mut workspace) =
            stage(terraform, &[json!({"UHostId": "uhost-a", "State": "Stopped"})], SHORT).await;
        workspace.unset("COMPSHARE_PUBLIC_KEY");
        workspace.unset("COMPSHARE_PRIVATE_KEY");
        let provider = super::PROVIDER.replace(
            "poll_interval = \"50ms\"",
            "poll_interval = \"50ms\"\n  public_key    = terraform_data.key.output.public\n  \
             private_key   = terraform_data.key.output.private",
        );
        workspace.write("provider.tf", &provider);
        let keys = format!(
            "resource \"terraform_data\" \"key\" {{\n  input = {{\n    public  = \"{}\"\n    private = \"{}\"\n  }}\n}}\n",
            super::PUBLIC_KEY,
            super::PRIVATE_KEY
        );
        workspace.write("main.tf", &format!("{}{keys}", resource("")));
        assert_eq!(workspace.plan().actions()[ADDRESS], "create");
        workspace.apply();
        assert_eq!(cloud.count(START), 1);
        workspace.plan().assert_empty();
    });
}
