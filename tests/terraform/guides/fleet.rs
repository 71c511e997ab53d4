//! "Managing a fleet of instances by tag".

use serde_json::json;
use terraform_provider_compshare::simulator::{Effect, Fault};

use super::guide::{Guide, SPARE, THIRD, TRAINING, instance, with_newest_terraform};
use crate::support::actions::START;

#[test]
fn commands_and_output_are_correct() {
    with_newest_terraform(async |terraform| {
        let newcomer = "uhost-3b4c5d6e";
        let instances = [
            instance(TRAINING, "Stopped"),
            instance(SPARE, "Stopped"),
            instance(THIRD, "Running"),
            json!({"UHostId": newcomer, "State": "Stopped", "Tag": "new"}),
        ];
        let mut guide = Guide::open("fleet", terraform, &instances).await;
        guide.put("main.tf", "main.tf");
        guide.stage.cloud.add_fault(Fault::new(Effect::SoldOut).on_instance(SPARE));
        guide.follow().fail();
        let state_of = |guide: &Guide, id| guide.fact(id, "State");
        assert_eq!([TRAINING, SPARE].map(|id| state_of(&guide, id)), ["Running", "Stopped"]);
        assert_eq!(guide.changes(), [START, START], "the running instance is not started");
        guide.follow().succeed();
        assert_eq!(guide.changes(), [START]);
        assert_eq!(state_of(&guide, SPARE), "Running");

        guide.stage.cloud.patch(newcomer, json!({"Tag": "training"}));
        guide.follow().succeed();
        guide.stage.workspace.apply();
        assert_eq!(guide.changes(), [START]);
        assert_eq!(state_of(&guide, newcomer), "Running");

        // An empty result would destroy all resources.
        let main = guide.stage.workspace.read("main.tf");
        guide.stage.workspace.write("main.tf", &main.replace("\"training\"\n", "\"trainig\"\n"));
        guide.stage.workspace.try_apply().fail().says(&["No instance has the tag"]);
        guide.stage.workspace.write("main.tf", &main);
        guide.assert_no_changes();

        // A failed instance does not hold up the others.
        guide.stage.cloud.patch(THIRD, json!({"State": "Install Fail"}));
        guide.stage.cloud.patch(SPARE, json!({"State": "Stopped"}));
        let titles = [
            "Warning: Unable to Start Instance: Failed State",
            "Error: Unable to Start Instance: Failed State",
        ];
        guide.stage.workspace.try_apply().fail().says(&titles);
        assert_eq!(guide.changes(), [START]);
        assert_eq!(state_of(&guide, SPARE), "Running");
        guide.end();
    });
}
