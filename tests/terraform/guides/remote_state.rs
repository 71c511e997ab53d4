//! "Storing the state for a team": state and lock in an S3-compatible store.

use serde_json::json;
use terraform_provider_compshare::simulator::{Effect, Fault};

use super::{
    guide::{Guide, TRAINING, instance, with_newest_terraform},
    object_store::ObjectStore,
};
use crate::support::actions::START;

#[test]
fn commands_and_output_are_correct() {
    with_newest_terraform(async |terraform| {
        let instances = [instance(TRAINING, "Stopped")];
        let mut guide = Guide::open("remote-state", terraform, &instances).await;
        let store = ObjectStore::start();
        guide.install_provider();
        guide.put("main.tf", "main.tf");
        guide.put("backend.tf", "backend.tf");
        let workspace = &mut guide.stage.workspace;
        let backend = workspace.read("backend.tf");
        workspace.write("backend.tf", &backend.replace("https://s3.example.com", store.url()));
        workspace.set("AWS_ACCESS_KEY_ID", "key");
        workspace.set("AWS_SECRET_ACCESS_KEY", "secret");

        guide.follow().succeed();
        guide.follow().succeed();
        let state = store.object("/terraform-state/gpu/terraform.tfstate").unwrap();
        assert!(state.contains(TRAINING), "{state}");
        let is_locked = || store.object("/terraform-state/gpu/terraform.tfstate.tflock").is_some();
        assert!(!is_locked());

        // The start does not end, so the apply holds the lock.
        guide.stage.cloud.patch(TRAINING, json!({"State": "Stopped"}));
        guide.stage.cloud.clear_calls();
        guide.stage.cloud.add_fault(Fault::new(Effect::StuckInStarting));
        let mut apply = guide.stage.workspace.spawn_shell("terraform apply");
        apply.wait_until(|| guide.stage.cloud.count(START) == 1);
        let plan = guide.follow().fail();

        // A killed apply does not release it.
        apply.kill(|_| true);
        drop(apply);
        assert!(is_locked());
        guide.stage.cloud.patch(TRAINING, json!({"State": "Stopped"}));
        let (_, id) = plan.stderr.split_once("\n  ID:").unwrap();
        guide.stage.workspace.set("ID", id.split_whitespace().next().unwrap());
        guide.follow().succeed();
        assert!(!is_locked());
        guide.end();
    });
}
