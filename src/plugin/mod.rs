//! The plugin side of go-plugin: how a process becomes the gRPC server of the host that started it.
//!
//! The host starts the binary with a magic cookie and, nearly always, a client certificate in the
//! environment. The plugin binds a private socket, generates a certificate of its own and prints
//! the handshake line, which contains the address and that certificate. From then on everything is
//! gRPC over the socket, until the host sends `Shutdown`.
//!
//! This module does not know Terraform: it serves the gRPC [`Services`] of its caller, and every
//! name and number of the host is in [`Plugin`]. Stdout carries the handshake line and nothing
//! else; stdin belongs to the host and is never read; stderr is the log ([`log`]).
//!
//! The rules are those of hashicorp/go-plugin: `server.go` (order of the start, handshake line),
//! `mtls.go` (certificates), `grpc_server.go` (the services that every plugin has), `log_entry.go`
//! (log lines).

mod connection;
mod debug;
mod error;
mod handshake;
mod limits;
mod listener;
pub mod log;
mod output;
mod serve;
mod services;
mod shutdown;
mod standard_services;
mod tls;

#[doc(hidden)]
pub use self::handshake::fuzz;
pub use self::{
    error::Error,
    handshake::{Cookie, Plugin},
    limits::check_files,
    listener::{Address, Listener, Place},
    output::{in_one_line, print, print_reason},
    serve::{serve, serve_debug, serve_on},
    services::Services,
    shutdown::{HostTimeouts, Owner, Parent},
    standard_services::rpc,
    tls::Acceptor,
};
