//! "Take over instances that exist": the imports change nothing.

use serde_json::json;

use super::guide::{Guide, TRAINING, instance, with_newest_terraform};

#[test]
fn commands_and_output_are_correct() {
    with_newest_terraform(async |terraform| {
        let mut training = instance(TRAINING, "Running");
        training["Name"] = json!("training");
        let mut guide = Guide::open("take-over", terraform, &[training]).await;
        guide.put("all.tfquery.hcl", "all.tfquery.hcl");
        guide.follow().succeed();
        guide.follow().succeed();

        guide.start_over();
        guide.put("import.tf", "import.tf");
        guide.put("main.tf", "main.tf");
        guide.follow().succeed();
        guide.stage.workspace.plan().assert_empty();
        guide.assert_no_changes();
        guide.end();
    });
}
