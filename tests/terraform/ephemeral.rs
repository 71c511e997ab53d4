//! The login of an instance: right where it is used, and stored nowhere.

use serde_json::{Value, json};

use super::{PRIVATE_KEY, SHORT, changes, stage};
use crate::support::{
    actions::{DESCRIBE, START},
    calls::Calls as _,
    terraform::{Feature, Workspace, with_each_terraform_that_has},
};

/// The login password of the instance, as it is and as the cloud's API gives it.
const PASSWORD: [&str; 2] = ["canary-password-51e8", "Y2FuYXJ5LXBhc3N3b3JkLTUxZTg="];

/// The rest of what has to be stored nowhere.
const COMMAND: &str = "ssh -p 2201 canary@203.0.113.77";
const URL: &str = "http://203.0.113.77:8888/?token=canary-token";

/// An instance that can be started without GPU, with a login.
fn instance(state: &str) -> Value {
    json!({
        "UHostId": "uhost-a",
        "State": state,
        "Password": PASSWORD[1],
        "SshLoginCommand": COMMAND,
        "Softwares": [{"Name": "JupyterLab", "URL": URL}],
    })
}

/// Writes down a login after the instance was started, in the way of a provisioner that would use it.
const STORY: &str = r#"
resource "compshare_instance_power" "this" {
  instance_id = "uhost-a"
}

ephemeral "compshare_instance_login" "this" {
  instance_id = compshare_instance_power.this.id
}

resource "terraform_data" "setup" {
  triggers_replace = compshare_instance_power.this.started_at

  provisioner "local-exec" {
    environment = {
      LOGIN    = "${ephemeral.compshare_instance_login.this.user}@${ephemeral.compshare_instance_login.this.host}"
      PORT     = ephemeral.compshare_instance_login.this.port
      PASSWORD = ephemeral.compshare_instance_login.this.password
      COMMAND  = ephemeral.compshare_instance_login.this.ssh_command
      URL      = ephemeral.compshare_instance_login.this.software_urls["JupyterLab"]
    }
    command = "printf '%s\n' \"$LOGIN\" \"$PORT\" \"$PASSWORD\" \"$COMMAND\" \"$URL\" > login.txt"
  }
}
"#;

/// Panics if a secret is in `text`, and says in which.
#[track_caller]
fn assert_no_secret(name: &str, text: &str) {
    for secret in [PASSWORD[0], PASSWORD[1], COMMAND, URL, "canary-token"] {
        assert!(!text.contains(secret), "`{secret}` is in the {name}:\n{text}");
    }
}

/// Neither in the state and its backup nor in anything that is shown of them.
#[track_caller]
fn assert_none_stored(workspace: &Workspace) {
    assert_no_secret("state", &workspace.stored_state().to_string());
    let shown = workspace.run(&["show", "-json"]).succeed();
    assert_no_secret("shown state", &shown.stdout);
}

#[test]
fn a_login_is_used_when_the_instance_runs_and_stored_nowhere() {
    with_each_terraform_that_has(Feature::EphemeralResources, async |terraform| {
        let (cloud, mut workspace) = stage(terraform, &[instance("Stopped")], SHORT).await;
        workspace.write("main.tf", STORY);
        let log = workspace.write("trace.log", "");
        workspace.set("TF_LOG", "TRACE");
        workspace.set("TF_LOG_PATH", log);

        let plan = workspace.plan();
        assert_no_secret("plan", &plan.json.to_string());
        assert_no_secret("output of the plan", &plan.run.to_string());
        cloud.assert_no_mutating_calls();

        // From the file: nothing of the login that was opened while planning is left in it.
        let apply = workspace.apply_with(&[plan.file()]);
        assert_no_secret("output of the apply", &apply.to_string());
        assert_eq!(changes(&cloud), [START]);
        let used = ["canary@203.0.113.77", "2201", PASSWORD[0], COMMAND, URL].join("\n");
        assert_eq!(workspace.read("login.txt").trim_end(), used);

        let next = workspace.plan();
        next.assert_empty();
        assert_no_secret("next plan", &next.json.to_string());
        assert_none_stored(&workspace);

        let log = workspace.read("trace.log");
        assert!(log.contains("compshare_instance_login"), "{log}");
        assert_no_secret("log", &log);
    });
}

#[test]
fn a_login_is_opened_again_after_each_start() {
    with_each_terraform_that_has(Feature::EphemeralResources, async |terraform| {
        let (cloud, workspace) = stage(terraform, &[instance("Running")], SHORT).await;
        workspace.write("main.tf", STORY);
        workspace.apply();
        assert!(workspace.read("login.txt").contains("203.0.113.77"));

        let moved = COMMAND.replace("203.0.113.77", "203.0.113.78");
        cloud.patch("uhost-a", json!({"State": "Stopped", "SshLoginCommand": moved}));
        workspace.apply();
        assert_eq!(changes(&cloud), [START]);
        assert!(workspace.read("login.txt").contains("canary@203.0.113.78"));
        assert_none_stored(&workspace);
    });
}

#[test]
fn a_login_can_be_what_another_provider_is_configured_with() {
    with_each_terraform_that_has(Feature::EphemeralResources, async |terraform| {
        // The other account's private key is the password of this one's instance.
        let password = "Y2FuYXJ5LXByaXZhdGUtOTNhYjA3";
        let (cloud, mut workspace) = stage(
            terraform,
            &[
                json!({"UHostId": "uhost-a", "State": "Running", "Password": password}),
                json!({"UHostId": "uhost-b", "State": "Stopped"}),
            ],
            SHORT,
        )
        .await;
        workspace.unset("COMPSHARE_PRIVATE_KEY");
        let first = super::PROVIDER.replace(
            "poll_interval = \"50ms\"",
            "poll_interval = \"50ms\"\n  private_key   = var.private_key",
        );
        workspace.write("provider.tf", &first);
        workspace.set("TF_VAR_private_key", PRIVATE_KEY);
        workspace.write(
            "main.tf",
            r#"
            variable "private_key" {
              sensitive = true
              ephemeral = true
            }

            ephemeral "compshare_instance_login" "this" {
              instance_id = "uhost-a"
            }

            provider "compshare" {
              alias         = "other"
              private_key   = ephemeral.compshare_instance_login.this.password
              poll_interval = "50ms"
            }

            resource "compshare_instance_power" "that" {
              provider    = compshare.other
              instance_id = "uhost-b"
            }
            "#,
        );
        workspace.apply();
        assert_eq!(cloud.instance("uhost-b").unwrap()["State"], "Running");
        workspace.plan().assert_empty();
        for secret in [PRIVATE_KEY, password] {
            assert!(!workspace.stored_state().to_string().contains(secret));
        }
    });
}

#[test]
fn a_login_is_waited_for_if_it_is_asked_to_be() {
    with_each_terraform_that_has(Feature::EphemeralResources, async |terraform| {
        let (cloud, workspace) = stage(terraform, &[instance("Starting")], SHORT).await;
        let alone = r#"
            ephemeral "compshare_instance_login" "this" {
              instance_id      = "uhost-a"
              wait_for_running = true
            }

            resource "terraform_data" "setup" {
              provisioner "local-exec" {
                environment = {
                  LOGIN_HOST = ephemeral.compshare_instance_login.this.host
                }
                command = "echo $LOGIN_HOST > login.txt"
              }
            }
            "#;
        workspace.write("main.tf", alone);
        let mut apply = workspace.spawn(&["apply", "-no-color", "-auto-approve"]);
        apply.wait_until(|| cloud.count(DESCRIBE) > 3);
        cloud.patch("uhost-a", json!({"State": "Running"}));
        apply.finish(std::time::Duration::from_secs(60)).succeed();
        assert_eq!(workspace.read("login.txt").trim_end(), "203.0.113.77");
        cloud.assert_no_mutating_calls();
    });
}

#[test]
fn the_login_of_an_instance_that_nobody_has_is_an_error() {
    with_each_terraform_that_has(Feature::EphemeralResources, async |terraform| {
        let (_cloud, workspace) = stage(terraform, &[], SHORT).await;
        let story = "ephemeral \"compshare_instance_login\" \"this\" {\n  instance_id = \"uhost-nobody\"\n}\n";
        workspace.write("main.tf", story);
        workspace.try_apply().fail().says(&[
            "Instance Not Found",
            "uhost-nobody",
            "main.tf line 2",
        ]);
    });
}
