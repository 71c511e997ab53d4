//! The handshake line.

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};

use crate::support::host::{Launch, entries, health};

#[tokio::test]
async fn handshake_line_has_six_fields_of_go_plugin() {
    let host = Launch::new().start().await;
    let fields: Vec<_> = host.line.text.split('|').collect();
    let [core, app, network, address, protocol, certificate] = fields[..] else {
        panic!("not six fields: {fields:?}")
    };
    assert_eq!((core, app, network, protocol), ("1", "5", "unix", "grpc"));
    assert!(address.starts_with(host.process.directory().to_str().unwrap()), "{address}");
    assert!(!certificate.contains('='), "padded: {certificate}");
    assert!(STANDARD_NO_PAD.decode(certificate).unwrap().len() > 100);
}

#[tokio::test]
async fn certificate_field_is_empty_without_tls() {
    let host = Launch::new().without_tls().start().await;
    assert!(host.line.text.ends_with("|grpc|"), "{}", host.line.text);
    let (_, empty) = Launch::new().with("PLUGIN_CLIENT_CERT", "").start_and_read_line().await;
    assert!(empty.ends_with("|grpc|\n"), "{empty}");
    assert_eq!(host.line.text.matches('|').count(), 5);
}

#[tokio::test]
async fn multiplexing_is_refused_in_seventh_field() {
    let host = Launch::new().with("PLUGIN_MULTIPLEX_GRPC", "true").start().await;
    assert_eq!(host.line.text.matches('|').count(), 6);
    assert!(host.line.text.ends_with("|false"), "{}", host.line.text);
    assert_eq!(health(&host.connect().await, "plugin").await.unwrap(), 1);
}

#[tokio::test]
async fn protocol_version_five_is_announced_always() {
    for offered in ["5", "5,6", "6,5", "6", "4,7", "five", ""] {
        let host = Launch::new().with("PLUGIN_PROTOCOL_VERSIONS", offered).start().await;
        assert!(host.line.text.starts_with("1|5|"), "{offered:?}: {}", host.line.text);
    }
    let host = Launch::new().without("PLUGIN_PROTOCOL_VERSIONS").start().await;
    assert!(host.line.text.starts_with("1|5|"));
}

#[tokio::test]
async fn stdout_ends_after_handshake_line() {
    let mut host = Launch::new().start().await;
    // Stdout ends while the process keeps running.
    assert_eq!(host.process.rest_of_stdout().await, "");
    assert!(host.process.is_running());
    assert_eq!(health(&host.connect().await, "plugin").await.unwrap(), 1);
}

#[tokio::test]
async fn socket_is_in_directory_of_host() {
    let wanted = tempfile::tempdir().unwrap();
    let path = wanted.path().to_str().unwrap();
    let host = Launch::new().with("PLUGIN_UNIX_SOCKET_DIR", path).start().await;
    assert!(host.line.address.path().starts_with(wanted.path()));
    host.shutdown().await;
    assert!(entries(wanted.path()).is_empty());
}
