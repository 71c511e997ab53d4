//! Real Terraform, and workspaces to run it in.

mod process;
mod program;
mod release;

use std::{
    collections::{BTreeMap, HashSet},
    env,
    ffi::{OsStr, OsString},
    fmt, fs, iter,
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde_json::Value;
use tempfile::TempDir;
use terraform_provider_compshare::environment::Environment;
use tokio::time::Instant;

pub(crate) use self::process::Process;
use self::process::members;
pub(crate) use self::release::{
    Feature, Terraform, by_turns, with_each_terraform, with_each_terraform_that_has,
    with_the_oldest_terraform,
};

/// A second source address of the provider under test, such as that of a company mirror.
pub(crate) const MIRROR: &str = "mirror.example.com/tools/compshare";

/// Time limit of a command.
const LIMIT: Duration = Duration::from_secs(120);

/// Name of the CLI configuration file, in the root of a workspace.
const SETTINGS: &str = "terraform.rc";

/// CLI configuration with an installation method for providers.
fn provider_installation(method: &str) -> String {
    format!("provider_installation {{\n  {method}\n}}\n")
}

/// A folder with a configuration and its state, for one version of Terraform.
///
/// The environment of its commands contains only the variables set here: not the keys, home folder,
/// proxies or `TF_` variables of the user. A development override selects the provider under test,
/// so that no `init` is needed.
pub(crate) struct Workspace {
    terraform: Terraform,
    /// Contains `bin/`, `configuration/`, `home/`, `tmp/` and the output of the commands.
    root: TempDir,
    variables: BTreeMap<OsString, OsString>,
    runs: AtomicUsize,
}

impl Workspace {
    pub(crate) fn new(terraform: &Terraform) -> Self {
        // A short name, because the length of socket paths is limited.
        let root = tempfile::Builder::new().prefix("tf").tempdir().unwrap();
        for folder in ["bin", "configuration", "home", "tmp"] {
            fs::create_dir(root.path().join(folder)).unwrap();
        }
        let provider =
            Path::new(env!("CARGO_BIN_EXE_terraform-provider-compshare")).parent().unwrap();
        let settings = root.path().join(SETTINGS);
        let overrides = format!(
            "dev_overrides {{\n    \"compshare/compshare\" = {provider:?}\n    \
             \"{MIRROR}\" = {provider:?}\n  }}"
        );
        fs::write(&settings, provider_installation(&overrides)).unwrap();
        let mut workspace = Self {
            terraform: terraform.clone(),
            variables: BTreeMap::new(),
            runs: AtomicUsize::new(0),
            root,
        };
        workspace.set("CHECKPOINT_DISABLE", "1");
        workspace.set("HOME", workspace.root.path().join("home"));
        workspace.set("TF_CLI_CONFIG_FILE", settings);
        workspace.set("TF_IN_AUTOMATION", "1");
        workspace.set("TMPDIR", workspace.temporary());
        if let Some(path) = Environment::of_process().path("PATH") {
            workspace.set("PATH", path);
        }
        workspace
    }

    /// Sets an environment variable for later commands.
    pub(crate) fn set(&mut self, name: &str, value: impl AsRef<OsStr>) {
        self.variables.insert(name.into(), value.as_ref().to_owned());
    }

    /// Removes an environment variable.
    pub(crate) fn unset(&mut self, name: &str) {
        self.variables.remove(OsStr::new(name));
    }

    /// Writes a file in the configuration folder, and returns its path.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.configuration().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// Reads a file in the configuration folder.
    #[track_caller]
    pub(crate) fn read(&self, name: &str) -> String {
        let path = self.configuration().join(name);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Removes a file in the configuration folder.
    pub(crate) fn remove(&self, name: &str) {
        fs::remove_file(self.configuration().join(name)).unwrap();
    }

    /// The state file, if it exists. Its content is arbitrary after a killed command.
    pub(crate) fn stored_text(&self) -> Option<String> {
        fs::read_to_string(self.configuration().join("terraform.tfstate")).ok()
    }

    /// The folder with everything that its commands write and print.
    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }

    /// The folder of the configuration.
    pub(crate) fn configuration(&self) -> PathBuf {
        self.root.path().join("configuration")
    }

    /// The temporary folder of Terraform and the provider.
    fn temporary(&self) -> PathBuf {
        self.root.path().join("tmp")
    }

    /// Panics if a file is left in the temporary folder.
    #[track_caller]
    pub(crate) fn assert_no_temporary_files(&self) {
        let entries = fs::read_dir(self.temporary()).unwrap();
        let left: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        assert!(left.is_empty(), "{left:?}");
    }

    /// Creates a new temporary folder for later commands, and returns its path.
    pub(crate) fn renew_temporary(&mut self) -> PathBuf {
        let folder = self.temporary().join(self.runs.load(Ordering::Relaxed).to_string());
        fs::create_dir(&folder).unwrap();
        self.set("TMPDIR", &folder);
        folder
    }

    /// Starts a command and returns at once.
    pub(crate) fn spawn(&self, arguments: &[&str]) -> Running {
        let (program, leading) = self.terraform.command();
        let mut command = Command::new(program);
        command.args(leading).args(arguments);
        self.start(command, format!("terraform {} ({})", arguments.join(" "), self.terraform))
    }

    /// Starts shell commands from the documentation, in which `terraform` runs this version, and
    /// returns at once.
    ///
    /// Commands are approved automatically and print no colors.
    pub(crate) fn spawn_shell(&self, commands: &str) -> Running {
        let (program, leading) = self.terraform.command();
        let quoted = |word: &OsStr| format!("'{}'", word.to_str().unwrap().replace('\'', r"'\''"));
        let words = iter::once(program).chain(leading.iter().map(OsString::as_os_str));
        let words = words.map(quoted).collect::<Vec<_>>().join(" ");
        self.write_program("terraform", &format!("exec {words} \"$@\""));

        let path = self.variables.get(OsStr::new("PATH")).map(OsString::as_os_str);
        let inherited = path.map(env::split_paths).into_iter().flatten();
        let path = env::join_paths(iter::once(self.programs()).chain(inherited)).unwrap();
        let mut shell = Command::new("sh");
        shell.args(["-euc", commands]).env("PATH", path);
        shell.envs([("TF_CLI_ARGS", "-no-color"), ("TF_INPUT", "0")]);
        shell.envs(
            ["apply", "destroy"].map(|name| (format!("TF_CLI_ARGS_{name}"), "-auto-approve")),
        );
        self.start(shell, format!("{commands} ({})", self.terraform))
    }

    /// Writes a shell script that precedes other programs of its name in the PATH of shell
    /// commands.
    pub(crate) fn write_program(&self, name: &str, script: &str) {
        let path = self.programs().join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        make_executable(&path);
    }

    fn programs(&self) -> PathBuf {
        self.root.path().join("bin")
    }

    /// Starts `command` in this workspace; failure messages contain `name`.
    fn start(&self, mut command: Command, name: String) -> Running {
        let number = self.runs.fetch_add(1, Ordering::Relaxed);
        let output = |stream: &str| self.root.path().join(format!("{number}.{stream}"));
        // Files, because a remaining provider would keep a pipe open.
        let (stdout, stderr) = (output("stdout"), output("stderr"));
        let own: Vec<_> = command
            .get_envs()
            .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
            .collect();
        let child = command
            .current_dir(self.configuration())
            .env_clear()
            .envs(&self.variables)
            .envs(own)
            .stdin(Stdio::null())
            .stdout(fs::File::create(&stdout).unwrap())
            .stderr(fs::File::create(&stderr).unwrap())
            .process_group(0)
            .spawn()
            .unwrap();
        Running { command: name, child, stdout, stderr }
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        self.spawn(arguments).finish(LIMIT)
    }

    /// `terraform validate`.
    pub(crate) fn validate(&self) {
        self.run(&["validate", "-no-color"]).succeed();
    }

    /// `terraform query`.
    pub(crate) fn query(&self, options: &[&str]) -> Run {
        self.run(&[&["query", "-no-color"], options].concat())
    }

    /// Invokes only the action at `address`.
    pub(crate) fn invoke(&self, address: &str) -> Run {
        self.try_apply_with(&[&format!("-invoke={address}")])
    }

    /// Plans, and reads the plan.
    pub(crate) fn plan(&self) -> Plan {
        self.plan_with(&[])
    }

    /// Plans with options, and reads the plan.
    pub(crate) fn plan_with(&self, options: &[&str]) -> Plan {
        let file = self.root.path().join("plan");
        let out = format!("-out={}", file.display());
        let command = ["plan", "-no-color", "-input=false", "-detailed-exitcode", &out];
        let run = self.run(&[&command, options].concat());
        assert!(matches!(run.exit_code, Some(0 | 2)), "failed: {run}");
        let shown = self.run(&["show", "-json", file.to_str().unwrap()]).succeed();
        Plan { json: serde_json::from_str(&shown.stdout).unwrap(), run, file }
    }

    /// Plans and applies.
    pub(crate) fn apply(&self) -> Run {
        self.apply_with(&[])
    }

    /// Plans and applies with options.
    pub(crate) fn apply_with(&self, options: &[&str]) -> Run {
        self.try_apply_with(options).succeed()
    }

    /// Plans and applies, and can fail.
    pub(crate) fn try_apply(&self) -> Run {
        self.try_apply_with(&[])
    }

    fn try_apply_with(&self, options: &[&str]) -> Run {
        self.run(&[&["apply", "-no-color", "-input=false", "-auto-approve"], options].concat())
    }

    /// Refreshes the state, without changes.
    pub(crate) fn refresh(&self) -> Run {
        self.apply_with(&["-refresh-only"])
    }

    /// Destroys everything.
    pub(crate) fn destroy(&self) -> Run {
        self.run(&["destroy", "-no-color", "-input=false", "-auto-approve"]).succeed()
    }

    /// `terraform import`.
    pub(crate) fn import(&self, address: &str, id: &str) -> Run {
        self.run(&["import", "-no-color", "-input=false", address, id])
    }

    /// Attributes of the resource at `address`, if it is in the state.
    pub(crate) fn state_of(&self, address: &str) -> Option<Value> {
        self.shown(address).map(|resource| resource["values"].clone())
    }

    /// The resource at `address` in the output of `terraform show`, if it is in the state.
    pub(crate) fn shown(&self, address: &str) -> Option<Value> {
        let shown = self.run(&["show", "-json"]).succeed();
        let state: Value = serde_json::from_str(&shown.stdout).unwrap();
        let resources = state["values"]["root_module"]["resources"].as_array()?;
        resources.iter().find(|resource| resource["address"] == address).cloned()
    }

    /// The stored state, as `terraform state pull` prints it.
    pub(crate) fn stored_state(&self) -> Value {
        let pulled = self.run(&["state", "pull"]).succeed().stdout;
        let begin = pulled.find('{').unwrap_or_else(|| panic!("no state: {pulled}"));
        serde_json::from_str(&pulled[begin..]).unwrap()
    }

    /// The value of an output.
    pub(crate) fn output(&self, name: &str) -> Value {
        let run = self.run(&["output", "-json", name]).succeed();
        serde_json::from_str(&run.stdout).unwrap()
    }
}

/// Makes a file executable for all users.
pub(crate) fn make_executable(path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A saved plan.
pub(crate) struct Plan {
    /// The command that made it.
    pub(crate) run: Run,
    /// Output of `terraform show -json`.
    pub(crate) json: Value,
    /// Path of the plan file. The next plan overwrites it.
    file: PathBuf,
}

impl Plan {
    /// Planned actions of each changed resource, by address: `create`, `update`, `delete` or
    /// `delete, create`.
    pub(crate) fn actions(&self) -> BTreeMap<&str, String> {
        let mut actions = BTreeMap::new();
        for change in self.changes() {
            let of_change: Vec<_> = change["change"]["actions"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(Value::as_str)
                .collect();
            if !matches!(of_change[..], ["no-op" | "read"]) {
                actions.insert(change["address"].as_str().unwrap(), of_change.join(", "));
            }
        }
        actions
    }

    /// Values of an attribute of the resource at `address`, before and after.
    pub(crate) fn change(&self, address: &str, attribute: &str) -> (&Value, &Value) {
        let change = self.changes().iter().find(|change| change["address"] == address);
        let change = &change
            .unwrap_or_else(|| panic!("{address} is not in the plan: {}", self.run))["change"];
        (&change["before"][attribute], &change["after"][attribute])
    }

    fn changes(&self) -> &[Value] {
        self.json["resource_changes"].as_array().map_or(&[], Vec::as_slice)
    }

    /// Path of the plan file, as an argument of `apply`.
    pub(crate) fn file(&self) -> &str {
        self.file.to_str().unwrap()
    }

    /// Panics unless the plan is empty and the exit code reports it.
    #[track_caller]
    pub(crate) fn assert_empty(&self) {
        assert!(
            self.run.exit_code == Some(0) && self.actions().is_empty(),
            "not an empty plan: {}",
            self.run
        );
    }
}

/// A running command, in its own process group.
pub(crate) struct Running {
    command: String,
    child: Child,
    stdout: PathBuf,
    stderr: PathBuf,
}

impl Running {
    /// Waits until `condition` holds. Panics if the command ends first.
    pub(crate) fn wait_until(&mut self, condition: impl Fn() -> bool) {
        let begin = Instant::now();
        while !condition() {
            let ended = self.child.try_wait().unwrap();
            assert!(
                ended.is_none() && begin.elapsed() < LIMIT,
                "the condition did not become true: {}",
                self.output(None)
            );
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits until stdout contains `text`. Panics if the command ends first.
    pub(crate) fn wait_until_printed(&mut self, text: &str) {
        let stdout = self.stdout.clone();
        self.wait_until(|| String::from_utf8_lossy(&fs::read(&stdout).unwrap()).contains(text));
    }

    /// Sends the signal of Ctrl-C, to Terraform and all processes that it started.
    pub(crate) fn interrupt(&self) {
        kill_process_group(self.group(), Signal::INT).unwrap();
    }

    /// Waits until `condition` holds or the command ends. Returns whether the command still runs.
    pub(crate) fn runs_until(&mut self, condition: impl Fn() -> bool) -> bool {
        loop {
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            if condition() {
                return true;
            }
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits for `duration` or until the command ends. Returns whether the command still runs.
    pub(crate) fn runs_for(&mut self, duration: Duration) -> bool {
        let begin = Instant::now();
        self.runs_until(|| begin.elapsed() >= duration)
    }

    /// Command lines of its processes.
    pub(crate) fn arguments(&self) -> Vec<String> {
        members(self.group()).iter().map(Process::arguments).collect()
    }

    /// Crashes its provider processes, and returns their number.
    pub(crate) fn crash_providers(&self) -> usize {
        let providers: Vec<_> =
            members(self.group()).into_iter().filter(Process::is_provider).collect();
        for provider in &providers {
            kill_process(provider.pid, Signal::ABORT).unwrap();
        }
        providers.len()
    }

    /// Sends SIGKILL to its processes that match `filter`, until none is left. Returns the number
    /// of killed providers.
    pub(crate) fn kill(&self, filter: impl Fn(&Process) -> bool) -> usize {
        let mut providers = HashSet::new();
        loop {
            let matching: Vec<_> = members(self.group()).into_iter().filter(&filter).collect();
            if matching.is_empty() {
                return providers.len();
            }
            for process in matching {
                // The process may have ended.
                let _ = kill_process(process.pid, Signal::KILL);
                if process.is_provider() {
                    providers.insert(process.pid);
                }
            }
            // Gives processes time to start, and killed ones time to release their files.
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits for the end of the command. Panics, and kills the process group, after `limit`.
    pub(crate) fn finish(mut self, limit: Duration) -> Run {
        let begin = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(
                begin.elapsed() < limit,
                "still running after {limit:?}: {}",
                self.output(None)
            );
            thread::sleep(Duration::from_millis(10));
        };
        self.output(status.code())
    }

    fn output(&self, exit_code: Option<i32>) -> Run {
        let read = |path: &Path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
        Run {
            command: self.command.clone(),
            exit_code,
            stdout: read(&self.stdout),
            stderr: read(&self.stderr),
            group: self.group(),
        }
    }

    fn group(&self) -> Pid {
        Pid::from_child(&self.child)
    }
}

impl Drop for Running {
    /// Kills the process group after a failed test.
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let _ = kill_process_group(self.group(), Signal::KILL);
            let _ = self.child.wait();
        }
    }
}

/// A finished command.
pub(crate) struct Run {
    command: String,
    /// `None` if a signal ended it.
    pub(crate) exit_code: Option<i32>,
    pub(crate) stdout: String,
    /// Errors, and the log if enabled.
    pub(crate) stderr: String,
    group: Pid,
}

impl Run {
    /// Panics with the output unless the exit code is 0.
    #[track_caller]
    pub(crate) fn succeed(self) -> Self {
        assert!(self.exit_code == Some(0), "failed: {self}");
        self
    }

    /// Panics with the output unless the exit code is 2: a plan with changes.
    #[track_caller]
    pub(crate) fn has_changes(self) -> Self {
        assert!(self.exit_code == Some(2), "failed, or no changes: {self}");
        self
    }

    /// Panics with the output unless the exit code is 1.
    #[track_caller]
    pub(crate) fn fail(self) -> Self {
        assert!(self.exit_code == Some(1), "did not fail: {self}");
        self
    }

    /// Panics with the output unless it contains each of `facts`, regardless of line breaks.
    #[track_caller]
    pub(crate) fn says(self, facts: &[&str]) -> Self {
        let output = [self.stdout.as_str(), self.stderr.as_str()].join("\n");
        // On a terminal, messages are framed.
        let output = output.replace(['│', '╷', '╵'], " ");
        let output = output.split_whitespace().collect::<Vec<_>>().join(" ");
        for fact in facts {
            assert!(output.contains(fact), "the output lacks `{fact}`: {self}");
        }
        self
    }

    /// Events of `kind` in the output of a command with `-json`, in order.
    pub(crate) fn events(&self, kind: &str) -> Vec<Value> {
        let lines = self.stdout.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.filter(|line| line["type"] == kind).map(|line| line[kind].clone()).collect()
    }

    /// Panics if a process of the command still runs three seconds later.
    #[track_caller]
    pub(crate) fn assert_no_processes(&self) {
        let left = self.left_behind_after(Duration::from_secs(3));
        assert!(left.is_empty(), "{left:?}: {self}");
    }

    /// Processes of the command that still run after `limit`.
    pub(crate) fn left_behind_after(&self, limit: Duration) -> Vec<String> {
        let begin = Instant::now();
        loop {
            let left = members(self.group);
            if left.is_empty() || begin.elapsed() > limit {
                return left.iter().map(Process::to_string).collect();
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl fmt::Display for Run {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}\nexit code: ", self.command)?;
        match self.exit_code {
            Some(code) => write!(formatter, "{code}")?,
            None => write!(formatter, "none")?,
        }
        write!(formatter, "\nstdout:\n{}\nstderr:\n{}", self.stdout, self.stderr)
    }
}
