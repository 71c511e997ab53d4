//! Virtual environments with pinned packages, made under `target/` on first use and kept for the next run.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{LazyLock, Mutex},
};

/// By name: the interpreter, or why it cannot be had. A failure is kept too, so that the next test fails at once and in the
/// same words.
type Environments = BTreeMap<String, Result<PathBuf, String>>;

static ENVIRONMENTS: LazyLock<Mutex<Environments>> = LazyLock::new(Mutex::default);

/// The Python interpreter of the environment `name`, which holds exactly `packages` (pinned, as pip spells them in a file of
/// requirements, so that a hash may follow).
///
/// Panics with pip's own words if it cannot be made: a test that needs it has then failed, not passed.
pub(crate) fn environment(name: &str, packages: &[&str]) -> PathBuf {
    let made = {
        let mut environments = ENVIRONMENTS.lock().unwrap();
        environments.entry(name.to_owned()).or_insert_with(|| make(name, packages)).clone()
    };
    made.unwrap_or_else(|problem| panic!("no Python environment `{name}`: {problem}"))
}

fn make(name: &str, packages: &[&str]) -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python").join(name);
    let python = folder.join("bin/python");
    let stamp = folder.join("packages.txt");
    let wanted = packages.join("\n");
    if fs::read_to_string(&stamp).ok().as_deref() != Some(wanted.as_str()) {
        // Half an environment is worse than none: begin anew.
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
