//! Debug mode: a developer starts the provider, and Terraform connects to it through an environment
//! variable.

use rustix::process::Signal;
use serde_json::Value;
use tonic::transport::Channel;

use crate::support::host::{Address, Launch, Process, connect, health, shut_down, stdio};

/// Starts the provider. Returns the value of the variable.
pub(super) async fn start(argument: &str) -> (Process, Value) {
    let (process, line) = Launch::by_hand().argument(argument).start_and_read_line().await;
    let value = line.strip_prefix("TF_REATTACH_PROVIDERS='").expect("the variable");
    let json = value.strip_suffix("'\n").expect("its end");
    (process, serde_json::from_str(json).unwrap())
}

/// Connects as a host to the address in `variable`.
pub(super) async fn reattach(variable: &Value) -> Channel {
    let address = &variable["compshare/compshare"]["Addr"];
    let text = |key: &str| address[key].as_str().unwrap();
    connect(&Address::new(text("Network"), text("String")), None).await.unwrap()
}

#[tokio::test]
async fn debug_mode_prints_address_and_needs_no_cookie() {
    for argument in ["--debug", "-debug"] {
        let (process, variable) = start(argument).await;
        let providers = variable.as_object().unwrap();
        assert_eq!(providers.len(), 1);
        let provider = &providers["compshare/compshare"];
        assert_eq!(provider["Protocol"], "grpc");
        assert_eq!(provider["ProtocolVersion"], 5);
        assert_eq!(provider["Pid"], process.pid());
        assert_eq!(provider["Test"], true);
        assert_eq!(provider["Addr"]["Network"], "unix");
    }
}

#[tokio::test]
async fn several_hosts_connect_until_sigint() {
    let (mut process, variable) = start("--debug").await;
    for _ in 0..2 {
        let channel = reattach(&variable).await;
        let _output = stdio(&channel).stream_stdio(()).await.unwrap();
        assert_eq!(health(&channel, "plugin").await.unwrap(), 1);
    }
    // Hosts do not shut down a provider in debug mode. If one did, the provider would keep running.
    shut_down(&reattach(&variable).await).await.unwrap();
    assert_eq!(health(&reattach(&variable).await, "plugin").await.unwrap(), 1);
    assert!(process.is_running());

    process.signal(Signal::INT);
    let ended = process.ended().await;
    assert_eq!(ended.status.code(), Some(0));
    assert_eq!(ended.stdout, "");
    assert!(ended.left.is_empty(), "{:?}", ended.left);
}

#[tokio::test]
async fn sigterm_ends_debug_mode() {
    let (process, _) = start("--debug").await;
    process.signal(Signal::TERM);
    let ended = process.ended().await;
    assert_eq!(ended.status.code(), Some(0));
    assert!(ended.left.is_empty(), "{:?}", ended.left);
}

#[tokio::test]
async fn debug_mode_logs_from_level_info() {
    let (mut process, variable) = start("--debug").await;
    process.logged("waiting for hosts").await;
    drop(reattach(&variable).await);
    process.signal(Signal::INT);
    let ended = process.ended().await;
    assert!(!ended.stderr.iter().any(|line| line.contains(r#""debug""#)), "{:?}", ended.stderr);
}
