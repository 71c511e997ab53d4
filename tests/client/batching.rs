//! Concurrent describes share requests, and no caller is the worse for it. The times of the requests
//! are tested beside the code, with a paused clock.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use serde_json::json;
use terraform_provider_compshare::{
    compshare::{
        BatchingClient, Client, Credentials, Error, ErrorKind, Instance, Network, Scope, Settings,
    },
    simulator::{DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY, Fault, Options, Simulator},
};
use tokio::time::timeout;

use super::{DESCRIBE, settings};
use crate::support::script::{Script, Step};

/// A simulator with `count` running instances `uhost-0`, `uhost-1`, …, every third in another
/// region.
async fn simulator(count: usize) -> (Simulator, BatchingClient) {
    let location = |n: usize| {
        if n % 3 == 2 { ("cn-sh2", "cn-sh2-02") } else { ("cn-wlcb", "cn-wlcb-01") }
    };
    let instance = |n| {
        let (region, zone) = location(n);
        json!({"UHostId": format!("uhost-{n}"), "State": "Running", "Region": region, "Zone": zone})
    };
    let instances = (0..count).map(instance).collect();
    let latency = Duration::from_millis(20);
    let simulator =
        Simulator::start(Options { instances, latency, ..Options::default() }).await.unwrap();
    let credentials =
        Credentials { public_key: DEMO_PUBLIC_KEY.into(), private_key: DEMO_PRIVATE_KEY.into() };
    let client = Client::new(settings(&simulator.url()), Network::default(), credentials).unwrap();
    (simulator, BatchingClient::new(client))
}

type Described = Result<Option<Arc<Instance>>, Error>;

/// Describes `uhost-{n}` in all regions, without delay.
async fn try_describe(client: &BatchingClient, n: usize) -> Described {
    client.describe(&format!("uhost-{n}"), &Scope::default(), Duration::ZERO).await
}

async fn describe(client: &BatchingClient, n: usize) -> Option<Arc<Instance>> {
    try_describe(client, n).await.unwrap()
}

#[tokio::test]
async fn concurrent_describes_need_one_request_per_hundred() {
    let (simulator, client) = simulator(250).await;
    let found = join_all((0..250).map(|n| describe(&client, n))).await;
    for (n, instance) in found.into_iter().enumerate() {
        assert_eq!(instance.unwrap().id, format!("uhost-{n}"));
    }
    let sizes: Vec<_> = simulator.calls().iter().map(|call| call.instances.len()).collect();
    assert_eq!(sizes, [100, 100, 50]);
    assert!(simulator.calls().iter().all(|call| call.parameters["Limit"] == "100"));
}

#[tokio::test]
async fn callers_of_one_instance_share_the_result() {
    let (simulator, client) = simulator(1).await;
    let found = join_all((0..150).map(|_| describe(&client, 0))).await;
    let first = found[0].as_ref().unwrap();
    assert!(found.iter().all(|instance| Arc::ptr_eq(instance.as_ref().unwrap(), first)));
    assert_eq!(simulator.count(DESCRIBE), 1);
}

#[tokio::test]
async fn absent_instance_is_absent_for_its_caller_only() {
    let (simulator, client) = simulator(3).await;
    let found = join_all([0, 7, 2].map(|n| describe(&client, n))).await;
    let present: Vec<_> = found.iter().map(Option::is_some).collect();
    assert_eq!(present, [true, false, true]);
    assert_eq!(simulator.count(DESCRIBE), 1);
}

#[tokio::test]
async fn each_region_has_its_own_batches() {
    let (simulator, client) = simulator(6).await;
    let region = |region: &str| Scope { region: Some(region.to_owned()), ..Scope::default() };
    let (here, there) = (region("cn-wlcb"), region("cn-sh2"));
    let found = join_all([
        client.describe("uhost-0", &here, Duration::ZERO),
        client.describe("uhost-1", &here, Duration::ZERO),
        client.describe("uhost-2", &there, Duration::ZERO),
        client.describe("uhost-2", &here, Duration::ZERO),
    ])
    .await;
    let present: Vec<_> = found.into_iter().map(|described| described.unwrap().is_some()).collect();
    assert_eq!(present, [true, true, true, false]);
    let mut regions: Vec<_> =
        simulator.calls().iter().map(|call| call.parameters["Region"].clone()).collect();
    regions.sort();
    assert_eq!(regions, ["cn-sh2", "cn-wlcb"]);
}

/// An API that never lists one instance, although it counts it.
#[tokio::test]
async fn instance_that_is_left_out_fails_its_own_caller_only() {
    let found = |total: u32, ids: &[&str]| {
        let set: Vec<_> = ids.iter().map(|id| json!({"UHostId": id})).collect();
        let page = json!({"RetCode": 0, "TotalCount": total, "UHostSet": set});
        Step::json(DESCRIBE, &page.to_string())
    };
    let script =
        Script::start([found(4, &["uhost-0", "uhost-2"]), found(2, &["uhost-3"]), found(1, &[])])
            .await;
    let settings = Settings { max_retries: 0, ..settings(&script.url()) };
    let client = BatchingClient::new(super::client(settings));
    let results = join_all((0..4).map(|n| try_describe(&client, n))).await;
    for (n, result) in results.into_iter().enumerate() {
        match result {
            Ok(found) => assert_eq!(found.unwrap().id, format!("uhost-{n}")),
            Err(error) => {
                assert_eq!(n, 1);
                assert!(matches!(error.kind, ErrorKind::Incomplete(_)), "{error}");
            }
        }
    }
    let requests = script.finish().requests;
    assert_eq!(requests[2].form["UHostIds.0"], "uhost-1");
}

#[tokio::test]
async fn bad_id_fails_its_own_caller_only() {
    let (simulator, client) = simulator(16).await;
    let bad = Fault::refuse(230, "Params [UHostIds] not available");
    simulator.add_fault(bad.on_action(DESCRIBE).on_instance("uhost-5").forever());
    let results = join_all((0..16).map(|n| try_describe(&client, n))).await;
    for (n, result) in results.into_iter().enumerate() {
        match result {
            Ok(found) => assert_eq!(found.unwrap().id, format!("uhost-{n}")),
            Err(error) => assert_eq!((n, error.ret_code()), (5, Some(230))),
        }
    }
    let calls = simulator.count(DESCRIBE);
    assert!(calls <= 12, "{calls} requests to isolate one bad id among 16");
}

#[tokio::test]
async fn refusal_of_every_id_is_not_repeated_for_each() {
    let (simulator, client) = simulator(50).await;
    simulator.add_fault(Fault::refuse(299, "no permission").on_action(DESCRIBE).forever());
    let results = join_all((0..50).map(|n| try_describe(&client, n))).await;
    assert!(results.iter().all(|result| result.as_ref().is_err_and(|e| e.ret_code() == Some(299))));
    let calls = simulator.count(DESCRIBE);
    assert!(calls <= 3, "{calls} requests");
}

#[tokio::test]
async fn canceled_caller_does_not_cancel_the_batch() {
    let (simulator, client) = simulator(10).await;
    let canceled = (0..5).map(|n| {
        let client = client.clone();
        tokio::spawn(async move { timeout(Duration::from_millis(10), describe(&client, n)).await })
    });
    let canceled: Vec<_> = canceled.collect();
    let found = join_all((5..10).map(|n| describe(&client, n))).await;
    assert!(found.iter().all(Option::is_some));
    for caller in canceled {
        assert!(caller.await.unwrap().is_err(), "10 ms are less than the latency");
    }
    assert_eq!(simulator.count(DESCRIBE), 1);
}
