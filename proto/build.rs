//! Compiles the protocol definitions with protox, so that no installed `protoc` is needed, and sets
//! the name of the build for `--version`.

use std::{env, error::Error, path::Path, process::Command};

const DEFINITIONS: [&str; 4] =
    ["tfplugin5.proto", "grpc_broker.proto", "grpc_controller.proto", "grpc_stdio.proto"];

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new("proto");
    for file in DEFINITIONS {
        println!("cargo::rerun-if-changed={}", folder.join(file).display());
    }
    let descriptors = protox::compile(DEFINITIONS, [folder])?;
    tonic_prost_build::configure().build_transport(false).compile_fds(descriptors)?;
    name_build();
    Ok(())
}

/// Sets `BUILD`, the name of this build for `--version`.
fn name_build() {
    let build = match commit() {
        Some(commit) => format!("commit {commit}"),
        None if is_release() => "commit unknown".to_owned(),
        None => "development build".to_owned(),
    };
    println!("cargo::rustc-env=BUILD={build}");
}

/// Returns the commit of a release build. A development build has none: it would be rebuilt after
/// each commit.
fn commit() -> Option<String> {
    // Without its own `.git`, the source may be unpacked inside another repository.
    if !is_release() || !Path::new(".git").exists() {
        return None;
    }
    // Git appends to this file when HEAD changes: at a commit, a checkout or a rebase.
    let log = git(&["rev-parse", "--git-path", "logs/HEAD"])?;
    if Path::new(&log).exists() {
        println!("cargo::rerun-if-changed={log}");
    }
    git(&["rev-parse", "--short=12", "HEAD"])
}

#[expect(
    clippy::disallowed_methods,
    reason = "Cargo passes the profile to build scripts in the environment"
)]
fn is_release() -> bool {
    env::var("PROFILE").as_deref() == Ok("release")
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !text.trim().is_empty()).then(|| text.trim().to_owned())
}
