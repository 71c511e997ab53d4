//! Who gets in: the host that started the process, and nobody else who reaches its socket.

use std::time::{Duration, SystemTime};

use rustls::AlertDescription;
use tokio::{net::UnixStream, time::timeout};
use tokio_stream::StreamExt as _;
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

use super::door::Door;
use crate::support::host::{Host, Identity, Launch, anonymous, health};

const AN_HOUR: Duration = Duration::from_secs(60 * 60);

/// An identity that ended an hour ago.
fn expired() -> Identity {
    let now = SystemTime::now();
    Identity::valid(now - 2 * AN_HOUR, now - AN_HOUR)
}

async fn assert_serving(host: &Host) {
    assert_eq!(health(&host.connect().await, "plugin").await.unwrap(), 1);
}

#[tokio::test]
async fn the_host_gets_in_with_its_certificate() {
    for door in Door::both().await {
        door.assert_serving().await;
    }
}

#[tokio::test]
async fn nobody_gets_in_without_a_certificate() {
    for mut door in Door::both().await {
        let refusal = door.refusal(anonymous(door.certificate.clone())).await;
        assert_eq!(refusal, AlertDescription::CertificateRequired);
        door.logged("peer sent no certificates").await;
        door.assert_serving().await;
    }
}

#[tokio::test]
async fn another_certificate_with_the_same_names_does_not_get_in() {
    for mut door in Door::both().await {
        for stranger in [Identity::new(), expired()] {
            let refusal = door.refusal(stranger.connector(door.certificate.clone())).await;
            assert_eq!(refusal, AlertDescription::CertificateUnknown);
        }
        door.logged("UnknownClientCertificate").await;
        door.assert_serving().await;
    }
}

#[tokio::test]
async fn the_right_certificate_with_a_wrong_key_does_not_get_in() {
    for mut door in Door::both().await {
        let thief = door.identity().with_a_wrong_key();
        assert_eq!(thief.certificate, door.identity().certificate);
        let refusal = door.refusal(thief.connector(door.certificate.clone())).await;
        assert_eq!(refusal, AlertDescription::DecryptError);
        door.logged("BadSignature").await;
        door.assert_serving().await;
    }
}

#[tokio::test]
async fn the_right_certificate_does_not_get_in_after_its_end() {
    for mut door in [Door::binary(expired()).await, Door::test(expired())] {
        let host = door.identity().connector(door.certificate.clone());
        assert_eq!(door.refusal(host).await, AlertDescription::CertificateExpired);
        door.logged("certificate expired").await;
    }
}

/// A clock that was set back must not lock out a host that made its certificate before.
#[tokio::test]
async fn the_right_certificate_gets_in_before_its_beginning() {
    let early = || Identity::valid(SystemTime::now() + AN_HOUR, SystemTime::now() + 2 * AN_HOUR);
    for door in [Door::binary(early()).await, Door::test(early())] {
        door.assert_serving().await;
    }
}

#[tokio::test]
async fn a_second_connection_needs_what_the_first_one_did_and_disturbs_it_in_no_way() {
    for door in Door::both().await {
        let first = door.connect().await.unwrap();
        let request = HealthCheckRequest { service: "plugin".to_owned() };
        let watch = HealthClient::new(first.clone()).watch(request).await.unwrap();
        let mut watch = watch.into_inner();
        assert_eq!(watch.next().await.unwrap().unwrap().status, 1);

        // A host whose connection was lost makes another one, perhaps before the loss is noticed here.
        let second = door.connect().await.unwrap();
        assert_eq!(health(&second, "plugin").await.unwrap(), 1);
        for tls in [
            anonymous(door.certificate.clone()),
            Identity::new().connector(door.certificate.clone()),
            door.identity().with_a_wrong_key().connector(door.certificate.clone()),
        ] {
            door.refusal(tls).await;
        }
        assert_eq!(health(&first, "plugin").await.unwrap(), 1);
        assert_eq!(health(&second, "plugin").await.unwrap(), 1);
        let more = timeout(Duration::from_millis(50), watch.next()).await;
        assert!(more.is_err(), "its stream has ended: {more:?}");
    }
}

#[tokio::test]
async fn plain_text_works_where_the_host_asked_for_none() {
    let host = Launch::new().without_tls().start().await;
    assert_serving(&host).await;
}

#[tokio::test]
async fn connections_that_are_closed_at_once_do_no_harm() {
    for launch in [Launch::new(), Launch::new().without_tls()] {
        let host = launch.start().await;
        for _ in 0..40 {
            drop(UnixStream::connect(host.line.address.path()).await.unwrap());
        }
        assert_serving(&host).await;
    }
}
