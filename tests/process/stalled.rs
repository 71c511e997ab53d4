//! Handshakes that never come to their end, by the hundred.

use std::time::Duration;

use futures_util::future::{join, join_all};
use tokio::{io::AsyncWriteExt as _, time::Instant};

use super::{
    door::{Door, remainder},
    until,
};
use crate::support::{
    host::{Identity, Stream, health},
    proc::Proc,
};

/// The time a handshake has.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);

/// How far each gets: nothing is said, the head of a record comes without the rest, or some of the rest.
const BEGINNINGS: [&[u8]; 3] =
    [&[], &[0x16, 0x03, 0x01, 0x02, 0x00], &[0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01]];

async fn stall(door: &Door, count: usize) -> Vec<Box<dyn Stream>> {
    let mut stalled = Vec::new();
    for beginning in BEGINNINGS.iter().cycle().take(count) {
        let mut stream = door.knock().await;
        stream.write_all(beginning).await.unwrap();
        stalled.push(stream);
    }
    stalled
}

/// What each is told before it is closed.
async fn ends(stalled: Vec<Box<dyn Stream>>) -> Vec<Vec<u8>> {
    join_all(stalled.into_iter().map(remainder)).await
}

#[tokio::test]
async fn hundreds_of_handshakes_that_stall_hold_up_nobody_and_are_given_up() {
    let door = Door::binary(Identity::new()).await;
    let process = Proc::of(door.pid());
    let channel = door.connect().await.unwrap();
    assert_eq!(health(&channel, "plugin").await.unwrap(), 1);
    let before = process.open_files();

    let began = Instant::now();
    let stalled = stall(&door, 300).await;
    until(|| process.open_files() >= before + 300).await;
    door.assert_serving().await;
    assert_eq!(health(&channel, "plugin").await.unwrap(), 1);
    // Both ends of these are in this process, which has not so many files to open.
    let on_tcp = Door::test(Identity::new());
    let stalled_on_tcp = stall(&on_tcp, 60).await;
    on_tcp.assert_serving().await;

    let told = join(ends(stalled), ends(stalled_on_tcp)).await;
    let took = began.elapsed();
    assert!(told.0.iter().chain(&told.1).all(Vec::is_empty), "{told:02x?}");
    assert!(took >= HANDSHAKE_LIMIT, "they were not waited for: {took:?}");
    until(|| process.open_files() == before).await;
    assert_eq!(health(&channel, "plugin").await.unwrap(), 1);
    println!(
        "stalled handshakes: 300, descriptors {before} before and after, all closed after {took:.1?}"
    );
}
