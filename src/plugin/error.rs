//! Errors of starting and serving a plugin.

use std::{io, path::PathBuf};

/// Error of starting or serving a plugin, with the remedy, if there is one.
///
/// The message includes the cause, before the remedy, so that it is complete in the one line that a
/// host shows.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The magic cookie is missing or wrong: the program was started by hand.
    #[error(
        "This program is a plugin and cannot be run by hand.\n\
         The program that uses it, Terraform or OpenTofu, starts it.\n\
         Run it with --help for its use during development."
    )]
    NotStartedByHost,
    /// The host requires TLS, but its certificate cannot be used. Serving without TLS would let
    /// every local user in.
    #[error(
        "PLUGIN_CLIENT_CERT must be exactly one certificate in PEM: {0}. Unset it if the \
         host did not set it."
    )]
    ClientCertificate(String),
    #[error("PLUGIN_MIN_PORT and PLUGIN_MAX_PORT must be port numbers, the lower one first: {0}.")]
    Ports(String),
    #[error(
        "cannot listen on 127.0.0.1: every port from {min} to {max} is in use or refused: {cause}."
    )]
    NoFreePort {
        min: u16,
        max: u16,
        /// Failure of the last port.
        cause: io::Error,
    },
    #[error(
        "PLUGIN_UNIX_SOCKET_GROUP names the group `{0}`, which /etc/group does not have. Set it to \
         the number of the group."
    )]
    Group(String),
    #[error(
        "cannot create a directory for the socket: {cause}. Set {variable} to a writable directory."
    )]
    Directory { variable: &'static str, cause: io::Error },
    #[error(
        "the path in {variable}, of {length} bytes, is too long for a socket. Set {variable} \
         to a shorter path."
    )]
    TooLong { variable: &'static str, length: usize },
    /// The path of the socket cannot be passed to the host.
    #[error(
        "the path of the socket, {}, {problem}. Set {variable} to another directory.",
        .path.display()
    )]
    SocketPath { variable: &'static str, path: PathBuf, problem: &'static str },
    #[error("cannot listen on {}: {cause}. Set {variable} to another directory.", .path.display())]
    Listen { variable: &'static str, path: PathBuf, cause: io::Error },
    #[error("cannot generate a certificate for the connection to the host: {0}.")]
    Certificate(#[from] rcgen::Error),
    #[error("cannot set up TLS for the connection to the host: {0}.")]
    Tls(#[from] rustls::Error),
    #[error("cannot open files: {0}. Raise the limit of open files (`ulimit -n`).")]
    Files(io::Error),
    #[error("cannot {action}: {cause}.")]
    System { action: &'static str, cause: io::Error },
    /// The handshake line cannot be printed.
    #[error("cannot write to stdout, from which the host reads the address of this plugin: {0}.")]
    Stdout(io::Error),
    #[error("the gRPC server failed")]
    Serve(#[source] tonic::transport::Error),
}
