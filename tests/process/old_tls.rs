//! Connections other than TLS 1.3: the server sends an alert and closes the connection.

use rustls::{AlertDescription, version::TLS12};

use super::endpoint::Endpoint;

/// Content type of a record with an alert.
const ALERT: u8 = 21;
/// Level of an alert that ends the connection.
const FATAL: u8 = 2;
/// Length of a record with one alert: type, version, length, level, description.
const ALERT_LENGTH: usize = 7;

/// Asserts that `bytes` are one fatal alert. Returns its description.
#[track_caller]
fn only_alert(bytes: &[u8]) -> AlertDescription {
    assert_eq!(bytes.len(), ALERT_LENGTH, "{bytes:02x?}");
    assert_eq!((bytes[0], &bytes[3..6]), (ALERT, &[0, 2, FATAL][..]), "{bytes:02x?}");
    AlertDescription::from(bytes[6])
}

/// Returns a ClientHello of a version before 1.3, without the extension that lists versions.
/// Encoded here, because rustls supports nothing older than 1.2.
fn hello(version: [u8; 2]) -> Vec<u8> {
    // ECDHE-ECDSA with AES for 1.2 and for older versions, and RSA with AES, the common baseline.
    let suites = [0xc0, 0x2b, 0xc0, 0x09, 0xc0, 0x0a, 0x00, 0x2f];
    let groups = extension(10, &[0, 4, 0, 23, 0, 24]);
    let points = extension(11, &[1, 0]);
    let algorithms = extension(13, &[0, 4, 4, 3, 5, 3]);
    let extensions = [groups, points, algorithms].concat();
    let mut body = version.to_vec();
    body.extend([7; 32]);
    body.push(0);
    body.extend(sized(&suites));
    body.extend([1, 0]);
    body.extend(sized(&extensions));
    let handshake = [&[1, 0][..], &sized(&body)].concat();
    [&[22, 3, 1][..], &sized(&handshake)].concat()
}

fn extension(number: u16, content: &[u8]) -> Vec<u8> {
    [&number.to_be_bytes()[..], &sized(content)].concat()
}

/// Prefixes `bytes` with their length in two bytes.
fn sized(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap();
    [&length.to_be_bytes()[..], bytes].concat()
}

#[tokio::test]
async fn old_tls_versions_receive_an_alert_only() {
    for endpoint in Endpoint::both().await {
        for minor in [1, 2, 3] {
            let alert = only_alert(&endpoint.response_to(&hello([3, minor])).await);
            assert_eq!(alert, AlertDescription::ProtocolVersion, "TLS 1.{}", minor - 1);
        }
        endpoint.assert_serving().await;
    }
}

#[tokio::test]
async fn host_with_tls_1_2_is_refused() {
    for endpoint in Endpoint::both().await {
        let host = endpoint.identity().connector_of(endpoint.certificate.clone(), &[&TLS12]);
        assert_eq!(endpoint.refusal(host).await, AlertDescription::ProtocolVersion);
        endpoint.assert_serving().await;
    }
}

#[tokio::test]
async fn plain_text_receives_an_alert_only() {
    let http2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00";
    let http1 = b"POST /plugin.GRPCController/Shutdown HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for mut endpoint in Endpoint::both().await {
        for text in [&http2[..], http1] {
            only_alert(&endpoint.response_to(text).await);
        }
        endpoint.logged("TLS handshake failed").await;
        endpoint.assert_serving().await;
    }
}
