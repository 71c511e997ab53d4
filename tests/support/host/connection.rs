//! Connections to a plugin, and clients of its services.

use std::time::Duration;

use hyper_util::rt::TokioIo;
use terraform_provider_compshare::{
    plugin::rpc::{
        Empty, grpc_broker_client::GrpcBrokerClient, grpc_controller_client::GrpcControllerClient,
        grpc_stdio_client::GrpcStdioClient,
    },
    protocol::tfplugin5::provider_client::ProviderClient,
};
use tokio::{
    net::{TcpStream, UnixStream},
    time::timeout,
};
use tokio_rustls::TlsConnector;
use tonic::{
    Status,
    transport::{Channel, Endpoint, Uri},
};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

use super::handshake::Address;

/// Time limit of everything that should happen at once. A test that waits as long fails.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);

/// Size limit of messages in both directions, in bytes.
const MESSAGE_LIMIT: usize = (1 << 31) - 1;

/// Connects to `address`; in plain text if `tls` is `None`.
pub(crate) async fn connect(
    address: &Address,
    tls: Option<TlsConnector>,
) -> Result<Channel, tonic::transport::Error> {
    let address = address.clone();
    let connector = tower::service_fn(move |_: Uri| {
        let (address, tls) = (address.clone(), tls.clone());
        async move {
            let stream = dial(&address).await?;
            let Some(tls) = tls else { return Ok(TokioIo::new(stream)) };
            let name = "localhost".try_into().unwrap();
            let stream = tls.connect(name, stream).await?;
            // grpc-go requires this from version 1.67 on.
            if stream.get_ref().1.alpn_protocol() != Some(b"h2") {
                return Err(std::io::Error::other("the server did not choose h2"));
            }
            Ok(TokioIo::new(Box::new(stream) as Box<dyn Stream>))
        }
    });
    Endpoint::from_static("http://unused").connect_with_connector(connector).await
}

/// A bare connection to `address`.
pub(crate) async fn dial(address: &Address) -> std::io::Result<Box<dyn Stream>> {
    Ok(match address {
        Address::Unix(path) => Box::new(UnixStream::connect(path).await?),
        Address::Tcp(address) => {
            let stream = TcpStream::connect(address).await?;
            // Go sets this for every connection.
            stream.set_nodelay(true)?;
            Box::new(stream)
        }
    })
}

/// Transport of TLS and gRPC.
pub(crate) trait Stream:
    tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin
{
}

impl<T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin> Stream for T {}

/// Health of `service`, as the number of a serving status.
pub(crate) async fn health(channel: &Channel, service: &str) -> Result<i32, Status> {
    let request = HealthCheckRequest { service: service.to_owned() };
    let check = HealthClient::new(channel.clone());
    let response =
        timeout(LIMIT, { check }.check(request)).await.expect("no response within the time limit");
    response.map(|response| response.into_inner().status)
}

/// A client of the provider service.
pub(crate) fn provider(channel: Channel) -> ProviderClient<Channel> {
    ProviderClient::new(channel)
        .max_decoding_message_size(MESSAGE_LIMIT)
        .max_encoding_message_size(MESSAGE_LIMIT)
}

/// Calls the controller's `Shutdown`.
pub(crate) async fn shut_down(channel: &Channel) -> Result<(), Status> {
    let mut controller = GrpcControllerClient::new(channel.clone());
    timeout(LIMIT, controller.shutdown(Empty {}))
        .await
        .expect("no response within the time limit")
        .map(drop)
}

/// A client of the stdio service.
pub(crate) fn stdio(channel: &Channel) -> GrpcStdioClient<Channel> {
    GrpcStdioClient::new(channel.clone())
}

/// A client of the broker service.
pub(crate) fn broker(channel: &Channel) -> GrpcBrokerClient<Channel> {
    GrpcBrokerClient::new(channel.clone())
}
