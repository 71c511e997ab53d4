//! A Terraform command that mostly starts providers.

use std::{fs, path::Path, process::Stdio, time::Duration};

use tokio::time::Instant;

use crate::packaged::{self, Packaged};

/// Time of `terraform providers schema` for the provider in `binary`.
pub(crate) fn providers_schema(terraform: &Packaged, binary: &Path) -> Duration {
    let folder = packaged::folder();
    let root = folder.path();
    let name = provider_name(binary);
    fs::copy(binary, root.join(format!("terraform-provider-{name}"))).unwrap();
    let source = format!("measured/{name}");
    let settings = packaged::overriding(&source, root);
    let provider = format!("{name} = {{\n      source = {source:?}\n    }}");
    let configuration =
        format!("terraform {{\n  required_providers {{\n    {provider}\n  }}\n}}\n");
    fs::write(root.join("main.tf"), configuration).unwrap();
    let schemas = root.join("schemas.json");
    let began = Instant::now();
    let status = terraform
        .command(root, &settings)
        .args(["providers", "schema", "-json"])
        .stdout(fs::File::create(&schemas).unwrap())
        .stderr(Stdio::inherit())
        .status()
        .unwrap();
    let took = began.elapsed();
    assert!(status.success(), "terraform providers schema failed for {}", binary.display());
    let schemas = fs::read_to_string(schemas).unwrap();
    assert!(schemas.contains(&source), "no schemas of {source}: {schemas}");
    took
}

/// Name of the provider in `binary`: NAME of `terraform-provider-NAME_v1.2.3`.
pub(crate) fn provider_name(binary: &Path) -> String {
    let file = binary.file_name().unwrap().to_str().unwrap();
    let name = file.strip_prefix("terraform-provider-").unwrap_or(file);
    name.split('_').next().unwrap().to_owned()
}
