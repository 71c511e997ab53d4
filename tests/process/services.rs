//! Services of go-plugin beside the provider's own: health, stdio and broker.

use std::time::Duration;

use terraform_provider_compshare::{plugin::rpc::ConnInfo, protocol::tfplugin5};
use tokio::time::timeout;
use tokio_stream::StreamExt as _;
use tonic::Code;

use crate::support::host::{Launch, broker, health, stdio};

/// Wait for a message that must not arrive.
const SILENCE: Duration = Duration::from_millis(200);

#[tokio::test]
async fn health_reports_plugin_and_server_only() {
    let host = Launch::new().start().await;
    let channel = host.connect().await;
    assert_eq!(health(&channel, "plugin").await.unwrap(), 1);
    assert_eq!(health(&channel, "").await.unwrap(), 1);
    assert_eq!(health(&channel, "another").await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn stdio_and_broker_streams_stay_open_and_silent() {
    let host = Launch::new().start().await;
    for _ in 0..2 {
        let channel = host.connect().await;
        let mut output = stdio(&channel).stream_stdio(()).await.unwrap().into_inner();
        let (send, sent) = tokio::sync::mpsc::channel(1);
        let sent = tokio_stream::wrappers::ReceiverStream::new(sent);
        let mut brokered = broker(&channel).start_stream(sent).await.unwrap().into_inner();
        // Hosts do not send this; it must not be returned.
        send.send(ConnInfo { service_id: 7, ..ConnInfo::default() }).await.unwrap();
        assert!(timeout(SILENCE, output.next()).await.is_err());
        assert!(timeout(SILENCE, brokered.next()).await.is_err());
        drop(send);
        assert!(brokered.next().await.is_none(), "the stream must end with the host's");
    }
}

#[tokio::test]
async fn messages_above_default_limit_of_tonic_are_received() {
    let host = Launch::new().start().await;
    let config = tfplugin5::DynamicValue { msgpack: vec![0xc0; 5 * 1024 * 1024], json: vec![] };
    let request = tfplugin5::prepare_provider_config::Request { config: Some(config) };
    let response =
        host.provider().await.prepare_provider_config(request).await.unwrap().into_inner();
    // The whole message has arrived, and its content is invalid.
    assert_eq!(response.diagnostics[0].summary, "Unable to Decode Value");
}

#[tokio::test]
async fn provider_service_is_reachable() {
    let host = Launch::new().start().await;
    let request = tfplugin5::get_provider_schema::Request::default();
    let schemas = host.provider().await.get_schema(request).await.unwrap().into_inner();
    assert!(schemas.provider.is_some());
    assert!(schemas.resource_schemas.contains_key("compshare_instance_power"));
}
