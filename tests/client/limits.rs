//! Concurrency limit, and cancellation of calls.

use futures_util::future::join_all;
use tokio::time::{sleep, timeout};

use super::*;

#[tokio::test]
async fn requests_above_the_limit_wait() {
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
    assert_eq!(script.finish().max_in_flight, 2);
}

/// Also that a configured limit of 0 acts as 1 instead of blocking all calls.
#[tokio::test]
async fn wait_for_a_permit_does_not_count_as_request_time() {
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
    assert_eq!(script.finish().max_in_flight, 1);
}

#[tokio::test]
async fn dropped_call_releases_its_permit() {
    let script = Script::start([Step::silence(START), Step::json(DESCRIBE, NONE)]).await;
    let client = client(Settings { max_concurrent_requests: 1, ..settings(&script.url()) });
    assert!(timeout(Duration::from_millis(200), client.call(&start())).await.is_err());
    client.call(&describe()).await.unwrap();
    sleep(Duration::from_millis(50)).await;
    script.finish();
}

/// Callers run in tasks that move between threads.
#[tokio::test]
async fn call_can_be_spawned() {
    let script = Script::start([Step::json(START, STARTED)]).await;
    let client = client(settings(&script.url()));
    tokio::spawn(async move { client.call(&start()).await }).await.unwrap().unwrap();
    script.finish();
}
