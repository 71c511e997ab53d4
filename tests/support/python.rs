//! Python environments with pinned packages, made under `target/` on first use and kept for the
//! next run.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::Command,
    sync::{LazyLock, Mutex, Once},
};

/// Printed once, with the first problem.
const REMEDY: &str = "\
Some tests need Python packages, which are installed into target/ from PyPI:
- Install Python 3 with pip and venv (on Debian and Ubuntu: apt install python3-venv), and allow
  access to PyPI or a mirror of it (PIP_INDEX_URL).
- Without Python, the tests with Terraform use `terraform` or `tofu` from the PATH, or the program
  in TF_ACC_TERRAFORM_PATH. The tests with the clients of the vendor have no alternative.
";

/// Interpreter or problem of each environment, by name. A problem is kept, so that the next test
/// fails without another attempt.
type Environments = BTreeMap<String, Result<PathBuf, String>>;

static ENVIRONMENTS: LazyLock<Mutex<Environments>> = LazyLock::new(Mutex::default);

/// Returns the interpreter of the environment `name`, which contains exactly `packages`, pinned as
/// in a requirements file.
///
/// Panics if the environment cannot be made, so that a test that needs it fails. The first failure
/// prints the problem and the remedy; each panic is one line.
pub(crate) fn environment(name: &str, packages: &[&str]) -> PathBuf {
    try_environment(name, packages).unwrap_or_else(|problem| report_missing(name, &problem))
}

/// The same, with the problem as the error.
pub(crate) fn try_environment(name: &str, packages: &[&str]) -> Result<PathBuf, String> {
    let mut environments = ENVIRONMENTS.lock().unwrap();
    environments.entry(name.to_owned()).or_insert_with(|| make(name, packages)).clone()
}

/// Panics with one line. Prints the problem and the remedy once for all tests.
pub(crate) fn report_missing(name: &str, problem: &str) -> ! {
    static REPORTED: Once = Once::new();
    // Written to stderr directly: the test harness captures `eprint!`.
    REPORTED.call_once(|| {
        let _ = writeln!(io::stderr(), "\nMISSING PREREQUISITE: {name}\n{problem}\n{REMEDY}");
    });
    panic!("missing prerequisite: {name}; the remedy is printed once, above")
}

fn make(name: &str, packages: &[&str]) -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python").join(name);
    let python = folder.join("bin/python");
    let stamp = folder.join("packages.txt");
    let wanted = packages.join("\n");
    if fs::read_to_string(&stamp).ok().as_deref() != Some(wanted.as_str()) {
        // An incomplete environment is made again from the beginning.
        let _ = fs::remove_dir_all(&folder);
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        let requirements = folder.join("requirements.txt");
        let written = |path: &Path| format!("{}: ", path.display());
        fs::write(&requirements, &wanted)
            .map_err(|error| written(&requirements) + &error.to_string())?;
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"];
        run(Command::new(&python).args(pip).arg(&requirements))?;
        fs::write(&stamp, wanted).map_err(|error| written(&stamp) + &error.to_string())?;
    }
    Ok(python)
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!(
        "{command:?} failed\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    ))
}
