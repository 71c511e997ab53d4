//! The start of the provider's process, as Terraform shows it.

use std::{fs, path::PathBuf};

use super::stage::{Stage, instance};
use crate::support::terraform::with_each_terraform;

#[test]
fn reason_of_failed_start_is_shown() {
    with_each_terraform(async |terraform| {
        let mut stage = Stage::new(terraform, &[instance("Running")]).await;
        stage.configure_resource("");
        let temporary = stage.workspace.renew_temporary().join("long".repeat(30));
        fs::create_dir(&temporary).unwrap();
        // Terraform 1.0 needs an existing directory of its own too.
        for (variable, value, facts) in [
            ("TMPDIR", temporary, ["too long", "Set TMPDIR to a shorter path"]),
            (
                "PLUGIN_UNIX_SOCKET_DIR",
                PathBuf::from("/no/such/directory"),
                ["No such file or directory", "Set PLUGIN_UNIX_SOCKET_DIR to a writable directory"],
            ),
        ] {
            stage.workspace.set(variable, value);
            let command = stage.workspace.run(&["plan", "-no-color", "-input=false"]).fail();
            command.says(&["Unrecognized remote plugin message: "]).says(&facts);
        }
    });
}

#[test]
fn empty_tmpdir_is_the_default() {
    with_each_terraform(async |terraform| {
        let mut stage = Stage::new(terraform, &[instance("Running")]).await;
        stage.configure_resource("");
        stage.workspace.set("TMPDIR", "");
        stage.apply();
        stage.assert_empty_plan();
    });
}
