//! A Terraform older than the minimum version, in one story from create to destroy.

use serde_json::{Value, json};

use super::stage::{Stage, instance};
use crate::support::{
    actions::{START, STOP},
    terraform::{Run, Workspace, with_the_oldest_terraform},
};

const STARTED: &str = r#"
resource "compshare_instance_power" "started" {
  instance_id     = "uhost-a"
  stop_on_destroy = true
}
"#;

const IMPORTED: &str = r#"
resource "compshare_instance_power" "imported" {
  instance_id = "uhost-b"
}
"#;

#[test]
fn oldest_terraform_creates_updates_imports_and_destroys() {
    with_the_oldest_terraform(async |terraform| {
        let running = json!({"UHostId": "uhost-b", "State": "Running"});
        let stage = Stage::new(terraform, &[instance("Stopped"), running]).await;
        let (cloud, workspace) = (&stage.cloud, &stage.workspace);
        stage.configure(STARTED);
        plan(workspace).has_changes();
        stage.assert_no_changes();
        stage.apply();
        assert_eq!(stage.changes(), [START]);
        assert_eq!(stored(workspace, "started")["state"], "Running");
        plan(workspace).succeed();

        stage.set_state("Stopped");
        plan(workspace).has_changes();
        stage.apply();
        assert_eq!(cloud.count(START), 2);
        plan(workspace).succeed();

        workspace.write("imported.tf", IMPORTED);
        workspace.import("compshare_instance_power.imported", "uhost-b").succeed();
        assert_eq!(stored(workspace, "imported")["id"], "uhost-b");
        plan(workspace).succeed();
        assert_eq!(cloud.count(START), 2, "an import sends no call");

        // Only the first resource has `stop_on_destroy`.
        workspace.destroy();
        assert_eq!(workspace.stored_state()["resources"], json!([]));
        assert_eq!(cloud.count(STOP), 1);
        assert_eq!(stage.reported("uhost-a"), "Stopped");
        assert_eq!(stage.reported("uhost-b"), "Running");
    });
}

/// Plans without a file, because this Terraform cannot show a saved plan; the exit code is the
/// result.
fn plan(workspace: &Workspace) -> Run {
    workspace.run(&["plan", "-no-color", "-input=false", "-detailed-exitcode"])
}

/// Stored attributes of the resource with this name.
fn stored(workspace: &Workspace, name: &str) -> Value {
    let state = workspace.stored_state();
    let mut resources = state["resources"].as_array().unwrap().iter();
    let resource = resources.find(|resource| resource["name"] == name);
    resource.unwrap()["instances"][0]["attributes"].clone()
}
