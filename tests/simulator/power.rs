//! Start, stop, reboot, and the operation lock.

use std::time::Duration;

use serde_json::json;
use terraform_provider_compshare::simulator::{Effect, Fault, Options};
use tokio::time::Instant;

use super::caller::{Cloud, REBOOT, START, STOP, check_refused, location, ret_code, stepped};

#[tokio::test]
async fn operations_pass_through_transitional_states() {
    let cloud = Cloud::new().await;
    let response = cloud.call(START, &location("uhost-1")).await;
    assert_eq!(
        response,
        json!({"Action": "StartCompShareInstanceResponse", "RetCode": 0, "UHostId": "uhost-1"})
    );
    assert_eq!(cloud.state("uhost-1").await.unwrap(), "Starting");
    cloud.advance(29);
    assert_eq!(cloud.state("uhost-1").await.unwrap(), "Starting");
    cloud.advance(1);
    assert_eq!(cloud.state("uhost-1").await.unwrap(), "Running");

    assert_eq!(cloud.operate(REBOOT, "uhost-1").await, 0);
    assert_eq!(cloud.state("uhost-1").await.unwrap(), "Rebooting");
    cloud.advance(30);
    assert_eq!(cloud.state("uhost-1").await.unwrap(), "Running");

    assert_eq!(cloud.operate(STOP, "uhost-1").await, 0);
    assert_eq!(cloud.state("uhost-1").await.unwrap(), "Stopping");
    cloud.advance(20);
    assert_eq!(cloud.state("uhost-1").await.unwrap(), "Stopped");
    assert_eq!(cloud.simulator.instance("uhost-1").unwrap()["State"], "Stopped");
}

#[tokio::test]
async fn operation_without_duration_ends_immediately() {
    let options = Options { instances: vec![json!({"UHostId": "uhost-1"})], ..Options::default() };
    let cloud = Cloud::of(options).await;
    assert_eq!(cloud.operate(START, "uhost-1").await, 0);
    assert_eq!(cloud.state("uhost-1").await.unwrap(), "Running");
    assert_eq!(cloud.operate(STOP, "uhost-1").await, 0);
    assert_eq!(cloud.state("uhost-1").await.unwrap(), "Stopped");
}

#[tokio::test]
async fn real_clock_advances_by_itself() {
    let options = Options {
        instances: vec![json!({"UHostId": "uhost-1"})],
        start_time: Duration::from_millis(300),
        ..Options::default()
    };
    let cloud = Cloud::of(options).await;
    let begun = Instant::now();
    assert_eq!(cloud.operate(START, "uhost-1").await, 0);
    while cloud.state("uhost-1").await.unwrap() == "Starting" {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(cloud.state("uhost-1").await.unwrap(), "Running");
    assert!(begun.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn operation_in_wrong_state_is_refused() {
    let cases = [
        (START, "Running", 8010),
        (START, "Stopping", 8905),
        (START, "Install Fail", 8905),
        (START, "Starting", 226_622),
        (STOP, "Stopped", 8905),
        (STOP, "Rebooting", 8905),
        (REBOOT, "Stopped", 8905),
        (REBOOT, "Starting", 8905),
        (REBOOT, "Unknown", 8905),
    ];
    for (action, state, expected) in cases {
        let cloud = Cloud::with([json!({"UHostId": "uhost-1", "State": state})]).await;
        assert_eq!(cloud.operate(action, "uhost-1").await, expected, "{action} while {state}");
        assert_eq!(cloud.state("uhost-1").await.unwrap(), state, "{action} while {state}");
    }
}

#[tokio::test]
async fn operation_locks_instance_until_it_ends() {
    let cloud = Cloud::new().await;
    assert_eq!(cloud.operate(START, "uhost-1").await, 0);
    for action in [START, STOP, REBOOT] {
        let response = cloud.call(action, &location("uhost-1")).await;
        check_refused(&response, 8903, "InstanceOperationInProgress");
    }
    cloud.advance(30);
    assert_eq!(cloud.operate(STOP, "uhost-1").await, 0);
}

#[tokio::test]
async fn lock_expires_after_its_ttl() {
    let cloud = Cloud::new().await;
    cloud.simulator.add_fault(Fault::new(Effect::StuckInStarting));
    assert_eq!(cloud.operate(START, "uhost-1").await, 0);
    cloud.advance(599);
    assert_eq!(cloud.operate(STOP, "uhost-1").await, 8903);
    cloud.advance(1);
    assert_eq!(cloud.state("uhost-1").await.unwrap(), "Starting");
    assert_eq!(cloud.operate(START, "uhost-1").await, 226_622);
    assert_eq!(cloud.operate(STOP, "uhost-1").await, 0);
    cloud.advance(20);
    assert_eq!(cloud.state("uhost-1").await.unwrap(), "Stopped");
}

#[tokio::test]
async fn operation_requires_instance_and_location() {
    let cloud = Cloud::with([
        json!({"UHostId": "uhost-1"}),
        json!({"UHostId": "uhost-2", "ProjectId": "org-other"}),
    ])
    .await;
    for action in [START, STOP, REBOOT] {
        for missing in ["Region", "Zone", "UHostId"] {
            let parameters: Vec<_> =
                location("uhost-1").into_iter().filter(|(name, _)| *name != missing).collect();
            let response = cloud.call(action, &parameters).await;
            check_refused(&response, 210, &format!("Missing params [{missing}]"));
        }
        let cases = [
            ([("Region", "mars"), ("Zone", "mars-01"), ("UHostId", "uhost-1")], 230),
            ([("Region", "cn-sh2"), ("Zone", "cn-wlcb-01"), ("UHostId", "uhost-1")], 230),
            ([("Region", "cn-sh2"), ("Zone", "cn-sh2-01"), ("UHostId", "uhost-1")], 8039),
            (location("uhost-none"), 8039),
            (location("uhost-2"), 8039),
        ];
        for (parameters, expected) in cases {
            let response = cloud.call(action, &parameters).await;
            assert_eq!(ret_code(&response), expected, "{action} {parameters:?}");
        }
    }
    let mut in_project = location("uhost-2").to_vec();
    in_project.push(("ProjectId", "org-none"));
    assert_eq!(ret_code(&cloud.call(START, &in_project).await), 292);
    in_project[3].1 = "org-other";
    assert_eq!(ret_code(&cloud.call(START, &in_project).await), 0);
}

#[tokio::test]
async fn unknown_parameter_is_ignored() {
    let cloud = Cloud::new().await;
    let mut parameters = location("uhost-1").to_vec();
    parameters.push(("WithoutGPU", "true"));
    assert_eq!(ret_code(&cloud.call(START, &parameters).await), 0);
    cloud.advance(30);
    assert_eq!(cloud.described("uhost-1").await["GPU"], 1);
}

#[tokio::test]
async fn spot_instance_stop_requires_force() {
    let spot = json!({"UHostId": "uhost-1", "State": "Running", "IsSpot": true});
    let cloud = Cloud::with([spot]).await;
    check_refused(&cloud.call(STOP, &location("uhost-1")).await, 210, "Missing params [Force]");
    let mut parameters = location("uhost-1").to_vec();
    parameters.push(("Force", "true"));
    assert_eq!(ret_code(&cloud.call(STOP, &parameters).await), 0);
    assert_eq!(cloud.state("uhost-1").await.unwrap(), "Stopping");
}

#[tokio::test]
async fn interrupted_spot_instance_can_be_started() {
    let spot = json!({"UHostId": "uhost-1", "State": "Interrupted", "IsSpot": true});
    let cloud = Cloud::with([spot]).await;
    assert_eq!(cloud.operate(START, "uhost-1").await, 0);
    cloud.advance(30);
    assert_eq!(cloud.state("uhost-1").await.unwrap(), "Running");
}

#[tokio::test]
async fn start_and_stop_times_are_recorded() {
    let cloud =
        Cloud::of(Options { instances: vec![json!({"UHostId": "uhost-1"})], ..stepped() }).await;
    let origin = 1_767_225_600;
    cloud.advance(100);
    cloud.operate(START, "uhost-1").await;
    cloud.advance(1000);
    cloud.operate(STOP, "uhost-1").await;
    cloud.advance(1000);
    let instance = cloud.described("uhost-1").await;
    assert_eq!(instance["StartTime"], origin + 100);
    // The end of the stop, not the time of the describe.
    assert_eq!(instance["StopTime"], origin + 1120);
    assert_eq!(instance["UpdateTime"], (origin + 1120).to_string());
    // The origin is 08:00 in Beijing.
    assert_eq!(instance["ReleaseTime"], origin + 4 * 60 * 60 + 7 * 24 * 60 * 60);
}
