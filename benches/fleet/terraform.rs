//! One Terraform command, and what it and the provider cost.

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

/// How often the memory of the provider's processes is looked at.
const SAMPLING: Duration = Duration::from_millis(20);

/// Terraform, and the provider it is to run.
#[derive(Debug)]
pub(crate) struct Terraform {
    itself: Packaged,
    settings: PathBuf,
    /// Holds a copy of the provider, so that a build does not change it under way.
    folder: TempDir,
}

impl Terraform {
    /// The one from Python's package registry.
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

/// A folder with a configuration and its state.
pub(crate) struct Workspace<'a> {
    terraform: &'a Terraform,
    root: TempDir,
    variables: BTreeMap<&'static str, OsString>,
}

impl<'a> Workspace<'a> {
    /// With this configuration, for the cloud at `url`.
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

    /// Sets an environment variable for the commands to come.
    pub(crate) fn set(&mut self, name: &'static str, value: &str) {
        self.variables.insert(name, value.into());
    }

    /// Has the provider log its calls from now on.
    pub(crate) fn keep_log(&mut self) {
        self.variables.insert("TF_LOG_PATH", self.log().into());
        self.set("TF_LOG_PROVIDER", "DEBUG");
    }

    /// The log so far, which begins anew then.
    pub(crate) fn take_log(&self) -> String {
        let log = fs::read_to_string(self.log()).unwrap();
        fs::remove_file(self.log()).unwrap();
        log
    }

    fn log(&self) -> PathBuf {
        self.root.path().join("log")
    }

    /// Runs a command, which has to succeed.
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
            // It is not reaped yet, so what its children have cost can still be read.
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
            complaints(&events),
            fs::read_to_string(errors).unwrap(),
        );
        Cost { wall, cpu, peak_memory, longest: longest(&events) }
    }
}

/// What a command has cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// From the start of Terraform to its end.
    pub(crate) wall: Duration,
    /// Processor time of all processes of the provider together.
    pub(crate) cpu: Duration,
    /// The greatest resident memory that a process of the provider ever had, in bytes.
    pub(crate) peak_memory: u64,
    /// The longest time that Terraform waited for one resource.
    pub(crate) longest: Duration,
}

/// A command that is ended in an orderly way if the measurement fails, so that it can end the provider.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        if let Ok(None) = self.0.try_wait() {
            let _ = kill_process(Pid::from_child(&self.0), Signal::TERM);
            let _ = self.0.wait();
        }
    }
}

/// The greatest resident memory of any process of the provider that `terraform` starts.
fn sample(terraform: Pid, provider: &Path, ended: &AtomicBool) -> u64 {
    let mut peak = 0;
    while !ended.load(Ordering::Relaxed) {
        for entry in fs::read_dir("/proc").unwrap() {
            let process = entry.unwrap().path();
            // A process may end at any moment. Other runs may have the same provider.
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

/// The fields of `/proc/PID/stat` that come after the name, which may hold anything: the state is the first.
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

/// The processor time of all children that the ended process `pid` has waited for. Terraform has no children but providers.
fn cpu_of_children(pid: Pid) -> Duration {
    let fields = stat(&PathBuf::from(format!("/proc/{}", pid.as_raw_nonzero()))).unwrap();
    let ticks: u64 = fields[13..15].iter().map(|ticks| ticks.parse::<u64>().unwrap()).sum();
    // Linux tells programs of time in hundredths of a second, whatever it counts in itself.
    Duration::from_millis(ticks * 10)
}

/// The longest time between the beginning and the end of a resource's refresh, or of its change if there is one.
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

/// The errors among the events, the first ones.
fn complaints(events: &str) -> String {
    let errors = events.lines().filter(|line| line.contains(r#""@level":"error""#));
    errors.take(5).collect::<Vec<_>>().join("\n")
}
