//! Programs in Python packages that were not made by the authors of the programs.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
    sync::{LazyLock, Mutex},
};

/// Path or problem of each program, by checksum. A problem is kept, so that the next test fails
/// with the same message.
type Found = BTreeMap<&'static str, Result<PathBuf, String>>;

static FOUND: LazyLock<Mutex<Found>> = LazyLock::new(Mutex::default);

/// Prints the path of a file in the environment if it has the expected checksum.
const FIND: &str = r#"
import hashlib, os, sys, sysconfig
path = os.path.join(sysconfig.get_path("purelib"), sys.argv[1])
with open(path, "rb") as file:
    found = hashlib.sha256(file.read()).hexdigest()
if found != sys.argv[2]:
    sys.exit(f"{path} is not the tested program: its SHA-256 is {found}, not {sys.argv[2]}")
print(path)
"#;

/// Returns the executable at `path` in the packages of the environment of `python`.
///
/// Panics, before the program is run, unless it has this checksum.
pub(super) fn program(python: &Path, path: &str, sha256: &'static str) -> PathBuf {
    let found = {
        let mut all = FOUND.lock().unwrap();
        all.entry(sha256).or_insert_with(|| find(python, path, sha256)).clone()
    };
    found.unwrap_or_else(|problem| panic!("`{path}` is unusable: {problem}"))
}

fn find(python: &Path, path: &str, sha256: &str) -> Result<PathBuf, String> {
    let output = Command::new(python)
        .args(["-I", "-c", FIND, path, sha256])
        .output()
        .map_err(|error| format!("{}: {error}", python.display()))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim_end().into());
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned())
}
