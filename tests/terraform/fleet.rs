//! Fleets: one unusable instance must not hold up the others.

use serde_json::json;

use super::stage::Stage;
use crate::support::{actions::START, terraform::with_each_terraform};

const FLEET: &str = r#"
resource "compshare_instance_power" "fleet" {
  for_each    = toset(["uhost-a", "uhost-b", "uhost-c", "uhost-d", "uhost-e"])
  instance_id = each.key
}
"#;

#[test]
fn unusable_instances_fail_alone() {
    with_each_terraform(async |terraform| {
        let running = |id: &str| json!({"UHostId": id, "State": "Running"});
        let ids = ["uhost-a", "uhost-b", "uhost-c", "uhost-d", "uhost-e"];
        let stage = Stage::new(terraform, &ids.map(running)).await;
        stage.configure(FLEET).apply();
        stage.assert_no_changes();

        // Failed, deleted, and started without its GPU; the last two were stopped.
        stage.cloud.patch("uhost-a", json!({"State": "Install Fail"}));
        stage.cloud.remove("uhost-b");
        let without_gpu = json!({"GPU": 0, "MachineType": "O", "SrcInstanceConfig": {"Gpu": 1}});
        stage.cloud.patch("uhost-c", without_gpu);
        for id in ["uhost-d", "uhost-e"] {
            stage.cloud.patch(id, json!({"State": "Stopped"}));
        }

        let plan = stage.plan();
        let address = |id: &str| format!("compshare_instance_power.fleet[\"{id}\"]");
        let actions = plan.actions();
        assert_eq!(actions[address("uhost-b").as_str()], "create");
        for id in ["uhost-a", "uhost-d", "uhost-e"] {
            assert_eq!(actions[address(id).as_str()], "update", "{id}");
        }
        assert_eq!(actions.len(), 4, "{actions:?}");
        plan.run.says(&[
            "Warning: Unable to Start Instance: Failed State",
            "Warning: Unable to Manage Instance: No Longer Exists",
            "Warning: Instance Running Without Its GPU",
        ]);

        let apply = stage.workspace.try_apply().fail();
        let errors = apply.stderr.matches("Error: ").count();
        assert_eq!(errors, 2, "{apply}");
        apply.says(&[
            "Error: Unable to Start Instance: Failed State",
            "Error: Unable to Start Instance: Instance Not Found",
        ]);
        assert_eq!(stage.changes(), [START, START]);
        for id in ["uhost-c", "uhost-d", "uhost-e"] {
            assert_eq!(stage.reported(id), "Running", "{id}");
        }
    });
}

#[test]
fn id_that_never_existed_is_refused_in_the_plan() {
    with_each_terraform(async |terraform| {
        let others = ["uhost-b", "uhost-c", "uhost-d", "uhost-e"].map(|id| json!({"UHostId": id}));
        let stage = Stage::new(terraform, &others).await;
        let run = stage.configure(FLEET).workspace.run(&["plan", "-no-color"]);
        run.fail().says(&["Error: Unable to Start Instance: Instance Not Found", "uhost-a"]);
        stage.assert_no_changes();
    });
}
