//! Scheduled stops.

use std::time::Duration;

use serde_json::{Value, json};
use terraform_provider_compshare::simulator::{Effect, Fault, Options};

use super::caller::{Cloud, START, STOP, STOP_TIME, check_refused, ret_code, stepped};

const UPDATE: &str = "UpdateCompShareStopScheduler";
const DELETE: &str = "DeleteCompShareStopScheduler";

/// Beginning of the stepped clock.
const ORIGIN: u64 = 1_767_225_600;

async fn running() -> Cloud {
    Cloud::with([json!({"UHostId": "uhost-1", "State": "Running"})]).await
}

/// Schedules a stop at a number of seconds after the origin.
async fn schedule(cloud: &Cloud, seconds: u64) -> Value {
    update(cloud, &[("SchedulerStopTime", &(ORIGIN + seconds).to_string())]).await
}

/// Parameters of an update, without the time.
const SCHEDULED: [(&str, &str); 4] = [
    ("Region", "cn-wlcb"),
    ("Zone", "cn-wlcb-01"),
    ("UHostId", "uhost-1"),
    ("ProjectId", "org-demo"),
];

async fn update(cloud: &Cloud, changes: &[(&str, &str)]) -> Value {
    cloud.call(UPDATE, &[&SCHEDULED[..], changes].concat()).await
}

async fn cancel(cloud: &Cloud) -> Value {
    let parameters = [("Region", "cn-wlcb"), ("UHostId", "uhost-1"), ("ProjectId", "org-demo")];
    cloud.call(DELETE, &parameters).await
}

/// State and scheduled time, in seconds after the origin; `None` without a schedule.
async fn reported(cloud: &Cloud) -> (String, Option<u64>) {
    let instance = cloud.described("uhost-1").await;
    let time = instance["SchedulerStopTime"].as_u64().unwrap();
    (instance["State"].as_str().unwrap().to_owned(), time.checked_sub(ORIGIN))
}

#[tokio::test]
async fn scheduled_stop_stops_instance_once() {
    let cloud = running().await;
    let response = schedule(&cloud, 600).await;
    let expected =
        json!({"Action": format!("{UPDATE}Response"), "RetCode": 0, "UHostId": "uhost-1"});
    assert_eq!(response, expected);
    assert_eq!(reported(&cloud).await, ("Running".to_owned(), Some(600)));
    cloud.advance(599);
    assert_eq!(reported(&cloud).await.0, "Running");
    cloud.advance(1);
    assert_eq!(reported(&cloud).await.0, "Stopping");
    cloud.advance(STOP_TIME.as_secs());
    // The time remains.
    assert_eq!(reported(&cloud).await, ("Stopped".to_owned(), Some(600)));
    let instance = cloud.described("uhost-1").await;
    assert_eq!(instance["StopTime"], ORIGIN + 620);
    assert_ne!(instance["ReleaseTime"], 0);

    assert_eq!(cloud.operate(START, "uhost-1").await, 0);
    cloud.advance(3600);
    assert_eq!(reported(&cloud).await, ("Running".to_owned(), Some(600)));
}

#[tokio::test]
async fn scheduled_stop_follows_operations_due_earlier() {
    let cloud = Cloud::new().await;
    cloud.operate(START, "uhost-1").await;
    cloud.advance(60);
    schedule(&cloud, 600).await;
    // Everything that was due happens at once.
    cloud.advance(3600);
    assert_eq!(cloud.described("uhost-1").await["StopTime"], ORIGIN + 620);
    assert_eq!(cloud.state("uhost-1").await.as_deref(), Some("Stopped"));

    let cloud = running().await;
    schedule(&cloud, 600).await;
    cloud.advance(590);
    cloud.operate(STOP, "uhost-1").await;
    cloud.advance(3600);
    assert_eq!(cloud.described("uhost-1").await["StopTime"], ORIGIN + 610);
}

#[tokio::test]
async fn schedule_can_be_replaced_and_canceled() {
    let cloud = running().await;
    schedule(&cloud, 600).await;
    schedule(&cloud, 1200).await;
    cloud.advance(600);
    assert_eq!(reported(&cloud).await, ("Running".to_owned(), Some(1200)));
    for _ in 0..2 {
        // Nothing to cancel is no error.
        let response = cancel(&cloud).await;
        assert_eq!((ret_code(&response), &response["UHostId"]), (0, &json!("uhost-1")));
        assert_eq!(reported(&cloud).await, ("Running".to_owned(), None));
    }
    cloud.advance(3600);
    assert_eq!(reported(&cloud).await.0, "Running");
}

#[tokio::test]
async fn patched_schedule_is_carried_out() {
    let cloud = running().await;
    cloud.simulator.patch("uhost-1", json!({"SchedulerStopTime": ORIGIN + 60}));
    cloud.advance(80);
    assert_eq!(reported(&cloud).await, ("Stopped".to_owned(), Some(60)));
    cloud.simulator.patch("uhost-1", json!({"State": "Running"}));
    assert_eq!(reported(&cloud).await, ("Running".to_owned(), Some(60)));
}

#[tokio::test]
async fn bad_schedules_are_refused() {
    let cloud = running().await;
    let later = (ORIGIN + 300).to_string();
    let too_soon = (ORIGIN + 299).to_string();
    for (changes, ret_code, message) in [
        (
            &[("SchedulerStopTime", too_soon.as_str())][..],
            230,
            "Params [SchedulerStopTime] not available",
        ),
        (&[("SchedulerStopTime", "0")], 230, "Params [SchedulerStopTime] not available"),
        (&[("SchedulerStopTime", "soon")], 280, "Params [SchedulerStopTime] malformed"),
        // The name in the vendor's SDK is an unknown parameter.
        (&[("StopTime", &later)], 210, "Missing params [SchedulerStopTime]"),
        (
            &[("SchedulerStopTime", &later), ("ProjectId", "")],
            230,
            "Params [ProjectID] not available",
        ),
        (
            &[("SchedulerStopTime", &later), ("ProjectId", "org-x")],
            292,
            "Project [org-x] not exist",
        ),
        (&[("SchedulerStopTime", &later), ("Zone", "")], 210, "Missing params [Zone]"),
        (
            &[("SchedulerStopTime", &later), ("UHostId", "uhost-2")],
            8039,
            "Resource [uhost-2] not exist",
        ),
    ] {
        check_refused(&update(&cloud, changes).await, ret_code, message);
    }
    assert_eq!(reported(&cloud).await.1, None);
    assert_eq!(ret_code(&update(&cloud, &[("SchedulerStopTime", &later)]).await), 0);
    let without_project = [("Region", "cn-wlcb"), ("UHostId", "uhost-1")];
    check_refused(
        &cloud.call(DELETE, &without_project).await,
        230,
        "Params [ProjectID] not available",
    );
    check_refused(&cloud.call(DELETE, &[]).await, 210, "Missing params [Region]");
}

#[tokio::test]
async fn state_and_charge_type_can_forbid_schedule() {
    let cloud = Cloud::new().await;
    let stopped = "Operation not allowed in state [Stopped]";
    check_refused(&schedule(&cloud, 600).await, 8905, stopped);
    assert_eq!(ret_code(&cancel(&cloud).await), 0);
    cloud.operate(START, "uhost-1").await;
    check_refused(&schedule(&cloud, 600).await, 8903, "InstanceOperationInProgress");
    cloud.advance(60);
    assert_eq!(ret_code(&schedule(&cloud, 600).await), 0);
    cloud.simulator.patch("uhost-1", json!({"IsSpot": true}));
    let spot = "Spot instance does not support stop scheduler";
    check_refused(&schedule(&cloud, 900).await, 230, spot);
}

#[tokio::test]
async fn any_instance_can_be_scheduled_by_option() {
    let options = Options {
        any_instance_scheduled: true,
        instances: vec![json!({"UHostId": "uhost-1", "IsSpot": true})],
        ..stepped()
    };
    let cloud = Cloud::of(options).await;
    assert_eq!(ret_code(&schedule(&cloud, 600).await), 0);
    assert_eq!(reported(&cloud).await, ("Stopped".to_owned(), Some(600)));
}

#[tokio::test]
async fn changed_schedule_can_be_reported_late() {
    let cloud = running().await;
    let late = Effect::StaleReads { lag: Duration::from_secs(2) };
    cloud.simulator.add_fault(Fault::new(late).on_action(UPDATE).forever());
    schedule(&cloud, 600).await;
    assert_eq!(reported(&cloud).await.1, None);
    cloud.advance(2);
    assert_eq!(reported(&cloud).await.1, Some(600));
    schedule(&cloud, 900).await;
    assert_eq!(reported(&cloud).await.1, Some(600));
}

#[tokio::test]
async fn lost_response_leaves_the_schedule_set() {
    let cloud = running().await;
    cloud.simulator.add_fault(Fault::new(Effect::LoseResponse).on_action(UPDATE));
    let time = (ORIGIN + 600).to_string();
    let parameters = [&SCHEDULED[..], &[("SchedulerStopTime", &time)]].concat();
    assert!(cloud.sign_and_send(UPDATE, &parameters).await.is_err());
    assert_eq!(reported(&cloud).await.1, Some(600));
    cloud.simulator.add_fault(Fault::refuse(8438, "upstream timed out").on_instance("uhost-1"));
    check_refused(&cancel(&cloud).await, 8438, "upstream timed out");
    assert_eq!(reported(&cloud).await.1, Some(600));
}

#[tokio::test]
async fn schedule_can_be_named_as_in_the_sdk() {
    let options = Options {
        sdk_field_names: true,
        instances: vec![json!({"UHostId": "uhost-1", "State": "Running"})],
        ..stepped()
    };
    let cloud = Cloud::of(options).await;
    schedule(&cloud, 600).await;
    let instance = cloud.described("uhost-1").await;
    assert_eq!(instance["StopSchedulerTime"], ORIGIN + 600);
    assert_eq!(instance.get("SchedulerStopTime"), None);
}
