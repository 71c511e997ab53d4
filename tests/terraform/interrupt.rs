//! Ctrl-C while the provider waits.

use std::time::Duration;

use serde_json::json;

use super::{ADDRESS, changes, stage};
use crate::support::{actions::START, terraform::with_each_terraform};

#[test]
fn an_interrupted_wait_ends_soon_and_says_what_was_asked() {
    with_each_terraform(async |terraform| {
        let an_hour = Duration::from_secs(3600);
        let (cloud, workspace) =
            stage(terraform, &[json!({"UHostId": "uhost-a", "State": "Stopped"})], an_hour).await;
        workspace.write(
            "main.tf",
            "resource \"compshare_instance_power\" \"this\" {\n  instance_id = \"uhost-a\"\n}\n",
        );

        let mut apply = workspace.spawn(&["apply", "-no-color", "-input=false", "-auto-approve"]);
        apply.wait_until(|| cloud.count(START) == 1);
        apply.interrupt();
        let apply =
            apply.finish(Duration::from_secs(10)).fail().says(&["Interrupt", "uhost-a", START]);

        assert_eq!(apply.left_behind(), [""; 0]);
        assert_eq!(workspace.temporary_files(), [""; 0]);
        assert_eq!(workspace.state_of(ADDRESS), None, "a create that fails leaves nothing");

        // The start that was sent goes on without Terraform, and the next apply finds what came of it.
        cloud.patch("uhost-a", json!({"State": "Running"}));
        workspace.apply();
        assert_eq!(changes(&cloud), [START]);
        workspace.plan().assert_empty();
    });
}
