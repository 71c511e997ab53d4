//! End of the process; no file remains.

use std::time::Duration;

use rustix::process::Signal;
use terraform_provider_compshare::plugin::rpc::ConnInfo;
use tokio::time::timeout;
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

use crate::support::host::{LIMIT, Launch, broker, entries, health, shut_down, stdio};

/// Time after which a host kills the process.
const KILL_TIMEOUT: Duration = Duration::from_secs(2);

#[tokio::test]
async fn shutdown_exits_with_zero_and_no_files() {
    for launch in [Launch::new(), Launch::new().without_tls()] {
        let ended = launch.start().await.shutdown().await;
        assert_eq!(ended.status.code(), Some(0));
        assert!(ended.took < KILL_TIMEOUT, "{:?}", ended.took);
        assert!(ended.left.is_empty(), "{:?}", ended.left);
    }
}

#[tokio::test]
async fn open_streams_do_not_delay_shutdown() {
    let host = Launch::new().start().await;
    let channel = host.connect().await;
    let _output = stdio(&channel).stream_stdio(()).await.unwrap();
    let no_messages = tokio_stream::pending::<ConnInfo>();
    let _brokered = broker(&channel).start_stream(no_messages).await.unwrap();
    shut_down(&channel).await.unwrap();
    let ended = host.process.ended().await;
    assert_eq!(ended.status.code(), Some(0));
    assert!(ended.took < Duration::from_secs(1), "{:?}", ended.took);
    assert!(ended.left.is_empty(), "{:?}", ended.left);
}

#[tokio::test]
async fn endless_call_is_cut_off_at_shutdown() {
    let host = Launch::new().start().await;
    let channel = host.connect().await;
    // A health watch lasts until the client ends it.
    let request = HealthCheckRequest { service: "plugin".to_owned() };
    let _watch = HealthClient::new(channel.clone()).watch(request).await.unwrap();
    shut_down(&channel).await.unwrap();
    let ended = host.process.ended().await;
    assert_eq!(ended.status.code(), Some(0));
    assert!(ended.stderr.iter().any(|line| line.contains("calls still running")));
    assert!(ended.took < KILL_TIMEOUT, "{:?}", ended.took);
    assert!(ended.left.is_empty(), "{:?}", ended.left);
}

#[tokio::test]
async fn terminal_signals_are_ignored() {
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
async fn sigint_after_handshake_line_is_ignored() {
    let mut host = Launch::new().start().await;
    host.process.signal(Signal::INT);
    assert_eq!(health(&host.connect().await, "plugin").await.unwrap(), 1);
    assert!(host.process.is_running());
}

#[tokio::test]
async fn sigterm_exits_with_zero_and_no_files() {
    let host = Launch::new().start().await;
    let channel = host.connect().await;
    let _output = stdio(&channel).stream_stdio(()).await.unwrap();
    host.process.signal(Signal::TERM);
    let ended = host.process.ended().await;
    assert_eq!(ended.status.code(), Some(0));
    assert!(ended.took < KILL_TIMEOUT, "{:?}", ended.took);
    assert!(ended.left.is_empty(), "{:?}", ended.left);
}

#[tokio::test]
async fn lost_host_with_closed_log_ends_provider() {
    let host = Launch::new().start().await;
    let channel = host.connect().await;
    assert_eq!(health(&channel, "plugin").await.unwrap(), 1);
    let (mut process, directory) = host.process.abandon();
    drop(channel);
    let status = timeout(LIMIT, process.wait()).await.expect("the provider does not end").unwrap();
    assert_eq!(status.code(), Some(0));
    assert!(entries(directory.path()).is_empty());
}

#[tokio::test]
async fn lost_host_before_connection_ends_provider() {
    let (shell, _line) = Launch::new().start_by("sh", &["-c", "\"$0\" & wait"]).await;
    shell.signal(Signal::KILL);
    // The shell ends immediately. Its output ends with the last process that has it open.
    let ended = timeout(LIMIT, shell.ended()).await.expect("the provider does not end");
    assert_eq!(ended.status.code(), None);
    assert!(ended.stderr.iter().any(|line| line.contains("the host is gone")));
    assert!(ended.left.is_empty(), "{:?}", ended.left);
}
