//! tfplugin5 on one side, the framework on the other.
//!
//! Each RPC is one short method: decode the request, call the framework, encode the response. What can go wrong is said in
//! diagnostics under a gRPC status of OK, because a gRPC error reaches the practitioner only as "Plugin error".
//!
//! This module alone names the generated types. It knows the protocol and none of the resources.

mod action;
mod answer;
mod config;
mod data_source;
mod encode;
mod ephemeral_resource;
mod list_resource;
mod resource;
mod server;
mod service;
mod stored;

pub use server::Server;

/// Messages and services of the plugin protocol, generated from `proto/tfplugin5.proto`.
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
pub mod tfplugin5 {
    tonic::include_proto!("tfplugin5");
}
