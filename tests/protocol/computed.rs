//! Computed attributes of the resource: their source, and their values in the two plans of an apply.

use serde_json::{Value as Json, json};
use terraform_provider_compshare::simulator::Fault;

use super::setup::{
    ID, cloud_with, configuration, describes, merged, starts_and_stops, stored_state,
};
use crate::support::{actions::DESCRIBE, terraform_core::Action};

/// An instance that reports all facts.
fn running() -> Json {
    json!({
        "State": "Running", "IsSpot": true, "ReleaseTime": 4_000_000_000_i64,
        "SchedulerStopTime": 4_000_000_060_i64,
    })
}

#[track_caller]
fn assert_attributes(terraform: &crate::support::terraform_core::Terraform, expected: &Json) {
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(terraform.attribute(name), *value, "{name}");
    }
}

#[tokio::test]
async fn computed_attributes_need_no_request_of_their_own() {
    let (simulator, mut terraform) = cloud_with(running()).await;
    terraform.run(configuration(json!({}))).await.unwrap();
    assert_eq!(describes(&simulator), 2, "one in the plan, and one in the apply");
    let expected = json!({
        "charge_type": "Postpay", "is_spot": true, "price_cny": 1.98, "gpu_count": 1,
        "gpu_type": "4090", "public_ip": "203.0.113.2", "private_ip": "10.60.0.2",
        "ssh_host": "203.0.113.2", "ssh_port": 23, "ssh_user": "root",
        "reclaim_at": "2096-10-02T07:06:40Z", "scheduled_stop_at": "2096-10-02T07:07:40Z",
        "without_gpu": false,
    });
    assert_attributes(&terraform, &expected);
    let state = format!("{:?}", terraform.state());
    for secret in ["demo-password", "ZGVtby1wYXNzd29yZA==", "ssh -p", ":8888"] {
        assert!(!state.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn stopped_instance_has_no_login() {
    let (_simulator, mut terraform) = cloud_with(json!({"State": "Running"})).await;
    terraform.run(configuration(json!({}))).await.unwrap();
    let plan = terraform.plan(configuration(json!({"state": "Stopped"}))).await.unwrap();
    let expected = json!({"ssh_host": null, "ssh_port": null, "ssh_user": null, "gpu_count": 0});
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(plan.attribute(name), *value, "{name}");
    }
    terraform.apply(plan).await.unwrap();
    assert_attributes(&terraform, &expected);
    terraform.refresh().await.unwrap();
    assert_attributes(&terraform, &expected);
}

#[tokio::test]
async fn unreported_facts_keep_their_values() {
    let (simulator, mut terraform) = cloud_with(running()).await;
    terraform.run(configuration(json!({}))).await.unwrap();
    let before = terraform.state().unwrap().value.clone();
    let missing = json!({
        "Name": null, "GPU": null, "GpuType": null, "ChargeType": null, "InstancePrice": null,
        "IsSpot": null, "StartTime": null, "IPSet": null, "SshLoginCommand": null, "Zone": null,
    });
    simulator.add_fault(Fault::report(missing).on_action(DESCRIBE));
    terraform.refresh().await.unwrap();
    assert_eq!(terraform.state().unwrap().value, before);

    let absent = json!({
        "ReleaseTime": 0, "SchedulerStopTime": "0",
        "IPSet": [{"IP": "10.60.0.9", "Type": "Private"}],
    });
    simulator.add_fault(Fault::report(absent).on_action(DESCRIBE));
    terraform.refresh().await.unwrap();
    let expected = json!({
        "reclaim_at": null, "scheduled_stop_at": null, "public_ip": null, "private_ip": "10.60.0.9",
    });
    assert_attributes(&terraform, &expected);
}

/// Everything that the API can report differently between the two plans of an apply.
fn changed() -> Json {
    json!({
        "Name": "另一个名字", "GpuType": "H800", "ChargeType": "Dynamic", "IsSpot": false,
        "InstancePrice": 9.5, "ReleaseTime": 4_100_000_000_i64, "SchedulerStopTime": 0,
        "SshLoginCommand": "ssh -p 24 ubuntu@203.0.113.9",
        "IPSet": [{"IP": "10.60.0.9", "Type": "Private"}, {"IP": "203.0.113.9", "Type": "Bgp"}],
    })
}

/// The stand-in for core compares both plans and the result.
#[tokio::test]
async fn facts_may_change_between_the_plans_of_an_apply() {
    let stored = |state: &str| Some(stored_state(state, json!({"price_cny": 1.98})));
    let without = json!({"without_gpu": true, "allow_stopping_for_update": true});
    let with = json!({"allow_stopping_for_update": true});
    for (state, prior, config, calls) in [
        ("Stopped", None, json!({}), (1, 0)),
        ("Stopped", None, json!({"without_gpu": true}), (1, 0)),
        ("Running", None, json!({}), (0, 0)),
        ("Running", None, json!({"state": "Stopped"}), (0, 1)),
        ("Running", None, without.clone(), (1, 1)),
        ("Stopped", stored("Stopped"), json!({}), (1, 0)),
        ("Stopped", stored("Stopped"), with.clone(), (1, 0)),
        ("Running", stored("Running"), json!({"state": "Stopped"}), (0, 1)),
        ("Running", stored("Running"), without, (1, 1)),
        ("Running", stored("Running"), json!({"force_stop": true}), (0, 0)),
    ] {
        // The describe of the second plan succeeds or fails.
        for fails in [false, true] {
            let (simulator, mut terraform) = cloud_with(json!({"State": state})).await;
            prior.iter().for_each(|prior| terraform.set_state(prior));
            let plan = terraform.plan(configuration(config.clone())).await.unwrap();
            simulator.patch(ID, changed());
            if config["without_gpu"] == true {
                // The mode requires pay-as-you-go.
                simulator.patch(ID, json!({"ChargeType": "Postpay"}));
            }
            if fails {
                simulator.add_fault(Fault::refuse(8433, "upstream").on_action(DESCRIBE));
            }
            // Terraform applies in another process, which has described nothing yet.
            let mut terraform = terraform.in_another_process(&simulator.url()).await;
            terraform.configure(json!({"max_retries": 0})).await.unwrap();
            let changes_facts = prior.is_none() || calls != (0, 0);
            assert_eq!(plan.unknown().contains(&"price_cny"), changes_facts, "{config}");
            terraform.apply(plan).await.unwrap_or_else(|errors| panic!("{config}: {errors:?}"));
            assert_eq!(starts_and_stops(&simulator), calls, "{state} {config}");
            let price = &terraform.attribute("price_cny");
            assert_ne!(*price, Json::Null, "{config}");
            assert_eq!(*price != 1.98, changes_facts, "{config}");
            simulator.clear_faults();
            terraform.refresh().await.unwrap();
            let again = terraform.plan(configuration(config.clone())).await.unwrap();
            assert_eq!(again.action, Action::NoOp, "{config}");
        }
    }
}

/// `without_gpu` that is not configured follows the instance, even if that changes in between.
#[tokio::test]
async fn mode_may_change_between_the_plans_of_an_apply() {
    for (before, after, without_gpu, calls) in [
        (json!({"State": "Running"}), json!({"GPU": 0}), true, (0, 0)),
        (json!({"State": "Running", "GPU": 0}), json!({"GPU": 1}), false, (0, 0)),
        (json!({"State": "Running", "GPU": 0}), json!({"State": "Stopped"}), false, (1, 0)),
        (json!({}), json!({"State": "Running", "GPU": 0}), true, (0, 0)),
    ] {
        for prior in [None, Some(stored_state("Stopped", json!({"without_gpu": true})))] {
            let (simulator, mut terraform) = cloud_with(before.clone()).await;
            prior.iter().for_each(|prior| terraform.set_state(prior));
            let plan = terraform.plan(configuration(json!({}))).await.unwrap();
            simulator.patch(ID, after.clone());
            let mut terraform = terraform.in_another_process(&simulator.url()).await;
            terraform.configure(json!({"max_retries": 0})).await.unwrap();
            terraform.apply(plan).await.unwrap();
            assert_eq!(terraform.attribute("without_gpu"), without_gpu, "{before} {after}");
            assert_eq!(starts_and_stops(&simulator), calls, "{before} {after}");
            terraform.refresh().await.unwrap();
            let again = terraform.plan(configuration(json!({}))).await.unwrap();
            assert_eq!(again.action, Action::NoOp, "{before} {after}");
        }
    }
}

#[tokio::test]
async fn state_without_the_new_attributes_gets_them_in_a_refresh() {
    let (_simulator, mut terraform) = cloud_with(running()).await;
    terraform.set_state(&merged(stored_state("Running", json!({})), json!({"name": null})));
    terraform.refresh().await.unwrap();
    assert_attributes(&terraform, &json!({"public_ip": "203.0.113.2", "ssh_port": 23}));
}
