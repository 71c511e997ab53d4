//! Power operations with the vendor's program.

use std::time::Duration;

use serde_json::json;
use terraform_provider_compshare::simulator::{DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY};

use super::{cli::Cli, simulator};
use crate::support::actions::START;

#[tokio::test]
async fn compshare_program_accepts_all_responses() {
    let simulator = simulator(Duration::ZERO).await;
    let cli = Cli::new(&simulator).await;
    let list = cli.succeeds(&["instance", "list"]).await;
    assert_eq!(list.pointer("/data/items/1/UHostId"), Some(&json!("uhost-1")));
    assert_eq!(list.pointer("/data/items/1/State"), Some(&json!("Stopped")));
    assert_eq!(list.pointer("/meta/regions"), Some(&json!(["cn-sh2", "cn-wlcb"])));
    let zones = cli.succeeds(&["instance", "zones", "--region", "cn-wlcb"]).await;
    assert_eq!(zones.pointer("/data/items/0/Zone"), Some(&json!("cn-wlcb-01")));
    let shown = cli.succeeds(&["instance", "show", "uhost-1"]).await;
    assert_eq!(shown.pointer("/data/UHostSet/0/Name"), Some(&json!("训练 uhost-1")));

    let final_state = "/data/succeeded/0/final/UHostSet/0/State";
    let start = ["instance", "start", "uhost-1", "--without-gpu", "A", "--wait"];
    let started = cli.succeeds(&start).await;
    assert_eq!(started.pointer(final_state), Some(&json!("Running")));
    assert_eq!(started.pointer("/data/succeeded/0/final/UHostSet/0/GPU"), Some(&json!(0)));
    let sent = simulator.calls().into_iter().find(|call| call.action == START).unwrap();
    assert_eq!(sent.parameters["WithoutGpuSpec"], "A");
    assert_eq!(sent.parameters.get("WithoutGpu"), None);
    let rebooted = cli.succeeds(&["instance", "reboot", "uhost-1", "-y", "--wait"]).await;
    assert_eq!(rebooted.pointer(final_state), Some(&json!("Running")));
    let stopped = cli.succeeds(&["instance", "stop", "uhost-1", "-y", "--wait"]).await;
    assert_eq!(stopped.pointer(final_state), Some(&json!("Stopped")));

    let again = cli.fails(&["instance", "stop", "uhost-1", "-y", "--no-wait"]).await;
    assert_eq!(again.pointer("/details/failed/0/error/ret_code"), Some(&json!(8905)));
    for (wrong_keys, ret_code) in [((DEMO_PUBLIC_KEY, "x"), 171), (("x", DEMO_PRIVATE_KEY), 172)] {
        let (ok, refused) = cli.run(wrong_keys, &["instance", "list"]).await;
        assert!(!ok);
        assert_eq!(refused.pointer("/error/details/ret_code"), Some(&json!(ret_code)));
    }
}
