//! Starts and stops by the resource, and configurations that need no call.

use serde_json::json;

use super::stage::{ADDRESS, Stage, instance, resource};
use crate::support::{
    actions::{START, STOP},
    terraform::{Feature, with_each_terraform, with_each_terraform_that_has},
};

#[test]
fn stopped_instance_is_started_once() {
    with_each_terraform(async |terraform| {
        let stage = Stage::new(terraform, &[instance("Stopped")]).await;
        stage.configure_resource("");
        assert_eq!(stage.plan().actions()[ADDRESS], "create");
        stage.assert_no_changes();

        let apply = stage.apply();
        apply.assert_no_processes();
        stage.workspace.assert_no_temporary_files();
        assert_eq!(stage.changes(), [START]);
        assert_eq!(stage.reported("uhost-a"), "Running");

        let state = stage.stored().unwrap();
        assert_eq!(state["state"], "Running");
        assert_eq!(state["instance_id"], "uhost-a");
        assert!(state["started_at"].is_string(), "{state}");

        stage.assert_empty_plan();
        stage.apply();
        assert_eq!(stage.cloud.count(START), 1);
    });
}

#[test]
fn running_instance_is_managed_without_a_call() {
    with_each_terraform(async |terraform| {
        let stage = Stage::new(terraform, &[instance("Running")]).await;
        stage.configure_resource("").apply();
        stage.assert_empty_plan();
        stage.assert_no_changes();
    });
}

#[test]
fn instance_stopped_elsewhere_is_started_again() {
    with_each_terraform(async |terraform| {
        let stage = Stage::new(terraform, &[instance("Stopped")]).await;
        stage.configure_resource("").apply();
        stage.set_state("Stopped");
        stage.cloud.clear_calls();

        let plan = stage.plan();
        assert_eq!(plan.actions()[ADDRESS], "update");
        assert_eq!(plan.change(ADDRESS, "state"), (&json!("Stopped"), &json!("Running")));
        assert_eq!(plan.change(ADDRESS, "id"), (&json!("uhost-a"), &json!("uhost-a")));

        stage.apply();
        assert_eq!(stage.changes(), [START]);
        stage.assert_empty_plan();
    });
}

#[test]
fn refresh_stores_the_drift_without_a_call() {
    with_each_terraform(async |terraform| {
        let stage = Stage::new(terraform, &[instance("Running")]).await;
        stage.configure_resource("").apply();
        stage.set_state("Stopped");
        stage.workspace.refresh();
        assert_eq!(stage.stored().unwrap()["state"], "Stopped");
        stage.assert_no_changes();
    });
}

#[test]
fn drift_is_not_detected_without_a_refresh() {
    with_each_terraform(async |terraform| {
        let stage = Stage::new(terraform, &[instance("Running")]).await;
        stage.configure_resource("").apply();
        stage.set_state("Stopped");
        stage.workspace.plan_with(&["-refresh=false"]).assert_empty();
        stage.workspace.apply_with(&["-refresh=false"]);
        stage.assert_no_changes();
    });
}

#[test]
fn ignore_changes_leaves_the_drift_unchanged() {
    with_each_terraform(async |terraform| {
        let stage = Stage::new(terraform, &[instance("Stopped")]).await;
        let lines = "state = \"Running\"\nlifecycle {\n  ignore_changes = [state]\n}";
        stage.configure_resource(lines).apply();
        assert_eq!(stage.changes(), [START]);
        stage.set_state("Stopped");
        stage.cloud.clear_calls();
        stage.assert_empty_plan();
        stage.apply();
        stage.assert_no_changes();
    });
}

#[test]
fn instance_is_stopped_and_started_as_configured() {
    with_each_terraform(async |terraform| {
        let stage = Stage::new(terraform, &[instance("Running")]).await;
        stage.configure_resource("state = \"Stopped\"").apply();
        assert_eq!(stage.changes(), [STOP]);
        stage.assert_empty_plan();

        stage.configure_resource("");
        let plan = stage.plan();
        assert_eq!(plan.change(ADDRESS, "state"), (&json!("Stopped"), &json!("Running")));
        stage.apply();
        assert_eq!(stage.changes(), [STOP, START]);
        stage.assert_empty_plan();
    });
}

#[test]
fn import_command_needs_no_change() {
    with_each_terraform(async |terraform| {
        let stage = Stage::new(terraform, &[instance("Running")]).await;
        stage.configure_resource("");
        stage.workspace.import(ADDRESS, "uhost-a").succeed();
        assert_eq!(stage.stored().unwrap()["state"], "Running");
        stage.assert_empty_plan();
        stage.assert_no_changes();
    });
}

#[test]
fn import_block_needs_no_change() {
    with_each_terraform_that_has(Feature::ImportBlock, async |terraform| {
        let stage = Stage::new(terraform, &[instance("Running")]).await;
        stage.configure_resource("");
        let import = format!("import {{\n  to = {ADDRESS}\n  id = \"uhost-a\"\n}}\n");
        stage.workspace.write("import.tf", &import);
        assert!(stage.plan().actions().is_empty(), "an import changes nothing");
        stage.apply();
        stage.assert_empty_plan();
        stage.assert_no_changes();
    });
}

#[test]
fn import_of_a_missing_instance_fails() {
    with_each_terraform(async |terraform| {
        let stage = Stage::new(terraform, &[]).await;
        stage.configure_resource("");
        stage.workspace.import(ADDRESS, "uhost-a").fail();
        assert_eq!(stage.stored(), None);
    });
}

#[test]
fn destroy_keeps_the_instance_running_with_a_warning() {
    with_each_terraform(async |terraform| {
        let stage = Stage::new(terraform, &[instance("Running")]).await;
        stage.configure_resource("").apply();
        let destroyed = stage.workspace.destroy();
        if terraform.has(Feature::DestroyPlan) {
            destroyed.says(&["uhost-a", "billed"]);
        }
        stage.assert_no_changes();
        assert_eq!(stage.stored(), None);
        assert_eq!(stage.reported("uhost-a"), "Running");
    });
}

#[test]
fn destroy_stops_the_instance_with_stop_on_destroy() {
    with_each_terraform(async |terraform| {
        let stage = Stage::new(terraform, &[instance("Running")]).await;
        stage.configure_resource("stop_on_destroy = true").apply();
        stage.workspace.destroy();
        assert_eq!(stage.changes(), [STOP]);
        assert_eq!(stage.reported("uhost-a"), "Stopped");
    });
}

#[test]
fn for_each_starts_only_its_stopped_instances() {
    with_each_terraform(async |terraform| {
        let instances = [
            json!({"UHostId": "uhost-a", "State": "Stopped"}),
            json!({"UHostId": "uhost-b", "State": "Running"}),
            json!({"UHostId": "uhost-c", "State": "Stopped"}),
        ];
        let stage = Stage::new(terraform, &instances).await;
        stage.configure(
            r#"
            resource "compshare_instance_power" "this" {
              for_each    = toset(["uhost-a", "uhost-b"])
              instance_id = each.key
            }
            "#,
        );
        stage.apply();
        assert_eq!(stage.changes(), [START]);
        for id in ["uhost-a", "uhost-b"] {
            let address = format!("{ADDRESS}[\"{id}\"]");
            assert_eq!(stage.workspace.state_of(&address).unwrap()["state"], "Running", "{id}");
        }
        assert_eq!(stage.reported("uhost-c"), "Stopped", "not in the configuration");
        stage.assert_empty_plan();
    });
}

/// Takes the ID of the instance from a value that is known after apply.
const COMPUTED_ID: &str = r#"
resource "terraform_data" "chosen" {
  input = "uhost-a"
}

resource "compshare_instance_power" "this" {
  instance_id = terraform_data.chosen.output
}
"#;

#[test]
fn instance_id_may_be_unknown_in_the_plan() {
    with_each_terraform_that_has(Feature::TerraformData, async |terraform| {
        let stage = Stage::new(terraform, &[instance("Stopped")]).await;
        stage.configure(COMPUTED_ID);
        assert_eq!(stage.plan().actions()[ADDRESS], "create");
        stage.apply();
        assert_eq!(stage.changes(), [START]);
        assert_eq!(stage.stored().unwrap()["instance_id"], "uhost-a");
        stage.assert_empty_plan();
    });
}

#[test]
fn plan_knows_that_the_id_is_not_null() {
    with_each_terraform_that_has(Feature::Refinements, async |terraform| {
        let stage = Stage::new(terraform, &[instance("Stopped")]).await;
        let dependent = r#"
            resource "terraform_data" "dependent" {
              count = compshare_instance_power.this.id == null ? 0 : 1
            }

            output "id" {
              value = compshare_instance_power.this.id
            }

            output "has_id" {
              value = compshare_instance_power.this.id != null
            }
            "#;
        stage.configure(&[COMPUTED_ID, dependent].concat());
        let plan = stage.plan();
        let outputs = &plan.json["output_changes"];
        assert_eq!(outputs["id"]["after_unknown"], true);
        assert_eq!(outputs["has_id"]["after_unknown"], false);
        assert_eq!(outputs["has_id"]["after"], true);
        assert_eq!(plan.actions()["terraform_data.dependent[0]"], "create");
        stage.apply();
        stage.assert_empty_plan();
    });
}

#[test]
fn options_without_an_api_call_are_updated_in_the_state() {
    with_each_terraform(async |terraform| {
        let stage = Stage::new(terraform, &[instance("Running")]).await;
        stage.configure_resource("").apply();
        stage.configure_resource(
            "stop_on_destroy = true
              wait_for_capacity = true
              timeouts {
                create = \"5m\"
                delete = \"90s\"
              }",
        );
        assert_eq!(stage.plan().actions()[ADDRESS], "update");
        stage.apply();
        stage.assert_no_changes();
        stage.assert_empty_plan();
    });
}

#[test]
fn change_of_instance_id_replaces_the_resource() {
    with_each_terraform(async |terraform| {
        let other = json!({"UHostId": "uhost-b", "State": "Stopped"});
        let stage = Stage::new(terraform, &[instance("Running"), other]).await;
        stage.configure_resource("").apply();
        stage.configure(&resource("").replace("uhost-a", "uhost-b"));
        assert_eq!(stage.plan().actions()[ADDRESS], "delete, create");
        stage.apply();
        assert_eq!(stage.changes(), [START], "the previous instance is left unchanged");
        assert_eq!(stage.stored().unwrap()["id"], "uhost-b");
    });
}

#[test]
fn deleted_instance_leaves_the_state() {
    with_each_terraform(async |terraform| {
        let stage = Stage::new(terraform, &[instance("Running")]).await;
        stage.configure_resource("").apply();
        stage.cloud.remove("uhost-a");
        stage.plan().run.says(&["Warning: Unable to Manage Instance: No Longer Exists", "uhost-a"]);
        stage
            .workspace
            .try_apply()
            .fail()
            .says(&["Error: Unable to Start Instance: Instance Not Found", "uhost-a"]);
        stage.workspace.refresh();
        assert_eq!(stage.stored(), None);
        stage.assert_no_changes();
    });
}

#[test]
fn instance_started_by_hand_without_gpu_stays_so() {
    with_each_terraform(async |terraform| {
        let stage = Stage::new(terraform, &[instance("Running")]).await;
        let ignores_state = "lifecycle {\n    ignore_changes = [state]\n  }";
        stage.configure_resource(ignores_state).apply();
        let without_gpu = json!({"GPU": 0, "MachineType": "O", "SrcInstanceConfig": {"Gpu": 1}});
        stage.cloud.patch("uhost-a", without_gpu);
        let plan = stage.plan();
        plan.assert_empty();
        plan.run.says(&["Warning: Instance Running Without Its GPU", "without_gpu = true"]);
        stage.apply();
        stage.assert_no_changes();
        assert_eq!(stage.stored().unwrap()["without_gpu"], true);
    });
}

#[test]
fn instance_that_has_no_gpu_is_started_once() {
    with_each_terraform(async |terraform| {
        let instance = json!({"UHostId": "uhost-a", "GPU": 0, "SupportWithoutGpuStart": false});
        let stage = Stage::new(terraform, &[instance]).await;
        for lines in ["", "allow_stopping_for_update = true"] {
            stage.configure_resource(lines).apply();
            stage.assert_empty_plan();
        }
        assert_eq!(stage.changes(), [START]);
    });
}

#[test]
fn facts_may_change_between_plan_and_apply() {
    with_each_terraform(async |terraform| {
        let stage = Stage::new(terraform, &[instance("Stopped")]).await;
        let output = "output \"address\" {\n  value = compshare_instance_power.this.public_ip\n}\n";
        stage.workspace.write("output.tf", output);
        for (name, state) in [("one", "Stopped"), ("two", "Stopped"), ("three", "Running")] {
            stage.set_state(state);
            let plan = stage.configure_resource("").plan();
            let address = format!("203.0.113.{}", name.len());
            stage.cloud.patch(
                "uhost-a",
                json!({
                    "Name": name, "InstancePrice": name.len(), "IsSpot": true, "GpuType": name,
                    "SshLoginCommand": format!("ssh -p 2{} root@{address}", name.len()),
                    "IPSet": [{"IP": address, "Type": "Bgp"}],
                }),
            );
            stage.workspace.run(&["apply", "-no-color", plan.file()]).succeed();
            stage.apply();
            assert_eq!(stage.workspace.output("address"), address);
            let stored = stage.stored().unwrap();
            assert_eq!(
                (&stored["ssh_host"], &stored["price_cny"]),
                (&json!(address), &json!(name.len()))
            );
        }
        assert_eq!(stage.changes(), [START, START]);
    });
}
