//! All integration tests in one binary: one link step, one place for what they share.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod architecture;
mod client;
mod docs;
#[cfg(unix)]
mod faults;
mod fuzz;
mod process;
mod protocol;
mod simulator;
mod support;
mod terraform;
mod vendor;
mod wire;
