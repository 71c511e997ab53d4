//! Prices, warnings and stops of "Billing".

use serde_json::json;

use super::guide::{Guide, SPARE, THIRD, TRAINING, instance, with_newest_terraform};
use crate::support::actions::STOP;

#[test]
fn commands_and_output_are_correct() {
    with_newest_terraform(async |terraform| {
        let reclaimed = jiff::Timestamp::from_second(1_796_083_200).unwrap().as_second();
        let instances = [
            instance(TRAINING, "Running"),
            json!({"UHostId": SPARE, "State": "Stopped", "ReleaseTime": reclaimed}),
            json!({
                "UHostId": THIRD, "State": "Stopped", "ChargeType": "Month", "InstancePrice": 1099,
            }),
        ];
        let mut guide = Guide::open("billing", terraform, &instances).await;
        guide.put("report.tf", "report.tf");
        guide.follow().succeed();
        guide.assert_no_changes();

        guide.start_over();
        guide.put("main.tf", "main.tf");
        guide.stage.workspace.apply();
        guide.follow().succeed();
        guide.put("stopping.tf", "main.tf");
        guide.follow().succeed();
        assert_eq!(guide.changes(), [STOP]);
        guide.end();
    });
}
