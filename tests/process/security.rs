//! Mutual TLS: only the host that started the process is accepted.

use std::time::{Duration, SystemTime};

use rustls::AlertDescription;
use tokio::{net::UnixStream, time::timeout};
use tokio_stream::StreamExt as _;
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

use super::endpoint::Endpoint;
use crate::support::host::{Host, Identity, Launch, anonymous, health};

const AN_HOUR: Duration = Duration::from_secs(60 * 60);

/// Returns an identity that expired an hour ago.
fn expired() -> Identity {
    let now = SystemTime::now();
    Identity::valid(now - 2 * AN_HOUR, now - AN_HOUR)
}

async fn assert_serving(host: &Host) {
    assert_eq!(health(&host.connect().await, "plugin").await.unwrap(), 1);
}

#[tokio::test]
async fn host_certificate_is_accepted() {
    for endpoint in Endpoint::both().await {
        endpoint.assert_serving().await;
    }
}

#[tokio::test]
async fn missing_certificate_is_refused() {
    for mut endpoint in Endpoint::both().await {
        let refusal = endpoint.refusal(anonymous(endpoint.certificate.clone())).await;
        assert_eq!(refusal, AlertDescription::CertificateRequired);
        endpoint.logged("peer sent no certificates").await;
        endpoint.assert_serving().await;
    }
}

#[tokio::test]
async fn other_certificate_with_same_names_is_refused() {
    for mut endpoint in Endpoint::both().await {
        for other in [Identity::new(), expired()] {
            let refusal = endpoint.refusal(other.connector(endpoint.certificate.clone())).await;
            assert_eq!(refusal, AlertDescription::CertificateUnknown);
        }
        endpoint.logged("UnknownClientCertificate").await;
        endpoint.assert_serving().await;
    }
}

#[tokio::test]
async fn host_certificate_with_wrong_key_is_refused() {
    for mut endpoint in Endpoint::both().await {
        let wrong_key = endpoint.identity().with_a_wrong_key();
        assert_eq!(wrong_key.certificate, endpoint.identity().certificate);
        let refusal = endpoint.refusal(wrong_key.connector(endpoint.certificate.clone())).await;
        assert_eq!(refusal, AlertDescription::DecryptError);
        endpoint.logged("BadSignature").await;
        endpoint.assert_serving().await;
    }
}

#[tokio::test]
async fn expired_host_certificate_is_refused() {
    for mut endpoint in [Endpoint::binary(expired()).await, Endpoint::test(expired())] {
        let host = endpoint.identity().connector(endpoint.certificate.clone());
        assert_eq!(endpoint.refusal(host).await, AlertDescription::CertificateExpired);
        endpoint.logged("certificate expired").await;
    }
}

/// The clock may have been set back since the host created its certificate.
#[tokio::test]
async fn not_yet_valid_host_certificate_is_accepted() {
    let early = || Identity::valid(SystemTime::now() + AN_HOUR, SystemTime::now() + 2 * AN_HOUR);
    for endpoint in [Endpoint::binary(early()).await, Endpoint::test(early())] {
        endpoint.assert_serving().await;
    }
}

#[tokio::test]
async fn second_connection_is_checked_and_independent() {
    for endpoint in Endpoint::both().await {
        let first = endpoint.connect().await.unwrap();
        let request = HealthCheckRequest { service: "plugin".to_owned() };
        let watch = HealthClient::new(first.clone()).watch(request).await.unwrap();
        let mut watch = watch.into_inner();
        assert_eq!(watch.next().await.unwrap().unwrap().status, 1);

        // A host that lost its connection can reconnect before the server detects the loss.
        let second = endpoint.connect().await.unwrap();
        assert_eq!(health(&second, "plugin").await.unwrap(), 1);
        for tls in [
            anonymous(endpoint.certificate.clone()),
            Identity::new().connector(endpoint.certificate.clone()),
            endpoint.identity().with_a_wrong_key().connector(endpoint.certificate.clone()),
        ] {
            endpoint.refusal(tls).await;
        }
        assert_eq!(health(&first, "plugin").await.unwrap(), 1);
        assert_eq!(health(&second, "plugin").await.unwrap(), 1);
        let more = timeout(Duration::from_millis(50), watch.next()).await;
        assert!(more.is_err(), "the stream has ended: {more:?}");
    }
}

#[tokio::test]
async fn host_without_certificate_uses_plain_text() {
    let host = Launch::new().without_tls().start().await;
    assert_serving(&host).await;
}

#[tokio::test]
async fn immediately_closed_connections_are_harmless() {
    for launch in [Launch::new(), Launch::new().without_tls()] {
        let host = launch.start().await;
        for _ in 0..40 {
            drop(UnixStream::connect(host.line.address.path()).await.unwrap());
        }
        assert_serving(&host).await;
    }
}
