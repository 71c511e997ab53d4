//! How the process ends, and what it leaves behind: nothing.

use std::time::Duration;

use rustix::process::Signal;
use terraform_provider_compshare::plugin::rpc::ConnInfo;
use tokio::time::timeout;
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

use crate::support::host::{LIMIT, Launch, broker, entries, health, shut_down, stdio};

/// After this a host kills the process.
const HOST_WAITS: Duration = Duration::from_secs(2);

#[tokio::test]
async fn shutdown_ends_it_in_time_with_code_zero_and_nothing_left() {
    for launch in [Launch::new(), Launch::new().without_tls()] {
        let ended = launch.start().await.shutdown().await;
        assert_eq!(ended.status.code(), Some(0));
        assert!(ended.took < HOST_WAITS, "{:?}", ended.took);
        assert!(ended.left.is_empty(), "{:?}", ended.left);
    }
}

#[tokio::test]
async fn streams_the_host_left_open_do_not_delay_the_end() {
    let host = Launch::new().start().await;
    let channel = host.connect().await;
    let _output = stdio(&channel).stream_stdio(()).await.unwrap();
    let silence = tokio_stream::pending::<ConnInfo>();
    let _brokered = broker(&channel).start_stream(silence).await.unwrap();
    shut_down(&channel).await.unwrap();
    let ended = host.process.ended().await;
    assert_eq!(ended.status.code(), Some(0));
    assert!(ended.took < Duration::from_secs(1), "{:?}", ended.took);
    assert!(ended.left.is_empty(), "{:?}", ended.left);
}

#[tokio::test]
async fn a_call_that_does_not_end_is_cut_off_in_time() {
    let host = Launch::new().start().await;
    let channel = host.connect().await;
    // A watch of the health goes on as long as the client wants.
    let request = HealthCheckRequest { service: "plugin".to_owned() };
    let _watch = HealthClient::new(channel.clone()).watch(request).await.unwrap();
    shut_down(&channel).await.unwrap();
    let ended = host.process.ended().await;
    assert_eq!(ended.status.code(), Some(0));
    assert!(ended.stderr.iter().any(|line| line.contains("calls still running")));
    assert!(ended.took < HOST_WAITS, "{:?}", ended.took);
    assert!(ended.left.is_empty(), "{:?}", ended.left);
}

#[tokio::test]
async fn what_a_terminal_sends_is_ignored_since_it_is_sent_to_the_host_too() {
    let mut host = Launch::new().start().await;
    let channel = host.connect().await;
    for signal in [Signal::HUP, Signal::HUP, Signal::INT, Signal::INT] {
        host.process.signal(signal);
    }
    host.process.logged("ignoring SIGINT").await;
    assert_eq!(health(&channel, "plugin").await.unwrap(), 1);
    assert_eq!(host.shutdown().await.status.code(), Some(0));
}

#[tokio::test]
async fn an_interrupt_right_after_the_handshake_line_is_ignored_too() {
    let mut host = Launch::new().start().await;
    host.process.signal(Signal::INT);
    assert_eq!(health(&host.connect().await, "plugin").await.unwrap(), 1);
    assert!(host.process.is_running());
}

#[tokio::test]
async fn sigterm_ends_it_cleanly_with_nothing_left() {
    let host = Launch::new().start().await;
    let channel = host.connect().await;
    let _output = stdio(&channel).stream_stdio(()).await.unwrap();
    host.process.signal(Signal::TERM);
    let ended = host.process.ended().await;
    assert_eq!(ended.status.code(), Some(0));
    assert!(ended.took < HOST_WAITS, "{:?}", ended.took);
    assert!(ended.left.is_empty(), "{:?}", ended.left);
}

#[tokio::test]
async fn it_ends_by_itself_when_its_host_is_gone_and_nobody_reads_its_log() {
    let host = Launch::new().start().await;
    let channel = host.connect().await;
    assert_eq!(health(&channel, "plugin").await.unwrap(), 1);
    let (mut process, directory) = host.process.abandon();
    drop(channel);
    let status = timeout(LIMIT, process.wait()).await.expect("it does not end").unwrap();
    assert_eq!(status.code(), Some(0));
    assert!(entries(directory.path()).is_empty());
}

#[tokio::test]
async fn it_ends_by_itself_when_its_host_is_gone_before_it_connected() {
    let (shell, _line) = Launch::new().start_by("sh", &["-c", "\"$0\" & wait"]).await;
    shell.signal(Signal::KILL);
    // The shell ends at once; its output only with the last process that has it.
    let ended = timeout(LIMIT, shell.ended()).await.expect("it does not end");
    assert_eq!(ended.status.code(), None);
    assert!(ended.stderr.iter().any(|line| line.contains("the host is gone")));
    assert!(ended.left.is_empty(), "{:?}", ended.left);
}
