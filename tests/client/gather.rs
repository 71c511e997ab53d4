//! Look-ups that come together share one request, and nobody is the worse for it.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use terraform_provider_compshare::{
    compshare::{Client, Credentials, Instance, Scope, State},
    simulator::{DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY, Fault, Options, Simulator},
};
use tokio::time::Instant;

use super::{DESCRIBE, settings};

/// A cloud with `count` running instances `uhost-0`, `uhost-1`, …, every third in another region.
async fn cloud(count: usize) -> (Simulator, Client) {
    let place = |n: usize| {
        if n % 3 == 2 { ("cn-sh2", "cn-sh2-02") } else { ("cn-wlcb", "cn-wlcb-01") }
    };
    let instance = |n| {
        let (region, zone) = place(n);
        json!({"UHostId": format!("uhost-{n}"), "State": "Running", "Region": region, "Zone": zone})
    };
    let instances = (0..count).map(instance).collect();
    let latency = Duration::from_millis(20);
    let simulator =
        Simulator::start(Options { instances, latency, ..Options::default() }).await.unwrap();
    let credentials = Credentials::new(DEMO_PUBLIC_KEY.into(), DEMO_PRIVATE_KEY.into());
    let client = Client::new(settings(&simulator.url()), credentials).unwrap();
    (simulator, client)
}

async fn look(client: &Client, n: usize) -> Option<Instance> {
    client.instance(&format!("uhost-{n}"), &Scope::default()).await.unwrap()
}

#[tokio::test]
async fn look_ups_that_come_together_need_one_request_for_a_hundred() {
    let (simulator, client) = cloud(250).await;
    let found = join_all((0..250).map(|n| look(&client, n))).await;
    for (n, instance) in found.into_iter().enumerate() {
        assert_eq!(instance.unwrap().id, format!("uhost-{n}"));
    }
    let sizes: Vec<_> = simulator.calls().iter().map(|call| call.instances.len()).collect();
    assert_eq!(sizes, [100, 100, 50]);
    assert!(simulator.calls().iter().all(|call| call.parameters["Limit"] == "100"));
}

#[tokio::test]
async fn whoever_looks_for_the_same_instance_gets_the_same_answer() {
    let (simulator, client) = cloud(1).await;
    let found = join_all((0..150).map(|_| look(&client, 0))).await;
    assert!(found.iter().all(Option::is_some));
    assert_eq!(simulator.count(DESCRIBE), 1);
}

#[tokio::test]
async fn one_alone_waits_no_longer_than_the_window() {
    let (_simulator, client) = cloud(1).await;
    look(&client, 0).await;
    let began = Instant::now();
    look(&client, 0).await;
    let alone = began.elapsed();
    // 20 ms are the cloud's; who comes back alone is waited for no further.
    assert!(alone < Duration::from_millis(60), "{alone:?}");
}

#[tokio::test]
async fn an_absent_instance_is_absent_for_its_own_reader_only() {
    let (simulator, client) = cloud(3).await;
    let found = join_all([0, 7, 2].map(|n| look(&client, n))).await;
    let present: Vec<_> = found.iter().map(Option::is_some).collect();
    assert_eq!(present, [true, false, true]);
    assert_eq!(simulator.count(DESCRIBE), 1);
}

#[tokio::test]
async fn look_ups_in_different_places_do_not_mix() {
    let (simulator, client) = cloud(6).await;
    let region = |region: &str| Scope { region: Some(region.to_owned()), ..Scope::default() };
    let (here, there) = (region("cn-wlcb"), region("cn-sh2"));
    let found = join_all([
        client.instance("uhost-0", &here),
        client.instance("uhost-1", &here),
        client.instance("uhost-2", &there),
        client.instance("uhost-2", &here),
    ])
    .await;
    let present: Vec<_> = found.into_iter().map(|looked| looked.unwrap().is_some()).collect();
    assert_eq!(present, [true, true, true, false]);
    let mut regions: Vec<_> =
        simulator.calls().iter().map(|call| call.parameters["Region"].clone()).collect();
    regions.sort();
    assert_eq!(regions, ["cn-sh2", "cn-wlcb"]);
}

#[tokio::test]
async fn a_bad_id_hurts_only_its_own_reader() {
    let (simulator, client) = cloud(16).await;
    let bad = Fault::refuse(230, "Params [UHostIds] not available");
    simulator.add_fault(bad.on_action(DESCRIBE).on_instance("uhost-5").forever());
    let scope = Scope::default();
    let ids: Vec<_> = (0..16).map(|n| format!("uhost-{n}")).collect();
    let looked = join_all(ids.iter().map(|id| client.instance(id, &scope))).await;
    for (n, looked) in looked.into_iter().enumerate() {
        match looked {
            Ok(found) => assert_eq!(found.unwrap().id, format!("uhost-{n}")),
            Err(error) => assert_eq!((n, error.ret_code()), (5, Some(230))),
        }
    }
    let calls = simulator.count(DESCRIBE);
    assert!(calls <= 12, "{calls} requests to find one bad id among 16");
}

#[tokio::test]
async fn a_failure_that_is_nobodys_fault_is_not_multiplied() {
    let (simulator, client) = cloud(50).await;
    simulator.add_fault(Fault::refuse(299, "no permission").on_action(DESCRIBE).forever());
    let scope = Scope::default();
    let ids: Vec<_> = (0..50).map(|n| format!("uhost-{n}")).collect();
    let looked = join_all(ids.iter().map(|id| client.instance(id, &scope))).await;
    assert!(looked.iter().all(|looked| looked.as_ref().is_err_and(|e| e.ret_code() == Some(299))));
    let calls = simulator.count(DESCRIBE);
    assert!(calls <= 3, "{calls} requests");
}

#[tokio::test]
async fn who_gives_up_does_not_end_the_request_of_others() {
    let (simulator, client) = cloud(10).await;
    let impatient = (0..5).map(|n| {
        let client = client.clone();
        tokio::spawn(async move {
            tokio::time::timeout(Duration::from_millis(10), look(&client, n)).await
        })
    });
    let impatient: Vec<_> = impatient.collect();
    let found = join_all((5..10).map(|n| look(&client, n))).await;
    assert!(found.iter().all(Option::is_some));
    for one in impatient {
        assert!(one.await.unwrap().is_err(), "10 ms are less than the cloud takes");
    }
    assert_eq!(simulator.count(DESCRIBE), 1);
}

#[tokio::test]
async fn all_waits_together_need_one_request_per_interval() {
    let (simulator, client) = cloud(80).await;
    let interval = Duration::from_millis(100);
    let wait = |n: usize| {
        let client = client.clone();
        async move {
            for _ in 0..5 {
                let id = format!("uhost-{n}");
                let seen = client.instance_within(&id, &Scope::default(), interval).await.unwrap();
                assert_eq!(seen.unwrap().state, State::Running);
            }
        }
    };
    let began = Instant::now();
    join_all((0..80).map(wait)).await;
    let calls = simulator.count(DESCRIBE);
    let took = began.elapsed();
    assert!(took >= interval * 5, "nobody wanted to look before the interval was over: {took:?}");
    assert!((5..=7).contains(&calls), "{calls} requests in {took:?}");
}

#[tokio::test]
async fn who_looks_now_takes_along_who_would_look_later() {
    let (simulator, client) = cloud(2).await;
    let later = tokio::spawn({
        let client = client.clone();
        async move {
            client.instance_within("uhost-1", &Scope::default(), Duration::from_secs(60)).await
        }
    });
    // The wait has to be there before the look, and to make no request of its own.
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(simulator.count(DESCRIBE), 0);
    look(&client, 0).await;
    let seen = tokio::time::timeout(Duration::from_secs(5), later).await.unwrap().unwrap();
    assert_eq!(seen.unwrap().unwrap().id, "uhost-1");
    assert_eq!(simulator.count(DESCRIBE), 1);
}
