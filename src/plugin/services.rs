//! The services that every plugin has beside its own: go-plugin's controller, stdio and broker, and
//! gRPC's health.

use std::future;

use futures_util::{StreamExt as _, stream};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming, codegen::BoxStream, service::Routes};
use tonic_health::ServingStatus;

use self::rpc::{
    ConnInfo, Empty, StdioData,
    grpc_broker_server::{GrpcBroker, GrpcBrokerServer},
    grpc_controller_server::{GrpcController, GrpcControllerServer},
    grpc_stdio_server::{GrpcStdio, GrpcStdioServer},
};
use super::Owner;

/// Messages, servers and clients of go-plugin's own services, generated from `proto/grpc_*.proto`.
#[allow(
    clippy::all,
    clippy::allow_attributes,
    clippy::use_self,
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    unused_qualifications,
    rustdoc::all,
    reason = "generated from proto/"
)]
pub mod rpc {
    tonic::include_proto!("plugin");
}

/// The name under which go-plugin's hosts ask for the plugin's health; `GRPCServiceName` of its
/// `grpc_server.go`.
const HEALTH_SERVICE: &str = "plugin";

/// Adds the common services to `routes`. The controller cancels `stop`, and all streams end with
/// it.
pub(super) async fn add(routes: Routes, owner: Owner, stop: &CancellationToken) -> Routes {
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_service_status(HEALTH_SERVICE, ServingStatus::Serving).await;
    routes
        .add_service(health_service)
        .add_service(GrpcControllerServer::new(Controller { owner, stop: stop.clone() }))
        .add_service(GrpcStdioServer::new(Stdio { stop: stop.clone() }))
        .add_service(GrpcBrokerServer::new(Broker { stop: stop.clone() }))
}

/// Ends the process when its owner says so.
struct Controller {
    owner: Owner,
    stop: CancellationToken,
}

#[tonic::async_trait]
impl GrpcController for Controller {
    async fn shutdown(&self, _: Request<Empty>) -> Result<Response<Empty>, Status> {
        match self.owner {
            Owner::Host(..) => self.stop.cancel(),
            Owner::Developer => tracing::info!("not ending: a developer runs this, not the host"),
        }
        Ok(Response::new(Empty {}))
    }
}

/// Would carry what the plugin prints. It prints nothing; hosts still want the stream, each its
/// own.
struct Stdio {
    stop: CancellationToken,
}

#[tonic::async_trait]
impl GrpcStdio for Stdio {
    type StreamStdioStream = BoxStream<StdioData>;

    async fn stream_stdio(&self, _: Request<()>) -> Result<Response<BoxStream<StdioData>>, Status> {
        let silence = stream::pending().take_until(self.stop.clone().cancelled_owned());
        Ok(Response::new(Box::pin(silence)))
    }
}

/// Would arrange connections from the plugin back to its host. None are needed; hosts still open
/// the stream.
struct Broker {
    stop: CancellationToken,
}

#[tonic::async_trait]
impl GrpcBroker for Broker {
    type StartStreamStream = BoxStream<ConnInfo>;

    async fn start_stream(
        &self,
        request: Request<Streaming<ConnInfo>>,
    ) -> Result<Response<BoxStream<ConnInfo>>, Status> {
        // Reads, so that the stream ends when the host ends it, and answers nothing.
        let unanswered = request
            .into_inner()
            .filter_map(|_| future::ready(None))
            .take_until(self.stop.clone().cancelled_owned());
        Ok(Response::new(Box::pin(unanswered)))
    }
}
