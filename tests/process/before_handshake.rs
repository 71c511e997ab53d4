//! Work before the handshake line, and before the first API request: only what they need, because
//! the host waits for it.

use std::fs;

use terraform_provider_compshare::protocol::tfplugin5 as wire;

use crate::support::{host::Launch, proc::Proc};

/// Maximum number of bytes read before the line: headers of the libraries, and `/proc/self/maps`.
/// The certificate authorities of the system are far larger.
const MAX_READ: u64 = 16 * 1024;

/// Certificate authorities of the system, in one of the places that rustls-native-certs reads.
const AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

#[tokio::test]
async fn handshake_line_needs_no_file_and_no_thread() {
    let host = Launch::new().start().await;
    let process = Proc::of(host.process.pid());
    let read = process.read_so_far();
    assert!(read <= MAX_READ, "{read} bytes were read before the handshake line");
    if let Ok(authorities) = fs::metadata(AUTHORITIES) {
        assert!(authorities.len() > MAX_READ, "reading {AUTHORITIES} would not be detected");
    }
    assert_eq!(process.holdings().threads, 1);
}

#[tokio::test]
async fn schemas_and_configuration_need_one_thread() {
    let host = Launch::new().start().await;
    let process = Proc::of(host.process.pid());
    let mut provider = host.provider().await;
    let read = process.read_so_far();
    let schemas = provider.get_schema(wire::get_provider_schema::Request {}).await.unwrap();
    assert!(schemas.into_inner().resource_schemas.contains_key("compshare_instance_power"));
    let request = wire::prepare_provider_config::Request::default();
    provider.prepare_provider_config(request).await.unwrap();
    provider.configure(wire::configure::Request::default()).await.unwrap();
    assert_eq!(process.holdings().threads, 1);
    // Includes the bytes read from the socket.
    let more = process.read_so_far() - read;
    assert!(more <= MAX_READ, "{more} bytes were read without an API request");
}

/// AWS-LC would otherwise collect entropy from CPU jitter, for tens of milliseconds at each start.
/// The names of functions show it; a release has none.
#[cfg(debug_assertions)]
#[test]
fn random_numbers_are_seeded_by_operating_system() {
    let binary = fs::read(env!("CARGO_BIN_EXE_terraform-provider-compshare")).unwrap();
    let names = |part: &str| binary.windows(part.len()).any(|bytes| bytes == part.as_bytes());
    assert!(names("RAND_bytes"), "the binary has no names of functions");
    // Prefix of the functions of jitterentropy.
    assert!(!names("jent_"), "AWS_LC_SYS_NO_JITTER_ENTROPY was not set when this was built");
}

/// Only for releases: a debug build consists mostly of symbols.
#[cfg(not(debug_assertions))]
#[test]
fn binary_has_at_most_seven_megabytes() {
    let size = fs::metadata(env!("CARGO_BIN_EXE_terraform-provider-compshare")).unwrap().len();
    assert!(size <= 7_000_000, "{size} bytes");
}
