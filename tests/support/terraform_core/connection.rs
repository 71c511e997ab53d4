//! The connection between the generated client and a provider in this process.

use std::{io, time::Duration};

use hyper_util::rt::TokioIo;
use terraform_provider_compshare::{
    framework::Provider,
    protocol::{
        Server,
        tfplugin5::{provider_client::ProviderClient, provider_server::ProviderServer},
    },
};
use tonic::transport::{Channel, Endpoint};

/// Time limit of an apply, an open and an invocation. No test needs a tenth of it.
pub(super) const RPC_TIMEOUT: Duration = Duration::from_secs(30);

/// Serves `provider` over an in-memory pipe and returns a client of it.
pub(crate) async fn connect<P: Provider>(provider: P) -> ProviderClient<Channel> {
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    let service = ProviderServer::new(Server::new(provider));
    tokio::spawn(
        tonic::transport::Server::builder()
            .serve_with_incoming(service, tokio_stream::once(Ok::<_, io::Error>(theirs))),
    );
    let mut ours = Some(TokioIo::new(ours));
    let connector = tower::service_fn(move |_| {
        let pipe = ours.take().ok_or_else(|| io::Error::other("the provider is gone"));
        std::future::ready(pipe)
    });
    let endpoint = Endpoint::from_static("http://provider.invalid");
    ProviderClient::new(endpoint.connect_with_connector(connector).await.unwrap())
}
