//! Provider processes, started as Terraform or a person starts them.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fs,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use terraform_provider_compshare::protocol::tfplugin5::provider_client::ProviderClient;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader},
    process::{Child, ChildStdout, Command},
    sync::watch,
    time::{Instant, timeout},
};
use tonic::transport::Channel;

use super::{
    connection::{LIMIT, connect, provider, shut_down},
    handshake::{Line, variables},
    identity::Identity,
};

/// The binary under test.
const PROVIDER: &str = env!("CARGO_BIN_EXE_terraform-provider-compshare");

/// Environment and arguments of a process. Its environment contains only these variables and its
/// own temporary directory.
pub(crate) struct Launch {
    variables: BTreeMap<String, OsString>,
    arguments: Vec<String>,
    identity: Identity,
    directory: TempDir,
}

impl Launch {
    /// The environment that Terraform sets, with the most detailed log level.
    pub(crate) fn new() -> Self {
        let launch = Self::by_hand();
        let certificate = launch.identity.pem.clone();
        let variables = variables(&certificate);
        let launch =
            variables.iter().fold(launch, |launch, (name, value)| launch.with(name, value));
        launch.with("TF_LOG", "TRACE")
    }

    /// An environment without any variables of a host.
    pub(crate) fn by_hand() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let launch = Self {
            variables: BTreeMap::new(),
            arguments: Vec::new(),
            identity: Identity::new(),
            directory,
        };
        let temporary = launch.directory.path().to_owned();
        launch.with("TMPDIR", temporary)
    }

    /// The same for a host with another identity.
    pub(crate) fn of(self, identity: Identity) -> Self {
        let launch = self.with("PLUGIN_CLIENT_CERT", &identity.pem);
        Self { identity, ..launch }
    }

    /// The same with `TF_DISABLE_PLUGIN_TLS` set for Terraform.
    pub(crate) fn without_tls(self) -> Self {
        self.without("PLUGIN_CLIENT_CERT")
    }

    pub(crate) fn with(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.variables.insert(name.to_owned(), value.as_ref().to_owned());
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.variables.remove(name);
        self
    }

    pub(crate) fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// Starts the binary, and reads and parses its handshake line.
    pub(crate) async fn start(self) -> Host {
        let has_tls = self.variables.contains_key("PLUGIN_CLIENT_CERT");
        let (process, text) = self.start_and_read_line().await;
        let line = Line::parse(&text);
        assert_eq!(line.protocol, 5, "protocol version: {text:?}");
        assert_eq!(line.certificate.is_some(), has_tls, "TLS exactly if requested: {text:?}");
        Host { line, process }
    }

    /// Starts the binary, and reads the first line of its stdout within the time limit.
    pub(crate) async fn start_and_read_line(self) -> (Process, String) {
        self.spawn().line().await
    }

    /// The same for a line that is not Unicode.
    pub(crate) async fn start_and_read_bytes(self) -> (Process, Vec<u8>) {
        self.spawn().first_bytes().await
    }

    /// Runs the binary until it ends.
    pub(crate) async fn run(self) -> Ended {
        self.spawn().ended().await
    }

    /// Starts `program` with the path of the binary as last argument, and reads the first line of
    /// its stdout.
    pub(crate) async fn start_by(self, program: &str, arguments: &[&str]) -> (Process, String) {
        let mut command = Command::new(program);
        command.args(arguments).arg(PROVIDER);
        self.spawn_command(command).line().await
    }

    fn spawn(self) -> Process {
        self.spawn_command(Command::new(PROVIDER))
    }

    fn spawn_command(self, mut command: Command) -> Process {
        let mut child = command
            .args(&self.arguments)
            .env_clear()
            .envs(&self.variables)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (log, stderr) = watch::channel(Vec::new());
        tokio::spawn(async move {
            // Ends when the receiver is dropped, so that a test can close the pipe.
            let mut reading = true;
            while reading {
                reading = tokio::select! {
                    line = lines.next_line() => match line.unwrap() {
                        Some(line) => { log.send_modify(|lines| lines.push(line)); true }
                        None => false,
                    },
                    () = log.closed() => false,
                };
            }
        });
        let Self { identity, directory, .. } = self;
        Process { child, stdout, stderr, identity, directory }
    }
}

/// A running process, killed on drop.
pub(crate) struct Process {
    child: Child,
    stdout: BufReader<ChildStdout>,
    stderr: watch::Receiver<Vec<String>>,
    identity: Identity,
    directory: TempDir,
}

impl Process {
    /// Reads the first line of its stdout.
    async fn line(self) -> (Self, String) {
        let (process, line) = self.first_bytes().await;
        (process, String::from_utf8(line).unwrap())
    }

    async fn first_bytes(mut self) -> (Self, Vec<u8>) {
        let mut line = Vec::new();
        timeout(LIMIT, self.stdout.read_until(b'\n', &mut line)).await.unwrap().unwrap();
        if line.is_empty() {
            panic!("no line on stdout before the end: {:?}", self.ended().await);
        }
        (self, line)
    }

    /// Client certificate of its environment.
    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Its temporary directory.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id().unwrap()
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.pid().try_into().unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Waits until a line of stderr contains `part`.
    pub(crate) async fn logged(&mut self, part: &str) {
        let is_there = |lines: &Vec<String>| lines.iter().any(|line| line.contains(part));
        let found = timeout(LIMIT, self.stderr.wait_for(is_there)).await;
        assert!(matches!(found, Ok(Ok(_))), "no {part:?} on stderr");
    }

    /// Lines of stderr so far.
    pub(crate) fn log(&self) -> Vec<String> {
        self.stderr.borrow().clone()
    }

    /// Reads stdout to its end.
    pub(crate) async fn rest_of_stdout(&mut self) -> String {
        let mut rest = String::new();
        timeout(LIMIT, self.stdout.read_to_string(&mut rest)).await.unwrap().unwrap();
        rest
    }

    /// Closes the host's side of stdout and stderr, as the death of a host does.
    pub(crate) fn abandon(self) -> (Child, TempDir) {
        (self.child, self.directory)
    }

    /// Waits for the end of the process.
    pub(crate) async fn ended(mut self) -> Ended {
        let begin = Instant::now();
        let status =
            timeout(LIMIT, self.child.wait()).await.expect("the process does not end").unwrap();
        let took = begin.elapsed();
        let stdout = self.rest_of_stdout().await;
        // The sender is dropped at the end of stderr, when all lines were received.
        while self.stderr.changed().await.is_ok() {}
        let stderr = self.log();
        let left = entries(self.directory.path());
        Ended { status, took, stdout, stderr, left }
    }
}

/// A process that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    /// Time from the call of `ended` to the end.
    pub(crate) took: Duration,
    /// The unread part of stdout.
    pub(crate) stdout: String,
    pub(crate) stderr: Vec<String>,
    /// Remaining temporary files.
    pub(crate) left: Vec<PathBuf>,
}

/// Paths of the entries of `directory`.
pub(crate) fn entries(directory: &Path) -> Vec<PathBuf> {
    fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// A running provider with its handshake line.
pub(crate) struct Host {
    pub(crate) line: Line,
    pub(crate) process: Process,
}

impl Host {
    /// Connects as Terraform does.
    pub(crate) async fn connect(&self) -> Channel {
        self.connect_as(self.process.identity()).await.unwrap()
    }

    /// Connects with another certificate or key.
    pub(crate) async fn connect_as(
        &self,
        identity: &Identity,
    ) -> Result<Channel, tonic::transport::Error> {
        let tls = self.line.certificate.clone().map(|server| identity.connector(server));
        connect(&self.line.address, tls).await
    }

    /// A client of the provider service on a new connection.
    pub(crate) async fn provider(&self) -> ProviderClient<Channel> {
        provider(self.connect().await)
    }

    /// Ends the provider as a host does: Shutdown, close the connection, wait.
    pub(crate) async fn shutdown(self) -> Ended {
        let channel = self.connect().await;
        // A host ignores the response; the provider must send one.
        shut_down(&channel).await.unwrap();
        drop(channel);
        self.process.ended().await
    }
}
