//! All integration tests in one binary, so that they are linked once and share their support code.

#![expect(clippy::unwrap_used, reason = "a failed step of a test panics")]

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
mod words;
