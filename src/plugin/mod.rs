//! How a process becomes the gRPC server of the host that started it: go-plugin's side of the
//! contract.
//!
//! The host starts the binary with a magic cookie and, nearly always, a client certificate in the
//! environment. The plugin binds a private socket, makes a certificate of its own, and prints one
//! line that says where and how to connect. From then on everything is gRPC over that socket, until
//! the host says `Shutdown`.
//!
//! Nothing here knows Terraform: what is served is a [`Routes`] that somebody else built, and every
//! name and number of the host's own stands in [`Plugin`]. Stdout carries the handshake line and
//! nothing else; stdin, which is the host's own, is never touched; stderr is the log ([`log`]).
//!
//! The rules come from hashicorp/go-plugin: `server.go` (order of the start, handshake line),
//! `mtls.go` (the certificates), `grpc_server.go` (the services beside the plugin's own),
//! `log_entry.go` (the log lines).

mod core_dump;
mod debug;
mod error;
mod handshake;
mod incoming;
mod listener;
pub mod log;
mod output;
mod services;
mod shutdown;
#[doc(hidden)]
pub mod testing;
mod tls;

use std::{future::Future, pin::pin, time::Duration};

use tokio_util::sync::CancellationToken;
use tonic::{service::Routes, transport::Server};

use crate::environment::Environment;

pub use self::{
    error::Error,
    handshake::Cookie,
    listener::{Address, Listener, Place},
    output::say,
    services::rpc,
    shutdown::{Owner, Parent, Patience},
    tls::Acceptor,
};
use self::{handshake::Line, incoming::OpenConnections, shutdown::Signals};

/// How long calls that are still running may hold up the end. The host kills the process after two
/// seconds.
const GRACE: Duration = Duration::from_secs(1);

/// What a host must know of the plugin, and the plugin of its host.
#[derive(Clone, Copy, Debug)]
pub struct Plugin {
    /// The name the host knows the plugin by; the key in what debug mode prints.
    pub address: &'static str,
    /// The version of the protocol that the routes speak.
    pub app_protocol: u32,
    /// What tells a start by the host from a start by a person.
    pub cookie: Cookie,
    /// The environment variable through which a host finds a plugin in debug mode.
    pub reattach_variable: &'static str,
}

/// Serves what `routes` makes to the host that started this process, until it says `Shutdown`, is
/// gone, or SIGTERM arrives. SIGINT is ignored from the first, and so is SIGHUP: a terminal sends
/// them to the whole process group, and it is the host that decides.
///
/// The start follows go-plugin's `Serve`. Nothing is done before the handshake line that the line
/// does not need, since the host waits for it; that is why `routes` is a function.
///
/// # Errors
///
/// All but [`Error::Serve`] mean that no handshake line was printed and nothing was served.
pub async fn serve(
    plugin: &Plugin,
    environment: &Environment,
    routes: impl FnOnce() -> Routes,
) -> Result<(), Error> {
    let parent = Parent::of_process();
    handshake::check_cookie(plugin.cookie, environment)?;
    let client = handshake::client_certificate(environment)?;
    core_dump::forbid();
    shutdown::ignore_hangup()?;
    let mut signals = Signals::install()?;
    let listener = Listener::bind(&handshake::place(environment)?)?;
    let acceptor = client.map(Acceptor::for_client).transpose()?;

    let line = Line {
        app_protocol: plugin.app_protocol,
        address: listener.address(),
        certificate: acceptor.as_ref().map(Acceptor::certificate),
        multiplexing_asked: handshake::asks_for_multiplexing(environment),
    };
    say(&line.to_string())?;
    output::silence()?;

    for note in handshake::negotiate(plugin.app_protocol, environment) {
        tracing::warn!("{note}");
    }
    let owner = Owner::Host(Patience::default(), parent);
    serve_on(listener, acceptor, owner, routes(), signals.terminated()).await
}

/// Serves what `routes` makes to as many hosts as a developer points at this process, one after
/// another or at once, until SIGINT or SIGTERM. What they need to find it is printed on stdout,
/// ready to paste into a shell.
///
/// There is no TLS here, since a host that did not start the process has no certificate to give it;
/// the directory of the socket keeps other users out.
///
/// # Errors
///
/// As for [`serve`].
pub async fn serve_debug(
    plugin: &Plugin,
    environment: &Environment,
    routes: impl FnOnce() -> Routes,
) -> Result<(), Error> {
    let mut signals = Signals::install()?;
    let listener = Listener::bind(&handshake::place(environment)?)?;
    say(&debug::announcement(plugin, listener.address()))?;
    tracing::info!("waiting for hosts that have the variable on stdout set; Ctrl-C ends this");
    serve_on(listener, None, Owner::Developer, routes(), signals.interrupted_or_terminated()).await
}

/// Serves `routes`, and the services every plugin has beside its own, on `listener` until
/// `shutdown` is ready or
/// `owner` wants no more of it. With an `acceptor` only its client gets in, without one everybody who can connect.
///
/// The part of [`serve`] that touches nothing of the process, so that a test can run it.
///
/// # Errors
///
/// [`Error::Serve`] if the gRPC server fails as a whole; a connection that fails is logged and dropped.
pub async fn serve_on(
    listener: Listener,
    acceptor: Option<Acceptor>,
    owner: Owner,
    routes: Routes,
    shutdown: impl Future<Output = ()>,
) -> Result<(), Error> {
    let stop = CancellationToken::new();
    let connections = OpenConnections::default();
    // Bound to a name: it removes the socket when this function ends, however it ends.
    let (socket, _directory) = listener.into_parts();
    let incoming = incoming::accept(socket, acceptor, connections.clone());
    let routes = services::add(routes, owner, &stop).await;

    let mut serving = pin!(
        Server::builder()
            .add_routes(routes)
            .serve_with_incoming_shutdown(incoming, stop.clone().cancelled_owned())
    );
    tokio::select! {
        // In this order: the server ends by `stop` as well, and why it did is to be told all the same.
        biased;
        () = shutdown => tracing::debug!("ending: asked to by a signal"),
        () = stop.cancelled() => tracing::debug!("ending: asked to by the host"),
        () = shutdown::unwanted(owner, &connections) => tracing::warn!("ending: the host is gone"),
        ended = &mut serving => return ended.map_err(Error::Serve),
    }
    stop.cancel();
    let Ok(ended) = tokio::time::timeout(GRACE, serving).await else {
        tracing::debug!("ending with calls still running");
        return Ok(());
    };
    ended.map_err(Error::Serve)
}
