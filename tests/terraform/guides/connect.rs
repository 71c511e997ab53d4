//! "Connecting to instances with SSH and Ansible": the inventory, read by Ansible, and an SSH key
//! that Terraform installs through an SSH server.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use serde_json::json;

use super::{
    guide::{Guide, SPARE, TRAINING, python_with_packages, with_newest_terraform},
    page::repository,
};
use crate::support::actions::START;

/// Login password, in plain text and as encoded by the API.
const PASSWORD: [&str; 2] = ["canary-password-51e8", "Y2FuYXJ5LXBhc3N3b3JkLTUxZTg="];

/// An SSH server, which ends with this value.
struct SshServer {
    process: Child,
    port: u16,
}

impl SshServer {
    fn start(python: &Path, home: &Path) -> Self {
        let script = repository().join("tests/terraform/guides/ssh_server.py");
        let mut command = Command::new(python);
        command.arg(script).args([PASSWORD[0].as_ref(), home.as_os_str()]);
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { process, port: line.trim().parse().unwrap() }
    }
}

impl Drop for SshServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn commands_and_output_are_correct() {
    let python = python_with_packages();
    with_newest_terraform(async |terraform| {
        let home = tempfile::tempdir().unwrap();
        let server = SshServer::start(&python, home.path());
        let instance = |id| {
            json!({
                "UHostId": id,
                "State": "Stopped",
                "Password": PASSWORD[1],
                "SshLoginCommand": format!("ssh -p {} root@127.0.0.1", server.port),
            })
        };
        let instances = [instance(TRAINING), instance(SPARE)];
        let mut guide = Guide::open("connect", terraform, &instances).await;
        let ansible = python.with_file_name("ansible-inventory");
        let ansible = format!("exec '{}' \"$@\"", ansible.display());
        guide.stage.workspace.write_program("ansible-inventory", &ansible);

        guide.put("main.tf", "main.tf");
        guide.follow().succeed();
        assert_eq!(guide.changes(), [START, START]);
        let inventory = guide.stage.workspace.read("inventory.yml");
        assert!(inventory.contains(&format!("\"ansible_port\": {}", server.port)), "{inventory}");

        let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 me";
        let keys = guide.stage.workspace.root().join("home/.ssh");
        fs::create_dir(&keys).unwrap();
        fs::write(keys.join("id_ed25519.pub"), format!("{key}\n")).unwrap();
        guide.put("ssh_key.tf", "ssh_key.tf");
        guide.follow().succeed();
        let installed = fs::read_to_string(home.path().join(".ssh/authorized_keys")).unwrap();
        // The instances share one home, and both provisioners can write at once.
        assert!(installed.lines().all(|line| line == key) && !installed.is_empty(), "{installed}");
        let state = guide.stage.workspace.stored_state().to_string();
        assert!(!PASSWORD.iter().any(|password| state.contains(password)), "{state}");
        guide.assert_no_changes();
        guide.end();
    });
}
