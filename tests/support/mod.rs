//! Support code of the integration tests.

pub(crate) mod actions;
pub(crate) mod calls;
pub(crate) mod closed_port;
#[cfg(unix)]
pub(crate) mod effort;
#[cfg(unix)]
pub(crate) mod host;
#[cfg(target_os = "linux")]
pub(crate) mod proc;
pub(crate) mod python;
pub(crate) mod script;
#[cfg(unix)]
pub(crate) mod terraform;
pub(crate) mod terraform_core;
pub(crate) mod tls;
