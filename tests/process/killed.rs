//! The host dies without a word, as by SIGKILL or when the machine runs out of memory.

use std::time::Duration;

use futures_util::future::join_all;
use terraform_provider_compshare::environment::Environment;
use tokio::time::Instant;

use super::{
    until,
    waits::{UnderWay, Work},
};
use crate::support::{
    host::{Address, Launch, Line, connect, entries, health},
    proc::Proc,
};

/// A host that is a process of its own: it starts the provider, reads all that this prints, and has a connection to it for
/// each one that comes to its own socket. So whoever speaks to that speaks to the provider, and when this process dies, so
/// does all that the provider knows of its host: its parent, its connections, and the readers of its output.
const HOST: &str = r#"
import os, socket, subprocess, sys, threading

near, *command = sys.argv[1:]
provider = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
line = provider.stdout.readline().decode()
far = line.split("|")[3]

def pass_on(source, target):
    while data := source.recv(65536):
        target.sendall(data)

def read_log():
    for line in provider.stderr:
        pass

door = socket.socket(socket.AF_UNIX)
door.bind(near)
door.listen()
threading.Thread(target=read_log, daemon=True).start()
print(provider.pid, line, end="", flush=True)
while True:
    one = door.accept()[0]
    other = socket.socket(socket.AF_UNIX)
    other.connect(far)
    for pair in ((one, other), (other, one)):
        threading.Thread(target=pass_on, args=pair, daemon=True).start()
"#;

/// Kills the host in the middle of `work`; how long the provider lives on.
async fn kill_the_host_during(work: Work) -> Duration {
    let directory = tempfile::tempdir().unwrap();
    let near = directory.path().join("near");
    let environment = Environment::of_process();
    let launch = Launch::new().with("PATH", environment.text("PATH").unwrap());
    let arguments = ["-I", "-c", HOST, near.to_str().unwrap()];
    let (host, text) = launch.start_by("python3", &arguments).await;
    let (pid, line) = text.split_once(' ').unwrap();
    let provider = Proc::of(pid.parse().unwrap());
    let line = Line::parse(line);
    let tls = host.identity().connector(line.certificate.unwrap());
    let channel = connect(&Address::Unix(near), Some(tls)).await.unwrap();
    assert_eq!(health(&channel, "plugin").await.unwrap(), 1);
    let under_way = UnderWay::begin(work, channel.clone()).await;
    assert!(provider.is_running() && line.address.path().exists());

    let (mut process, temporary) = host.abandon();
    process.kill().await.unwrap();
    let killed = Instant::now();
    until(|| !provider.is_running()).await;
    let lived = killed.elapsed();
    assert!(entries(temporary.path()).is_empty());
    under_way.cut_off().await;
    lived
}

#[tokio::test]
async fn it_ends_with_nothing_left_when_its_host_is_killed_in_the_middle_of_something() {
    let lived = join_all(Work::ALL.map(kill_the_host_during)).await;
    for (work, lived) in Work::ALL.iter().zip(lived) {
        println!("host killed with a wait under way ({work:?}): ended after {lived:.1?}");
    }
}
