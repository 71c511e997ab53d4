//! protocol

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
