//! Interrupt (Ctrl-C) of an apply that waits for an instance.

use std::time::Duration;

use super::stage::{FOREVER, Stage, instance};
use crate::support::{actions::START, terraform::with_each_terraform};

#[test]
fn interrupted_apply_ends_soon_and_reports_its_calls() {
    with_each_terraform(async |terraform| {
        let stage = Stage::with_transitions(terraform, &[instance("Stopped")], FOREVER).await;
        stage.configure_resource("");

        let apply = ["apply", "-no-color", "-input=false", "-auto-approve"];
        let mut apply = stage.workspace.spawn(&apply);
        apply.wait_until(|| stage.cloud.count(START) == 1);
        apply.interrupt();
        let apply = apply.finish(Duration::from_secs(10)).fail();
        let apply = apply.says(&["Interrupt", "uhost-a", "StartCompShareInstance"]);

        apply.assert_no_processes();
        stage.workspace.assert_no_temporary_files();
        assert_eq!(stage.stored(), None, "a failed create stores nothing");

        // The accepted start continues without Terraform, so that the next apply needs no call.
        stage.set_state("Running");
        stage.apply();
        assert_eq!(stage.changes(), [START]);
        stage.assert_empty_plan();
    });
}
