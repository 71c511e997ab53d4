//! Runs of the scripts in `examples`, with the programs of this build instead of Cargo.

use std::time::Duration;

use serde_json::json;

use crate::support::terraform::{Run, Workspace};

/// The provider of this build.
pub(super) const PROVIDER: &str = env!("CARGO_BIN_EXE_terraform-provider-compshare");

/// Replaces Cargo by a program that reports `provider` and the simulator of this build as built.
pub(super) fn write_fake_cargo(workspace: &Workspace, provider: &str) {
    let built = [
        ("terraform-provider-compshare", provider),
        ("compshare-simulator", env!("CARGO_BIN_EXE_compshare-simulator")),
    ];
    let lines =
        built.map(|(name, path)| json!({"executable": path, "target": {"name": name}}).to_string());
    workspace.write_program("cargo", &format!("cat <<'LINES'\n{}\nLINES", lines.join("\n")));
    let version = concat!("echo rustc ", env!("CARGO_PKG_RUST_VERSION"), ".0");
    workspace.write_program("rustc", version);
}

/// Runs shell commands, in which paths below `examples` are those of this repository.
pub(super) fn run_script(workspace: &Workspace, commands: &str, limit: Duration) -> Run {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/");
    workspace.spawn_shell(&commands.replace("examples/", root)).finish(limit)
}
