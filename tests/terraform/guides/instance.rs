//! "An instance from scratch": create, stop, resize and delete.

use super::guide::{Guide, with_newest_terraform};
use crate::support::actions::{CREATE, RESIZE, RESIZE_DISK, STOP, TERMINATE};

#[test]
fn commands_and_output_are_correct() {
    with_newest_terraform(async |terraform| {
        let mut guide = Guide::open("instance", terraform, &[]).await;
        guide.put("main.tf", "main.tf");
        guide.follow().succeed();
        guide.assert_no_changes();
        guide.follow().succeed();
        assert_eq!(guide.changes(), [CREATE]);
        guide.follow().succeed();

        guide.put("power.tf", "power.tf");
        guide.follow().succeed();
        assert_eq!(guide.changes(), [STOP]);

        guide.put("larger.tf", "main.tf");
        guide.follow().succeed();
        assert_eq!(guide.changes(), [RESIZE, RESIZE_DISK]);
        guide.stage.workspace.plan().assert_empty();

        guide.follow().succeed();
        assert_eq!(guide.changes(), [TERMINATE]);
        guide.end();
    });
}
