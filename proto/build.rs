//! Compiles the protocol definitions with protox, so that no `protoc` has to be installed, and asks Git which commit it is
//! that becomes a release.

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

/// Hands on what build this is, as `BUILD`, for `--version`.
fn name_build() {
    let build = match commit() {
        Some(commit) => format!("commit {commit}"),
        None if is_release() => "commit unknown".to_owned(),
        None => "development build".to_owned(),
    };
    println!("cargo::rustc-env=BUILD={build}");
}

/// The commit of a release build. Others go without: each commit would make them start over.
fn commit() -> Option<String> {
    // Sources that were unpacked inside somebody else's repository are not its commit.
    if !is_release() || !Path::new(".git").exists() {
        return None;
    }
    // Whatever moves HEAD writes to this: a commit, a checkout, a rebase.
    let log = git(&["rev-parse", "--git-path", "logs/HEAD"])?;
    if Path::new(&log).exists() {
        println!("cargo::rerun-if-changed={log}");
    }
    git(&["rev-parse", "--short=12", "HEAD"])
}

#[expect(clippy::disallowed_methods, reason = "it is Cargo that asks, in the only way it has")]
fn is_release() -> bool {
    env::var("PROFILE").as_deref() == Ok("release")
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !text.trim().is_empty()).then(|| text.trim().to_owned())
}
