//! Actions, invoked by command or triggered by the change of a resource.

use std::time::Duration;

use terraform_provider_compshare::simulator::{Effect, Fault};

use super::stage::{ADDRESS, FOREVER, Stage, instance};
use crate::support::{
    actions::{REBOOT, START, STOP},
    terraform::{Feature, with_each_terraform_that_has},
};

/// Duration of a transition that is long enough for each state to be polled on a busy machine.
const SLOW: Duration = Duration::from_secs(1);

/// Action on `uhost-a`.
fn action(kind: &str) -> String {
    format!(
        "action \"compshare_instance_{kind}\" \"this\" {{\n  config {{\n    \
         instance_id = \"uhost-a\"\n  }}\n}}\n"
    )
}

/// Resource whose update, by another text, triggers the actions of `trigger`.
fn note(text: &str, trigger: &str) -> String {
    format!(
        "resource \"terraform_data\" \"note\" {{\n  input = \"{text}\"\n  \
         lifecycle {{\n{trigger}\n  }}\n}}\n"
    )
}

/// Invokes an action on an instance in this state; expects one call and these reports.
fn check_reports(kind: &str, state: &str, call: &str, reports: &[&str]) {
    with_each_terraform_that_has(Feature::Actions, async |terraform| {
        let stage = Stage::with_transitions(terraform, &[instance(state)], SLOW).await;
        stage.configure(&action(kind));
        let address = format!("action.compshare_instance_{kind}.this");

        let invoke = format!("-invoke={address}");
        let plan = stage.workspace.run(&["plan", "-no-color", &invoke]);
        plan.succeed().says(&["1 to invoke", "uhost-a"]);
        stage.assert_no_changes();

        let invoked = stage.workspace.invoke(&address).succeed().says(&["Actions: 1 invoked."]);
        let prefix = format!("Action {address} (triggered by CLI): ");
        let printed: Vec<_> =
            invoked.stdout.lines().filter_map(|line| line.strip_prefix(&prefix)).collect();
        assert_eq!(printed, reports, "{invoked}");
        assert_eq!(stage.changes(), [call]);
        invoked.assert_no_processes();
    });
}

#[test]
fn start_reports_its_progress() {
    check_reports(
        "start",
        "Stopped",
        START,
        &[
            "Starting instance uhost-a",
            "uhost-a: Stopped",
            "uhost-a: start request accepted",
            "uhost-a: Stopped -> Starting",
            "uhost-a: Starting -> Running",
        ],
    );
}

#[test]
fn stop_reports_its_progress() {
    check_reports(
        "stop",
        "Running",
        STOP,
        &[
            "Stopping instance uhost-a",
            "uhost-a: Running",
            "uhost-a: stop request accepted",
            "uhost-a: Running -> Stopping",
            "uhost-a: Stopping -> Stopped",
        ],
    );
}

#[test]
fn reboot_reports_its_progress() {
    check_reports(
        "reboot",
        "Running",
        REBOOT,
        &[
            "Rebooting instance uhost-a",
            "uhost-a: Running",
            "uhost-a: reboot request accepted",
            "uhost-a: Running -> Rebooting",
            "uhost-a: Rebooting -> Running",
        ],
    );
}

#[test]
fn action_on_instance_in_target_state_sends_no_call() {
    with_each_terraform_that_has(Feature::Actions, async |terraform| {
        let stage = Stage::new(terraform, &[instance("Running")]).await;
        stage.configure(&[action("start"), action("stop")].concat());
        let start = stage.workspace.invoke("action.compshare_instance_start.this").succeed();
        start.says(&["uhost-a: already Running, nothing to do"]);
        stage.set_state("Stopped");
        let stop = stage.workspace.invoke("action.compshare_instance_stop.this").succeed();
        stop.says(&["uhost-a: already Stopped, nothing to do"]);
        stage.assert_no_changes();
    });
}

#[test]
fn failed_action_reports_reason_and_remedy() {
    with_each_terraform_that_has(Feature::Actions, async |terraform| {
        let stage = Stage::new(terraform, &[instance("Stopped")]).await;
        stage.configure(&[action("start"), action("reboot")].concat());
        stage.cloud.add_fault(Fault::new(Effect::SoldOut).forever());
        stage.workspace.invoke("action.compshare_instance_start.this").fail().says(&[
            "Unable to Start Instance: Zone Sold Out",
            "RetCode 8357",
            "wait_for_capacity",
        ]);
        assert_eq!(stage.changes(), [START]);

        let reboot = stage.workspace.invoke("action.compshare_instance_reboot.this").fail();
        reboot.says(&["uhost-a", "Stopped"]);
        assert_eq!(stage.changes(), [START], "a stopped instance is not rebooted");
    });
}

#[test]
fn action_runs_after_the_change_that_triggers_it() {
    with_each_terraform_that_has(Feature::Actions, async |terraform| {
        let stage = Stage::new(terraform, &[instance("Stopped")]).await;
        let trigger = "
            action_trigger {
              events  = [after_create]
              actions = [action.compshare_instance_start.this]
            }
            action_trigger {
              events  = [after_update]
              actions = [action.compshare_instance_reboot.this]
            }";
        stage.workspace.write("actions.tf", &[action("start"), action("reboot")].concat());
        stage.configure(&note("one", trigger));
        stage.apply().says(&["triggered by terraform_data.note", "-> Running"]);
        assert_eq!(stage.changes(), [START]);

        stage.assert_empty_plan();
        stage.configure(&note("two", trigger)).apply();
        assert_eq!(stage.changes(), [START, REBOOT]);
        stage.assert_empty_plan();
    });
}

#[test]
fn resource_accepts_the_result_of_its_triggered_action() {
    with_each_terraform_that_has(Feature::Actions, async |terraform| {
        let stage = Stage::new(terraform, &[instance("Running")]).await;
        stage.workspace.write("actions.tf", &[action("start"), action("reboot")].concat());
        stage.configure_resource(
            "lifecycle {
                action_trigger {
                  events  = [before_update]
                  actions = [action.compshare_instance_start.this]
                }
                action_trigger {
                  events  = [after_update]
                  actions = [action.compshare_instance_reboot.this]
                }
              }",
        );
        stage.apply();
        stage.assert_no_changes();

        // The start before the update leaves nothing to do for the resource.
        stage.set_state("Stopped");
        assert_eq!(stage.plan().actions()[ADDRESS], "update");
        stage.apply();
        assert_eq!(stage.changes(), [START, REBOOT]);
        stage.assert_empty_plan();
    });
}

#[test]
fn interrupted_action_ends_soon_and_reports_its_calls() {
    with_each_terraform_that_has(Feature::Actions, async |terraform| {
        let stage = Stage::with_transitions(terraform, &[instance("Stopped")], FOREVER).await;
        stage.configure(&action("start"));
        let mut invoked = stage.workspace.spawn(&[
            "apply",
            "-no-color",
            "-auto-approve",
            "-invoke=action.compshare_instance_start.this",
        ]);
        // The last report before a pause: Terraform 1.15 crashes if a report arrives during the
        // interrupt.
        invoked.wait_until_printed("uhost-a: Stopped -> Starting");
        invoked.interrupt();
        assert_eq!(stage.changes(), [START]);
        let invoked = invoked.finish(Duration::from_secs(10)).fail().says(&[
            "Interrupt",
            "uhost-a",
            "API call: StartCompShareInstance",
        ]);
        invoked.assert_no_processes();
        stage.workspace.assert_no_temporary_files();
    });
}

#[test]
fn invalid_action_argument_is_reported_with_its_line() {
    with_each_terraform_that_has(Feature::Actions, async |terraform| {
        let stage = Stage::new(terraform, &[]).await;
        let lines = "instance_id = \"uhost-a\"\n    timeout     = \"soon\"";
        stage.configure(&action("start").replace("instance_id = \"uhost-a\"", lines));
        stage.workspace.run(&["validate", "-no-color"]).fail().says(&[
            "main.tf line 4",
            "4: timeout = \"soon\"",
            "20m",
        ]);
        assert!(stage.cloud.calls().is_empty());
    });
}
