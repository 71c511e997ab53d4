//! "Handling sold-out zones": the error and both ways to wait.

use std::fs;

use terraform_provider_compshare::simulator::{Effect, Fault};

use super::{
    guide::{Guide, LIMIT, TRAINING, instance, with_newest_terraform},
    page::{Block, files_of},
};
use crate::{support::actions::START, terraform::stage::Stage};

#[test]
fn commands_and_output_are_correct() {
    with_newest_terraform(async |terraform| {
        let instances = [instance(TRAINING, "Stopped")];
        let mut guide = Guide::open("sold-out", terraform, &instances).await;
        guide.put("main.tf", "main.tf");
        guide.stage.cloud.add_fault(Fault::new(Effect::SoldOut));
        guide.follow().fail();
        assert_eq!(guide.fact(TRAINING, "State"), "Stopped");

        // Resource and action wait concurrently, because a retry takes half a minute.
        guide.start_over();
        guide.put("waiting.tf", "main.tf");
        guide.stage.cloud.add_fault(Fault::new(Effect::SoldOut));
        guide.changes();
        let apply = guide.begin();

        let other = Stage::new(terraform, &instances).await;
        other.cloud.add_fault(Fault::new(Effect::SoldOut));
        other.configure(&fs::read_to_string(files_of("sold-out").join("start.tf")).unwrap());
        let quotation = guide.next("text");
        let invoked = other.workspace.spawn_shell(&guide.next("shell"));

        let apply = apply.finish(LIMIT).succeed();
        guide.remaining.push_front(Block {
            language: "text".to_owned(),
            text: quotation,
            file: None,
        });
        guide.check_quotation(&apply.stdout);
        assert_eq!(guide.changes(), [START, START]);
        assert_eq!(guide.fact(TRAINING, "State"), "Running");

        guide.finish(invoked).succeed();
        assert_eq!(other.changes(), [START, START]);
        guide.end();
    });
}
