//! The tfplugin5 protocol over the framework.
//!
//! Each RPC is one short function: decode the request, call the framework, encode the response.
//! Failures are diagnostics under the gRPC status OK, because Terraform shows a gRPC error only as
//! "Plugin error".
//!
//! No other module names the generated types. This one knows the protocol and no resource.

mod action;
mod config;
mod data_source;
mod decode;
mod encode;
mod ephemeral_resource;
mod list_resource;
mod resource;
mod respond;
mod server;
mod service;
mod stored;

pub use server::Server;

/// Messages and services of the plugin protocol, generated from `proto/tfplugin5.proto`.
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
pub mod tfplugin5 {
    tonic::include_proto!("tfplugin5");
}
