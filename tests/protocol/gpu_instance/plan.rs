//! Plans: prices, sizes, replacements, imports.

use serde_json::json;
use terraform_provider_compshare::simulator::{Effect, Fault};

use super::{
    super::setup::only,
    setup::{changes, config, created, empty, next_run},
};
use crate::support::{
    actions::DESCRIBE,
    calls::Calls as _,
    terraform_core::{Action, UNKNOWN},
};

#[tokio::test]
async fn plan_shows_the_price() {
    for (charge_type, title, says) in [
        ("Postpay", "New Instance Is Billed While It Runs", "costs 1.98 CNY per hour"),
        ("Spot", "New Spot Instance Is Billed While It Runs", "CNY per hour"),
        ("Day", "New Instance Is Prepaid", "CNY per day"),
        ("Month", "New Instance Is Prepaid", "CNY per month"),
    ] {
        let (_simulator, terraform) = empty().await;
        let plan = terraform.plan(config(json!({"charge_type": charge_type}))).await.unwrap();
        let warning = only(&plan.warnings);
        assert_eq!(warning.summary, title);
        assert!(warning.detail.contains(says), "{warning:?}");
        assert!(warning.detail.contains("1 × 4090, 16 cores, 64 GB"), "{warning:?}");
    }
}

#[tokio::test]
async fn size_that_is_not_sold_is_refused_with_the_sizes_on_sale() {
    let (simulator, terraform) = empty().await;
    for (size, reason, path) in [
        (json!({"gpu_count": 3}), "GPU Count Not Sold", "gpu_count"),
        (json!({"cpu": 17}), "Not Sold", "cpu"),
        (json!({"cpu": 16, "memory_gb": 1}), "Not Sold", "cpu"),
    ] {
        let errors = terraform.plan(config(size)).await.unwrap_err();
        errors
            .says(
                &format!("Unable to Choose Size: {reason}"),
                &["1 × GPU, 16 cores, 64 GB", "4090"],
            )
            .at(path);
    }
    let errors = terraform.plan(config(json!({"gpu_type": "9090"}))).await.unwrap_err();
    errors.says("Unable to Create Instance: GPU Model Not Sold", &["`4090`"]).at("gpu_type");
    simulator.assert_no_mutating_calls();
}

#[tokio::test]
async fn unreachable_api_does_not_hold_up_a_plan() {
    let (simulator, terraform) = empty().await;
    let unavailable = Effect::Http { status: 503, body: String::new(), processed: false };
    simulator.add_fault(Fault::new(unavailable).forever());
    let plan = terraform.plan(config(json!({}))).await.unwrap();
    assert_eq!(only(&plan.warnings).summary, "Unable to Check Plan: Service Unavailable");
}

#[tokio::test]
async fn unknown_values_are_planned_without_a_price() {
    let (simulator, terraform) = empty().await;
    for attribute in ["zone", "gpu_type", "image_id", "charge_type", "cpu", "max_price_cny"] {
        let plan = terraform.plan(config(json!({attribute: UNKNOWN}))).await.unwrap();
        assert!(plan.warnings.is_empty(), "{attribute}: {:?}", plan.warnings);
    }
    simulator.assert_no_calls();
}

#[tokio::test]
async fn only_configured_changes_replace() {
    let (simulator, terraform, id) = created(json!({})).await;
    for (attribute, value) in [
        ("zone", json!("cn-sh2-02")),
        ("gpu_type", json!("5090")),
        ("image_id", json!("compshareImage-demo")),
        ("charge_type", json!("Spot")),
        ("boot_disk_gb", json!(80)),
    ] {
        let plan = terraform.plan(config(json!({attribute: value}))).await.unwrap();
        assert_eq!(
            (plan.action, &plan.requires_replace[..]),
            (Action::Replace, &[attribute.to_owned()][..])
        );
        let warning = &plan.warnings[0];
        assert_eq!(warning.summary, "Replacement Deletes Instance and Its Data");
        assert!(warning.detail.contains(&id) && warning.detail.contains(attribute), "{warning:?}");
    }
    assert!(changes(&simulator).is_empty());
}

#[tokio::test]
async fn observed_values_never_replace() {
    let (simulator, mut terraform, id) = created(json!({})).await;
    let explicit = json!({"boot_disk_gb": 100, "charge_type": "Postpay"});
    for drift in [
        json!({"ChargeType": "Month"}),
        json!({"Zone": "cn-sh2-02", "Region": "cn-sh2"}),
        json!({"GpuType": "5090"}),
        json!({"CompShareImageId": "compshareImage-demo"}),
        json!({"DiskSet": [{"DiskId": "bsi-1", "IsBoot": "True", "Size": 500}]}),
        json!({"IsSpot": true}),
        json!({"GpuType": null, "CompShareImageId": null, "ChargeType": null, "DiskSet": null}),
        json!({"CPU": null, "Memory": null, "GPU": null}),
    ] {
        simulator.add_fault(Fault::report(drift.clone()).on_action(DESCRIBE).forever());
        terraform.refresh().await.unwrap();
        for config in [config(json!({})), config(explicit.clone())] {
            let plan = terraform.plan(config).await.unwrap();
            assert_eq!(plan.action, Action::NoOp, "{drift} of {id}");
        }
        simulator.clear_faults();
    }
}

#[tokio::test]
async fn protected_instance_is_not_replaced() {
    let (_simulator, terraform, id) = created(json!({"deletion_protection": true})).await;
    let other = json!({"zone": "cn-sh2-02", "deletion_protection": true});
    let errors = terraform.plan(config(other)).await.unwrap_err();
    errors.says("Unable to Replace Instance: Deletion Protection", &[&id]);
    let protected = config(json!({"deletion_protection": true}));
    let errors = terraform.plan_replace(protected).await.unwrap_err();
    errors.says("Unable to Replace Instance: Deletion Protection", &["trainer"]);
}

#[tokio::test]
async fn imported_instance_plans_empty_and_is_never_replaced() {
    let (simulator, terraform, id) = created(json!({"remark": "one"})).await;
    let mut terraform = next_run(&simulator, &terraform).await;
    terraform.import(&id).await.unwrap();
    for (attribute, value) in [
        ("name", json!("trainer")),
        ("remark", json!("one")),
        ("gpu_count", json!(1)),
        ("cpu", json!(16)),
        ("memory_gb", json!(64)),
        ("charge_type", json!("Postpay")),
        ("boot_disk_gb", json!(100)),
        ("region", json!("cn-wlcb")),
    ] {
        assert_eq!(terraform.attribute(attribute), value, "{attribute}");
    }
    let plan = terraform.plan(config(json!({}))).await.unwrap();
    assert_eq!(plan.action, Action::NoOp);
    // The API does not report the firewall: the configured one is taken as it is.
    let plan = terraform.plan(config(json!({"firewall_id": "fw-1"}))).await.unwrap();
    assert_eq!(plan.action, Action::Update);
    let errors =
        terraform.plan(config(json!({"image_id": "compshareImage-demo"}))).await.unwrap_err();
    errors.says("Unable to Manage Imported Instance: Would Be Replaced", &[&id, "`image_id`"]);
    assert!(changes(&simulator).is_empty());
}
