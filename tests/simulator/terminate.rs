//! TerminateCompShareInstance.

use std::time::Duration;

use serde_json::{Value, json};
use terraform_provider_compshare::simulator::{Effect, Fault, Options};

use super::caller::{
    Cloud, DESCRIBE_DISKS, START, STOP, STOP_TIME, TERMINATE, check_refused, location, stepped,
};

#[tokio::test]
async fn stopped_instance_is_terminated() {
    let terminate_time = Duration::from_secs(10);
    let instances = vec![json!({"UHostId": "uhost-1"})];
    let cloud = Cloud::of(Options { instances, terminate_time, ..stepped() }).await;
    let response = cloud.call(TERMINATE, &location("uhost-1")).await;
    assert_eq!(
        response,
        json!({
            "Action": "TerminateCompShareInstanceResponse", "RetCode": 0, "UHostId": "uhost-1",
            "InRecycle": "No",
        })
    );
    assert_eq!(cloud.state("uhost-1").await.unwrap(), "Stopped");
    assert_eq!(cloud.operate(TERMINATE, "uhost-1").await, 8903);
    assert_eq!(cloud.operate(START, "uhost-1").await, 8903);
    cloud.advance(10);
    assert_eq!(cloud.state("uhost-1").await, None);
    let again = cloud.call(TERMINATE, &location("uhost-1")).await;
    check_refused(&again, 8039, "Resource [uhost-1] not exist");
}

#[tokio::test]
async fn terminate_is_refused_until_the_instance_is_stopped() {
    let cloud = Cloud::with([json!({"UHostId": "uhost-1", "State": "Running"})]).await;
    let terminate = async || cloud.call(TERMINATE, &location("uhost-1")).await;
    check_refused(&terminate().await, 8010, "Instance is not stopped, state [Running]");
    cloud.operate(STOP, "uhost-1").await;
    check_refused(&terminate().await, 8903, "InstanceOperationInProgress");
    // Without the lock.
    cloud.simulator.patch("uhost-1", json!({"State": "Stopping"}));
    check_refused(&terminate().await, 8905, "Operation not allowed in state [Stopping]");
    cloud.simulator.patch("uhost-1", json!({"State": "Running"}));
    cloud.operate(STOP, "uhost-1").await;
    cloud.simulator.advance(STOP_TIME);
    assert_eq!(terminate().await["RetCode"], 0);
    assert_eq!(cloud.state("uhost-1").await, None);
}

#[tokio::test]
async fn failed_installation_is_terminated() {
    let cloud = Cloud::with([json!({"UHostId": "uhost-1", "State": "Install Fail"})]).await;
    assert_eq!(cloud.operate(TERMINATE, "uhost-1").await, 0);
    assert_eq!(cloud.simulator.instances(), Vec::<Value>::new());
}

#[tokio::test]
async fn running_spot_instance_is_terminated_if_the_option_is_set() {
    for (running_spot_terminates, ret_code) in [(false, 8010), (true, 0)] {
        let instances = vec![json!({"UHostId": "uhost-1", "State": "Running", "IsSpot": true})];
        let options = Options { instances, running_spot_terminates, ..stepped() };
        let cloud = Cloud::of(options).await;
        assert_eq!(cloud.operate(TERMINATE, "uhost-1").await, ret_code);
    }
}

#[tokio::test]
async fn data_disks_remain_unless_they_are_released() {
    let instance = |number: u32| {
        json!({
            "UHostId": format!("uhost-{number}"),
            "DiskSet": [
                {"DiskId": format!("bsi-{number}"), "IsBoot": "True", "Size": 60},
                {"DiskId": format!("bsm-{number}"), "IsBoot": "False", "Size": 200},
            ],
        })
    };
    let cloud = Cloud::with([instance(1), instance(2)]).await;
    let disks = async || {
        let described = cloud.call(DESCRIBE_DISKS, &[("Region", "cn-wlcb")]).await;
        let disks = described["DiskSet"].as_array().cloned().unwrap_or_default();
        let text = |disk: &Value, field: &str| disk[field].as_str().unwrap().to_owned();
        let disks =
            disks.iter().map(|disk| (text(disk, "ResourceId"), text(disk, "MountInstance")));
        disks.collect::<Vec<_>>()
    };
    let disk = |id: &str, instance: &str| (id.to_owned(), instance.to_owned());
    let of_second = [disk("bsi-2", "uhost-2"), disk("bsm-2", "uhost-2")];
    let of_first = [disk("bsi-1", "uhost-1"), disk("bsm-1", "uhost-1")];
    assert_eq!(disks().await, [of_first, of_second.clone()].concat());
    let release = [location("uhost-1").as_slice(), &[("ReleaseUDisk", "true")]].concat();
    cloud.call(TERMINATE, &release).await;
    assert_eq!(disks().await, of_second);
    cloud.call(TERMINATE, &location("uhost-2")).await;
    assert_eq!(disks().await, [disk("bsm-2", "")]);
    let detached = cloud.simulator.detached_disks();
    assert_eq!(
        (&detached[0]["Status"], &detached[0]["Configuration"]),
        (&json!("Available"), &json!(200))
    );
}

#[tokio::test]
async fn terminated_instance_can_be_reported_for_a_while() {
    let cloud = Cloud::new().await;
    let stale = Effect::StaleReads { lag: Duration::from_secs(15) };
    cloud.simulator.add_fault(Fault::new(stale));
    let recycled = json!({"UHostId": "uhost-1", "InRecycle": "Yes"});
    cloud.simulator.add_fault(Fault::respond(recycled).on_action(TERMINATE));
    let response = cloud.call(TERMINATE, &location("uhost-1")).await;
    assert_eq!(response["InRecycle"], "Yes");
    cloud.advance(14);
    assert_eq!(cloud.state("uhost-1").await.unwrap(), "Stopped");
    cloud.advance(1);
    assert_eq!(cloud.state("uhost-1").await, None);
}

#[tokio::test]
async fn terminate_needs_location_and_its_instance() {
    let cloud = Cloud::new().await;
    let region = ("Region", "cn-wlcb");
    let cases: [(&[(&str, &str)], &str); 3] = [
        (&[("UHostId", "uhost-1")], "Missing params [Region]"),
        (&[region, ("UHostId", "uhost-1")], "Missing params [Zone]"),
        (&[region, ("Zone", "cn-wlcb-01")], "Missing params [UHostId]"),
    ];
    for (parameters, message) in cases {
        check_refused(&cloud.call(TERMINATE, parameters).await, 210, message);
    }
    let elsewhere = [("Region", "cn-sh2"), ("Zone", "cn-sh2-02"), ("UHostId", "uhost-1")];
    assert_eq!(cloud.call(TERMINATE, &elsewhere).await["RetCode"], 8039);
}
