//! Compiles the protocol definitions with protox, so that no `protoc` has to be installed.

use std::{error::Error, path::Path};

const DEFINITIONS: [&str; 4] =
    ["tfplugin5.proto", "grpc_broker.proto", "grpc_controller.proto", "grpc_stdio.proto"];

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new("proto");
    for file in DEFINITIONS {
        println!("cargo::rerun-if-changed={}", folder.join(file).display());
    }
    let descriptors = protox::compile(DEFINITIONS, [folder])?;
    tonic_prost_build::configure().build_transport(false).compile_fds(descriptors)?;
    Ok(())
}
