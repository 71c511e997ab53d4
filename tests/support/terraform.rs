//! Real Terraform, and folders to run it in.

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

/// A second address of the provider under test, as a company may have one of its own.
pub(crate) const MIRROR: &str = "mirror.example.com/tools/compshare";

/// No command of any scenario takes this long; one that does hangs.
const LIMIT: Duration = Duration::from_secs(120);

/// Terraform's own settings, in the root of a workspace.
const SETTINGS: &str = "terraform.rc";

/// Settings that say where providers come from.
fn provider_installation(method: &str) -> String {
    format!("provider_installation {{\n  {method}\n}}\n")
}

/// A folder with a configuration and its state, for one Terraform.
///
/// Its commands see no environment but what is set here: not the user's keys, home folder, proxies or `TF_` variables.
/// The provider is the one under test, by a development override, so there is no `init`.
pub(crate) struct Workspace {
    terraform: Terraform,
    /// Holds `bin/`, `configuration/`, `home/`, `tmp/` and what the commands print.
    root: TempDir,
    variables: BTreeMap<OsString, OsString>,
    runs: AtomicUsize,
}

impl Workspace {
    /// An empty one.
    pub(crate) fn new(terraform: &Terraform) -> Self {
        // A short name: socket paths, which are made below it, have to be short.
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

    /// Sets an environment variable for the commands to come.
    pub(crate) fn set(&mut self, name: &str, value: impl AsRef<OsStr>) {
        self.variables.insert(name.into(), value.as_ref().to_owned());
    }

    /// Takes an environment variable away again.
    pub(crate) fn unset(&mut self, name: &str) {
        self.variables.remove(OsStr::new(name));
    }

    /// Writes a file beside the configuration, and says where it is.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.configuration().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// What is in a file beside the configuration.
    #[track_caller]
    pub(crate) fn read(&self, name: &str) -> String {
        let path = self.configuration().join(name);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Takes a file beside the configuration away.
    pub(crate) fn remove(&self, name: &str) {
        fs::remove_file(self.configuration().join(name)).unwrap();
    }

    /// The state file as it is, which may be anything when Terraform did not end by itself. `None` if there is none.
    pub(crate) fn stored_text(&self) -> Option<String> {
        fs::read_to_string(self.configuration().join("terraform.tfstate")).ok()
    }

    /// The folder that holds everything its commands write, all they print included.
    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }

    /// The folder of the configuration.
    pub(crate) fn configuration(&self) -> PathBuf {
        self.root.path().join("configuration")
    }

    /// The temporary folder of Terraform and the provider, where nothing should be left.
    fn temporary(&self) -> PathBuf {
        self.root.path().join("tmp")
    }

    /// What is left in the temporary folder.
    pub(crate) fn temporary_files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.temporary()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
    }

    /// Gives the commands to come a temporary folder that no other has used, and says where it is.
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

    /// Starts commands as they stand in the documentation, for a shell that finds Terraform as `terraform`, and returns at
    /// once.
    ///
    /// Nobody is there to approve of anything, and no colours are asked for; the commands need not say so.
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

    /// Writes a program, in the shell's language, that those commands find before any other of its name.
    pub(crate) fn write_program(&self, name: &str, script: &str) {
        let path = self.programs().join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        make_executable(&path);
    }

    fn programs(&self) -> PathBuf {
        self.root.path().join("bin")
    }

    /// Starts `command` in this workspace, under the name that failures are told with.
    fn start(&self, mut command: Command, name: String) -> Running {
        let number = self.runs.fetch_add(1, Ordering::Relaxed);
        let output = |stream: &str| self.root.path().join(format!("{number}.{stream}"));
        // Files, since a provider that is left behind would hold a pipe open.
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

    /// Runs a command to its end, whatever that is.
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

    /// Invokes the action at `address`, and nothing else.
    pub(crate) fn invoke(&self, address: &str) -> Run {
        self.try_apply_with(&[&format!("-invoke={address}")])
    }

    /// What Terraform would do now.
    pub(crate) fn plan(&self) -> Plan {
        self.plan_with(&[])
    }

    /// The same with more options.
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

    /// The same with more options.
    pub(crate) fn apply_with(&self, options: &[&str]) -> Run {
        self.try_apply_with(options).succeed()
    }

    /// The same where it may fail.
    pub(crate) fn try_apply(&self) -> Run {
        self.try_apply_with(&[])
    }

    fn try_apply_with(&self, options: &[&str]) -> Run {
        self.run(&[&["apply", "-no-color", "-input=false", "-auto-approve"], options].concat())
    }

    /// Brings the state up to date with the cloud, and nothing else.
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

    /// The attributes of what is at `address` in the state, `None` if nothing is.
    pub(crate) fn state_of(&self, address: &str) -> Option<Value> {
        self.shown(address).map(|resource| resource["values"].clone())
    }

    /// All that `terraform show` says about what is at `address` in the state, `None` if nothing is.
    pub(crate) fn shown(&self, address: &str) -> Option<Value> {
        let shown = self.run(&["show", "-json"]).succeed();
        let state: Value = serde_json::from_str(&shown.stdout).unwrap();
        let resources = state["values"]["root_module"]["resources"].as_array()?;
        resources.iter().find(|resource| resource["address"] == address).cloned()
    }

    /// The state as it is stored.
    pub(crate) fn stored_state(&self) -> Value {
        let pulled = self.run(&["state", "pull"]).succeed().stdout;
        let begin = pulled.find('{').unwrap_or_else(|| panic!("there is no state: {pulled}"));
        serde_json::from_str(&pulled[begin..]).unwrap()
    }

    /// The value of an output.
    pub(crate) fn output(&self, name: &str) -> Value {
        let run = self.run(&["output", "-json", name]).succeed();
        serde_json::from_str(&run.stdout).unwrap()
    }
}

/// Lets everybody run a file.
pub(crate) fn make_executable(path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// What Terraform would do.
pub(crate) struct Plan {
    /// What was said when it was made.
    pub(crate) run: Run,
    /// As `terraform show` has it.
    pub(crate) json: Value,
    /// Where it is saved, until the next one is.
    file: PathBuf,
}

impl Plan {
    /// What would be done to which resource, by address: `create`, `update`, `delete`, `delete, create`. What would stay
    /// as it is is not listed.
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

    /// An attribute of the resource at `address`, before and after.
    pub(crate) fn change(&self, address: &str, attribute: &str) -> (&Value, &Value) {
        let change = self.changes().iter().find(|change| change["address"] == address);
        let change = &change
            .unwrap_or_else(|| panic!("{address} is not in the plan: {}", self.run))["change"];
        (&change["before"][attribute], &change["after"][attribute])
    }

    fn changes(&self) -> &[Value] {
        self.json["resource_changes"].as_array().map_or(&[], Vec::as_slice)
    }

    /// Where it is saved, as an argument of `apply`.
    pub(crate) fn file(&self) -> &str {
        self.file.to_str().unwrap()
    }

    /// Terraform has nothing to do, and its exit code says so.
    #[track_caller]
    pub(crate) fn assert_empty(&self) {
        assert!(
            self.run.exit_code == Some(0) && self.actions().is_empty(),
            "not an empty plan: {}",
            self.run
        );
    }
}

/// A command that has not ended yet, in a process group of its own, as a shell would have it.
pub(crate) struct Running {
    command: String,
    child: Child,
    stdout: PathBuf,
    stderr: PathBuf,
}

impl Running {
    /// Waits until something has happened. Panics if the command ends first.
    pub(crate) fn wait_until(&mut self, happened: impl Fn() -> bool) {
        let begin = Instant::now();
        while !happened() {
            let ended = self.child.try_wait().unwrap();
            assert!(
                ended.is_none() && begin.elapsed() < LIMIT,
                "waited in vain: {}",
                self.so_far(None)
            );
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits until it has printed `text`. Panics if it ends first.
    pub(crate) fn wait_until_it_says(&mut self, text: &str) {
        let stdout = self.stdout.clone();
        self.wait_until(|| String::from_utf8_lossy(&fs::read(&stdout).unwrap()).contains(text));
    }

    /// What Ctrl-C does: a signal to Terraform and to every process it has started.
    pub(crate) fn interrupt(&self) {
        kill_process_group(self.group(), Signal::INT).unwrap();
    }

    /// Waits until something has happened, or it ends. Whether it goes on.
    pub(crate) fn goes_on_until(&mut self, happened: impl Fn() -> bool) -> bool {
        loop {
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            if happened() {
                return true;
            }
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits for so long, or until it ends. Whether it goes on.
    pub(crate) fn goes_on_for(&mut self, duration: Duration) -> bool {
        let begin = Instant::now();
        self.goes_on_until(|| begin.elapsed() >= duration)
    }

    /// The arguments of its processes.
    pub(crate) fn arguments(&self) -> Vec<String> {
        members(self.group()).iter().map(Process::arguments).collect()
    }

    /// Makes each provider among its processes crash. How many there were.
    pub(crate) fn crash_providers(&self) -> usize {
        let providers: Vec<_> =
            members(self.group()).into_iter().filter(Process::is_provider).collect();
        for provider in &providers {
            kill_process(provider.pid, Signal::ABORT).unwrap();
        }
        providers.len()
    }

    /// SIGKILL to those of its processes that are meant, until there are none. How many providers were among them.
    pub(crate) fn kill(&self, is_meant: impl Fn(&Process) -> bool) -> usize {
        let mut providers = HashSet::new();
        loop {
            let meant: Vec<_> = members(self.group()).into_iter().filter(&is_meant).collect();
            if meant.is_empty() {
                return providers.len();
            }
            for process in meant {
                // It may have come to its end.
                let _ = kill_process(process.pid, Signal::KILL);
                if process.is_provider() {
                    providers.insert(process.pid);
                }
            }
            // One that was being started is there now, and one that was hit has let go of its files.
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits for the end. Panics, and kills the whole group, if it does not come within `limit`.
    pub(crate) fn finish(mut self, limit: Duration) -> Run {
        let begin = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(
                begin.elapsed() < limit,
                "still running after {limit:?}: {}",
                self.so_far(None)
            );
            thread::sleep(Duration::from_millis(10));
        };
        self.so_far(status.code())
    }

    fn so_far(&self, exit_code: Option<i32>) -> Run {
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
    /// Nothing outlives a test that failed.
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let _ = kill_process_group(self.group(), Signal::KILL);
            let _ = self.child.wait();
        }
    }
}

/// A command that has ended.
pub(crate) struct Run {
    command: String,
    /// `None` if a signal ended it.
    pub(crate) exit_code: Option<i32>,
    pub(crate) stdout: String,
    /// Errors, and the log if one was asked for.
    pub(crate) stderr: String,
    group: Pid,
}

impl Run {
    /// Panics with all the output unless it has succeeded.
    #[track_caller]
    pub(crate) fn succeed(self) -> Self {
        assert!(self.exit_code == Some(0), "failed: {self}");
        self
    }

    /// Panics with all the output unless it is a plan that has found something to do.
    #[track_caller]
    pub(crate) fn finds_something_to_do(self) -> Self {
        assert!(self.exit_code == Some(2), "failed, or found nothing: {self}");
        self
    }

    /// Panics with all the output unless it has failed in the ordinary way, which is with an exit code of 1.
    #[track_caller]
    pub(crate) fn fail(self) -> Self {
        assert!(self.exit_code == Some(1), "did not fail: {self}");
        self
    }

    /// Panics with all the output unless it says each of `facts`, however the lines are broken.
    #[track_caller]
    pub(crate) fn says(self, facts: &[&str]) -> Self {
        let spoken = [self.stdout.as_str(), self.stderr.as_str()].join("\n");
        // The lines of a message are framed where the output is taken for a terminal.
        let spoken = spoken.replace(['│', '╷', '╵'], " ");
        let spoken = spoken.split_whitespace().collect::<Vec<_>>().join(" ");
        for fact in facts {
            assert!(spoken.contains(fact), "does not say `{fact}`: {self}");
        }
        self
    }

    /// What it tells machines under `kind`, in order, if it was run with `-json`.
    pub(crate) fn told(&self, kind: &str) -> Vec<Value> {
        let lines = self.stdout.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.filter(|line| line["type"] == kind).map(|line| line[kind].clone()).collect()
    }

    /// The processes it has left behind, and that have not ended a moment later.
    pub(crate) fn left_behind(&self) -> Vec<String> {
        self.left_behind_after(Duration::from_secs(3))
    }

    /// The processes it has left behind, and that have not ended when `patience` has passed.
    pub(crate) fn left_behind_after(&self, patience: Duration) -> Vec<String> {
        let begin = Instant::now();
        loop {
            let left = members(self.group);
            if left.is_empty() || begin.elapsed() > patience {
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
