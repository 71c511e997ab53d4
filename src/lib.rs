//! Terraform provider for CompShare.

pub mod compshare;
pub mod cty;
pub mod environment;
pub mod framework;
pub mod plugin;
pub mod power;
pub mod protocol;
pub mod provider;
pub mod simulator;
