//! Actions: what is asked for once, by command or by what happens to something else.

use std::time::Duration;

use serde_json::json;
use terraform_provider_compshare::simulator::{Effect, Fault};

use super::{ADDRESS, SHORT, changes, stage};
use crate::support::terraform::{Feature, with_each_terraform_that_has};

/// How long the cloud takes where each state on the way has to be seen, however busy this machine is.
const TO_BE_SEEN: Duration = Duration::from_secs(1);

/// An action on the instance of the story.
fn action(kind: &str) -> String {
    format!(
        "action \"compshare_instance_{kind}\" \"this\" {{\n  config {{\n    instance_id = \"uhost-a\"\n  }}\n}}\n"
    )
}

/// Something that is changed by changing this text, and triggers the actions of `trigger` thereby.
fn note(text: &str, trigger: &str) -> String {
    format!(
        "resource \"terraform_data\" \"note\" {{\n  input = \"{text}\"\n  lifecycle {{\n{trigger}\n  }}\n}}\n"
    )
}

/// Invokes an action on an instance in this state, and expects one call and these reports on the way.
fn told(kind: &str, state: &str, call: &str, reports: &[&str]) {
    with_each_terraform_that_has(Feature::Actions, async |terraform| {
        let (cloud, workspace) =
            stage(terraform, &[json!({"UHostId": "uhost-a", "State": state})], TO_BE_SEEN).await;
        workspace.write("main.tf", &action(kind));
        let address = format!("action.compshare_instance_{kind}.this");

        let plan = workspace.run(&["plan", "-no-color", &format!("-invoke={address}")]);
        plan.succeed().says(&["1 to invoke", "uhost-a"]);
        assert_eq!(changes(&cloud), [""; 0], "a plan changes nothing");

        let invoked = workspace.invoke(&address).succeed().says(&["Actions: 1 invoked."]);
        let prefix = format!("Action {address} (triggered by CLI): ");
        let told: Vec<_> =
            invoked.stdout.lines().filter_map(|line| line.strip_prefix(&prefix)).collect();
        assert_eq!(told, reports, "{invoked}");
        assert_eq!(changes(&cloud), [call]);
        assert_eq!(invoked.left_behind(), [""; 0]);
    });
}

#[test]
fn a_start_tells_how_it_goes() {
    told(
        "start",
        "Stopped",
        "StartCompShareInstance",
        &[
            "Starting instance uhost-a",
            "Instance uhost-a is Stopped",
            "The cloud accepted StartCompShareInstance for instance uhost-a",
            "Instance uhost-a was Stopped and is Starting now",
            "Instance uhost-a was Starting and is Running now",
        ],
    );
}

#[test]
fn a_stop_tells_how_it_goes() {
    told(
        "stop",
        "Running",
        "StopCompShareInstance",
        &[
            "Stopping instance uhost-a",
            "Instance uhost-a is Running",
            "The cloud accepted StopCompShareInstance for instance uhost-a",
            "Instance uhost-a was Running and is Stopping now",
            "Instance uhost-a was Stopping and is Stopped now",
        ],
    );
}

#[test]
fn a_reboot_tells_how_it_goes() {
    told(
        "reboot",
        "Running",
        "RebootCompShareInstance",
        &[
            "Rebooting instance uhost-a",
            "Instance uhost-a is Running",
            "The cloud accepted RebootCompShareInstance for instance uhost-a",
            "Instance uhost-a was Running and is Rebooting now",
            "Instance uhost-a was Rebooting and is Running now",
        ],
    );
}

#[test]
fn what_is_so_already_is_left_alone() {
    with_each_terraform_that_has(Feature::Actions, async |terraform| {
        let (cloud, workspace) =
            stage(terraform, &[json!({"UHostId": "uhost-a", "State": "Running"})], SHORT).await;
        workspace.write("main.tf", &[action("start"), action("stop")].concat());
        let start = workspace.invoke("action.compshare_instance_start.this").succeed();
        start.says(&["Nothing was asked of the cloud: instance uhost-a is Running"]);
        cloud.patch("uhost-a", json!({"State": "Stopped"}));
        let stop = workspace.invoke("action.compshare_instance_stop.this").succeed();
        stop.says(&["Nothing was asked of the cloud: instance uhost-a is Stopped"]);
        assert_eq!(changes(&cloud), [""; 0]);
    });
}

#[test]
fn an_action_that_fails_says_why_and_what_helps() {
    with_each_terraform_that_has(Feature::Actions, async |terraform| {
        let (cloud, workspace) =
            stage(terraform, &[json!({"UHostId": "uhost-a", "State": "Stopped"})], SHORT).await;
        workspace.write("main.tf", &[action("start"), action("reboot")].concat());
        cloud.add_fault(Fault::new(Effect::SoldOut).forever());
        workspace.invoke("action.compshare_instance_start.this").fail().says(&[
            "Unable to Start Instance: Starting instance `uhost-a` failed",
            "RetCode: 8357",
            "wait_for_capacity",
        ]);
        assert_eq!(changes(&cloud), ["StartCompShareInstance"]);

        let reboot = workspace.invoke("action.compshare_instance_reboot.this").fail();
        reboot.says(&["uhost-a", "Stopped"]);
        assert_eq!(changes(&cloud), ["StartCompShareInstance"], "what is stopped is not rebooted");
    });
}

#[test]
fn an_action_is_invoked_after_what_triggers_it() {
    with_each_terraform_that_has(Feature::Actions, async |terraform| {
        let (cloud, workspace) =
            stage(terraform, &[json!({"UHostId": "uhost-a", "State": "Stopped"})], SHORT).await;
        let trigger = "
            action_trigger {
              events  = [after_create]
              actions = [action.compshare_instance_start.this]
            }
            action_trigger {
              events  = [after_update]
              actions = [action.compshare_instance_reboot.this]
            }";
        let actions = [action("start"), action("reboot")].concat();
        workspace.write("actions.tf", &actions);
        workspace.write("main.tf", &note("one", trigger));
        workspace.apply().says(&["triggered by terraform_data.note", "is Running now"]);
        assert_eq!(changes(&cloud), ["StartCompShareInstance"]);

        workspace.plan().assert_empty();
        workspace.write("main.tf", &note("two", trigger));
        workspace.apply();
        assert_eq!(changes(&cloud), ["StartCompShareInstance", "RebootCompShareInstance"]);
        workspace.plan().assert_empty();
    });
}

#[test]
fn a_resource_and_the_action_that_it_triggers_agree() {
    with_each_terraform_that_has(Feature::Actions, async |terraform| {
        let (cloud, workspace) =
            stage(terraform, &[json!({"UHostId": "uhost-a", "State": "Running"})], SHORT).await;
        let resource = r#"
            resource "compshare_instance_power" "this" {
              instance_id = "uhost-a"
              lifecycle {
                action_trigger {
                  events  = [before_update]
                  actions = [action.compshare_instance_start.this]
                }
                action_trigger {
                  events  = [after_update]
                  actions = [action.compshare_instance_reboot.this]
                }
              }
            }
            "#;
        let actions = [action("start"), action("reboot")].concat();
        workspace.write("main.tf", &[resource, &actions].concat());
        workspace.apply();
        assert_eq!(changes(&cloud), [""; 0], "nothing was updated");

        // The action before the update does the resource's work, and the one after it comes on top.
        cloud.patch("uhost-a", json!({"State": "Stopped"}));
        assert_eq!(workspace.plan().actions()[ADDRESS], "update");
        workspace.apply();
        assert_eq!(changes(&cloud), ["StartCompShareInstance", "RebootCompShareInstance"]);
        workspace.plan().assert_empty();
    });
}

#[test]
fn an_interrupted_action_ends_soon_and_says_what_was_asked() {
    with_each_terraform_that_has(Feature::Actions, async |terraform| {
        let an_hour = Duration::from_secs(3600);
        let (cloud, workspace) =
            stage(terraform, &[json!({"UHostId": "uhost-a", "State": "Stopped"})], an_hour).await;
        workspace.write("main.tf", &action("start"));
        let mut invoked = workspace.spawn(&[
            "apply",
            "-no-color",
            "-auto-approve",
            "-invoke=action.compshare_instance_start.this",
        ]);
        // The last report for a while. Terraform 1.15 crashes if one is on its way to it when it is interrupted.
        invoked.wait_until_it_says("Instance uhost-a was Stopped and is Starting now");
        invoked.interrupt();
        assert_eq!(changes(&cloud), ["StartCompShareInstance"]);
        let invoked = invoked.finish(Duration::from_secs(10)).fail().says(&[
            "Interrupt",
            "uhost-a",
            "Asked of the cloud: StartCompShareInstance",
        ]);
        assert_eq!(invoked.left_behind(), [""; 0]);
        assert_eq!(workspace.temporary_files(), [""; 0]);
    });
}

#[test]
fn what_is_wrong_with_an_action_is_pointed_at() {
    with_each_terraform_that_has(Feature::Actions, async |terraform| {
        let (cloud, workspace) = stage(terraform, &[], SHORT).await;
        let lines = "instance_id = \"uhost-a\"\n    timeout     = \"soon\"";
        let action = action("start").replace("instance_id = \"uhost-a\"", lines);
        workspace.write("main.tf", &action);
        workspace.run(&["validate", "-no-color"]).fail().says(&[
            "main.tf line 4",
            "4: timeout = \"soon\"",
            "20m",
        ]);
        assert!(cloud.calls().is_empty());
    });
}
