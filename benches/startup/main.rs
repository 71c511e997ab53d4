//! What a host waits for: the time from starting the provider to its handshake line, with mutual TLS, and what it holds
//! in memory then. `cargo bench --bench startup [-- RUNS]`.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot go on says so and ends"
)]

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
    time::Duration,
};

use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P521_SHA512};
use tokio::time::Instant;

const PROVIDER: &str = env!("CARGO_BIN_EXE_terraform-provider-compshare");
const COOKIE: &str = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";

fn main() {
    // Cargo adds an argument of its own, `--bench`.
    let runs = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(20);
    let certificate = host_certificate();
    // Once for the page cache.
    start(&certificate);
    let mut starts: Vec<_> = (0..runs).map(|_| start(&certificate)).collect();
    let bare: Vec<_> = (0..runs).map(|_| bare_process()).collect();
    println!("runs: {runs}");
    println!("to the handshake line:   {}", summary(starts.iter().map(|start| start.0).collect()));
    println!("fork, exec and exit of `true`: {}", summary(bare));
    starts.sort_by_key(|start| start.1);
    println!("resident at that point:  {} KiB (median)", starts[starts.len() / 2].1);
    println!("size of the binary:      {} bytes", std::fs::metadata(PROVIDER).unwrap().len());
}

/// One start: the time to the line, and the resident memory in KiB when it is out.
fn start(certificate: &str) -> (Duration, u64) {
    let directory = tempfile::tempdir().unwrap();
    let mut command = Command::new(PROVIDER);
    command
        .env_clear()
        .env("TMPDIR", directory.path())
        .env("TF_PLUGIN_MAGIC_COOKIE", COOKIE)
        .env("PLUGIN_PROTOCOL_VERSIONS", "5,6")
        .env("PLUGIN_CLIENT_CERT", certificate)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let began = Instant::now();
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let took = began.elapsed();
    assert!(line.starts_with("1|5|unix|"), "{line:?}");
    let resident = resident(child.id());
    child.kill().unwrap();
    child.wait().unwrap();
    (took, resident)
}

fn bare_process() -> Duration {
    let began = Instant::now();
    assert!(Command::new("true").env_clear().status().unwrap().success());
    began.elapsed()
}

/// 0 where there is no `/proc`.
fn resident(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// Like that of a host: on P-521.
fn host_certificate() -> String {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P521_SHA512).unwrap();
    CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap().pem()
}

fn summary(mut times: Vec<Duration>) -> String {
    times.sort();
    let (least, median, most) = (times[0], times[times.len() / 2], times[times.len() - 1]);
    format!("median {median:.2?} (from {least:.2?} to {most:.2?})")
}
