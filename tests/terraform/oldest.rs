//! The oldest Terraform that is known to work, older than what is promised: the whole life of a resource in one story.

use serde_json::{Value, json};

use super::{SHORT, changes, stage};
use crate::support::{
    actions::{START, STOP},
    calls::Calls as _,
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
fn a_resource_lives_from_its_creation_to_its_end() {
    with_the_oldest_terraform(async |terraform| {
        let (cloud, workspace) = stage(
            terraform,
            &[
                json!({"UHostId": "uhost-a", "State": "Stopped"}),
                json!({"UHostId": "uhost-b", "State": "Running"}),
            ],
            SHORT,
        )
        .await;
        workspace.write("main.tf", STARTED);
        planned(&workspace).finds_something_to_do();
        cloud.assert_no_mutating_calls();
        workspace.apply();
        assert_eq!(changes(&cloud), [START]);
        assert_eq!(stored(&workspace, "started")["state"], "Running");
        planned(&workspace).succeed();

        cloud.patch("uhost-a", json!({"State": "Stopped"}));
        planned(&workspace).finds_something_to_do();
        workspace.apply();
        assert_eq!(cloud.count(START), 2);
        planned(&workspace).succeed();

        workspace.write("imported.tf", IMPORTED);
        workspace.import("compshare_instance_power.imported", "uhost-b").succeed();
        assert_eq!(stored(&workspace, "imported")["id"], "uhost-b");
        planned(&workspace).succeed();
        assert_eq!(cloud.count(START), 2, "an import changes nothing");

        // One of them asked to be stopped then, the other did not.
        workspace.destroy();
        assert_eq!(workspace.stored_state()["resources"], json!([]));
        assert_eq!(cloud.count(STOP), 1);
        assert_eq!(cloud.instance("uhost-a").unwrap()["State"], "Stopped");
        assert_eq!(cloud.instance("uhost-b").unwrap()["State"], "Running");
    });
}

/// A plan that is not saved, since this Terraform cannot show a saved one. Its exit code says what has come of it.
fn planned(workspace: &Workspace) -> Run {
    workspace.run(&["plan", "-no-color", "-input=false", "-detailed-exitcode"])
}

/// The attributes of the resource of this name.
fn stored(workspace: &Workspace, name: &str) -> Value {
    let state = workspace.stored_state();
    let mut resources = state["resources"].as_array().unwrap().iter();
    let resource = resources.find(|resource| resource["name"] == name);
    resource.unwrap()["instances"][0]["attributes"].clone()
}
