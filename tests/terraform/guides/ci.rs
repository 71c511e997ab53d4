//! "Running Terraform in CI": exit codes, drift, an interrupt and the log.

use serde_json::json;
use terraform_provider_compshare::simulator::{Effect, Fault};

use super::guide::{Guide, LIMIT, TRAINING, instance, with_newest_terraform};
use crate::{
    support::actions::{DESCRIBE, START},
    terraform::stage::{PRIVATE_KEY, PUBLIC_KEY},
};

#[test]
fn commands_and_output_are_correct() {
    with_newest_terraform(async |terraform| {
        let mut guide = Guide::open("ci", terraform, &[instance(TRAINING, "Stopped")]).await;
        guide.put("main.tf", "main.tf");
        guide.put("ci.sh", "ci.sh");
        guide.follow().has_changes();
        guide.assert_no_changes();
        guide.follow().succeed();
        assert_eq!(guide.changes(), [START]);
        let shell = |guide: &Guide, commands: &str| {
            guide.stage.workspace.spawn_shell(commands).finish(LIMIT)
        };
        shell(&guide, "./ci.sh plan").succeed();

        // The instance is stopped elsewhere.
        guide.stage.cloud.patch(TRAINING, json!({"State": "Stopped"}));
        guide.follow().has_changes();

        // An interrupt after the start was accepted.
        guide.stage.cloud.add_fault(Fault::new(Effect::StuckInStarting));
        guide.changes();
        let mut apply = guide.begin();
        // A describe after the start shows that the provider has received the response.
        apply.wait_until(|| {
            let calls = guide.stage.cloud.calls();
            let mut since_start = calls.iter().skip_while(|call| call.action != START);
            since_start.any(|call| call.action == DESCRIBE)
        });
        apply.interrupt();
        let interrupted = guide.finish(apply);
        assert_ne!(interrupted.exit_code, Some(0), "{interrupted}");
        assert_eq!(guide.fact(TRAINING, "State"), "Starting");
        guide.stage.cloud.patch(TRAINING, json!({"State": "Running"}));
        shell(&guide, "./ci.sh plan; ./ci.sh apply").succeed();
        assert_eq!(guide.changes(), [START]);

        guide.follow().succeed();
        let log = guide.stage.workspace.read("debug.log");
        for fact in ["action=DescribeCompShareInstance", "ret_code=0", "request_id="] {
            assert!(log.contains(fact), "no `{fact}` in the log: {log}");
        }
        assert!(!log.contains(PRIVATE_KEY) && !log.contains(PUBLIC_KEY), "{log}");

        guide.stage.workspace.unset("COMPSHARE_PUBLIC_KEY");
        guide.stage.workspace.unset("COMPSHARE_PRIVATE_KEY");
        shell(&guide, "./ci.sh plan").fail().says(&["Missing API Keys"]);
        assert_eq!(shell(&guide, "./ci.sh").exit_code, Some(64));
        guide.end();
    });
}
