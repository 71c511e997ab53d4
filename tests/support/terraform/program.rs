//! Programs that come in packages of which others than the programs' makers say what is in them.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
    sync::{LazyLock, Mutex},
};

/// By checksum: where it is, or why it is not used. A failure is kept too, so that the next test fails in the same words.
type Found = BTreeMap<&'static str, Result<PathBuf, String>>;

static FOUND: LazyLock<Mutex<Found>> = LazyLock::new(Mutex::default);

/// Prints where a file is in this environment, if it has the right checksum.
const FIND: &str = r#"
import hashlib, os, sys, sysconfig
path = os.path.join(sysconfig.get_path("purelib"), sys.argv[1])
with open(path, "rb") as file:
    found = hashlib.sha256(file.read()).hexdigest()
if found != sys.argv[2]:
    sys.exit(f"{path} is not the program that was tested with: its SHA-256 is {found}, not {sys.argv[2]}")
print(path)
"#;

/// The executable at `path` among the packages of the environment with this `python`.
///
/// Panics, before it was ever run, unless it is the file with this checksum.
pub(super) fn program(python: &Path, path: &str, sha256: &'static str) -> PathBuf {
    let found = {
        let mut all = FOUND.lock().unwrap();
        all.entry(sha256).or_insert_with(|| find(python, path, sha256)).clone()
    };
    found.unwrap_or_else(|problem| panic!("no `{path}`: {problem}"))
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
