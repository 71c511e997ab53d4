//! "Getting started": the first apply, drift, and the stop.

use serde_json::json;

use super::guide::{Guide, TRAINING, with_newest_terraform};
use crate::support::actions::{START, STOP};

#[test]
fn commands_and_output_are_correct() {
    with_newest_terraform(async |terraform| {
        let instances = [json!({"UHostId": TRAINING, "State": "Stopped", "Name": "训练"})];
        let mut guide = Guide::open("getting-started", terraform, &instances).await;
        guide.install_provider();
        guide.use_own_provider_block();
        guide.put("main.tf", "main.tf");
        guide.follow().succeed();
        guide.assert_no_changes();

        guide.put("training.tf", "training.tf");
        guide.follow().succeed();
        assert_eq!(guide.changes(), [START]);
        guide.follow().succeed();

        guide.stage.cloud.patch(TRAINING, json!({"State": "Stopped"}));
        guide.follow().succeed();
        guide.assert_no_changes();
        guide.follow().succeed();
        assert_eq!(guide.changes(), [START]);

        guide.put("stopped.tf", "training.tf");
        guide.follow().succeed();
        assert_eq!(guide.changes(), [STOP]);
        guide.end();
    });
}
