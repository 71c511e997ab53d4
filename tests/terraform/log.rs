//! The log of the provider inside Terraform's log.

use serde_json::json;

use super::stage::{PRIVATE_KEY, PUBLIC_KEY, Stage, instance};
use crate::support::{actions::START, terraform::with_each_terraform};

/// Login password, in plain text and as encoded by the API.
const PASSWORD: [&str; 2] = ["canary-password-51e8", "Y2FuYXJ5LXBhc3N3b3JkLTUxZTg="];

/// Prefix of the provider's lines, after time and level.
const FROM_PROVIDER: &str = "provider.terraform-provider-compshare: ";

#[test]
fn trace_log_has_levels_and_no_secret() {
    with_each_terraform(async |terraform| {
        let instance = json!({"UHostId": "uhost-a", "State": "Stopped", "Password": PASSWORD[1]});
        let mut stage = Stage::new(terraform, &[instance]).await;
        stage.configure_resource("");
        stage.workspace.set("TF_LOG", "TRACE");
        let log = stage.apply().stderr;
        assert_eq!(stage.cloud.count(START), 1);

        for secret in [PUBLIC_KEY, PRIVATE_KEY, PASSWORD[0], PASSWORD[1], "Signature="] {
            assert!(!log.contains(secret), "`{secret}` is in the log");
        }

        let lines: Vec<_> = log.lines().filter(|line| line.contains(FROM_PROVIDER)).collect();
        assert!(!lines.is_empty(), "no line of the provider:\n{log}");
        let all = lines.join("\n");
        // Terraform prints the JSON of a line that it cannot parse.
        assert!(!all.contains("@message"), "unparsed lines:\n{all}");
        let is_change =
            |line: &&str| ["[INFO]", "uhost-a", "Running"].iter().all(|word| line.contains(word));
        assert!(lines.iter().any(is_change), "no change of state at INFO:\n{all}");
    });
}

#[test]
fn info_log_has_state_changes_and_no_debug_lines() {
    with_each_terraform(async |terraform| {
        let mut stage = Stage::new(terraform, &[instance("Stopped")]).await;
        stage.configure_resource("");
        stage.workspace.set("TF_LOG_PROVIDER", "INFO");
        let log = stage.apply().stderr;
        let lines: Vec<_> = log.lines().filter(|line| line.contains(FROM_PROVIDER)).collect();
        let has = |level: &str| lines.iter().any(|line| line.contains(level));
        assert!(has("[INFO]"), "{log}");
        assert!(!has("[DEBUG]") && !has("[TRACE]"), "{log}");
    });
}
