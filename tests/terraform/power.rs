//! What a configuration brings about: starts, stops, and most of all nothing where nothing is to be done.

use serde_json::json;

use super::{ADDRESS, SHORT, changes, stage};
use crate::support::{
    actions::{START, STOP},
    calls::Calls as _,
    terraform::{Feature, with_each_terraform, with_each_terraform_that_has},
};

const RUNNING: &str = r#"
resource "compshare_instance_power" "this" {
  instance_id = "uhost-a"
}
"#;

#[test]
fn a_stopped_instance_is_started_once() {
    with_each_terraform(async |terraform| {
        let (cloud, workspace) =
            stage(terraform, &[json!({"UHostId": "uhost-a", "State": "Stopped"})], SHORT).await;
        workspace.write("main.tf", RUNNING);

        let plan = workspace.plan();
        assert_eq!(plan.actions()[ADDRESS], "create");
        cloud.assert_no_mutating_calls();

        let apply = workspace.apply();
        assert_eq!(apply.left_behind(), [""; 0]);
        assert_eq!(workspace.temporary_files(), [""; 0]);
        assert_eq!(changes(&cloud), [START]);
        assert_eq!(cloud.instance("uhost-a").unwrap()["State"], "Running");

        let state = workspace.state_of(ADDRESS).unwrap();
        assert_eq!(state["state"], "Running");
        assert_eq!(state["instance_id"], "uhost-a");
        assert!(state["started_at"].is_string(), "{state}");

        workspace.plan().assert_empty();
        workspace.apply();
        assert_eq!(cloud.count(START), 1);
    });
}

#[test]
fn a_running_instance_is_adopted_without_a_call() {
    with_each_terraform(async |terraform| {
        let (cloud, workspace) =
            stage(terraform, &[json!({"UHostId": "uhost-a", "State": "Running"})], SHORT).await;
        workspace.write("main.tf", RUNNING);
        workspace.apply();
        workspace.plan().assert_empty();
        cloud.assert_no_mutating_calls();
    });
}

#[test]
fn an_instance_stopped_behind_terraforms_back_is_started_again() {
    with_each_terraform(async |terraform| {
        let (cloud, workspace) =
            stage(terraform, &[json!({"UHostId": "uhost-a", "State": "Stopped"})], SHORT).await;
        workspace.write("main.tf", RUNNING);
        workspace.apply();
        cloud.patch("uhost-a", json!({"State": "Stopped"}));
        cloud.clear_calls();

        let plan = workspace.plan();
        assert_eq!(plan.actions()[ADDRESS], "update");
        assert_eq!(plan.change(ADDRESS, "state"), (&json!("Stopped"), &json!("Running")));
        assert_eq!(plan.change(ADDRESS, "id"), (&json!("uhost-a"), &json!("uhost-a")));

        workspace.apply();
        assert_eq!(changes(&cloud), [START]);
        workspace.plan().assert_empty();
    });
}

#[test]
fn a_refresh_notes_the_drift_and_touches_nothing() {
    with_each_terraform(async |terraform| {
        let (cloud, workspace) =
            stage(terraform, &[json!({"UHostId": "uhost-a", "State": "Running"})], SHORT).await;
        workspace.write("main.tf", RUNNING);
        workspace.apply();
        cloud.patch("uhost-a", json!({"State": "Stopped"}));
        workspace.refresh();
        assert_eq!(workspace.state_of(ADDRESS).unwrap()["state"], "Stopped");
        cloud.assert_no_mutating_calls();
    });
}

#[test]
fn without_a_refresh_the_drift_goes_unseen() {
    with_each_terraform(async |terraform| {
        let (cloud, workspace) =
            stage(terraform, &[json!({"UHostId": "uhost-a", "State": "Running"})], SHORT).await;
        workspace.write("main.tf", RUNNING);
        workspace.apply();
        cloud.patch("uhost-a", json!({"State": "Stopped"}));
        workspace.plan_with(&["-refresh=false"]).assert_empty();
        workspace.apply_with(&["-refresh=false"]);
        cloud.assert_no_mutating_calls();
    });
}

#[test]
fn with_ignore_changes_the_drift_is_left_alone() {
    with_each_terraform(async |terraform| {
        let (cloud, workspace) =
            stage(terraform, &[json!({"UHostId": "uhost-a", "State": "Stopped"})], SHORT).await;
        workspace.write(
            "main.tf",
            r#"
            resource "compshare_instance_power" "this" {
              instance_id = "uhost-a"
              state       = "Running"
              lifecycle {
                ignore_changes = [state]
              }
            }
            "#,
        );
        workspace.apply();
        assert_eq!(changes(&cloud), [START]);
        cloud.patch("uhost-a", json!({"State": "Stopped"}));
        cloud.clear_calls();
        workspace.plan().assert_empty();
        workspace.apply();
        cloud.assert_no_mutating_calls();
    });
}

#[test]
fn an_instance_is_stopped_where_the_configuration_says_so() {
    with_each_terraform(async |terraform| {
        let (cloud, workspace) =
            stage(terraform, &[json!({"UHostId": "uhost-a", "State": "Running"})], SHORT).await;
        workspace.write(
            "main.tf",
            r#"
            resource "compshare_instance_power" "this" {
              instance_id = "uhost-a"
              state       = "Stopped"
            }
            "#,
        );
        workspace.apply();
        assert_eq!(changes(&cloud), [STOP]);
        workspace.plan().assert_empty();

        workspace.write("main.tf", RUNNING);
        assert_eq!(
            workspace.plan().change(ADDRESS, "state"),
            (&json!("Stopped"), &json!("Running"))
        );
        workspace.apply();
        assert_eq!(changes(&cloud), [STOP, START]);
        workspace.plan().assert_empty();
    });
}

#[test]
fn an_instance_imported_by_command_needs_no_change() {
    with_each_terraform(async |terraform| {
        let (cloud, workspace) =
            stage(terraform, &[json!({"UHostId": "uhost-a", "State": "Running"})], SHORT).await;
        workspace.write("main.tf", RUNNING);
        workspace.import(ADDRESS, "uhost-a").succeed();
        assert_eq!(workspace.state_of(ADDRESS).unwrap()["state"], "Running");
        workspace.plan().assert_empty();
        cloud.assert_no_mutating_calls();
    });
}

#[test]
fn an_instance_imported_by_block_needs_no_change() {
    with_each_terraform_that_has(Feature::ImportBlock, async |terraform| {
        let (cloud, workspace) =
            stage(terraform, &[json!({"UHostId": "uhost-a", "State": "Running"})], SHORT).await;
        workspace.write("main.tf", RUNNING);
        workspace.write(
            "import.tf",
            r#"
            import {
              to = compshare_instance_power.this
              id = "uhost-a"
            }
            "#,
        );
        assert!(workspace.plan().actions().is_empty(), "importing changes nothing");
        workspace.apply();
        workspace.plan().assert_empty();
        cloud.assert_no_mutating_calls();
    });
}

#[test]
fn an_instance_that_is_not_there_cannot_be_imported() {
    with_each_terraform(async |terraform| {
        let (_cloud, workspace) = stage(terraform, &[], SHORT).await;
        workspace.write("main.tf", RUNNING);
        workspace.import(ADDRESS, "uhost-a").fail();
        assert_eq!(workspace.state_of(ADDRESS), None);
    });
}

#[test]
fn destroy_leaves_the_instance_running_and_warns_of_it() {
    with_each_terraform(async |terraform| {
        let (cloud, workspace) =
            stage(terraform, &[json!({"UHostId": "uhost-a", "State": "Running"})], SHORT).await;
        workspace.write("main.tf", RUNNING);
        workspace.apply();
        let destroyed = workspace.destroy();
        if terraform.has(Feature::DestroyPlan) {
            destroyed.says(&["uhost-a", "billed"]);
        }
        cloud.assert_no_mutating_calls();
        assert_eq!(workspace.state_of(ADDRESS), None);
        assert_eq!(cloud.instance("uhost-a").unwrap()["State"], "Running");
    });
}

#[test]
fn destroy_stops_the_instance_if_told_to() {
    with_each_terraform(async |terraform| {
        let (cloud, workspace) =
            stage(terraform, &[json!({"UHostId": "uhost-a", "State": "Running"})], SHORT).await;
        workspace.write(
            "main.tf",
            r#"
            resource "compshare_instance_power" "this" {
              instance_id     = "uhost-a"
              stop_on_destroy = true
            }
            "#,
        );
        workspace.apply();
        workspace.destroy();
        assert_eq!(changes(&cloud), [STOP]);
        assert_eq!(cloud.instance("uhost-a").unwrap()["State"], "Stopped");
    });
}

#[test]
fn instances_of_one_resource_are_each_put_right() {
    with_each_terraform(async |terraform| {
        let (cloud, workspace) = stage(
            terraform,
            &[
                json!({"UHostId": "uhost-a", "State": "Stopped"}),
                json!({"UHostId": "uhost-b", "State": "Running"}),
                json!({"UHostId": "uhost-c", "State": "Stopped"}),
            ],
            SHORT,
        )
        .await;
        workspace.write(
            "main.tf",
            r#"
            resource "compshare_instance_power" "this" {
              for_each    = toset(["uhost-a", "uhost-b"])
              instance_id = each.key
            }
            "#,
        );
        workspace.apply();
        assert_eq!(changes(&cloud), [START]);
        for address in [
            r#"compshare_instance_power.this["uhost-a"]"#,
            r#"compshare_instance_power.this["uhost-b"]"#,
        ] {
            assert_eq!(workspace.state_of(address).unwrap()["state"], "Running", "{address}");
        }
        assert_eq!(
            cloud.instance("uhost-c").unwrap()["State"],
            "Stopped",
            "nobody has asked for it"
        );
        workspace.plan().assert_empty();
    });
}

#[test]
fn an_id_may_come_to_be_known_during_apply() {
    with_each_terraform_that_has(Feature::TerraformData, async |terraform| {
        let (cloud, workspace) =
            stage(terraform, &[json!({"UHostId": "uhost-a", "State": "Stopped"})], SHORT).await;
        workspace.write(
            "main.tf",
            r#"
            resource "terraform_data" "chosen" {
              input = "uhost-a"
            }

            resource "compshare_instance_power" "this" {
              instance_id = terraform_data.chosen.output
            }
            "#,
        );
        assert_eq!(workspace.plan().actions()[ADDRESS], "create");
        workspace.apply();
        assert_eq!(changes(&cloud), [START]);
        assert_eq!(workspace.state_of(ADDRESS).unwrap()["instance_id"], "uhost-a");
        workspace.plan().assert_empty();
    });
}

#[test]
fn that_there_will_be_an_id_is_known_before_the_id() {
    with_each_terraform_that_has(Feature::Refinements, async |terraform| {
        let (_cloud, workspace) =
            stage(terraform, &[json!({"UHostId": "uhost-a", "State": "Stopped"})], SHORT).await;
        workspace.write(
            "main.tf",
            r#"
            resource "terraform_data" "chosen" {
              input = "uhost-a"
            }

            resource "compshare_instance_power" "this" {
              instance_id = terraform_data.chosen.output
            }

            resource "terraform_data" "dependent" {
              count = compshare_instance_power.this.id == null ? 0 : 1
            }

            output "id" {
              value = compshare_instance_power.this.id
            }

            output "has_id" {
              value = compshare_instance_power.this.id != null
            }
            "#,
        );
        let plan = workspace.plan();
        let outputs = &plan.json["output_changes"];
        assert_eq!(outputs["id"]["after_unknown"], true);
        assert_eq!(outputs["has_id"]["after_unknown"], false);
        assert_eq!(outputs["has_id"]["after"], true);
        assert_eq!(plan.actions()["terraform_data.dependent[0]"], "create");
        workspace.apply();
        workspace.plan().assert_empty();
    });
}

#[test]
fn options_that_ask_nothing_of_the_cloud_are_only_noted() {
    with_each_terraform(async |terraform| {
        let (cloud, workspace) =
            stage(terraform, &[json!({"UHostId": "uhost-a", "State": "Running"})], SHORT).await;
        workspace.write("main.tf", RUNNING);
        workspace.apply();
        workspace.write(
            "main.tf",
            r#"
            resource "compshare_instance_power" "this" {
              instance_id       = "uhost-a"
              stop_on_destroy   = true
              wait_for_capacity = true
              timeouts {
                create = "5m"
                delete = "90s"
              }
            }
            "#,
        );
        assert_eq!(workspace.plan().actions()[ADDRESS], "update");
        workspace.apply();
        cloud.assert_no_mutating_calls();
        workspace.plan().assert_empty();
    });
}

#[test]
fn another_instance_replaces_the_resource() {
    with_each_terraform(async |terraform| {
        let (cloud, workspace) = stage(
            terraform,
            &[
                json!({"UHostId": "uhost-a", "State": "Running"}),
                json!({"UHostId": "uhost-b", "State": "Stopped"}),
            ],
            SHORT,
        )
        .await;
        workspace.write("main.tf", RUNNING);
        workspace.apply();
        workspace.write("main.tf", &RUNNING.replace("uhost-a", "uhost-b"));
        assert_eq!(workspace.plan().actions()[ADDRESS], "delete, create");
        workspace.apply();
        assert_eq!(changes(&cloud), [START], "the other one is let go as it is");
        assert_eq!(workspace.state_of(ADDRESS).unwrap()["id"], "uhost-b");
    });
}

#[test]
fn an_instance_that_is_gone_leaves_the_state() {
    with_each_terraform(async |terraform| {
        let (cloud, workspace) =
            stage(terraform, &[json!({"UHostId": "uhost-a", "State": "Running"})], SHORT).await;
        workspace.write("main.tf", RUNNING);
        workspace.apply();
        cloud.remove("uhost-a");
        workspace
            .run(&["plan", "-no-color", "-input=false"])
            .fail()
            .says(&["Instance Not Found", "uhost-a"]);
        workspace.refresh();
        assert_eq!(workspace.state_of(ADDRESS), None);
        cloud.assert_no_mutating_calls();
    });
}
