//! How much at once, and how a call is stopped.

use futures_util::future::join_all;
use tokio::time::{sleep, timeout};

use super::*;

#[tokio::test]
async fn requests_wait_for_their_turn() {
    let steps = (0..6).map(|_| Step::json(DESCRIBE, NONE).after(Duration::from_millis(100)));
    let script = Script::start(steps).await;
    let client = client(Settings { max_concurrent_requests: 2, ..settings(&script.url()) });
    let calls = (0..6).map(|_| {
        let client = client.clone();
        async move { client.call(&describe()).await }
    });
    for outcome in join_all(calls).await {
        outcome.unwrap();
    }
    assert_eq!(script.finish().most_under_way, 2);
}

/// The time a request is given does not begin while it waits, and a limit of none at all would wait for ever.
#[tokio::test]
async fn waiting_for_a_turn_costs_a_request_none_of_its_time() {
    let steps = (0..4).map(|_| Step::json(START, STARTED).after(Duration::from_millis(200)));
    let script = Script::start(steps).await;
    let client = client(Settings {
        max_concurrent_requests: 0,
        request_timeout: Duration::from_millis(600),
        ..settings(&script.url())
    });
    for outcome in join_all((0..4).map(|_| async { client.call(&start()).await })).await {
        outcome.unwrap();
    }
    assert_eq!(script.finish().most_under_way, 1);
}

#[tokio::test]
async fn a_dropped_call_ends_and_gives_its_turn_back() {
    let script = Script::start([Step::silence(START), Step::json(DESCRIBE, NONE)]).await;
    let client = client(Settings { max_concurrent_requests: 1, ..settings(&script.url()) });
    assert!(timeout(Duration::from_millis(200), client.call(&start())).await.is_err());
    client.call(&describe()).await.unwrap();
    sleep(Duration::from_millis(50)).await;
    script.finish();
}

/// Calls are made from tasks that move between threads.
#[tokio::test]
async fn a_call_can_be_spawned() {
    let script = Script::start([Step::json(START, STARTED)]).await;
    let client = client(settings(&script.url()));
    tokio::spawn(async move { client.call(&start()).await }).await.unwrap().unwrap();
    script.finish();
}
