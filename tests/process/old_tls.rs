//! What comes back for anything that is not TLS 1.3: an alert, the end of the connection, and nothing else.

use rustls::{AlertDescription, version::TLS12};

use super::door::Door;

/// The content type of a record that carries an alert.
const ALERT: u8 = 21;
/// The level of an alert after which nothing comes.
const FATAL: u8 = 2;
/// A record with one alert: type, version, length, level, description.
const ALERT_LENGTH: usize = 7;

/// The only thing in `answer`.
#[track_caller]
fn only_alert(answer: &[u8]) -> AlertDescription {
    assert_eq!(answer.len(), ALERT_LENGTH, "{answer:02x?}");
    assert_eq!((answer[0], &answer[3..6]), (ALERT, &[0, 2, FATAL][..]), "{answer:02x?}");
    AlertDescription::from(answer[6])
}

/// A ClientHello of a version before 1.3, which has no extension that names versions. Written by hand, since rustls itself
/// has nothing older than 1.2.
fn hello(version: [u8; 2]) -> Vec<u8> {
    // ECDHE with AES in the forms of 1.2 and before, by ECDSA, and what every old server knows.
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

/// After its length in two bytes.
fn sized(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap();
    [&length.to_be_bytes()[..], bytes].concat()
}

#[tokio::test]
async fn older_versions_of_tls_are_answered_with_an_alert_and_nothing_else() {
    for door in Door::both().await {
        for minor in [1, 2, 3] {
            let alert = only_alert(&door.answer(&hello([3, minor])).await);
            assert_eq!(alert, AlertDescription::ProtocolVersion, "TLS 1.{}", minor - 1);
        }
        door.assert_serving().await;
    }
}

#[tokio::test]
async fn not_even_the_host_gets_in_with_tls_1_2() {
    for door in Door::both().await {
        let host = door.identity().connector_of(door.certificate.clone(), &[&TLS12]);
        assert_eq!(door.refusal(host).await, AlertDescription::ProtocolVersion);
        door.assert_serving().await;
    }
}

#[tokio::test]
async fn plain_text_is_answered_with_an_alert_and_nothing_else() {
    let http2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00";
    let http1 = b"POST /plugin.GRPCController/Shutdown HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for mut door in Door::both().await {
        for text in [&http2[..], http1] {
            only_alert(&door.answer(text).await);
        }
        door.logged("TLS handshake failed").await;
        door.assert_serving().await;
    }
}
