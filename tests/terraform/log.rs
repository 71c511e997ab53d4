//! What the log says, and what it must not.

use serde_json::json;

use super::{PRIVATE_KEY, PUBLIC_KEY, SHORT, stage};
use crate::support::{actions::START, terraform::with_each_terraform};

/// The login password of the instance, as it is and as the cloud's API gives it.
const PASSWORD: [&str; 2] = ["canary-password-51e8", "Y2FuYXJ5LXBhc3N3b3JkLTUxZTg="];

/// How Terraform begins a line that the provider has written, after time and level.
const FROM_PROVIDER: &str = "provider.terraform-provider-compshare: ";

#[test]
fn the_fullest_log_holds_no_secret_and_every_line_at_its_level() {
    with_each_terraform(async |terraform| {
        let instance = json!({"UHostId": "uhost-a", "State": "Stopped", "Password": PASSWORD[1]});
        let (cloud, mut workspace) = stage(terraform, &[instance], SHORT).await;
        workspace.write(
            "main.tf",
            "resource \"compshare_instance_power\" \"this\" {\n  instance_id = \"uhost-a\"\n}\n",
        );
        workspace.set("TF_LOG", "TRACE");
        let log = workspace.apply().stderr;
        assert_eq!(cloud.count(START), 1);

        for secret in [PUBLIC_KEY, PRIVATE_KEY, PASSWORD[0], PASSWORD[1], "Signature="] {
            assert!(!log.contains(secret), "`{secret}` is in the log");
        }

        let lines: Vec<_> = log.lines().filter(|line| line.contains(FROM_PROVIDER)).collect();
        assert!(!lines.is_empty(), "the provider says nothing:\n{log}");
        // A line that Terraform cannot read is shown as it came.
        assert!(
            !lines.iter().any(|line| line.contains("@message")),
            "unreadable lines:\n{}",
            lines.join("\n")
        );
        let changes: Vec<_> = lines
            .iter()
            .filter(|line| line.contains("[INFO]") && line.contains("uhost-a"))
            .collect();
        assert!(
            changes.iter().any(|line| line.contains("Running")),
            "no change of state at INFO:\n{}",
            lines.join("\n")
        );
    });
}

#[test]
fn a_lower_level_leaves_the_state_changes() {
    with_each_terraform(async |terraform| {
        let (_cloud, mut workspace) =
            stage(terraform, &[json!({"UHostId": "uhost-a", "State": "Stopped"})], SHORT).await;
        workspace.write(
            "main.tf",
            "resource \"compshare_instance_power\" \"this\" {\n  instance_id = \"uhost-a\"\n}\n",
        );
        workspace.set("TF_LOG_PROVIDER", "INFO");
        let log = workspace.apply().stderr;
        let lines: Vec<_> = log.lines().filter(|line| line.contains(FROM_PROVIDER)).collect();
        assert!(lines.iter().any(|line| line.contains("[INFO]")), "{log}");
        assert!(
            !lines.iter().any(|line| line.contains("[DEBUG]") || line.contains("[TRACE]")),
            "{log}"
        );
    });
}
