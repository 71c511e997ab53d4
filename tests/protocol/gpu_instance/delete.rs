//! Deletes, which end when the absence of the instance is confirmed.

use std::time::Duration;

use serde_json::{Value as Json, json};
use terraform_provider_compshare::simulator::{Effect, Fault, Options};

use super::setup::{changes, config, created, of};
use crate::support::actions::{STOP, TERMINATE};

#[tokio::test]
async fn instance_is_stopped_and_deleted_in_every_state() {
    for (fields, expected) in [
        (json!({}), vec!["Stop", "Terminate"]),
        (json!({"State": "Stopped"}), vec!["Terminate"]),
        (json!({"State": "Install Fail"}), vec!["Terminate"]),
        (json!({"State": "Interrupted", "IsSpot": true}), vec!["Terminate"]),
        (json!({"State": "Starting"}), vec!["Stop", "Terminate"]),
    ] {
        let (simulator, mut terraform, id) = created(json!({})).await;
        simulator.patch(&id, fields.clone());
        terraform.refresh().await.unwrap();
        terraform.destroy().await.unwrap();
        assert!(terraform.state().is_none());
        assert_eq!(changes(&simulator), expected, "{fields}");
        assert!(simulator.instances().is_empty(), "{fields}");
    }
}

#[tokio::test]
async fn spot_instance_is_stopped_by_force() {
    let (simulator, mut terraform, _) = created(json!({"charge_type": "Spot"})).await;
    assert_eq!(terraform.attribute("charge_type"), "Spot");
    terraform.destroy().await.unwrap();
    let calls = simulator.calls();
    let stop = calls.iter().find(|call| call.action == STOP).unwrap();
    assert_eq!(stop.parameters["Force"], "true");
}

#[tokio::test]
async fn delete_is_confirmed_before_the_state_is_removed() {
    let terminate_time = Duration::from_millis(60);
    let (simulator, mut terraform) = of(Options { terminate_time, ..Options::default() }).await;
    terraform.run(config(json!({}))).await.unwrap();
    terraform.destroy().await.unwrap();
    assert!(simulator.instances().is_empty());
    assert_eq!(changes(&simulator), ["Create", "Stop", "Terminate"]);
}

#[tokio::test]
async fn absent_instance_is_deleted() {
    let (simulator, mut terraform, id) = created(json!({})).await;
    simulator.remove(&id);
    terraform.destroy().await.unwrap();
    assert!(changes(&simulator).is_empty());
}

#[tokio::test]
async fn refused_and_lost_terminates_are_repeated() {
    let http = |status, processed| Effect::Http { status, body: String::new(), processed };
    let refuse = |ret_code| Effect::Refuse { ret_code, message: "refused".to_owned() };
    for (effect, times, expected) in [
        (refuse(8010), 5, 6),
        (refuse(8905), 5, 6),
        (refuse(8903), 2, 3),
        (refuse(226_609), 2, 3),
        (refuse(8964), 2, 3),
        (refuse(8438), 1, 2),
        (Effect::LoseResponse, 1, 1),
        (Effect::DropConnection, 1, 2),
        (http(502, true), 1, 1),
        (http(502, false), 1, 2),
    ] {
        let (simulator, mut terraform, _) = created(json!({})).await;
        simulator.add_fault(Fault::new(effect.clone()).on_action(TERMINATE).times(times));
        terraform.destroy().await.unwrap();
        assert_eq!(simulator.count(TERMINATE), expected, "{effect:?}");
        assert!(simulator.instances().is_empty(), "{effect:?}");
    }
}

#[tokio::test]
async fn terminate_of_a_missing_instance_is_success() {
    for code in [8039, 8351] {
        let (simulator, mut terraform, id) = created(json!({})).await;
        let plan = terraform.plan_destroy().await.unwrap();
        simulator.add_fault(Fault::refuse(code, "not exist").on_action(TERMINATE));
        let vanish = async {
            super::super::setup::wait_until(|| simulator.count(TERMINATE) == 1).await;
            simulator.remove(&id);
        };
        tokio::join!(terraform.apply(plan), vanish).0.unwrap();
    }
}

#[tokio::test]
async fn failed_delete_keeps_the_state() {
    let (simulator, mut terraform, id) = created(json!({})).await;
    simulator.add_fault(Fault::refuse(299, "no permission").on_action(TERMINATE).forever());
    let errors = terraform.destroy().await.unwrap_err();
    errors.says(
        "Unable to Delete Instance: Permission Denied",
        &[&id, "The provider stopped the instance", "data disks"],
    );
    assert_eq!(terraform.attribute("id"), Json::from(id));
}

#[tokio::test]
async fn data_disks_are_released_on_request_only() {
    for release in [false, true] {
        let (simulator, mut terraform, _) = created(json!({"release_data_disks": release})).await;
        terraform.destroy().await.unwrap();
        let calls = simulator.calls();
        let terminate = calls.iter().find(|call| call.action == TERMINATE).unwrap();
        assert_eq!(terminate.parameters["ReleaseUDisk"], release.to_string());
    }
}

#[tokio::test]
async fn protected_instance_is_not_deleted() {
    let (simulator, mut terraform, id) = created(json!({"deletion_protection": true})).await;
    let errors = terraform.plan_destroy().await.unwrap_err();
    errors.says("Unable to Delete Instance: Deletion Protection", &[&id]).at("deletion_protection");
    terraform.run(config(json!({}))).await.unwrap();
    terraform.destroy().await.unwrap();
    assert_eq!(changes(&simulator), ["Stop", "Terminate"]);
}
