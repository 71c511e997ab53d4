//! The package for this machine, as `.ci/package` makes it and a real `terraform init` installs it.

use std::{
    collections::BTreeMap,
    env::consts,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

use serde_json::{Value, json};

use crate::{
    stage::{ADDRESS, PROVIDER, Stage, instance},
    support::terraform::{MIRROR, Workspace, with_each_terraform},
};

const NAME: &str = concat!("terraform-provider-compshare_", env!("CARGO_PKG_VERSION"));
const PROGRAM: &str = concat!("terraform-provider-compshare_v", env!("CARGO_PKG_VERSION"));

/// Maximum size of the program in bytes.
const MAX_SIZE: u64 = 8_000_000;

/// Folder with the output of `.ci/package`; made once for all tests.
static PACKAGE: LazyLock<PathBuf> = LazyLock::new(|| package("packages"));

/// Makes the package for this machine in an empty folder of this name.
fn package(folder: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
    let _ = fs::remove_dir_all(&folder);
    let command = Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/package");
    let output = Command::new(command).arg("--output").arg(&folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    folder
}

/// Name of this machine's platform in Terraform.
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

/// Runs Python, which has `zipfile` and `hashlib`; returns the JSON that it prints.
fn python(script: &str, arguments: &[&Path]) -> Value {
    let output =
        Command::new("python3").args(["-I", "-c", script]).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Prints names, permissions (octal) and times of the entries, and the hash of the archive in
/// Terraform's lock file (Go's `h1:`).
const ENTRIES: &str = r#"
import base64, hashlib, json, sys, zipfile
archive = zipfile.ZipFile(sys.argv[1])
entries = archive.infolist()
sha256 = lambda name: hashlib.sha256(archive.read(name)).hexdigest()
lines = [f"{sha256(name)}  {name}\n" for name in sorted(archive.namelist())]
digest = hashlib.sha256("".join(lines).encode()).digest()
print(json.dumps({
    "names": [entry.filename for entry in entries],
    "modes": {entry.filename: oct(entry.external_attr >> 16) for entry in entries},
    "times": sorted({str(entry.date_time) for entry in entries}),
    "h1": "h1:" + base64.b64encode(digest).decode(),
}))
"#;

/// Writes a copy of an archive whose README.md has one more line.
const TAMPER: &str = r#"
import sys, zipfile
source, copy = (zipfile.ZipFile(path, mode) for path, mode in zip(sys.argv[1:], "rw"))
for entry in source.infolist():
    more = b"more\n" if entry.filename == "README.md" else b""
    copy.writestr(entry, source.read(entry) + more)
copy.close()
print("null")
"#;

/// Checksums of the SHA256SUMS file by file name.
fn sums(folder: &Path) -> BTreeMap<String, String> {
    let text = fs::read_to_string(folder.join(format!("{NAME}_SHA256SUMS"))).unwrap();
    let lines = text.lines().map(|line| line.split_once("  ").unwrap());
    lines.map(|(sum, name)| (name.to_owned(), sum.to_owned())).collect()
}

fn sha256(path: &Path) -> String {
    let script = "import hashlib, json, sys; \
                  print(json.dumps(hashlib.sha256(open(sys.argv[1], 'rb').read()).hexdigest()))";
    python(script, &[path]).as_str().unwrap().to_owned()
}

#[test]
fn release_has_the_files_that_the_registry_requires() {
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
fn package_holds_program_readme_and_licenses() {
    let zip = python(ENTRIES, &[&PACKAGE.join(zip_name())]);
    let names = [
        "CHANGELOG.md",
        "COPYRIGHT-rust.html",
        "LICENSE",
        "README.md",
        "THIRD-PARTY-LICENSES.txt",
        "sbom.cdx.json",
        PROGRAM,
    ];
    assert_eq!(zip["names"], json!(names));
    for (name, mode) in zip["modes"].as_object().unwrap() {
        let expected = if name == PROGRAM { "0o100755" } else { "0o100644" };
        assert_eq!(mode, expected, "{name}");
    }
    assert_eq!(zip["times"].as_array().unwrap().len(), 1, "{zip}");
}

/// Each crate that the SBOM lists as linked has a line with its license, and some texts are known
/// to be there. tonic-prost ships no license text; it is given that of tonic, from the same
/// repository.
#[test]
fn package_holds_the_licenses_of_all_linked_crates() {
    let script = "import json, sys, zipfile; archive = zipfile.ZipFile(sys.argv[1]); \
                  print(json.dumps([archive.read(name).decode() for name in sys.argv[2:]]))";
    let names = ["sbom.cdx.json".as_ref(), "THIRD-PARTY-LICENSES.txt".as_ref()];
    let texts = python(script, &[&[PACKAGE.join(zip_name()).as_path()], &names[..]].concat());
    let sbom: Value = serde_json::from_str(texts[0].as_str().unwrap()).unwrap();
    let licenses = texts[1].as_str().unwrap();

    let (head, _) = licenses.split_once("\n\n---").unwrap();
    let mut linked = 0;
    for component in sbom["components"].as_array().unwrap() {
        let field = |name: &str| component[name].as_str().unwrap();
        let line = format!("\n{} {}: ", field("name"), field("version"));
        assert_eq!(head.contains(&line), field("scope") == "required", "{line}");
        linked += usize::from(field("scope") == "required");
    }
    assert!(linked > 50, "{linked}");
    for text in ["OpenSSL", "Tokio Contributors", "LICENSE of tonic 0.", "Joseph Birr-Pixton"] {
        assert!(licenses.contains(text), "no `{text}`");
    }
    if cfg!(target_os = "linux") {
        assert!(licenses.contains("Rich Felker"), "the license of musl is missing");
    }
}

#[test]
fn second_package_has_the_same_bytes() {
    let again = package("packages-again");
    for entry in fs::read_dir(&*PACKAGE).unwrap() {
        let path = entry.unwrap().path();
        let other = again.join(path.file_name().unwrap());
        assert!(fs::read(&path).unwrap() == fs::read(&other).unwrap(), "{}", path.display());
    }
}

/// Copies the package into a provider mirror with packed layout; returns the path of the archive.
fn mirror(workspace: &Workspace) -> PathBuf {
    let folder = workspace.root().join("mirror").join(MIRROR);
    fs::create_dir_all(&folder).unwrap();
    let zip = folder.join(zip_name());
    fs::copy(PACKAGE.join(zip_name()), &zip).unwrap();
    zip
}

/// Makes the mirror the only source of providers.
fn install_from_mirror(workspace: &mut Workspace) {
    let mirror = workspace.root().join("mirror");
    let settings = workspace.root().join("mirror.rc");
    let method = format!("filesystem_mirror {{\n    path = {mirror:?}\n  }}");
    fs::write(&settings, format!("provider_installation {{\n  {method}\n}}\n")).unwrap();
    workspace.set("TF_CLI_CONFIG_FILE", settings);
}

#[test]
fn terraform_installs_the_package_and_uses_it() {
    with_each_terraform(async |terraform| {
        let mut stage = Stage::new(terraform, &[instance("Stopped")]).await;
        install_from_mirror(&mut stage.workspace);
        let workspace = &stage.workspace;
        let zip = mirror(workspace);
        let provider = PROVIDER.replace("compshare/compshare", MIRROR);
        assert_ne!(provider, PROVIDER);
        workspace.write("provider.tf", &provider);
        stage.configure_resource("");

        let init = || workspace.run(&["init", "-no-color", "-input=false"]);
        init().succeed();
        let lock = workspace.read(".terraform.lock.hcl");
        let expected = python(ENTRIES, &[&zip])["h1"].as_str().unwrap().to_owned();
        assert!(lock.contains(&format!("provider \"{MIRROR}\"")), "{lock}");
        assert!(lock.contains(&expected), "{expected} is not in {lock}");
        let program = installed(workspace);
        assert_linked_statically(&program);
        let size = fs::metadata(&program).unwrap().len();
        assert!(size <= MAX_SIZE, "{size} bytes");
        assert_version_names_the_commit(&program);

        stage.apply();
        assert_eq!(stage.changes(), ["StartCompShareInstance"]);
        assert_eq!(workspace.state_of(ADDRESS).unwrap()["state"], "Running");
        stage.assert_empty_plan();

        let init_again = || {
            fs::remove_dir_all(workspace.configuration().join(".terraform")).unwrap();
            init()
        };
        init_again().succeed();
        assert_eq!(workspace.read(".terraform.lock.hcl"), lock);
        stage.assert_empty_plan();

        let original = workspace.root().join("original.zip");
        fs::rename(&zip, &original).unwrap();
        python(TAMPER, &[&original, &zip]);
        init_again().fail().says(&["doesn't match any of the checksums"]);
        fs::rename(&original, &zip).unwrap();
        init().succeed();
        stage.assert_empty_plan();
    });
}

#[test]
fn install_script_accepts_the_package() {
    let home = PACKAGE.with_file_name("home-of-install");
    let _ = fs::remove_dir_all(&home);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/install/install.sh");
    let package = PACKAGE.join(zip_name());
    let output = Command::new(script).arg(&package).env("HOME", &home).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for host in ["registry.terraform.io", "registry.opentofu.org"] {
        let folder = home.join(".terraform.d/plugins").join(host).join("compshare/compshare");
        assert!(
            fs::read(folder.join(zip_name())).unwrap() == fs::read(&package).unwrap(),
            "{host}"
        );
    }
}

/// Path of the program that `init` has unpacked.
fn installed(workspace: &Workspace) -> PathBuf {
    let folder = workspace.configuration().join(".terraform/providers").join(MIRROR);
    let program = folder.join(env!("CARGO_PKG_VERSION")).join(platform()).join(PROGRAM);
    assert!(program.is_file(), "{}", program.display());
    program
}

fn assert_version_names_the_commit(program: &Path) {
    let output = Command::new(program).arg("--version").output().unwrap();
    let version = String::from_utf8(output.stdout).unwrap();
    let git = Command::new("git").args(["rev-parse", "HEAD"]).output().unwrap();
    let head = String::from_utf8(git.stdout).unwrap();
    let expected = format!(
        "terraform-provider-compshare {} (commit {}, plugin protocol 5)\n",
        env!("CARGO_PKG_VERSION"),
        &head[..12]
    );
    assert_eq!(version, expected);
}

/// Linux only: the program needs no shared library, so that it runs with each C library, and it
/// is position-independent.
fn assert_linked_statically(program: &Path) {
    if !cfg!(target_os = "linux") {
        return;
    }
    /// `ET_DYN`: position-independent.
    const DYNAMIC: u64 = 3;
    /// `PT_LOAD`.
    const LOAD: u64 = 1;
    /// `PT_INTERP`: names the dynamic linker.
    const INTERPRETER: u64 = 3;
    let bytes = fs::read(program).unwrap();
    assert_eq!(bytes[..5], *b"\x7fELF\x02", "not a 64-bit ELF file");
    let number = |at: usize, length: usize| {
        bytes[at..at + length].iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
    };
    assert_eq!(number(16, 2), DYNAMIC, "not position-independent");
    let (begin, size, count) = (number(32, 8), number(54, 2), number(56, 2));
    let kinds: Vec<_> =
        (0..count).map(|index| number((begin + index * size) as usize, 4)).collect();
    assert!(kinds.contains(&LOAD), "no loadable segment: {kinds:?}");
    assert!(!kinds.contains(&INTERPRETER), "linked dynamically: {kinds:?}");
}
