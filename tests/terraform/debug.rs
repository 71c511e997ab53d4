//! A provider that a developer started: one process for all that Terraform does, however often.

#[cfg(target_os = "linux")]
use std::time::Duration;

use rustix::process::Signal;
use serde_json::json;
use terraform_provider_compshare::simulator::Simulator;
#[cfg(target_os = "linux")]
use tokio::time::Instant;

use super::{ADDRESS, PRIVATE_KEY, PROVIDER, PUBLIC_KEY, SHORT, stage};
use crate::support::{
    actions::START,
    host::{Launch, Process},
    terraform::{Workspace, with_each_terraform},
};
#[cfg(target_os = "linux")]
use crate::support::{effort::rounds, proc::Proc};

/// No plan takes this long; one that does hangs.
#[cfg(target_os = "linux")]
const LIMIT: Duration = Duration::from_secs(120);

/// A provider that has the keys of `cloud` in its own environment, and what is to stand in Terraform's to find it.
async fn start(cloud: &Simulator) -> (Process, String) {
    let provider = Launch::by_hand()
        .argument("--debug")
        .with("COMPSHARE_BASE_URL", &cloud.url())
        .with("COMPSHARE_PUBLIC_KEY", PUBLIC_KEY)
        .with("COMPSHARE_PRIVATE_KEY", PRIVATE_KEY);
    let (provider, line) = provider.start_and_read_line().await;
    let variable = line.trim().strip_prefix("TF_REATTACH_PROVIDERS='").unwrap();
    (provider, variable.strip_suffix('\'').unwrap().to_owned())
}

/// Makes `workspace` one for an instance, with no keys but with the way to a provider that has them.
fn reattach(workspace: &mut Workspace, variable: &str, instance: &str) {
    workspace.set("TF_REATTACH_PROVIDERS", variable);
    workspace.unset("COMPSHARE_PUBLIC_KEY");
    workspace.unset("COMPSHARE_PRIVATE_KEY");
    let resource = format!(
        "resource \"compshare_instance_power\" \"this\" {{\n  instance_id = \"{instance}\"\n}}\n"
    );
    workspace.write("main.tf", &resource);
}

#[test]
fn one_provider_in_debug_mode_serves_run_after_run() {
    with_each_terraform(async |terraform| {
        let (cloud, mut workspace) =
            stage(terraform, &[json!({"UHostId": "uhost-a", "State": "Stopped"})], SHORT).await;
        let (mut provider, variable) = start(&cloud).await;
        reattach(&mut workspace, &variable, "uhost-a");

        workspace.apply();
        workspace.plan().assert_empty();
        cloud.patch("uhost-a", json!({"State": "Stopped"}));
        assert_eq!(workspace.plan().actions()[ADDRESS], "update");
        workspace.apply();
        assert_eq!(cloud.count(START), 2);

        assert!(provider.is_running());
        provider.signal(Signal::INT);
        assert_eq!(provider.ended().await.left.len(), 0);
    });
}

/// Two practitioners, each with a state of their own, at one provider that both have told the same.
#[cfg(target_os = "linux")]
#[test]
fn runs_of_two_at_a_time_leave_the_provider_as_it_was() {
    with_each_terraform(async |terraform| {
        let running = |id: &str| json!({"UHostId": id, "State": "Running"});
        let (cloud, mut first) =
            stage(terraform, &["uhost-a", "uhost-b"].map(running), SHORT).await;
        let (provider, variable) = start(&cloud).await;
        let mut second = Workspace::new(terraform);
        second.write("provider.tf", PROVIDER);
        reattach(&mut first, &variable, "uhost-a");
        reattach(&mut second, &variable, "uhost-b");
        first.apply();
        second.apply();

        let process = Proc::of(provider.pid());
        plan_both(&first, &second);
        let (before, began) = (process.at_rest().await, Instant::now());
        let count = rounds(3);
        for _ in 0..count {
            plan_both(&first, &second);
        }
        let took = began.elapsed();
        let after = process.back_to(before).await;
        println!(
            "{terraform}: {} plans in {took:.1?}; before {before:?}, after {after:?}",
            2 * count
        );
        after.assert_no_heavier_than(before);
        assert_eq!(cloud.count(START), 0);
    });
}

/// Plans at the same time, and finds nothing to do.
#[cfg(target_os = "linux")]
fn plan_both(first: &Workspace, second: &Workspace) {
    let plan = ["plan", "-no-color", "-input=false", "-detailed-exitcode"];
    for run in [first.spawn(&plan), second.spawn(&plan)] {
        run.finish(LIMIT).succeed();
    }
}
