//! The package as a user gets it: made by `.ci/package` for this machine, installed by a real `init`, and put to use.
//!
//! Cargo's profile is `dev`, with which it is made in seconds after a change; `COMPSHARE_PACKAGE_PROFILE` names another one.

use std::{
    collections::BTreeMap,
    env::consts,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

use serde_json::{Value, json};
use terraform_provider_compshare::environment::Environment;

use super::{ADDRESS, PROVIDER, SHORT, changes, stage};
use crate::support::{
    actions::START,
    terraform::{MIRROR, Workspace, with_each_terraform},
};

const NAME: &str = concat!("terraform-provider-compshare_", env!("CARGO_PKG_VERSION"));
const PROGRAM: &str = concat!("terraform-provider-compshare_v", env!("CARGO_PKG_VERSION"));

/// The folder with what `.ci/package` has made. Once for all tests, since it may have to compile.
static PACKAGE: LazyLock<PathBuf> = LazyLock::new(|| package("packages"));

/// Makes the package for this machine into an empty folder of this name.
fn package(folder: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
    let _ = fs::remove_dir_all(&folder);
    let output = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/package"))
        .arg("--profile")
        .arg(profile())
        .arg("--output")
        .arg(&folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    folder
}

/// Cargo's, for the program in the package.
fn profile() -> OsString {
    let environment = Environment::of_process();
    environment.path("COMPSHARE_PACKAGE_PROFILE").unwrap_or_else(|| "dev".as_ref()).to_owned()
}

/// This machine, as Terraform calls it.
fn platform() -> String {
    let system = match consts::OS {
        "macos" => "darwin",
        system => system,
    };
    let architecture = match consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        architecture => architecture,
    };
    format!("{system}_{architecture}")
}

fn zip_name() -> String {
    format!("{NAME}_{}.zip", platform())
}

/// What Python's `zipfile` and `hashlib` have to say; there is nothing else here that reads a zip.
fn python(script: &str, arguments: &[&Path]) -> Value {
    let output =
        Command::new("python3").args(["-I", "-c", script]).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Each entry's name, permissions in octal, and time; and the hash that Terraform puts into its lock file, Go's `h1:`.
const ENTRIES: &str = r#"
import base64, hashlib, json, sys, zipfile
archive = zipfile.ZipFile(sys.argv[1])
entries = archive.infolist()
lines = [f"{hashlib.sha256(archive.read(name)).hexdigest()}  {name}\n" for name in sorted(archive.namelist())]
print(json.dumps({
    "names": [entry.filename for entry in entries],
    "modes": {entry.filename: oct(entry.external_attr >> 16) for entry in entries},
    "times": sorted({str(entry.date_time) for entry in entries}),
    "h1": "h1:" + base64.b64encode(hashlib.sha256("".join(lines).encode()).digest()).decode(),
}))
"#;

/// Writes a copy of a zip in which one file has one more line.
const TAMPER: &str = r#"
import sys, zipfile
source, copy = (zipfile.ZipFile(path, mode) for path, mode in zip(sys.argv[1:], "rw"))
for entry in source.infolist():
    copy.writestr(entry, source.read(entry) + (b"more\n" if entry.filename == "README.md" else b""))
copy.close()
print("null")
"#;

/// By file name, what the sums say.
fn sums(folder: &Path) -> BTreeMap<String, String> {
    let text = fs::read_to_string(folder.join(format!("{NAME}_SHA256SUMS"))).unwrap();
    let lines = text.lines().map(|line| line.split_once("  ").unwrap());
    lines.map(|(sum, name)| (name.to_owned(), sum.to_owned())).collect()
}

/// The SHA-256 of a file, by Python.
fn sha256(path: &Path) -> String {
    let script = "import hashlib, json, sys; \
                  print(json.dumps(hashlib.sha256(open(sys.argv[1], 'rb').read()).hexdigest()))";
    python(script, &[path]).as_str().unwrap().to_owned()
}

#[test]
fn the_files_of_a_release_are_those_that_the_registry_takes() {
    let folder = &*PACKAGE;
    let entries = fs::read_dir(folder).unwrap();
    let mut files: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    files.sort();
    let (sbom, rest): (Vec<_>, Vec<_>) =
        files.into_iter().partition(|name| name.ends_with("_sbom.cdx.json"));
    let manifest = format!("{NAME}_manifest.json");
    assert_eq!(rest, [format!("{NAME}_SHA256SUMS"), zip_name(), manifest.clone()]);
    assert_eq!(sbom.len(), 1);

    let sums = sums(folder);
    assert_eq!(sums.keys().collect::<Vec<_>>(), [&zip_name(), &manifest]);
    for (name, sum) in &sums {
        assert_eq!(sum, &sha256(&folder.join(name)), "{name}");
    }
    let manifest = fs::read_to_string(folder.join(manifest)).unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&manifest).unwrap(),
        json!({"version": 1, "metadata": {"protocol_versions": ["5.0"]}})
    );
}

#[test]
fn a_package_holds_the_program_and_what_has_to_go_along_with_it() {
    let folder = &*PACKAGE;
    let zip = python(ENTRIES, &[&folder.join(zip_name())]);
    assert_eq!(
        zip["names"],
        json!([
            "CHANGELOG.md",
            "COPYRIGHT-rust.html",
            "LICENSE",
            "README.md",
            "THIRD-PARTY-LICENSES.txt",
            "sbom.cdx.json",
            PROGRAM
        ])
    );
    for (name, mode) in zip["modes"].as_object().unwrap() {
        let expected = if name == PROGRAM { "0o100755" } else { "0o100644" };
        assert_eq!(mode, expected, "{name}");
    }
    assert_eq!(zip["times"].as_array().unwrap().len(), 1, "{zip}");
}

/// Of each crate that the SBOM says is linked there is a line that says on what terms, and the texts of some are known. One crate
/// comes without any, and is given that of the crate beside it.
#[test]
fn a_package_holds_the_licences_of_all_that_is_linked() {
    let script = "import json, sys, zipfile; archive = zipfile.ZipFile(sys.argv[1]); \
                  print(json.dumps([archive.read(name).decode() for name in sys.argv[2:]]))";
    let names = ["sbom.cdx.json".as_ref(), "THIRD-PARTY-LICENSES.txt".as_ref()];
    let texts = python(script, &[&[PACKAGE.join(zip_name()).as_path()], &names[..]].concat());
    let sbom: Value = serde_json::from_str(texts[0].as_str().unwrap()).unwrap();
    let licences = texts[1].as_str().unwrap();

    let (head, _) = licences.split_once("\n\n---").unwrap();
    let mut linked = 0;
    for component in sbom["components"].as_array().unwrap() {
        let field = |name: &str| component[name].as_str().unwrap();
        let line = format!("\n{} {}: ", field("name"), field("version"));
        assert_eq!(head.contains(&line), field("scope") == "required", "{line}");
        linked += usize::from(field("scope") == "required");
    }
    assert!(linked > 50, "{linked}");
    for text in ["OpenSSL", "Tokio Contributors", "LICENSE of tonic 0.", "Joseph Birr-Pixton"] {
        assert!(licences.contains(text), "no `{text}`");
    }
    if cfg!(target_os = "linux") {
        assert!(licences.contains("Rich Felker"), "musl is linked, too");
    }
}

#[test]
fn to_package_again_makes_the_same_bytes() {
    let again = package("packages-again");
    for entry in fs::read_dir(&*PACKAGE).unwrap() {
        let path = entry.unwrap().path();
        let other = again.join(path.file_name().unwrap());
        assert!(fs::read(&path).unwrap() == fs::read(&other).unwrap(), "{}", path.display());
    }
}

/// A mirror of providers with the package in it, packed, as `terraform providers mirror` would have it.
fn mirror(workspace: &Workspace) -> PathBuf {
    let folder = workspace.root().join("mirror").join(MIRROR);
    fs::create_dir_all(&folder).unwrap();
    let zip = folder.join(zip_name());
    fs::copy(PACKAGE.join(zip_name()), &zip).unwrap();
    zip
}

#[test]
fn terraform_installs_the_package_and_puts_it_to_use() {
    with_each_terraform(async |terraform| {
        let stopped = json!({"UHostId": "uhost-a", "State": "Stopped"});
        let (cloud, workspace) = stage(terraform, &[stopped], SHORT).await;
        let zip = mirror(&workspace);
        workspace.install_from(&workspace.root().join("mirror"));
        let provider = PROVIDER.replace("compshare/compshare", MIRROR);
        assert_ne!(provider, PROVIDER);
        workspace.write("provider.tf", &provider);
        workspace.write(
            "main.tf",
            "resource \"compshare_instance_power\" \"this\" {\n  instance_id = \"uhost-a\"\n}\n",
        );

        workspace.run(&["init", "-no-color", "-input=false"]).succeed();
        let lock = workspace.read(".terraform.lock.hcl");
        let expected = python(ENTRIES, &[&zip])["h1"].as_str().unwrap().to_owned();
        assert!(lock.contains(&format!("provider \"{MIRROR}\"")), "{lock}");
        assert!(lock.contains(&expected), "{expected} is not in {lock}");
        assert_stands_alone(&installed(&workspace));
        assert_is_small(&installed(&workspace));
        assert_names_its_commit(&installed(&workspace));

        workspace.apply();
        assert_eq!(changes(&cloud), [START]);
        assert_eq!(workspace.state_of(ADDRESS).unwrap()["state"], "Running");
        workspace.plan().assert_empty();

        let init_anew = || {
            fs::remove_dir_all(workspace.root().join("configuration/.terraform")).unwrap();
            workspace.run(&["init", "-no-color", "-input=false"])
        };
        init_anew().succeed();
        assert_eq!(workspace.read(".terraform.lock.hcl"), lock);
        workspace.plan().assert_empty();

        let genuine = workspace.root().join("genuine.zip");
        fs::rename(&zip, &genuine).unwrap();
        python(TAMPER, &[&genuine, &zip]);
        init_anew().fail().says(&["doesn't match any of the checksums"]);
        fs::rename(&genuine, &zip).unwrap();
        workspace.run(&["init", "-no-color", "-input=false"]).succeed();
        workspace.plan().assert_empty();
    });
}

/// The program that `init` has unpacked.
fn installed(workspace: &Workspace) -> PathBuf {
    let folder = workspace.root().join("configuration/.terraform/providers").join(MIRROR);
    let program = folder.join(env!("CARGO_PKG_VERSION")).join(platform()).join(PROGRAM);
    assert!(program.is_file(), "{}", program.display());
    program
}

/// In a release; symbols and what is for debugging would be most of it.
fn assert_is_small(program: &Path) {
    let size = fs::metadata(program).unwrap().len();
    assert!(profile() != "release" || size <= 7_000_000, "{size} bytes");
}

/// A report of a fault leads to the sources, if it is about a release.
fn assert_names_its_commit(program: &Path) {
    let output = Command::new(program).arg("--version").output().unwrap();
    let version = String::from_utf8(output.stdout).unwrap();
    let git = Command::new("git").args(["rev-parse", "HEAD"]).output().unwrap();
    let head = String::from_utf8(git.stdout).unwrap();
    let build = if profile() == "release" {
        format!("commit {}", &head[..12])
    } else {
        "development build".to_owned()
    };
    let expected = format!(
        "terraform-provider-compshare {} ({build}, plugin protocol 5)\n",
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(version, expected);
}

/// On Linux: it needs no library of the system, so its version does not matter, nor which one it is. And it is at an address of its
/// own in each process.
fn assert_stands_alone(program: &Path) {
    if !cfg!(target_os = "linux") {
        return;
    }
    /// `ET_DYN`: fit for any address.
    const ANYWHERE: u64 = 3;
    /// `PT_LOAD`.
    const LOAD: u64 = 1;
    /// `PT_INTERP`: what would find other libraries.
    const INTERPRETER: u64 = 3;
    let bytes = fs::read(program).unwrap();
    assert_eq!(bytes[..5], *b"\x7fELF\x02", "of 64 bits");
    let number = |at: usize, length: usize| {
        bytes[at..at + length].iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
    };
    assert_eq!(number(16, 2), ANYWHERE, "is always at the same address");
    let (begin, size, count) = (number(32, 8), number(54, 2), number(56, 2));
    let kinds: Vec<_> =
        (0..count).map(|index| number((begin + index * size) as usize, 4)).collect();
    assert!(kinds.contains(&LOAD), "loads something: {kinds:?}");
    assert!(!kinds.contains(&INTERPRETER), "is linked dynamically: {kinds:?}");
}
