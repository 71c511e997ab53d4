//! Who gets in: the host that started the process, and nobody else who reaches its socket.

use tokio::{io::AsyncWriteExt as _, net::UnixStream};

use crate::support::host::{Host, Identity, Launch, anonymous, connect, health};

/// Asserts that a connection is good for nothing, whether it fails at once or when it is used: in
/// TLS 1.3 a client learns only later that the server did not want it.
async fn assert_refused(channel: Result<tonic::transport::Channel, tonic::transport::Error>) {
    let Ok(channel) = channel else { return };
    let answer = health(&channel, "plugin").await;
    assert!(answer.is_err(), "got in: {answer:?}");
}

/// Asserts that the host itself still gets in.
async fn assert_serving(host: &Host) {
    assert_eq!(health(&host.connect().await, "plugin").await.unwrap(), 1);
}

#[tokio::test]
async fn the_host_gets_in_with_its_certificate() {
    let host = Launch::new().start().await;
    assert_serving(&host).await;
}

#[tokio::test]
async fn nobody_gets_in_without_a_certificate() {
    let mut host = Launch::new().start().await;
    let tls = anonymous(host.line.certificate.clone().unwrap());
    assert_refused(connect(&host.line.address, Some(tls)).await).await;
    host.process.logged("peer sent no certificates").await;
    assert_serving(&host).await;
}

#[tokio::test]
async fn another_certificate_with_the_same_names_does_not_get_in() {
    let mut host = Launch::new().start().await;
    assert_refused(host.connect_as(&Identity::new()).await).await;
    host.process.logged("NotTheCertificateOfTheHost").await;
    assert_serving(&host).await;
}

#[tokio::test]
async fn the_right_certificate_with_a_wrong_key_does_not_get_in() {
    let mut host = Launch::new().start().await;
    let thief = host.process.identity().with_a_wrong_key();
    assert_eq!(thief.certificate, host.process.identity().certificate);
    assert_refused(host.connect_as(&thief).await).await;
    host.process.logged("BadSignature").await;
    assert_serving(&host).await;
}

#[tokio::test]
async fn plain_text_does_not_get_in_where_the_host_asked_for_tls() {
    let mut host = Launch::new().start().await;
    assert_refused(connect(&host.line.address, None).await).await;
    host.process.logged("TLS handshake failed").await;
    assert_serving(&host).await;
}

#[tokio::test]
async fn plain_text_works_where_the_host_asked_for_none() {
    let host = Launch::new().without_tls().start().await;
    assert_serving(&host).await;
}

#[tokio::test]
async fn handshakes_that_stall_hold_up_nobody() {
    let host = Launch::new().start().await;
    let mut stalled = Vec::new();
    for _ in 0..40 {
        let mut stream = UnixStream::connect(host.line.address.path()).await.unwrap();
        // The head of a TLS record, whose rest never comes.
        stream.write_all(&[0x16, 0x03, 0x01, 0x02, 0x00]).await.unwrap();
        stalled.push(stream);
    }
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
