//! "Importing existing instances": none is started or stopped.

use serde_json::json;

use super::guide::{Guide, SPARE, TRAINING, instance, with_newest_terraform};

#[test]
fn commands_and_output_are_correct() {
    with_newest_terraform(async |terraform| {
        let mut training = instance(TRAINING, "Running");
        training["Name"] = json!("训练");
        let mut spare = instance(SPARE, "Stopped");
        spare["Name"] = json!("备用");
        let mut guide = Guide::open("import", terraform, &[training, spare]).await;

        guide.put("all.tfquery.hcl", "all.tfquery.hcl");
        guide.follow().succeed();
        guide.follow().succeed();
        guide.follow().succeed();
        guide.follow().succeed();
        guide.stage.workspace.plan().assert_empty();

        guide.start_over();
        guide.put("import.tf", "import.tf");
        guide.follow().succeed();
        guide.stage.workspace.plan().assert_empty();

        guide.start_over();
        guide.put("main.tf", "main.tf");
        guide.follow().succeed();
        guide.stage.workspace.plan().assert_empty();
        guide.assert_no_changes();
        guide.end();
    });
}
