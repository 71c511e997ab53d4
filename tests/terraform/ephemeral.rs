//! The ephemeral login of an instance: available where it is used, and never stored.

use std::time::Duration;

use serde_json::{Value, json};

use super::stage::{PRIVATE_KEY, PROVIDER, Stage};
use crate::support::{
    actions::{DESCRIBE, START},
    terraform::{Feature, Workspace, with_each_terraform_that_has},
};

/// Login password, in plain text and as encoded by the API.
const PASSWORD: [&str; 2] = ["canary-password-51e8", "Y2FuYXJ5LXBhc3N3b3JkLTUxZTg="];

/// Other secrets of the login.
const COMMAND: &str = "ssh -p 2201 canary@203.0.113.77";
const URL: &str = "http://203.0.113.77:8888/?token=canary-token";

/// Instance with login data.
fn instance(state: &str) -> Value {
    json!({
        "UHostId": "uhost-a",
        "State": state,
        "Password": PASSWORD[1],
        "SshLoginCommand": COMMAND,
        "Softwares": [{"Name": "JupyterLab", "URL": URL}],
    })
}

/// Starts the instance; a provisioner then uses its login and writes it to a file.
const CONFIGURATION: &str = r#"
resource "compshare_instance_power" "this" {
  instance_id = "uhost-a"
}

ephemeral "compshare_instance_login" "this" {
  instance_id = compshare_instance_power.this.id
}

locals {
  login = ephemeral.compshare_instance_login.this
}

resource "terraform_data" "setup" {
  triggers_replace = compshare_instance_power.this.started_at

  provisioner "local-exec" {
    environment = {
      LOGIN    = "${local.login.user}@${local.login.host}"
      PORT     = local.login.port
      PASSWORD = local.login.password
      COMMAND  = local.login.ssh_command
      URL      = local.login.software_urls["JupyterLab"]
    }
    command = "printf '%s\n' \"$LOGIN\" \"$PORT\" \"$PASSWORD\" \"$COMMAND\" \"$URL\" > login.txt"
  }
}
"#;

#[track_caller]
fn assert_no_secret(name: &str, text: &str) {
    for secret in [PASSWORD[0], PASSWORD[1], COMMAND, URL, "canary-token"] {
        assert!(!text.contains(secret), "`{secret}` is in the {name}:\n{text}");
    }
}

/// Searches the stored state and the output of `terraform show`.
#[track_caller]
fn assert_no_secret_stored(workspace: &Workspace) {
    assert_no_secret("state", &workspace.stored_state().to_string());
    let shown = workspace.run(&["show", "-json"]).succeed();
    assert_no_secret("shown state", &shown.stdout);
}

#[test]
fn login_is_used_after_the_start_and_never_stored() {
    with_each_terraform_that_has(Feature::EphemeralResources, async |terraform| {
        let mut stage = Stage::new(terraform, &[instance("Stopped")]).await;
        stage.configure(CONFIGURATION);
        let log = stage.workspace.write("trace.log", "");
        stage.workspace.set("TF_LOG", "TRACE");
        stage.workspace.set("TF_LOG_PATH", log);

        let plan = stage.plan();
        assert_no_secret("plan", &plan.json.to_string());
        assert_no_secret("output of the plan", &plan.run.to_string());
        stage.assert_no_changes();

        // The login that was opened during the plan is not in the plan file either.
        let apply = stage.workspace.apply_with(&[plan.file()]);
        assert_no_secret("output of the apply", &apply.to_string());
        assert_eq!(stage.changes(), [START]);
        let used = ["canary@203.0.113.77", "2201", PASSWORD[0], COMMAND, URL].join("\n");
        assert_eq!(stage.workspace.read("login.txt").trim_end(), used);

        let next = stage.plan();
        next.assert_empty();
        assert_no_secret("next plan", &next.json.to_string());
        assert_no_secret_stored(&stage.workspace);

        let log = stage.workspace.read("trace.log");
        assert!(log.contains("compshare_instance_login"), "{log}");
        assert_no_secret("log", &log);
    });
}

#[test]
fn login_is_opened_again_after_each_start() {
    with_each_terraform_that_has(Feature::EphemeralResources, async |terraform| {
        let stage = Stage::new(terraform, &[instance("Running")]).await;
        stage.configure(CONFIGURATION).apply();
        assert!(stage.workspace.read("login.txt").contains("203.0.113.77"));

        let other = COMMAND.replace("203.0.113.77", "203.0.113.78");
        stage.cloud.patch("uhost-a", json!({"State": "Stopped", "SshLoginCommand": other}));
        stage.apply();
        assert_eq!(stage.changes(), [START]);
        assert!(stage.workspace.read("login.txt").contains("canary@203.0.113.78"));
        assert_no_secret_stored(&stage.workspace);
    });
}

#[test]
fn login_configures_another_provider() {
    with_each_terraform_that_has(Feature::EphemeralResources, async |terraform| {
        // The private key of the account, as the encoded password of the instance.
        let password = "Y2FuYXJ5LXByaXZhdGUtOTNhYjA3";
        let instances = [
            json!({"UHostId": "uhost-a", "State": "Running", "Password": password}),
            json!({"UHostId": "uhost-b", "State": "Stopped"}),
        ];
        let mut stage = Stage::new(terraform, &instances).await;
        stage.workspace.unset("COMPSHARE_PRIVATE_KEY");
        let provider = PROVIDER.replace(
            "poll_interval = \"50ms\"",
            "poll_interval = \"50ms\"\n  private_key   = var.private_key",
        );
        stage.workspace.write("provider.tf", &provider);
        stage.workspace.set("TF_VAR_private_key", PRIVATE_KEY);
        stage.configure(
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
        stage.apply();
        assert_eq!(stage.reported("uhost-b"), "Running");
        stage.assert_empty_plan();
        for secret in [PRIVATE_KEY, password] {
            assert!(!stage.workspace.stored_state().to_string().contains(secret));
        }
    });
}

#[test]
fn login_waits_for_a_start_with_wait_for_running() {
    with_each_terraform_that_has(Feature::EphemeralResources, async |terraform| {
        let stage = Stage::new(terraform, &[instance("Starting")]).await;
        stage.configure(
            r#"
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
            "#,
        );
        let mut apply = stage.workspace.spawn(&["apply", "-no-color", "-auto-approve"]);
        apply.wait_until(|| stage.cloud.count(DESCRIBE) > 3);
        stage.set_state("Running");
        apply.finish(Duration::from_secs(60)).succeed();
        assert_eq!(stage.workspace.read("login.txt").trim_end(), "203.0.113.77");
        stage.assert_no_changes();
    });
}

#[test]
fn login_of_a_missing_instance_is_an_error() {
    with_each_terraform_that_has(Feature::EphemeralResources, async |terraform| {
        let stage = Stage::new(terraform, &[]).await;
        stage.configure(
            "ephemeral \"compshare_instance_login\" \"this\" {\n  \
             instance_id = \"uhost-missing\"\n}\n",
        );
        let facts = ["Instance Not Found", "uhost-missing", "main.tf line 2"];
        stage.workspace.try_apply().fail().says(&facts);
    });
}
