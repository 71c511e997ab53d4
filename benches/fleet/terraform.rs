//! A Terraform command, and the time and memory that it and the provider need.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Child,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use jiff::Timestamp;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use serde_json::Value;
use tempfile::TempDir;
use terraform_provider_compshare::simulator::{DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY};
use tokio::time::Instant;

use crate::packaged::{self, Packaged};

/// Interval of the memory measurement.
const SAMPLING: Duration = Duration::from_millis(20);

/// Terraform and its provider.
#[derive(Debug)]
pub(crate) struct Terraform {
    itself: Packaged,
    settings: PathBuf,
    /// Has a copy of the provider, so that a build during the measurement does not change it.
    folder: TempDir,
}

impl Terraform {
    /// Terraform from the Python package registry.
    pub(crate) fn packaged() -> Self {
        let folder = tempfile::Builder::new().prefix("fleet").tempdir().unwrap();
        let provider = Path::new(env!("CARGO_BIN_EXE_terraform-provider-compshare"));
        fs::copy(provider, folder.path().join(provider.file_name().unwrap())).unwrap();
        let settings = packaged::overriding("compshare/compshare", folder.path());
        Self { itself: Packaged::new(), settings, folder }
    }

    fn provider(&self) -> PathBuf {
        self.folder.path().join("terraform-provider-compshare")
    }
}

pub(crate) struct Workspace<'a> {
    terraform: &'a Terraform,
    root: TempDir,
    variables: BTreeMap<&'static str, OsString>,
}

impl<'a> Workspace<'a> {
    /// A workspace with this configuration, for the simulator at `url`.
    pub(crate) fn new(terraform: &'a Terraform, configuration: &str, url: &str) -> Self {
        let root = packaged::folder();
        fs::write(root.path().join("main.tf"), configuration).unwrap();
        let variables = BTreeMap::from([
            ("COMPSHARE_BASE_URL", url.into()),
            ("COMPSHARE_PRIVATE_KEY", DEMO_PRIVATE_KEY.into()),
            ("COMPSHARE_PUBLIC_KEY", DEMO_PUBLIC_KEY.into()),
            ("TF_IN_AUTOMATION", "1".into()),
            ("TF_INPUT", "0".into()),
        ]);
        Self { terraform, root, variables }
    }

    /// Makes the provider log its calls.
    pub(crate) fn keep_log(&mut self) {
        self.variables.insert("TF_LOG_PATH", self.log().into());
        self.variables.insert("TF_LOG_PROVIDER", "DEBUG".into());
    }

    /// Returns the log and removes it.
    pub(crate) fn take_log(&self) -> String {
        let log = fs::read_to_string(self.log()).unwrap();
        fs::remove_file(self.log()).unwrap();
        log
    }

    fn log(&self) -> PathBuf {
        self.root.path().join("log")
    }

    /// Runs a command; panics if it fails.
    pub(crate) fn run(&self, arguments: &[&str]) -> Cost {
        let events = self.root.path().join("events");
        let errors = self.root.path().join("errors");
        let began = Instant::now();
        let child = self
            .terraform
            .itself
            .command(self.root.path(), &self.terraform.settings)
            .args(arguments)
            .arg("-json")
            .envs(&self.variables)
            .stdout(fs::File::create(&events).unwrap())
            .stderr(fs::File::create(&errors).unwrap())
            .spawn()
            .unwrap();
        let mut running = Running(child);
        let pid = Pid::from_child(&running.0);
        let ended = AtomicBool::new(false);
        let peak_memory = thread::scope(|scope| {
            let meter = scope.spawn(|| sample(pid, &self.terraform.provider(), &ended));
            // Does not reap the process, so that the times of its children can still be read.
            waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT).unwrap();
            ended.store(true, Ordering::Relaxed);
            meter.join().unwrap()
        });
        let wall = began.elapsed();
        let cpu = cpu_of_children(pid);
        let status = running.0.wait().unwrap();
        let events = fs::read_to_string(events).unwrap();
        assert!(
            status.success(),
            "terraform {} failed ({status}):\n{}\n{}",
            arguments.join(" "),
            errors_in(&events),
            fs::read_to_string(errors).unwrap(),
        );
        Cost { wall, cpu, peak_memory, longest: longest(&events) }
    }
}

/// Time and memory of a command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// Time from start to end of Terraform.
    pub(crate) wall: Duration,
    /// CPU time of all provider processes.
    pub(crate) cpu: Duration,
    /// Maximum resident memory of a provider process, in bytes.
    pub(crate) peak_memory: u64,
    /// Longest operation on one resource.
    pub(crate) longest: Duration,
}

/// Terminates the command with SIGTERM if the measurement fails, so that it can end the provider.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        if let Ok(None) = self.0.try_wait() {
            let _ = kill_process(Pid::from_child(&self.0), Signal::TERM);
            let _ = self.0.wait();
        }
    }
}

/// Maximum resident memory of the provider processes that `terraform` starts.
fn sample(terraform: Pid, provider: &Path, ended: &AtomicBool) -> u64 {
    let mut peak = 0;
    while !ended.load(Ordering::Relaxed) {
        for entry in fs::read_dir("/proc").unwrap() {
            let process = entry.unwrap().path();
            // A process may end at any moment, and other runs have the same provider.
            if fs::read_link(process.join("exe")).is_ok_and(|exe| exe == provider)
                && parent(&process) == Some(terraform.as_raw_nonzero().get())
            {
                peak = peak.max(high_water_mark(&process).unwrap_or(0));
            }
        }
        thread::sleep(SAMPLING);
    }
    peak
}

/// Fields of `/proc/PID/stat` after the name, beginning with the state.
fn stat(process: &Path) -> Option<Vec<String>> {
    let stat = fs::read_to_string(process.join("stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    Some(fields.split_whitespace().map(str::to_owned).collect())
}

fn parent(process: &Path) -> Option<i32> {
    stat(process)?.get(1)?.parse().ok()
}

fn high_water_mark(process: &Path) -> Option<u64> {
    let status = fs::read_to_string(process.join("status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024)
}

/// CPU time of the children that the ended process `pid` has waited for: its providers.
fn cpu_of_children(pid: Pid) -> Duration {
    let fields = stat(&PathBuf::from(format!("/proc/{}", pid.as_raw_nonzero()))).unwrap();
    let ticks: u64 = fields[13..15].iter().map(|ticks| ticks.parse::<u64>().unwrap()).sum();
    // A tick is a hundredth of a second.
    Duration::from_millis(ticks * 10)
}

/// Longest change of a resource, or longest refresh if there is no change.
fn longest(events: &str) -> Duration {
    let mut began: BTreeMap<(String, String), Timestamp> = BTreeMap::new();
    let mut longest = BTreeMap::<String, Duration>::new();
    for event in events.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        let Some((kind, edge)) = event["type"].as_str().and_then(|name| name.rsplit_once('_'))
        else {
            continue;
        };
        let Some(address) = event["hook"]["resource"]["addr"].as_str() else { continue };
        let Ok(at) = event["@timestamp"].as_str().unwrap_or_default().parse::<Timestamp>() else {
            continue;
        };
        let key = (kind.to_owned(), address.to_owned());
        match edge {
            "start" => drop(began.insert(key, at)),
            "complete" => {
                let took = began.remove(&key).map(|began| at.duration_since(began));
                let took = took.and_then(|took| Duration::try_from(took).ok()).unwrap_or_default();
                let longest = longest.entry(kind.to_owned()).or_default();
                *longest = took.max(*longest);
            }
            _ => {}
        }
    }
    longest.get("apply").or_else(|| longest.get("refresh")).copied().unwrap_or_default()
}

/// The first errors among the events.
fn errors_in(events: &str) -> String {
    let errors = events.lines().filter(|line| line.contains(r#""@level":"error""#));
    errors.take(5).collect::<Vec<_>>().join("\n")
}
