//! Operations of Terraform on a resource: replace, target, move, remove from the state; several
//! resources for one instance.

use serde_json::json;
use terraform_provider_compshare::simulator::Fault;

use super::stage::{ADDRESS, PRIVATE_KEY, PROVIDER, PUBLIC_KEY, Stage, instance, resource};
use crate::support::{
    actions::{START, STOP},
    terraform::{Feature, MIRROR, with_each_terraform, with_each_terraform_that_has},
};

/// Renames the resource from `this` to `that`.
const MOVED: &str =
    "moved {\n  from = compshare_instance_power.this\n  to   = compshare_instance_power.that\n}\n";

/// The resource under its new name.
fn renamed(lines: &str) -> String {
    resource(lines).replace("\"this\"", "\"that\"") + MOVED
}

#[test]
fn several_resources_for_one_instance_start_it_once() {
    with_each_terraform(async |terraform| {
        let stage = Stage::new(terraform, &[instance("Stopped")]).await;
        let three = "for_each = toset([\"one\", \"two\", \"three\"])";
        stage
            .configure_resource(three)
            .apply()
            .says(&["Warning: Instance Managed by Two Resources"]);
        assert_eq!(stage.changes(), [START]);
        stage.assert_empty_plan();
    });
}

#[test]
fn replace_sends_no_call_for_a_running_instance() {
    with_each_terraform(async |terraform| {
        let stage = Stage::new(terraform, &[instance("Running")]).await;
        for order in ["", "lifecycle {\n    create_before_destroy = true\n  }"] {
            stage.configure_resource(order).apply();
            stage.workspace.apply_with(&[&format!("-replace={ADDRESS}")]);
            stage.assert_empty_plan();
        }
        stage.assert_no_changes();
    });
}

#[test]
fn replace_with_stop_on_destroy_stops_and_starts() {
    with_each_terraform(async |terraform| {
        let stage = Stage::new(terraform, &[instance("Running")]).await;
        stage.configure_resource("stop_on_destroy = true").apply();
        stage.workspace.apply_with(&[&format!("-replace={ADDRESS}")]);
        assert_eq!(stage.changes(), [STOP, START]);
        stage.assert_empty_plan();
    });
}

#[test]
fn replaced_instance_keeps_running_if_created_first() {
    with_each_terraform(async |terraform| {
        let stage = Stage::new(terraform, &[instance("Running")]).await;
        let lines = "stop_on_destroy = true\n  lifecycle {\n    create_before_destroy = true\n  }";
        stage.configure_resource(lines).apply();
        let replace = stage.workspace.apply_with(&[&format!("-replace={ADDRESS}")]);
        assert!(!replace.stdout.contains("Will Be Stopped"), "{replace}");
        replace
            .says(&["1 added, 0 changed, 1 destroyed", "Warning: Destroy Left Instance Running"]);
        stage.assert_no_changes();
        stage.assert_empty_plan();
    });
}

#[test]
fn renamed_resources_without_moved_leave_instances_running() {
    with_each_terraform(async |terraform| {
        let running = |id: &str| json!({"UHostId": id, "State": "Running"});
        let stage = Stage::new(terraform, &["uhost-a", "uhost-b"].map(running)).await;
        let pair = |one: &str, other: &str| {
            format!(
                "resource \"compshare_instance_power\" \"{one}\" {{\n  instance_id = \"uhost-a\"\n  \
                 stop_on_destroy = true\n}}\n\n\
                 resource \"compshare_instance_power\" \"{other}\" {{\n  instance_id = \"uhost-b\"\n  \
                 stop_on_destroy = true\n  depends_on = [compshare_instance_power.{one}]\n}}\n"
            )
        };
        stage.configure(&pair("one", "two")).apply();
        let plan = stage.configure(&pair("first", "second")).plan();
        let file = plan.file().to_owned();
        if terraform.has(Feature::DestroyPlan) {
            plan.run.says(&[
                "Warning: Destroy Will Stop Instance: Needed by Another Resource",
                "`moved`",
            ]);
        }
        stage.workspace.run(&["apply", "-no-color", &file]).succeed();
        for id in ["uhost-a", "uhost-b"] {
            assert_eq!(stage.reported(id), "Running", "{id}: {:?}", stage.changes());
        }
        assert_eq!(stage.cloud.count(START), stage.cloud.count(STOP));
        stage.assert_empty_plan();
    });
}

#[test]
fn prevent_destroy_keeps_the_instance_running() {
    with_each_terraform(async |terraform| {
        let stage = Stage::new(terraform, &[instance("Running")]).await;
        let lines = "stop_on_destroy = true\n  lifecycle {\n    prevent_destroy = true\n  }";
        stage.configure_resource(lines).apply();
        stage.workspace.run(&["destroy", "-auto-approve"]).fail().says(&["prevent_destroy"]);
        stage.assert_no_changes();
    });
}

#[test]
fn target_limits_the_apply_to_one_instance() {
    with_each_terraform(async |terraform| {
        let stopped = |id: &str| json!({"UHostId": id, "State": "Stopped"});
        let stage = Stage::new(terraform, &["uhost-a", "uhost-b"].map(stopped)).await;
        stage.configure(
            r#"
            resource "compshare_instance_power" "this" {
              for_each    = toset(["uhost-a", "uhost-b"])
              instance_id = each.key
            }
            "#,
        );
        stage.workspace.apply_with(&[&format!("-target={ADDRESS}[\"uhost-b\"]")]);
        assert_eq!(stage.reported("uhost-a"), "Stopped");
        assert_eq!(stage.reported("uhost-b"), "Running");
        stage.apply();
        assert_eq!(stage.cloud.count(START), 2);
    });
}

#[test]
fn renamed_resource_moves_without_a_call() {
    with_each_terraform_that_has(Feature::MovedBlock, async |terraform| {
        let stage = Stage::new(terraform, &[instance("Running")]).await;
        stage.configure_resource("").apply();
        stage.configure(&renamed("")).apply();
        assert!(stage.workspace.state_of("compshare_instance_power.that").is_some());
        stage.assert_no_changes();
    });
}

#[test]
fn resource_moves_from_a_mirror_of_the_provider() {
    with_each_terraform_that_has(Feature::MovedBetweenProviders, async |terraform| {
        let stage = Stage::new(terraform, &[instance("Running")]).await;
        let mirrored = PROVIDER.replace("compshare/compshare", MIRROR);
        stage.workspace.write("provider.tf", &mirrored);
        stage.configure_resource("stop_on_destroy = true").apply();

        stage.workspace.write("provider.tf", PROVIDER);
        stage.configure(&renamed("stop_on_destroy = true"));
        stage.apply().says(&["0 added, 0 changed, 0 destroyed"]);
        stage.assert_empty_plan();
        let state = stage.workspace.state_of("compshare_instance_power.that").unwrap();
        assert_eq!(state["instance_id"], "uhost-a");
        stage.assert_no_changes();
    });
}

#[test]
fn resource_leaves_the_state_without_a_call() {
    with_each_terraform(async |terraform| {
        let stage = Stage::new(terraform, &[instance("Running")]).await;
        stage.configure_resource("stop_on_destroy = true").apply();
        if terraform.has(Feature::RemovedBlock) {
            let removed = format!(
                "removed {{\n  from = {ADDRESS}\n  lifecycle {{\n    destroy = false\n  }}\n}}\n"
            );
            stage.configure(&removed).apply();
        } else {
            stage.workspace.run(&["state", "rm", ADDRESS]).succeed();
        }
        assert!(stage.stored().is_none());
        stage.assert_no_changes();
        assert_eq!(stage.reported("uhost-a"), "Running");
    });
}

#[test]
fn second_terraform_workspace_imports_a_running_instance() {
    with_each_terraform(async |terraform| {
        let stage = Stage::new(terraform, &[instance("Stopped")]).await;
        stage.configure_resource("").apply();
        stage.workspace.run(&["workspace", "new", "other"]).succeed();
        assert_eq!(stage.plan().actions()[ADDRESS], "create");
        stage.apply();
        assert_eq!(stage.cloud.count(START), 1, "the instance runs already");
    });
}

#[test]
fn failed_create_stores_nothing_and_is_retried_by_apply() {
    with_each_terraform(async |terraform| {
        let stage = Stage::new(terraform, &[instance("Stopped")]).await;
        stage.cloud.add_fault(Fault::refuse(226_604, "资源不足").on_action(START));
        stage.configure_resource("");
        stage.workspace.try_apply().fail().says(&["226604", "资源不足"]);
        assert!(stage.stored().is_none(), "no tainted resource");
        stage.apply();
        assert_eq!(stage.cloud.count(START), 2);
        stage.assert_empty_plan();
    });
}

#[test]
fn provider_accepts_keys_that_the_same_run_creates() {
    with_each_terraform_that_has(Feature::TerraformData, async |terraform| {
        let mut stage = Stage::new(terraform, &[instance("Stopped")]).await;
        stage.unset_keys();
        let provider = PROVIDER.replace(
            "poll_interval = \"50ms\"",
            "poll_interval = \"50ms\"\n  public_key    = terraform_data.key.output.public\n  \
             private_key   = terraform_data.key.output.private",
        );
        stage.workspace.write("provider.tf", &provider);
        let keys = format!(
            "resource \"terraform_data\" \"key\" {{\n  input = {{\n    \
             public  = \"{PUBLIC_KEY}\"\n    private = \"{PRIVATE_KEY}\"\n  }}\n}}\n",
        );
        stage.configure(&[resource(""), keys].concat());
        assert_eq!(stage.plan().actions()[ADDRESS], "create");
        stage.apply();
        assert_eq!(stage.cloud.count(START), 1);
        stage.assert_empty_plan();
    });
}
