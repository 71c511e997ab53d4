//! Why a plugin could not start, or had to end.

use std::{io, path::PathBuf};

/// Why a plugin could not start, or had to end. Each text says what whoever started it can do about
/// it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The magic cookie is missing or wrong: a person, not a host, started the program.
    #[error(
        "This program is a plugin: it is not meant to be run by hand.\n\
         The program it belongs to finds it and starts it by itself.\n\
         Run it with --help to read how to use it during development."
    )]
    NotStartedByHost,
    /// The host wants TLS, but its certificate cannot be used. Going on without TLS would let
    /// anybody in.
    #[error(
        "cannot use the host's certificate in PLUGIN_CLIENT_CERT, which must be exactly one certificate in PEM: {0}; \
         unset the variable if it did not come from the host"
    )]
    ClientCertificate(String),
    /// The ports the host allows make no range.
    #[error(
        "PLUGIN_MIN_PORT and PLUGIN_MAX_PORT must be two port numbers, the lower one first: {0}"
    )]
    Ports(String),
    /// No port that the host allows is free.
    #[error("cannot listen on 127.0.0.1: each port from {min} to {max} is taken or refused")]
    NoFreePort {
        /// The lowest port tried.
        min: u16,
        /// The highest port tried.
        max: u16,
        /// Why the last one failed.
        source: io::Error,
    },
    /// The group that shall be able to connect is not to be found.
    #[error(
        "PLUGIN_UNIX_SOCKET_GROUP names the group `{0}`, which /etc/group does not have; give its number"
    )]
    Group(String),
    /// The directory for the socket cannot be made, or not be made private.
    #[error(
        "cannot make a directory for the socket in {}; set TMPDIR or PLUGIN_UNIX_SOCKET_DIR to one that is writable",
        .parent.display()
    )]
    Directory {
        /// Where it was to be made.
        parent: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The path of the socket cannot stand in a handshake line.
    #[error(
        "the socket's path {} is not Unicode, or has a `|` or a line break in it; set TMPDIR or PLUGIN_UNIX_SOCKET_DIR \
         to a plainer one",
        .0.display()
    )]
    SocketPath(PathBuf),
    /// The socket cannot be bound, most likely since its path is too long for the operating system.
    #[error(
        "cannot listen on {}; if its path is too long (about 100 bytes are allowed), set TMPDIR or \
         PLUGIN_UNIX_SOCKET_DIR to a shorter one",
        .path.display()
    )]
    Listen {
        /// Where the socket was to be.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The plugin's own key or certificate cannot be made.
    #[error("cannot make a certificate for the connection to the host")]
    Certificate(#[from] rcgen::Error),
    /// TLS cannot be set up with the certificate just made.
    #[error("cannot set up TLS for the connection to the host")]
    Tls(#[from] rustls::Error),
    /// The threads that serve cannot be started.
    #[error("cannot start the runtime")]
    Runtime(#[source] io::Error),
    /// The handlers of signals cannot be installed.
    #[error("cannot install signal handlers")]
    Signals(#[source] io::Error),
    /// The host cannot be told where the plugin listens.
    #[error("cannot write to stdout, where whoever started this program reads how to connect")]
    Stdout(#[source] io::Error),
    /// The gRPC server failed as a whole.
    #[error("the gRPC server failed")]
    Serve(#[source] tonic::transport::Error),
}
