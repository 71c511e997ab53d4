//! Errors of starting and serving a plugin.

use std::{io, path::PathBuf};

/// Error of starting or serving a plugin. Each message says what the caller can do about it.
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
    /// The host requires TLS, but its certificate cannot be used. Serving without TLS would let every
    /// local user in.
    #[error(
        "cannot use the host's certificate in PLUGIN_CLIENT_CERT, which must be exactly one certificate in PEM: {0}; \
         unset the variable if it did not come from the host"
    )]
    ClientCertificate(String),
    /// The host's port range is invalid.
    #[error("PLUGIN_MIN_PORT and PLUGIN_MAX_PORT must be port numbers, the lower one first: {0}")]
    Ports(String),
    /// No port of the host's range is free.
    #[error("cannot listen on 127.0.0.1: every port from {min} to {max} is in use or refused")]
    NoFreePort {
        min: u16,
        max: u16,
        /// Failure of the last port.
        source: io::Error,
    },
    /// The group that may connect does not exist in `/etc/group`.
    #[error(
        "PLUGIN_UNIX_SOCKET_GROUP names the group `{0}`, which /etc/group does not have; give its number"
    )]
    Group(String),
    /// The directory for the socket cannot be created or made private.
    #[error(
        "cannot create a directory for the socket in {}; set TMPDIR or PLUGIN_UNIX_SOCKET_DIR to a writable directory",
        .parent.display()
    )]
    Directory { parent: PathBuf, source: io::Error },
    /// The path of the socket cannot be part of a handshake line.
    #[error(
        "the path of the socket, {}, is not Unicode or contains `|` or a line break; set TMPDIR or \
         PLUGIN_UNIX_SOCKET_DIR to another directory",
        .0.display()
    )]
    SocketPath(PathBuf),
    /// The socket cannot be bound, most likely because its path is too long for the operating system.
    #[error(
        "cannot listen on {}; if its path is too long (the limit is about 100 bytes), set TMPDIR or \
         PLUGIN_UNIX_SOCKET_DIR to a shorter path",
        .path.display()
    )]
    Listen { path: PathBuf, source: io::Error },
    /// The plugin's key or certificate cannot be generated.
    #[error("cannot generate a certificate for the connection to the host")]
    Certificate(#[from] rcgen::Error),
    #[error("cannot set up TLS for the connection to the host")]
    Tls(#[from] rustls::Error),
    #[error("cannot start the runtime")]
    Runtime(#[source] io::Error),
    #[error("cannot install signal handlers")]
    Signals(#[source] io::Error),
    /// The handshake line cannot be printed.
    #[error("cannot write to stdout, from which the host reads the address of this plugin")]
    Stdout(#[source] io::Error),
    #[error("the gRPC server failed")]
    Serve(#[source] tonic::transport::Error),
}
