//! Search for keys, signatures and passwords in all that Terraform and the provider write, at the
//! most detailed log level.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use serde_json::json;
use tempfile::NamedTempFile;
use terraform_provider_compshare::simulator::{Effect, Fault};

use super::stage::{PRIVATE_KEY, PROVIDER, PUBLIC_KEY, Stage};
use crate::support::{
    actions::{REBOOT, START},
    terraform::{Feature, with_each_terraform_that_has},
};

/// Login password, in plain text and as encoded by the API.
const PASSWORD: [&str; 2] = ["canary-password-51e8", "Y2FuYXJ5LXBhc3N3b3JkLTUxZTg="];

/// Login command. The resource stores its host, port and user, and nothing else of it.
const COMMAND: &str = "ssh -p 2201 -o canary-option ubuntu@203.0.113.77";
const URL: &str = "http://203.0.113.77:8888/?token=canary-token";

/// Texts that must not be written. A part of a secret stands for all of it, and the name of the
/// parameter for the signature.
const SECRETS: [&str; 7] = [
    PUBLIC_KEY,
    PRIVATE_KEY,
    PASSWORD[0],
    PASSWORD[1],
    "canary-option",
    "canary-token",
    "Signature=",
];

/// Source of the keys.
#[derive(Clone, Copy, Debug)]
enum Keys {
    Environment,
    /// Credentials file of the official CLI.
    File,
    /// Ephemeral variable.
    Ephemeral,
}

/// Each kind of object of the provider except lists, which need a file of their own.
const CONFIGURATION: &str = r#"
resource "compshare_instance_power" "this" {
  instance_id     = "uhost-a"
  stop_on_destroy = true

  timeouts {
    create = "30s"
    update = "30s"
  }

  lifecycle {
    action_trigger {
      events  = [after_create]
      actions = [action.compshare_instance_reboot.this]
    }
  }
}

action "compshare_instance_reboot" "this" {
  config {
    instance_id = "uhost-a"
  }
}

data "compshare_instance" "this" {
  instance_id = compshare_instance_power.this.id
}

data "compshare_instances" "all" {}

data "compshare_zones" "all" {}

locals {
  sha256_of_password = "ed7b8f8fb87db9e569861061b27d323fd62af6830a7f0e39f742009c97f1f546"
}

ephemeral "compshare_instance_login" "this" {
  instance_id = compshare_instance_power.this.id

  lifecycle {
    postcondition {
      condition     = sha256(self.password) == local.sha256_of_password
      error_message = "The login is wrong."
    }
  }
}

output "everything" {
  value = [
    compshare_instance_power.this,
    data.compshare_instance.this,
    data.compshare_instances.all,
    data.compshare_zones.all,
  ]
}
"#;

const LIST: &str = r#"
list "compshare_instance_power" "all" {
  provider         = compshare
  include_resource = true
}
"#;

#[test]
fn no_secret_in_logs_messages_plans_states_or_arguments() {
    with_each_terraform_that_has(Feature::Actions, async |terraform| {
        for keys in [Keys::Environment, Keys::File, Keys::Ephemeral] {
            let instance = json!({
                "UHostId": "uhost-a", "State": "Stopped",
                "Password": PASSWORD[1], "SshLoginCommand": COMMAND,
                "Softwares": [{"Name": "JupyterLab", "URL": URL}],
            });
            let mut stage = Stage::new(terraform, &[instance]).await;
            let _file = set_keys(&mut stage, keys);
            stage.configure(CONFIGURATION);
            stage.workspace.write("list.tfquery.hcl", LIST);
            stage.workspace.set("TF_LOG", "TRACE");
            run_all_commands(&stage);
            fail(&stage);
            crash(&stage);
            let found = found_below(stage.workspace.root());
            assert!(found.is_empty(), "with keys from {keys:?}: {found:#?}");
        }
    });
}

/// Makes `keys` the only source of the keys. The file is outside of the folders that are searched.
fn set_keys(stage: &mut Stage, keys: Keys) -> Option<NamedTempFile> {
    if !matches!(keys, Keys::Environment) {
        stage.unset_keys();
    }
    let workspace = &mut stage.workspace;
    match keys {
        Keys::Environment => None,
        Keys::File => {
            let file = NamedTempFile::new().unwrap();
            let profile = json!({"public_key": PUBLIC_KEY, "private_key": PRIVATE_KEY});
            let text = json!({"current_profile": "default", "profiles": {"default": profile}});
            fs::write(file.path(), text.to_string()).unwrap();
            workspace.set("COMPSHARE_CONFIG_FILE", file.path());
            Some(file)
        }
        Keys::Ephemeral => {
            let variable = |name: &str| {
                format!("variable \"{name}\" {{\n  type      = string\n  ephemeral = true\n}}\n")
            };
            let arguments = "provider \"compshare\" {\n  public_key  = var.public_key\n  \
                             private_key = var.private_key\n";
            let provider = PROVIDER.replace("provider \"compshare\" {\n", arguments);
            let text = [provider, variable("public_key"), variable("private_key")].concat();
            workspace.write("provider.tf", &text);
            workspace.set("TF_VAR_public_key", PUBLIC_KEY);
            workspace.set("TF_VAR_private_key", PRIVATE_KEY);
            None
        }
    }
}

/// Runs each command that succeeds.
fn run_all_commands(stage: &Stage) {
    let Stage { cloud, workspace } = stage;
    // The delay leaves time to read the arguments of the running processes.
    cloud.add_fault(Fault::new(Effect::Delay { by: Duration::from_secs(1) }).on_action(START));
    let mut apply = workspace.spawn(&["apply", "-no-color", "-input=false", "-auto-approve"]);
    apply.wait_until(|| cloud.count(START) == 1);
    let lines = apply.arguments();
    let is_provider = |line: &String| line.contains("terraform-provider-compshare");
    assert!(lines.iter().any(is_provider), "{lines:?}");
    let lines = lines.join("\n");
    assert_eq!(SECRETS.iter().find(|secret| lines.contains(**secret)), None, "in the arguments");
    let apply = apply.finish(Duration::from_secs(60)).succeed();
    assert!(apply.stderr.contains("[TRACE]"), "no log");

    workspace.query(&[]).succeed();
    stage.set_state("Stopped");
    let plan = workspace.plan();
    assert_eq!(plan.actions()["compshare_instance_power.this"], "update");
    workspace.run(&["apply", "-no-color", "-input=false", plan.file()]).succeed();
    unpack(plan.file());
    workspace.run(&["show", "-json"]).succeed();
    workspace.run(&["providers", "schema", "-json"]).succeed();
    workspace.refresh();
    assert_eq!(cloud.count(REBOOT), 1);
}

/// Plans with an API that repeats the keys in its error messages.
fn fail(stage: &Stage) {
    let Stage { cloud, workspace } = stage;
    let message = format!("{PUBLIC_KEY} has no right to {PRIVATE_KEY}");
    cloud.add_fault(Fault::refuse(172, &message).forever());
    let failed = workspace.run(&["plan", "-no-color", "-input=false"]).fail();
    failed.says(&["[secret] has no right to [secret]"]);
    cloud.clear_faults();
}

/// Applies with a provider that is aborted during a start.
fn crash(stage: &Stage) {
    let Stage { cloud, workspace } = stage;
    stage.set_state("Stopped");
    let starts = cloud.count(START);
    cloud.add_fault(Fault::new(Effect::Delay { by: Duration::from_secs(30) }).on_action(START));
    let mut apply = workspace.spawn(&["apply", "-no-color", "-input=false", "-auto-approve"]);
    apply.wait_until(|| cloud.count(START) > starts);
    assert_eq!(apply.crash_providers(), 1);
    apply.finish(Duration::from_secs(60)).fail().says(&["GRPCProvider).ApplyResourceChange"]);
    cloud.clear_faults();
    stage.set_state("Running");
    workspace.destroy();
    assert_eq!(stage.reported("uhost-a"), "Stopped");
}

/// Unpacks a plan, which is a zip archive, into a folder beside it.
fn unpack(plan: &str) {
    let folder = format!("{plan}-unpacked");
    let unzip = ["-m", "zipfile", "-e", plan, &folder];
    assert!(Command::new("python3").args(unzip).status().unwrap().success());
    assert!(Path::new(&folder).join("tfplan").is_file());
}

/// Files below `folder` that contain a secret, with the secret. The output of the commands is
/// there, too.
fn found_below(folder: &Path) -> BTreeMap<PathBuf, &'static str> {
    let mut found = BTreeMap::new();
    let mut searched = 0;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            // The aborted provider leaves its socket.
            if !path.is_file() {
                continue;
            }
            let bytes = fs::read(&path).unwrap();
            searched += 1;
            let contains =
                |secret: &&str| bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            if let Some(secret) = SECRETS.into_iter().find(contains) {
                found.insert(path, secret);
            }
        }
    }
    assert!(searched > 20, "only {searched} files");
    found
}
