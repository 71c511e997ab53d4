//! The release files of `.ci/package`: contents, licenses, reproducibility, installation by
//! `terraform init`, and the workflow that publishes them.
//!
//! Not part of `cargo test`, since the package is cross-compiled with zig, which takes minutes:
//!
//!     cargo test --test packaging

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a failed precondition fails the test")]

mod package;
mod release;

#[path = "../terraform/stage.rs"]
#[expect(dead_code, reason = "shared with the stories, which use more of it")]
mod stage;
#[path = "../support"]
#[expect(
    dead_code,
    unused_imports,
    reason = "shared with the integration tests, which use more of it"
)]
mod support {
    pub(crate) mod actions;
    pub(crate) mod calls;
    pub(crate) mod python;
    pub(crate) mod terraform;
}
