//! A host that ends without a shutdown, as by SIGKILL or when the machine runs out of memory.

use std::time::Duration;

use futures_util::future::join_all;
use terraform_provider_compshare::environment::Environment;
use tokio::time::Instant;

use super::{
    long_calls::{LongCall, RunningCall},
    until,
};
use crate::support::{
    host::{Address, Launch, Line, connect, entries, health},
    proc::Proc,
};

/// A host in a process of its own. It starts the provider, reads its output, and forwards each
/// connection on its own socket to the provider. A kill of this process therefore removes the
/// provider's parent, its connections and the readers of its output, as with a real host.
const HOST: &str = r#"
import os, socket, subprocess, sys, threading

own, *command = sys.argv[1:]
provider = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
line = provider.stdout.readline().decode()
far = line.split("|")[3]

def forward(source, target):
    while data := source.recv(65536):
        target.sendall(data)

def read_log():
    for line in provider.stderr:
        pass

listener = socket.socket(socket.AF_UNIX)
listener.bind(own)
listener.listen()
threading.Thread(target=read_log, daemon=True).start()
print(provider.pid, line, end="", flush=True)
while True:
    one = listener.accept()[0]
    other = socket.socket(socket.AF_UNIX)
    other.connect(far)
    for pair in ((one, other), (other, one)):
        threading.Thread(target=forward, args=pair, daemon=True).start()
"#;

/// Kills the host during `call`. Returns the time until the provider ends.
async fn kill_host_during(call: LongCall) -> Duration {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("host");
    let environment = Environment::of_process();
    let launch = Launch::new().with("PATH", environment.text("PATH").unwrap());
    let arguments = ["-I", "-c", HOST, socket.to_str().unwrap()];
    let (host, text) = launch.start_by("python3", &arguments).await;
    let (pid, line) = text.split_once(' ').unwrap();
    let provider = Proc::of(pid.parse().unwrap());
    let line = Line::parse(line);
    let tls = host.identity().connector(line.certificate.unwrap());
    let channel = connect(&Address::Unix(socket), Some(tls)).await.unwrap();
    assert_eq!(health(&channel, "plugin").await.unwrap(), 1);
    let running = RunningCall::start(call, channel.clone()).await;
    assert!(provider.is_running() && line.address.path().exists());

    let (mut process, temporary) = host.abandon();
    process.kill().await.unwrap();
    let killed = Instant::now();
    until(|| !provider.is_running()).await;
    let took = killed.elapsed();
    assert!(entries(temporary.path()).is_empty());
    running.error().await;
    took
}

#[tokio::test]
async fn host_kill_leaves_no_process_or_socket() {
    let times = join_all(LongCall::ALL.map(kill_host_during)).await;
    for (call, took) in LongCall::ALL.iter().zip(times) {
        println!("host killed during a call ({call:?}): provider ended after {took:.1?}");
    }
}
