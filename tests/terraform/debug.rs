//! A provider that a developer started: one process for all that Terraform does, however often.

use rustix::process::Signal;
use serde_json::json;

use super::{ADDRESS, PRIVATE_KEY, PUBLIC_KEY, SHORT, stage};
use crate::support::{host::Launch, terraform::with_each_terraform};

#[test]
fn one_provider_in_debug_mode_serves_run_after_run() {
    with_each_terraform(async |terraform| {
        let (cloud, mut workspace) =
            stage(terraform, &[json!({"UHostId": "uhost-a", "State": "Stopped"})], SHORT).await;
        let provider = Launch::by_hand()
            .argument("--debug")
            .with("COMPSHARE_BASE_URL", &cloud.url())
            .with("COMPSHARE_PUBLIC_KEY", PUBLIC_KEY)
            .with("COMPSHARE_PRIVATE_KEY", PRIVATE_KEY);
        let (mut provider, line) = provider.start_and_read_line().await;
        let variable = line.trim().strip_prefix("TF_REATTACH_PROVIDERS='").unwrap();
        workspace.set("TF_REATTACH_PROVIDERS", variable.strip_suffix('\'').unwrap());
        // Its own environment has the keys; Terraform's has none.
        workspace.unset("COMPSHARE_PUBLIC_KEY");
        workspace.unset("COMPSHARE_PRIVATE_KEY");
        let resource =
            "resource \"compshare_instance_power\" \"this\" {\n  instance_id = \"uhost-a\"\n}\n";
        workspace.write("main.tf", resource);

        workspace.apply();
        workspace.plan().assert_empty();
        cloud.patch("uhost-a", json!({"State": "Stopped"}));
        assert_eq!(workspace.plan().actions()[ADDRESS], "update");
        workspace.apply();
        assert_eq!(cloud.count("StartCompShareInstance"), 2);

        assert!(provider.is_running());
        provider.signal(Signal::INT);
        assert_eq!(provider.ended().await.left.len(), 0);
    });
}
