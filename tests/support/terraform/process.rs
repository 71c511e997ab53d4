//! The processes of a process group: Terraform and the providers that it started.

use std::fmt;

use rustix::process::Pid;

/// A running process.
pub(crate) struct Process {
    pub(super) pid: Pid,
    name: String,
}

impl Process {
    /// Returns whether the process is a provider. Terraform can be several processes of any name.
    pub(crate) fn is_provider(&self) -> bool {
        // Linux truncates a name to 15 bytes; other systems prepend a path.
        self.name.rsplit('/').next().is_some_and(|name| name.starts_with("terraform-provi"))
    }

    /// Command line of the process, which every user of the machine can read.
    pub(super) fn arguments(&self) -> String {
        let pid = self.pid.as_raw_nonzero().to_string();
        arguments(&pid).unwrap_or_default()
    }
}

#[cfg(target_os = "linux")]
fn arguments(pid: &str) -> Option<String> {
    let arguments = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    Some(String::from_utf8_lossy(&arguments).replace('\0', " "))
}

#[cfg(not(target_os = "linux"))]
fn arguments(pid: &str) -> Option<String> {
    let listed = std::process::Command::new("ps").args(["-o", "args=", "-p", pid]).output().ok()?;
    Some(String::from_utf8_lossy(&listed.stdout).into_owned())
}

impl fmt::Display for Process {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({})", self.pid.as_raw_nonzero(), self.name)
    }
}

/// Processes of a group, without zombies.
pub(super) fn members(group: Pid) -> Vec<Process> {
    let group = group.as_raw_nonzero().to_string();
    let is_member = |entry: &Entry| entry.group == group && !entry.state.starts_with(['Z', 'X']);
    all().into_iter().filter(is_member).map(Process::from).collect()
}

impl From<Entry> for Process {
    fn from(entry: Entry) -> Self {
        let pid = entry.pid.parse().ok().and_then(Pid::from_raw);
        Self {
            pid: pid.unwrap_or_else(|| panic!("invalid process ID: {}", entry.pid)),
            name: entry.name,
        }
    }
}

/// Facts of the system about a process.
struct Entry {
    pid: String,
    group: String,
    state: String,
    name: String,
}

#[cfg(target_os = "linux")]
fn all() -> Vec<Entry> {
    let entries = std::fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path());
    // A process can end during the loop.
    entries.filter_map(|path| parse(&std::fs::read_to_string(path.join("stat")).ok()?)).collect()
}

/// Parses `PID (NAME) STATE PARENT GROUP …`; the name can contain any character.
#[cfg(target_os = "linux")]
fn parse(status: &str) -> Option<Entry> {
    let (begin, end) = status.rsplit_once(')')?;
    let (pid, name) = begin.split_once(" (")?;
    let mut fields = end.split_whitespace().map(str::to_owned);
    let (state, group) = (fields.next()?, fields.nth(1)?);
    Some(Entry { pid: pid.to_owned(), group, state, name: name.to_owned() })
}

#[cfg(not(target_os = "linux"))]
fn all() -> Vec<Entry> {
    let listed = std::process::Command::new("ps")
        .args(["-A", "-o", "pid=,pgid=,state=,comm="])
        .output()
        .unwrap();
    String::from_utf8_lossy(&listed.stdout).lines().filter_map(parse).collect()
}

/// Parses `PID GROUP STATE NAME`; the name can contain any character.
#[cfg(not(target_os = "linux"))]
fn parse(line: &str) -> Option<Entry> {
    let mut fields = line.split_whitespace().map(str::to_owned);
    let (pid, group, state) = (fields.next()?, fields.next()?, fields.next()?);
    Some(Entry { pid, group, state, name: fields.collect::<Vec<_>>().join(" ") })
}
