//! Stops and destroys.

use std::time::Duration;

use serde_json::{Value as Json, json};
use terraform_provider_compshare::simulator::{Effect, Fault, Simulator};

use super::setup::{
    ID, cloud_with, configuration, describes, merged, reporting, starts_and_stops, stored_state,
    wait_until,
};
use crate::support::{actions::STOP, terraform_core::Terraform};

/// A running instance in the state, with `stop_on_destroy`.
async fn running(more: Json) -> (Simulator, Terraform) {
    let (simulator, mut terraform) = cloud_with(json!({"State": "Running"})).await;
    let state = merged(json!({"stop_on_destroy": true}), more);
    terraform.set_state(&stored_state("Running", state));
    (simulator, terraform)
}

fn forced(simulator: &Simulator) -> Vec<Option<String>> {
    let calls = simulator.calls();
    let stops = calls.iter().filter(|call| call.action == STOP);
    stops.map(|call| call.parameters.get("Force").cloned()).collect()
}

#[tokio::test]
async fn normal_stop_is_not_forced() {
    let (simulator, mut terraform) = running(json!({})).await;
    terraform.destroy().await.unwrap();
    assert_eq!(starts_and_stops(&simulator), (0, 1));
    assert!(!forced(&simulator).contains(&Some("true".to_owned())));
    assert_eq!(simulator.instance(ID).unwrap()["State"], "Stopped");
}

#[tokio::test]
async fn stop_of_a_spot_instance_is_forced() {
    let spot = || json!({"State": "Running", "IsSpot": true});
    let stop = json!({"state": "Stopped"});
    let (simulator, mut terraform) = cloud_with(spot()).await;
    terraform.run(configuration(stop.clone())).await.unwrap();
    assert_eq!(forced(&simulator), [Some("true".to_owned())]);
    assert_eq!(terraform.attribute("state"), "Stopped");

    let (simulator, mut terraform) = running(json!({})).await;
    simulator.patch(ID, spot());
    terraform.destroy().await.unwrap();
    assert_eq!(forced(&simulator), [Some("true".to_owned())]);

    // With `force_stop`, any stop is forced.
    let (simulator, mut terraform) = cloud_with(json!({"State": "Running"})).await;
    terraform.run(configuration(merged(stop, json!({"force_stop": true})))).await.unwrap();
    assert_eq!(forced(&simulator), [Some("true".to_owned())]);
}

#[tokio::test]
async fn refused_spot_stop_names_the_argument() {
    let (simulator, mut terraform) = cloud_with(json!({"State": "Running", "IsSpot": true})).await;
    simulator.add_fault(Fault::report(json!({"IsSpot": null})).forever());
    let errors = terraform.run(configuration(json!({"state": "Stopped"}))).await.unwrap_err();
    errors.says("Unable to Stop Instance: Force Required", &["force_stop = true", "210", ID]);
    assert_eq!(starts_and_stops(&simulator), (0, 1));
}

#[tokio::test]
async fn destroy_of_absent_instance_confirms_absence() {
    let (simulator, mut terraform) = running(json!({})).await;
    simulator.remove(ID);
    terraform.destroy().await.unwrap();
    assert!(terraform.state().is_none());
    assert_eq!((starts_and_stops(&simulator), describes(&simulator)), ((0, 0), 2));
}

#[tokio::test]
async fn instance_that_vanishes_while_stopping_is_destroyed() {
    let (simulator, mut terraform) = running(json!({})).await;
    let plan = terraform.plan_destroy().await.unwrap();
    simulator.add_fault(reporting("Stopping", 3));
    let vanishes = async {
        wait_until(|| simulator.count(STOP) == 1).await;
        simulator.remove(ID);
    };
    tokio::join!(terraform.apply(plan), vanishes).0.unwrap();
    assert!(terraform.state().is_none());
}

#[tokio::test]
async fn destroy_with_refused_keys_keeps_the_state() {
    let (simulator, mut terraform) = running(json!({})).await;
    simulator.add_fault(Fault::refuse(171, "Signature VerifyAC Error").forever());
    let errors = terraform.destroy().await.unwrap_err();
    errors.says("Unable to Read Instance: Invalid API Keys", &["171", "keys"]);
    assert_eq!(terraform.attribute("state"), "Running");
    assert_eq!(starts_and_stops(&simulator), (0, 0));
}

#[tokio::test]
async fn destroy_with_refused_stop_keeps_the_state() {
    let (simulator, mut terraform) = running(json!({})).await;
    simulator.add_fault(Fault::refuse(299, "no permission").on_action(STOP));
    terraform
        .destroy()
        .await
        .unwrap_err()
        .says("Unable to Stop Instance: Permission Denied", &["299"]);
    assert!(terraform.state().is_some());
    assert_eq!(starts_and_stops(&simulator), (0, 1));
}

#[tokio::test]
async fn destroy_uses_the_stored_location() {
    let (simulator, mut terraform) = cloud_with(json!({"State": "Running"})).await;
    let mut elsewhere =
        Terraform::with(&simulator.url(), json!({"region": "cn-sh2", "max_retries": 0})).await;
    terraform.run(configuration(json!({"stop_on_destroy": true}))).await.unwrap();
    elsewhere.set_state(&stored_state("Running", json!({"stop_on_destroy": true})));
    elsewhere.destroy().await.unwrap();
    assert_eq!(starts_and_stops(&simulator), (0, 1));
}

#[tokio::test]
async fn stop_handles_lock_and_lost_responses_like_start() {
    for (fault, stops) in [
        (Fault::refuse(8903, "InstanceOperationInProgress").times(2), 3),
        (Fault::new(Effect::LoseResponse), 1),
        (Fault::new(Effect::DropConnection), 2),
        (Fault::refuse(8438, "timed out"), 2),
        (Fault::new(Effect::Http { status: 502, body: String::new(), processed: true }), 1),
    ] {
        let (simulator, mut terraform) = running(json!({})).await;
        simulator.add_fault(fault.clone().on_action(STOP));
        terraform.destroy().await.unwrap();
        assert_eq!(starts_and_stops(&simulator), (0, stops), "{fault:?}");
    }
}

#[tokio::test]
async fn stop_is_repeated_while_an_image_is_made() {
    let (simulator, mut terraform) = running(json!({})).await;
    simulator.add_fault(Fault::refuse(8964, "image is being made").on_action(STOP).times(2));
    terraform.destroy().await.unwrap();
    assert_eq!(starts_and_stops(&simulator), (0, 3));
}

#[tokio::test]
async fn stop_that_falls_back_to_running_is_an_error() {
    let (simulator, mut terraform) = running(json!({})).await;
    let plan = terraform.plan(configuration(json!({"state": "Stopped"}))).await.unwrap();
    simulator.add_fault(reporting("Running", 1));
    simulator.add_fault(reporting("Stopping", 2));
    simulator.add_fault(reporting("Running", 100_000));
    let errors = terraform.apply(plan).await.unwrap_err();
    errors.says(
        "Unable to Stop Instance: Running Again",
        &["returned to `Running`", "is being billed"],
    );
    assert_eq!(terraform.attribute("state"), "Running");
    assert_eq!(starts_and_stops(&simulator), (0, 1));
}

#[tokio::test]
async fn destroy_uses_the_delete_timeout() {
    let timeouts = json!({"create": "1h", "update": "1h", "delete": "700ms"});
    let (simulator, mut terraform) = running(json!({"timeouts": timeouts})).await;
    simulator.patch(ID, json!({"State": "Resizing"}));
    let began = tokio::time::Instant::now();
    let errors = terraform.destroy().await.unwrap_err();
    assert!(began.elapsed() < Duration::from_secs(5));
    errors.says(
        "Unable to Stop Instance: Not Ready",
        &["700ms", "Resizing", "No instance was started or stopped"],
    );
    assert!(terraform.state().is_some());
    assert_eq!(starts_and_stops(&simulator), (0, 0));
}

#[tokio::test]
async fn instance_stuck_in_its_start_is_stopped() {
    for stuck in ["Starting", "Initializing"] {
        let (simulator, mut terraform) = running(json!({})).await;
        simulator.patch(ID, json!({"State": stuck}));
        terraform.destroy().await.unwrap();
        assert_eq!(starts_and_stops(&simulator), (0, 1), "{stuck}");
        assert_eq!(simulator.instance(ID).unwrap()["State"], "Stopped", "{stuck}");
    }
    // The API refuses the stop, and the start ends nevertheless.
    let (simulator, mut terraform) = running(json!({})).await;
    simulator.patch(ID, json!({"State": "Starting"}));
    simulator.add_fault(Fault::refuse(8905, "Operation not allowed").on_action(STOP));
    let plan = terraform.plan_destroy().await.unwrap();
    let ends = async {
        wait_until(|| simulator.count(STOP) == 1).await;
        let before = describes(&simulator);
        wait_until(|| describes(&simulator) > before + 20).await;
        simulator.patch(ID, json!({"State": "Running"}));
    };
    tokio::join!(terraform.apply(plan), ends).0.unwrap();
    assert_eq!(starts_and_stops(&simulator), (0, 2));
}

#[tokio::test]
async fn starting_instance_is_stopped_once_running() {
    let (simulator, mut terraform) = running(json!({})).await;
    simulator.add_fault(reporting("Starting", 5));
    terraform.destroy().await.unwrap();
    assert_eq!(starts_and_stops(&simulator), (0, 1));
    assert!(describes(&simulator) > 5);
}
