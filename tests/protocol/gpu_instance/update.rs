//! Changes in place: name, size and system disk.

use serde_json::json;
use terraform_provider_compshare::simulator::{Effect, Fault};

use super::{
    super::setup::merged,
    setup::{changes, config, created},
};
use crate::support::{
    actions::{RESIZE, START},
    terraform_core::{Action, UNKNOWN},
};

#[tokio::test]
async fn name_is_changed_in_place() {
    let (simulator, mut terraform, id) = created(json!({})).await;
    let plan = terraform.plan(config(json!({"name": "训练-2"}))).await.unwrap();
    assert_eq!((plan.action, plan.unknown().len()), (Action::Update, 0));
    terraform.apply(plan).await.unwrap();
    assert_eq!(changes(&simulator), ["ModifyName"]);
    assert_eq!(simulator.instance(&id).unwrap()["Name"], "训练-2");
    terraform.refresh().await.unwrap();
    let plan = terraform.plan(config(json!({"name": "训练-2"}))).await.unwrap();
    assert_eq!(plan.action, Action::NoOp);
}

#[tokio::test]
async fn running_instance_is_resized_only_if_it_may_be_stopped() {
    let (simulator, mut terraform, id) = created(json!({})).await;
    let errors = terraform.plan(config(json!({"gpu_count": 2}))).await.unwrap_err();
    errors
        .says("Unable to Resize Instance: Stop Not Allowed", &[&id, "is running"])
        .at("allow_stopping_for_update");
    let larger = json!({"gpu_count": 2, "allow_stopping_for_update": true});
    let plan = terraform.plan(config(larger.clone())).await.unwrap();
    assert_eq!(plan.action, Action::Update);
    assert_eq!(
        (plan.attribute("cpu"), plan.attribute("public_ip")),
        (json!(UNKNOWN), json!(UNKNOWN))
    );
    terraform.apply(plan).await.unwrap();
    assert_eq!(changes(&simulator), ["Stop", "Resize", "Start"]);
    for (attribute, value) in [
        ("gpu_count", json!(2)),
        ("cpu", json!(32)),
        ("memory_gb", json!(128)),
        ("state", json!("Running")),
    ] {
        assert_eq!(terraform.attribute(attribute), value, "{attribute}");
    }
    terraform.refresh().await.unwrap();
    assert_eq!(terraform.plan(config(larger)).await.unwrap().action, Action::NoOp);
}

#[tokio::test]
async fn stopped_instance_is_resized_and_stays_stopped() {
    let (simulator, mut terraform, id) = created(json!({})).await;
    simulator.patch(&id, json!({"State": "Stopped"}));
    terraform.refresh().await.unwrap();
    terraform.run(config(json!({"memory_gb": 94}))).await.unwrap();
    assert_eq!(changes(&simulator), ["Resize"]);
    assert_eq!(terraform.attribute("state"), "Stopped");
    assert_eq!(simulator.instance(&id).unwrap()["Memory"], 94 * 1024);
}

#[tokio::test]
async fn lost_responses_to_a_resize_are_handled() {
    let http = |status, processed| Effect::Http { status, body: String::new(), processed };
    for (effect, action, resizes, starts) in [
        (Effect::LoseResponse, RESIZE, 1, 1),
        (Effect::DropConnection, RESIZE, 2, 1),
        (http(502, true), RESIZE, 1, 1),
        (http(502, false), RESIZE, 2, 1),
        (Effect::LoseResponse, START, 1, 1),
        (Effect::DropConnection, START, 1, 2),
    ] {
        let (simulator, mut terraform, id) = created(json!({})).await;
        simulator.add_fault(Fault::new(effect.clone()).on_action(action));
        let larger = json!({"gpu_count": 2, "allow_stopping_for_update": true});
        terraform.run(config(larger)).await.unwrap();
        let counts = (simulator.count(RESIZE), simulator.count(START));
        assert_eq!(counts, (resizes, starts), "{effect:?} of {action}");
        assert_eq!(simulator.instance(&id).unwrap()["State"], "Running");
    }
}

#[tokio::test]
async fn resize_without_capacity_says_what_is_stopped() {
    let (simulator, mut terraform, id) = created(json!({})).await;
    simulator.add_fault(Fault::new(Effect::SoldOut).on_action(RESIZE).forever());
    let larger = json!({"gpu_count": 2, "allow_stopping_for_update": true});
    let errors = terraform.run(config(larger.clone())).await.unwrap_err();
    errors.says(
        "Unable to Resize Instance: Zone Sold Out",
        &[&id, "The provider stopped the instance", "wait_for_capacity"],
    );
    assert_eq!(terraform.attribute("gpu_count"), 1);
    simulator.clear_faults();
    terraform.run(config(larger)).await.unwrap();
    assert_eq!(terraform.attribute("gpu_count"), 2);
}

#[tokio::test]
async fn system_disk_is_extended_in_place() {
    let (simulator, mut terraform, id) = created(json!({})).await;
    let larger = json!({"boot_disk_gb": 200, "allow_stopping_for_update": true});
    let plan = terraform.plan(config(larger.clone())).await.unwrap();
    assert_eq!(plan.action, Action::Update);
    terraform.apply(plan).await.unwrap();
    assert_eq!(simulator.instance(&id).unwrap()["DiskSet"][0]["Size"], 200);
    terraform.refresh().await.unwrap();
    assert_eq!(terraform.plan(config(larger)).await.unwrap().action, Action::NoOp);
    assert_eq!(terraform.attribute("state"), "Running");
}

#[tokio::test]
async fn size_and_disk_are_changed_with_one_stop() {
    let (simulator, mut terraform, id) = created(json!({})).await;
    let both = json!({"gpu_count": 2, "boot_disk_gb": 200, "allow_stopping_for_update": true});
    terraform.run(config(both)).await.unwrap();
    let calls = changes(&simulator);
    assert_eq!(calls.iter().filter(|call| *call == "Stop").count(), 1, "{calls:?}");
    assert_eq!(calls.last().unwrap(), "Start");
    let instance = simulator.instance(&id).unwrap();
    assert_eq!((&instance["GPU"], &instance["DiskSet"][0]["Size"]), (&json!(2), &json!(200)));
}

#[tokio::test]
async fn no_gpu_mode_is_no_drift_and_refuses_a_resize() {
    let (simulator, mut terraform, id) = created(json!({})).await;
    let small = json!({"GPU": 0, "SrcInstanceConfig": {"Cpu": 16, "Memory": 65536, "Gpu": 1}});
    for state in ["Running", "Stopped"] {
        simulator.patch(&id, merged(json!({"State": state}), small.clone()));
        terraform.refresh().await.unwrap();
        let plan = terraform.plan(config(json!({}))).await.unwrap();
        assert_eq!(plan.action, Action::NoOp, "{state}");
        let explicit = json!({"gpu_count": 1, "cpu": 16, "memory_gb": 64});
        let plan = terraform.plan(config(explicit)).await.unwrap();
        assert_eq!(plan.action, Action::NoOp, "{state}");
    }
    let larger = json!({"gpu_count": 2, "allow_stopping_for_update": true});
    let errors = terraform.run(config(larger)).await.unwrap_err();
    errors.says("Unable to Resize Instance: In No-GPU Mode", &[&id, "without_gpu = false"]);
    assert!(changes(&simulator).is_empty());
}

#[tokio::test]
async fn changes_without_a_request_are_refused() {
    let created_with = json!({"remark": "one", "firewall_id": "fw-1"});
    let (simulator, terraform, id) = created(created_with.clone()).await;
    for (attribute, value) in [
        ("remark", json!("two")),
        ("firewall_id", json!("fw-2")),
        ("boot_disk_type", json!("CLOUD_RSSD")),
    ] {
        let changed = config(merged(created_with.clone(), json!({attribute: value})));
        let errors = terraform.plan(changed).await.unwrap_err();
        errors
            .says("Unable to Change Instance: Cannot Be Changed", &[&id, attribute])
            .at(attribute);
    }
    // A removed remark is kept.
    let plan = terraform.plan(config(json!({"firewall_id": "fw-1"}))).await.unwrap();
    assert_eq!(plan.action, Action::NoOp);
    assert!(changes(&simulator).is_empty());
}
