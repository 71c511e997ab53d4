//! Start and end of a plugin process.

use std::{future::Future, pin::pin, time::Duration};

use tokio_util::sync::CancellationToken;
use tonic::transport::Server;

use super::{
    connection::{self, OpenConnections},
    debug,
    error::Error,
    handshake::{self, Line, Plugin},
    limits,
    listener::Listener,
    output,
    services::Services,
    shutdown::{self, HostTimeouts, Owner, Parent, Signals},
    standard_services,
    tls::Acceptor,
};
use crate::environment::Environment;

/// Time that running calls get at the end. The host kills the process after two seconds.
const GRACE_PERIOD: Duration = Duration::from_secs(1);

/// Serves `services` to the host that started this process, until the host sends `Shutdown`, is
/// gone, or SIGTERM arrives. SIGINT and SIGHUP are ignored: a terminal sends them to the whole
/// process group, and the host decides.
///
/// The start follows go-plugin's `Serve`. The host waits for the handshake line, so that nothing
/// that the line does not need is done before it; that is why `services` is a function.
pub async fn serve(
    plugin: &Plugin,
    environment: &Environment,
    services: impl FnOnce() -> Services,
) -> Result<(), Error> {
    let parent = Parent::of_process();
    handshake::check_cookie(plugin.cookie, environment)?;
    let client = handshake::client_certificate(environment)?;
    limits::disable_core_dumps();
    shutdown::ignore_hangup()?;
    let mut signals = Signals::install()?;
    let listener = Listener::bind(&handshake::place(environment)?)?;
    let acceptor = client.map(Acceptor::for_client).transpose()?;

    let line = Line {
        app_protocol: plugin.app_protocol,
        address: listener.address(),
        certificate: acceptor.as_ref().map(Acceptor::certificate),
        multiplexing_requested: handshake::requests_multiplexing(environment),
    };
    output::print_handshake(&line.bytes())?;

    for warning in handshake::version_warnings(plugin.app_protocol, environment) {
        tracing::warn!("{warning}");
    }
    let owner = Owner::Host(HostTimeouts::default(), parent);
    serve_on(listener, acceptor, owner, services(), signals.terminated()).await
}

/// Serves `services` to any number of hosts, one after another or at once, until SIGINT or SIGTERM.
/// Prints the variable by which hosts find this process on stdout, ready to paste into a shell.
///
/// There is no TLS, since a host that did not start the process cannot give it a certificate; the
/// directory of the socket keeps other users out.
pub async fn serve_debug(
    plugin: &Plugin,
    environment: &Environment,
    services: impl FnOnce() -> Services,
) -> Result<(), Error> {
    let mut signals = Signals::install()?;
    let listener = Listener::bind(&handshake::place(environment)?)?;
    output::print(debug::reattach_assignment(plugin, listener.address())?.as_bytes())?;
    tracing::info!("waiting for hosts that have the variable on stdout set; Ctrl-C ends this");
    serve_on(listener, None, Owner::Developer, services(), signals.interrupted_or_terminated())
        .await
}

/// Serves `services` and the standard services on `listener`, until `shutdown` is ready or `owner`
/// is gone. With an `acceptor` only its client can connect, without one every local process that
/// reaches the socket.
///
/// The part of [`serve`] that changes nothing in the process, so that tests can run it.
pub async fn serve_on(
    listener: Listener,
    acceptor: Option<Acceptor>,
    owner: Owner,
    services: Services,
    shutdown: impl Future<Output = ()>,
) -> Result<(), Error> {
    let stop = CancellationToken::new();
    let connections = OpenConnections::default();
    // Dropping the directory removes the socket, whichever way this function ends.
    let (socket, _directory) = listener.into_parts();
    let incoming = connection::accept(socket, acceptor, connections.clone());
    let services = standard_services::add_to(services, owner, &stop).await;

    let mut serving = pin!(Server::builder().serve_with_incoming_shutdown(
        services,
        incoming,
        stop.clone().cancelled_owned()
    ));
    tokio::select! {
        // In this order, so that the reason is logged: the server ends with `stop` too.
        biased;
        () = shutdown => tracing::debug!("ending: signal received"),
        () = stop.cancelled() => tracing::debug!("ending: Shutdown received"),
        () = shutdown::owner_gone(owner, &connections) => {
            tracing::warn!("ending: the host is gone");
        }
        ended = &mut serving => return ended.map_err(Error::Serve),
    }
    stop.cancel();
    let Ok(ended) = tokio::time::timeout(GRACE_PERIOD, serving).await else {
        tracing::debug!("ending with calls still running");
        return Ok(());
    };
    ended.map_err(Error::Serve)
}
