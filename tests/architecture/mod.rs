//! Tests of the architecture: the invariants of the crate documentation, checked on the source
//! text.

mod circles;
mod names;
mod syntax;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Words that the source of a module must not contain, except in comments and tests.
const ABSENCES: [(&str, &[&str]); 11] = [
    (
        "plugin",
        &[
            "tfplugin5",
            "crate::framework",
            "crate::cty",
            "crate::provider",
            "compshare::",
            "d602bf8f",
        ],
    ),
    (
        "protocol",
        &[
            "crate::compshare",
            "crate::operation",
            "crate::power",
            "crate::provider",
            "reqwest",
            "std::env",
        ],
    ),
    (
        "framework",
        &[
            "tonic",
            "prost",
            "tfplugin5",
            "reqwest",
            "std::time::Instant",
            "tokio::time",
            "environment",
            "crate::compshare",
        ],
    ),
    (
        "cty",
        &[
            "tonic",
            "prost",
            "tfplugin5",
            "reqwest",
            "tokio",
            "std::time",
            "environment",
            "crate::framework",
        ],
    ),
    ("provider", &["tonic", "tfplugin5", "reqwest", "serde_json", "Form", "std::env::"]),
    (
        "power",
        &[
            "tonic",
            "tfplugin5",
            "crate::framework",
            "crate::cty",
            "crate::provider",
            "Diagnostic",
            "reqwest",
            "serde",
            "Form",
        ],
    ),
    (
        "lifecycle",
        &[
            "tonic",
            "tfplugin5",
            "crate::framework",
            "crate::cty",
            "crate::provider",
            "Diagnostic",
            "reqwest",
            "serde",
            "Form",
        ],
    ),
    (
        "operation",
        &[
            "tonic",
            "tfplugin5",
            "crate::framework",
            "crate::cty",
            "crate::provider",
            "crate::power",
            "PowerCall",
            "Diagnostic",
            "reqwest",
            "serde",
            "Form",
        ],
    ),
    (
        "compshare",
        &[
            "tonic",
            "tfplugin5",
            "crate::framework",
            "crate::cty",
            "crate::provider",
            "crate::operation",
            "crate::power",
            "Diagnostic",
            "Terraform",
        ],
    ),
    (
        "simulator",
        &[
            "crate::compshare",
            "crate::operation",
            "crate::power",
            "crate::provider",
            "crate::framework",
            "crate::cty",
            "tonic",
        ],
    ),
    ("environment.rs", &["tonic", "reqwest", "tokio"]),
];

#[test]
fn modules_use_only_lower_layers() {
    let mut broken = Vec::new();
    for (module, absent) in ABSENCES {
        for file in sources(&root().join(module)) {
            for (number, line) in code(&file) {
                for word in absent.iter().filter(|word| mentions(&line, word)) {
                    broken.push(format!(
                        "{}:{number} mentions `{word}`: {}",
                        file.display(),
                        line.trim()
                    ));
                }
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn only_main_reads_env_and_only_plugin_writes_stdout() {
    let mut broken = Vec::new();
    for file in sources(&root()) {
        let name = file.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
        let binary = name == "main.rs" || name.starts_with("bin");
        for (number, line) in code(&file) {
            let environment = line.contains("env::var") && name != "environment.rs";
            let taken = line.contains("Environment::of_process") && !binary;
            let stdout = line.contains("stdout()")
                && !name.starts_with("plugin")
                && !name.starts_with("bin");
            if environment || taken || stdout {
                broken.push(format!("{name}:{number}: {}", line.trim()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Words for opening connections, and the only files that may contain them.
const CONNECTIONS: [(&[&str], &[&str]); 4] = [
    // Servers.
    (
        &["TcpListener", "UnixListener", "UdpSocket", "UnixDatagram", "TcpSocket", "socket2"],
        &["plugin/listener.rs", "plugin/connection.rs", "simulator/server.rs"],
    ),
    // Clients.
    (&["TcpStream", "UnixStream", "lookup_host", "ToSocketAddrs"], &[]),
    // `compshare/testing.rs` only creates headers, for the fuzz target of responses.
    (&["reqwest"], &["compshare/transport.rs", "compshare/testing.rs"]),
    // The server of the simulator.
    (&["hyper"], &["simulator/server.rs"]),
];

/// Words with which code could accept an untrusted server certificate. The verifier in
/// `plugin/tls.rs` is for client certificates.
const CUSTOM_VERIFIERS: [&str; 6] = [
    "danger_",
    "dangerous",
    "ServerCertVerifier",
    "ServerCertVerified",
    "HandshakeSignatureValid::assertion",
    "SslVerifyMode",
];

#[test]
fn sockets_and_certificates_are_confined_to_known_files() {
    let mut broken = Vec::new();
    for file in sources(&root()) {
        let name = file.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
        let forbidden = CONNECTIONS.iter().filter(|(_, files)| !files.contains(&name.as_str()));
        let words: Vec<_> =
            forbidden.flat_map(|(words, _)| *words).chain(&CUSTOM_VERIFIERS).collect();
        for (number, line) in code(&file) {
            if let Some(word) = words.iter().find(|word| line.contains(**word)) {
                broken.push(format!("{name}:{number} mentions `{word}`: {}", line.trim()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// The only files that may read the wall clock: for the log, the validity of a certificate, the
/// time in a request, the scheduled times of an instance, and the simulated cloud.
const WALL_CLOCK: [&str; 6] = [
    "plugin/log.rs",
    "plugin/tls.rs",
    "compshare/transport.rs",
    "provider/instance/reported.rs",
    "provider/stop_schedule/time.rs",
    "simulator/clock.rs",
];

#[test]
fn wall_clock_is_confined_to_known_files() {
    let mut broken = Vec::new();
    for file in sources(&root()) {
        let name = file.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
        for (number, line) in code(&file) {
            let words = ["SystemTime::now", "Timestamp::now", "Zoned::now", "UnixTime::now"];
            if words.iter().any(|word| line.contains(word)) && !WALL_CLOCK.contains(&name.as_str())
            {
                broken.push(format!("{name}:{number}: {}", line.trim()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_file_begins_with_a_module_comment() {
    let missing: Vec<_> = sources(&root())
        .into_iter()
        .filter(|file| !fs::read_to_string(file).unwrap().starts_with("//! "))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_dependency_has_a_reason() {
    let manifest =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    let (mut table, mut above, mut without_reason) = ("", "", Vec::new());
    for line in manifest.lines() {
        if line.starts_with('[') {
            table = line;
        }
        let is_dependency = table.ends_with("dependencies]") && line.contains(" = ");
        if is_dependency && !line.starts_with('#') && !above.starts_with("# ") {
            without_reason.push(line);
        }
        above = line;
    }
    assert!(without_reason.is_empty(), "{}", without_reason.join("\n"));
}

/// The released provider, its SBOM and its list of licenses do not contain the dependencies of the
/// simulator.
#[test]
fn provider_does_not_depend_on_axum_and_clap() {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--offline", "--edges=normal", "--prefix=none", "--format={p}"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let tree = String::from_utf8(tree.stdout).unwrap();
    let packages: Vec<_> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(packages.contains(&"tonic"), "{packages:?}");
    for absent in ["axum", "clap"] {
        assert!(!packages.contains(&absent), "`cargo tree --invert {absent}` shows the path");
    }
}

/// Returns whether `line` contains `word`, not followed by another letter: `Form`, but not
/// `Formatter`.
fn mentions(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        !line[at + word.len()..]
            .starts_with(|next: char| next.is_ascii_alphanumeric() || next == '_')
            || word.ends_with(':')
    })
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn sources(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    entries
        .filter(|entry| entry.is_dir() || entry.extension().is_some_and(|e| e == "rs"))
        .flat_map(|entry| sources(&entry))
        .collect()
}

/// Lines of code of a file, numbered from 1, without comments and the tests at its end.
fn code(file: &Path) -> Vec<(usize, String)> {
    let text = fs::read_to_string(file).unwrap();
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.to_owned()))
        .take_while(|(_, line)| line.trim() != "#[cfg(test)]")
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .collect()
}
