//! A go-plugin host: starts a provider binary as Terraform does, and connects to its socket.
//!
//! Environment, certificates and expectations follow go-plugin's `client.go` and `mtls.go`, as far
//! as Terraform uses them. `Launch::new().start()` returns a running provider, `provider()` its
//! client, and `shutdown()` ends it as a host does. The benchmarks use the parts with their own
//! process.

mod connection;
pub(crate) mod handshake;
mod identity;
mod process;

pub(crate) use self::{
    connection::{LIMIT, Stream, broker, connect, dial, health, provider, shut_down, stdio},
    handshake::{Address, COOKIE, Line},
    identity::{Identity, anonymous},
    process::{Ended, Host, Launch, Process, entries},
};
