//! What a host waits for, it gets first: before the handshake line nothing is done that the line does not need, and after it
//! nothing that nobody has asked for.

use std::fs;

use terraform_provider_compshare::protocol::tfplugin5 as wire;

use crate::support::{host::Launch, proc::Proc};

/// The most that is read before the line, in bytes: the heads of the libraries, and where the stack is. What this system trusts
/// would be more by far.
const MOST_READ: u64 = 16 * 1024;

/// Where this system, and any that rustls-native-certs knows, has what it trusts.
const TRUSTED: &str = "/etc/ssl/certs/ca-certificates.crt";

#[tokio::test]
async fn the_line_is_out_before_anything_is_read_or_another_thread_is_started() {
    let host = Launch::new().start().await;
    let process = Proc::of(host.process.pid());
    let read = process.read_so_far();
    assert!(read <= MOST_READ, "{read} bytes were read before the handshake line");
    if let Ok(trusted) = fs::metadata(TRUSTED) {
        assert!(trusted.len() > MOST_READ, "what is trusted here would not be noticed");
    }
    assert_eq!(process.holdings().threads, 1);
}

#[tokio::test]
async fn one_thread_is_enough_for_schemas_and_configuration() {
    let host = Launch::new().start().await;
    let process = Proc::of(host.process.pid());
    let mut provider = host.provider().await;
    let read = process.read_so_far();
    let schemas = provider.get_schema(wire::get_provider_schema::Request {}).await.unwrap();
    assert_eq!(schemas.into_inner().resource_schemas.len(), 1);
    let request = wire::prepare_provider_config::Request::default();
    provider.prepare_provider_config(request).await.unwrap();
    provider.configure(wire::configure::Request::default()).await.unwrap();
    assert_eq!(process.holdings().threads, 1);
    // Beside what comes through the socket, which counts as well.
    let more = process.read_so_far() - read;
    assert!(more <= MOST_READ, "{more} bytes were read, with no call to the cloud");
}

/// Otherwise AWS-LC would gather noise from the processor's clock, for tens of milliseconds at each start. It shows in the names
/// of functions, which a release is stripped of.
#[cfg(debug_assertions)]
#[test]
fn the_generator_of_random_numbers_is_seeded_by_the_operating_system() {
    let binary = fs::read(env!("CARGO_BIN_EXE_terraform-provider-compshare")).unwrap();
    let names = |part: &str| binary.windows(part.len()).any(|bytes| bytes == part.as_bytes());
    assert!(names("RAND_bytes"), "nothing would be found in a binary without names");
    // Of jitterentropy, which gathers it.
    assert!(!names("jent_"), "AWS_LC_SYS_NO_JITTER_ENTROPY was not set when this was built");
}

/// Symbols and what is for debugging would be most of it, so this is of releases only.
#[cfg(not(debug_assertions))]
#[test]
fn the_binary_is_no_larger_than_promised() {
    let size = fs::metadata(env!("CARGO_BIN_EXE_terraform-provider-compshare")).unwrap().len();
    assert!(size <= 7_000_000, "{size} bytes");
}
