//! The services that every plugin has beside its own: go-plugin's controller, stdio and broker, and
//! gRPC health checking.

use std::future;

use futures_util::{StreamExt as _, stream};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming, codegen::BoxStream};
use tonic_health::ServingStatus;

use self::rpc::{
    ConnInfo, Empty, StdioData,
    grpc_broker_server::{GrpcBroker, GrpcBrokerServer},
    grpc_controller_server::{GrpcController, GrpcControllerServer},
    grpc_stdio_server::{GrpcStdio, GrpcStdioServer},
};
use super::{services::Services, shutdown::Owner};

/// Messages, servers and clients of go-plugin's services, generated from `proto/grpc_*.proto`.
#[allow(
    clippy::all,
    clippy::allow_attributes,
    clippy::use_self,
    missing_debug_implementations,
    unreachable_pub,
    unused_qualifications,
    rustdoc::all,
    reason = "generated from proto/"
)]
pub mod rpc {
    tonic::include_proto!("plugin");
}

/// Service name in the health checks of go-plugin's hosts: `GRPCServiceName` in `grpc_server.go`.
const HEALTH_SERVICE: &str = "plugin";

/// Adds the standard services to `services`. The controller cancels `stop`, which also ends all
/// streams.
pub(super) async fn add_to(services: Services, owner: Owner, stop: &CancellationToken) -> Services {
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_service_status(HEALTH_SERVICE, ServingStatus::Serving).await;
    let standard = Standard { owner, stop: stop.clone() };
    services
        .with(health_service)
        .with(GrpcControllerServer::new(standard.clone()))
        .with(GrpcStdioServer::new(standard.clone()))
        .with(GrpcBrokerServer::new(standard))
}

/// go-plugin's services.
#[derive(Clone)]
struct Standard {
    owner: Owner,
    stop: CancellationToken,
}

#[tonic::async_trait]
impl GrpcController for Standard {
    /// Ends the process when the host that owns it sends `Shutdown`.
    async fn shutdown(&self, _: Request<Empty>) -> Result<Response<Empty>, Status> {
        match self.owner {
            Owner::Host(..) => self.stop.cancel(),
            Owner::Developer => tracing::info!("ignoring Shutdown in debug mode"),
        }
        Ok(Response::new(Empty {}))
    }
}

/// The plugin prints nothing, but each host opens the stream of its output.
#[tonic::async_trait]
impl GrpcStdio for Standard {
    type StreamStdioStream = BoxStream<StdioData>;

    async fn stream_stdio(&self, _: Request<()>) -> Result<Response<BoxStream<StdioData>>, Status> {
        let empty = stream::pending().take_until(self.stop.clone().cancelled_owned());
        Ok(Response::new(Box::pin(empty)))
    }
}

/// The plugin needs no further connections, but each host opens the stream that negotiates them.
#[tonic::async_trait]
impl GrpcBroker for Standard {
    type StartStreamStream = BoxStream<ConnInfo>;

    async fn start_stream(
        &self,
        request: Request<Streaming<ConnInfo>>,
    ) -> Result<Response<BoxStream<ConnInfo>>, Status> {
        // Reads the request stream without responding, so that the response ends with it.
        let empty = request
            .into_inner()
            .filter_map(|_| future::ready(None))
            .take_until(self.stop.clone().cancelled_owned());
        Ok(Response::new(Box::pin(empty)))
    }
}
