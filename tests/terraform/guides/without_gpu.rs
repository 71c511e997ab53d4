//! "Preparing data in no-GPU mode": both modes, and the size after a failed switch.

use terraform_provider_compshare::simulator::{Effect, Fault};

use super::guide::{Guide, SPARE, TRAINING, instance, with_newest_terraform};
use crate::support::actions::{START, STOP};

#[test]
fn commands_and_output_are_correct() {
    with_newest_terraform(async |terraform| {
        let instances = [instance(TRAINING, "Stopped"), instance(SPARE, "Stopped")];
        let mut guide = Guide::open("without-gpu", terraform, &instances).await;
        guide.put("main.tf", "main.tf");
        guide.follow().succeed();
        assert_eq!(guide.changes(), [START]);
        let size =
            |guide: &Guide| ["GPU", "CPU", "Memory"].map(|field| guide.fact(TRAINING, field));
        assert_eq!(size(&guide), [0, 8, 16_384]);
        guide.follow().succeed();
        assert_eq!(guide.changes(), [STOP, START]);
        assert_eq!(size(&guide), [1, 16, 65_536]);

        // Back in no-GPU mode; then the zone is sold out.
        guide.stage.workspace.apply();
        guide.changes();
        guide.stage.cloud.add_fault(Fault::new(Effect::SoldOut));
        guide.follow().fail();
        assert_eq!(guide.changes(), [STOP, START]);
        assert_eq!(guide.fact(TRAINING, "State"), "Stopped");
        assert_eq!(size(&guide), [0, 8, 16_384], "the small size remains");
        guide.stage.workspace.apply_with(&["-var=with_gpu=true"]);
        assert_eq!(guide.changes(), [START]);
        assert_eq!(size(&guide), [1, 16, 65_536]);

        // Without `allow_stopping_for_update` the instance keeps running.
        let main = guide.stage.workspace.read("main.tf");
        let allowed = "  allow_stopping_for_update = true\n";
        assert!(main.contains(allowed));
        guide.stage.workspace.write("main.tf", &main.replace(allowed, ""));
        guide
            .stage
            .workspace
            .try_apply()
            .fail()
            .says(&["Unable to Change GPU Mode: Restart Not Allowed"]);
        guide.assert_no_changes();
        guide.end();
    });
}
