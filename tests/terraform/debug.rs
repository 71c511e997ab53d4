//! Debug mode: one process of the provider serves several runs of Terraform.

#[cfg(target_os = "linux")]
use std::time::Duration;

use rustix::process::Signal;
#[cfg(target_os = "linux")]
use serde_json::json;
use terraform_provider_compshare::simulator::Simulator;
#[cfg(target_os = "linux")]
use tokio::time::Instant;

#[cfg(target_os = "linux")]
use super::stage::PROVIDER;
use super::stage::{ADDRESS, PRIVATE_KEY, PUBLIC_KEY, Stage, instance};
use crate::support::{
    actions::START,
    host::{Launch, Process},
    terraform::{Workspace, with_each_terraform},
};
#[cfg(target_os = "linux")]
use crate::support::{effort::rounds, proc::Proc};

/// Time limit for one plan.
#[cfg(target_os = "linux")]
const LIMIT: Duration = Duration::from_secs(120);

/// Starts a provider with the keys of `cloud` in its environment; returns the value of
/// `TF_REATTACH_PROVIDERS` for Terraform, too.
async fn start(cloud: &Simulator) -> (Process, String) {
    let provider = Launch::by_hand()
        .argument("--debug")
        .with("COMPSHARE_BASE_URL", cloud.url())
        .with("COMPSHARE_PUBLIC_KEY", PUBLIC_KEY)
        .with("COMPSHARE_PRIVATE_KEY", PRIVATE_KEY);
    let (provider, line) = provider.start_and_read_line().await;
    let variable = line.trim().strip_prefix("TF_REATTACH_PROVIDERS='").unwrap();
    (provider, variable.strip_suffix('\'').unwrap().to_owned())
}

/// Configures `workspace` for an instance and a running provider; only that has the keys.
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
fn debug_mode_serves_several_runs() {
    with_each_terraform(async |terraform| {
        let mut stage = Stage::new(terraform, &[instance("Stopped")]).await;
        let (mut provider, variable) = start(&stage.cloud).await;
        reattach(&mut stage.workspace, &variable, "uhost-a");

        stage.apply();
        stage.assert_empty_plan();
        stage.set_state("Stopped");
        assert_eq!(stage.plan().actions()[ADDRESS], "update");
        stage.apply();
        assert_eq!(stage.cloud.count(START), 2);

        assert!(provider.is_running());
        provider.signal(Signal::INT);
        assert_eq!(provider.ended().await.left.len(), 0);
    });
}

/// Two workspaces with their own states and the same provider process.
#[cfg(target_os = "linux")]
#[test]
fn concurrent_runs_leave_no_memory_or_descriptors() {
    with_each_terraform(async |terraform| {
        let running = |id: &str| json!({"UHostId": id, "State": "Running"});
        let mut stage = Stage::new(terraform, &["uhost-a", "uhost-b"].map(running)).await;
        let (provider, variable) = start(&stage.cloud).await;
        let mut second = Workspace::new(terraform);
        second.write("provider.tf", PROVIDER);
        reattach(&mut stage.workspace, &variable, "uhost-a");
        reattach(&mut second, &variable, "uhost-b");
        stage.apply();
        second.apply();

        let process = Proc::of(provider.pid());
        plan_both(&stage.workspace, &second);
        let (before, began) = (process.at_rest().await, Instant::now());
        let count = rounds(3);
        for _ in 0..count {
            plan_both(&stage.workspace, &second);
        }
        let took = began.elapsed();
        let after = process.back_to(before).await;
        println!(
            "{terraform}: {} plans in {took:.1?}; before {before:?}, after {after:?}",
            2 * count
        );
        after.assert_no_heavier_than(before);
        assert_eq!(stage.cloud.count(START), 0);
    });
}

/// Runs two plans concurrently; both are empty.
#[cfg(target_os = "linux")]
fn plan_both(first: &Workspace, second: &Workspace) {
    let plan = ["plan", "-no-color", "-input=false", "-detailed-exitcode"];
    for run in [first.spawn(&plan), second.spawn(&plan)] {
        run.finish(LIMIT).succeed();
    }
}
