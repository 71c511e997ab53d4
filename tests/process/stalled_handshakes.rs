//! Hundreds of TLS handshakes that never finish.

use std::time::Duration;

use futures_util::future::{join, join_all};
use tokio::{io::AsyncWriteExt as _, time::Instant};

use super::{
    endpoint::{Endpoint, remainder},
    until,
};
use crate::support::{
    host::{Identity, Stream, health},
    proc::Proc,
};

/// Time limit of a handshake.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);

/// Bytes sent by each client: none, the header of a record, or the header and a part of the body.
const PREFIXES: [&[u8]; 3] =
    [&[], &[0x16, 0x03, 0x01, 0x02, 0x00], &[0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01]];

async fn stall(endpoint: &Endpoint, count: usize) -> Vec<Box<dyn Stream>> {
    let mut stalled = Vec::new();
    for prefix in PREFIXES.iter().cycle().take(count) {
        let mut stream = endpoint.dial().await;
        stream.write_all(prefix).await.unwrap();
        stalled.push(stream);
    }
    stalled
}

/// Returns the bytes that each connection receives until it is closed.
async fn remainders(stalled: Vec<Box<dyn Stream>>) -> Vec<Vec<u8>> {
    join_all(stalled.into_iter().map(remainder)).await
}

#[tokio::test]
async fn stalled_handshakes_block_no_host_and_are_closed() {
    let endpoint = Endpoint::binary(Identity::new()).await;
    let process = Proc::of(endpoint.pid());
    let channel = endpoint.connect().await.unwrap();
    assert_eq!(health(&channel, "plugin").await.unwrap(), 1);
    let before = process.open_files();

    let began = Instant::now();
    let stalled = stall(&endpoint, 300).await;
    until(|| process.open_files() >= before + 300).await;
    endpoint.assert_serving().await;
    assert_eq!(health(&channel, "plugin").await.unwrap(), 1);
    // Fewer, because both ends are in this process and count against its limit of open files.
    let on_tcp = Endpoint::test(Identity::new());
    let stalled_on_tcp = stall(&on_tcp, 60).await;
    on_tcp.assert_serving().await;

    let received = join(remainders(stalled), remainders(stalled_on_tcp)).await;
    let took = began.elapsed();
    assert!(received.0.iter().chain(&received.1).all(Vec::is_empty), "{received:02x?}");
    assert!(took >= HANDSHAKE_LIMIT, "closed before the time limit: {took:?}");
    until(|| process.open_files() == before).await;
    assert_eq!(health(&channel, "plugin").await.unwrap(), 1);
    println!(
        "stalled handshakes: 300, descriptors {before} before and after, closed after {took:.1?}"
    );
}
