//! Stories of `compshare_instance`: from nothing to a login and back to nothing.

use std::time::Duration;

use serde_json::{Value, json};
use terraform_provider_compshare::simulator::{Options, Simulator};

use super::stage::{FOREVER, PRIVATE_KEY, PUBLIC_KEY, SHORT, Stage, workspace_at};
use crate::support::{
    actions::{CREATE, RENAME, RESIZE, START, STOP, TERMINATE},
    terraform::{Feature, Terraform, with_each_terraform, with_each_terraform_that_has},
};

/// Addresses of the resources of the stories.
const INSTANCE: &str = "compshare_instance.this";
const POWER: &str = "compshare_instance_power.this";

/// A stage without instances, where a create takes `create_time`.
async fn stage(terraform: &Terraform, create_time: Duration) -> Stage {
    let cloud = Simulator::start(Options {
        public_key: PUBLIC_KEY.to_owned(),
        private_key: PRIVATE_KEY.to_owned(),
        create_time,
        start_time: SHORT,
        stop_time: SHORT,
        resize_time: SHORT,
        terminate_time: SHORT,
        ..Options::default()
    })
    .await
    .unwrap();
    let workspace = workspace_at(terraform, &cloud);
    Stage { cloud, workspace }
}

/// An instance and its power state, with more lines in each block.
fn configuration(instance: &str, power: &str) -> String {
    format!(
        r#"
resource "compshare_instance" "this" {{
  name     = "trainer"
  zone     = "cn-wlcb-01"
  gpu_type = "4090"
  image_id = "compshareImage-12rjyhwynazd"
  {instance}
}}

resource "compshare_instance_power" "this" {{
  instance_id = compshare_instance.this.id
  {power}
}}
"#
    )
}

fn instance(stage: &Stage) -> Value {
    let mut instances = stage.cloud.instances();
    assert_eq!(instances.len(), 1, "{instances:?}");
    instances.remove(0)
}

/// Applies, checks the calls, and checks that nothing is left to do.
#[track_caller]
fn apply(stage: &Stage, calls: &[&str]) {
    stage.cloud.clear_calls();
    stage.apply();
    assert_eq!(stage.changes(), calls);
    stage.assert_empty_plan();
}

#[test]
fn instance_and_power_agree_from_create_to_destroy() {
    with_each_terraform(async |terraform| {
        let stage = stage(terraform, SHORT).await;
        stage.configure(&configuration("", ""));
        stage.plan().run.says(&["New Instance Is Billed While It Runs", "1.98 CNY per hour"]);
        apply(&stage, &[CREATE]);
        let created = stage.workspace.state_of(INSTANCE).unwrap();
        assert_eq!(created["state"], "Running");
        assert_eq!(stage.workspace.state_of(POWER).unwrap()["instance_id"], created["id"]);

        // The power resource alone stops and starts the instance.
        stage.configure(&configuration("", "state = \"Stopped\""));
        apply(&stage, &[STOP]);
        let larger = "gpu_count = 2\n  allow_stopping_for_update = true";
        stage.configure(&configuration(larger, "state = \"Stopped\""));
        apply(&stage, &[RESIZE]);
        stage.configure(&configuration(larger, ""));
        apply(&stage, &[START]);
        assert_eq!(
            (&instance(&stage)["GPU"], &instance(&stage)["State"]),
            (&json!(2), &json!("Running"))
        );

        // A resize of the running instance, and a drift of its power state.
        let renamed = "gpu_count = 1\n  allow_stopping_for_update = true";
        stage.configure(&configuration(renamed, "").replace("\"trainer\"", "\"renamed\""));
        apply(&stage, &[RENAME, STOP, RESIZE, START]);
        let id = instance(&stage)["UHostId"].as_str().unwrap().to_owned();
        stage.cloud.patch(&id, json!({"State": "Stopped"}));
        assert_eq!(stage.plan().actions().keys().collect::<Vec<_>>(), [&POWER]);
        apply(&stage, &[START]);

        // No-GPU mode is no change of the size.
        let without_gpu = "without_gpu = true\n  allow_stopping_for_update = true";
        let named = configuration(renamed, without_gpu).replace("\"trainer\"", "\"renamed\"");
        stage.configure(&named);
        apply(&stage, &[STOP, START]);
        assert_eq!(instance(&stage)["GPU"], 0);
        let stored = stage.workspace.state_of(INSTANCE).unwrap();
        assert_eq!((&stored["gpu_count"], &stored["cpu"]), (&json!(1), &json!(16)));

        stage.cloud.clear_calls();
        stage.workspace.destroy();
        assert_eq!(stage.changes(), [STOP, TERMINATE]);
        assert_eq!(stage.cloud.instances().len(), 0);
    });
}

#[test]
fn interrupted_create_says_what_exists() {
    with_each_terraform(async |terraform| {
        let stage = stage(terraform, FOREVER).await;
        stage.configure(&configuration("", ""));
        let apply = ["apply", "-no-color", "-input=false", "-auto-approve"];
        let mut apply = stage.workspace.spawn(&apply);
        apply.wait_until(|| stage.cloud.count(CREATE) == 1);
        apply.interrupt();
        let apply = apply.finish(Duration::from_secs(20)).fail();
        apply.says(&["uhost-new000001", "has been created", "untaint"]).assert_no_processes();
        assert_eq!(stage.workspace.state_of(INSTANCE).unwrap()["id"], "uhost-new000001");

        // Kept as the message says.
        stage.cloud.patch("uhost-new000001", json!({"State": "Running"}));
        stage.workspace.run(&["untaint", INSTANCE]).succeed();
        stage.apply();
        assert_eq!(stage.changes(), [CREATE]);
        stage.assert_empty_plan();
    });
}

#[test]
fn replacement_is_announced_and_replaces() {
    with_each_terraform(async |terraform| {
        let stage = stage(terraform, SHORT).await;
        stage.configure(&configuration("", "")).apply();
        let other =
            configuration("", "").replace("compshareImage-12rjyhwynazd", "compshareImage-demo");
        stage.configure(&other);
        let plan = stage.plan();
        plan.run.says(&[
            "Replacement Deletes Instance and Its Data",
            "uhost-new000001",
            "`image_id`",
        ]);
        apply(&stage, &[STOP, TERMINATE, CREATE]);
        assert_eq!(instance(&stage)["UHostId"], "uhost-new000002");

        stage.configure(&other.replace("name     =", "deletion_protection = true\n  name     ="));
        stage.apply();
        let refused = stage.workspace.run(&["destroy", "-no-color", "-auto-approve"]).fail();
        refused.says(&["Deletion Protection", "uhost-new000002"]);
        assert_eq!(instance(&stage)["State"], "Running");
    });
}

const QUERY: &str = r#"
list "compshare_instance" "all" {
  provider = compshare
}
"#;

#[test]
fn queried_instances_are_imported_without_a_change() {
    with_each_terraform_that_has(Feature::Query, async |terraform| {
        let stage = stage(terraform, SHORT).await;
        stage.configure(&configuration("remark = \"团队\"", "")).apply();
        let id = instance(&stage)["UHostId"].as_str().unwrap().to_owned();
        let others = Stage { workspace: workspace_at(terraform, &stage.cloud), cloud: stage.cloud };
        others.cloud.clear_calls();
        others.workspace.write("all.tfquery.hcl", QUERY);
        let query = others.workspace.query(&["-generate-config-out=generated.tf"]);
        query.succeed().says(&[&id, "trainer"]);
        others.workspace.run(&["fmt", "-check", "-diff", "generated.tf"]).succeed();
        others.workspace.apply().says(&["1 imported, 0 added, 0 changed, 0 destroyed"]);
        others.assert_empty_plan();
        others.assert_no_changes();
        let state = others.workspace.state_of("compshare_instance.all_0").unwrap();
        assert_eq!((&state["remark"], &state["id"]), (&json!("团队"), &json!(id)));
    });
}
