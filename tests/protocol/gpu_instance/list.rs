//! `terraform query` for instances, and generated configuration.

use serde_json::json;

use super::{
    super::setup::cloud_with,
    setup::{created, next_run},
};
use crate::support::{calls::Calls as _, terraform_core::Action};

#[tokio::test]
async fn listed_instance_is_the_imported_one() {
    let (simulator, terraform, id) = created(json!({"remark": "团队"})).await;
    let next = next_run(&simulator, &terraform).await;
    let listed = next.query(&json!({"name_regex": "^train"}), true, 10).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].name, format!("trainer ({id})"));
    assert_eq!(listed[0].identity, json!({"instance_id": id, "project_id": null}));
    simulator.assert_no_mutating_calls();
}

#[tokio::test]
async fn generated_configuration_of_any_instance_plans_empty() {
    for fields in [
        json!({"State": "Running"}),
        json!({"State": "Stopped", "IsSpot": true, "Name": "带 空格"}),
        json!({"ChargeType": "Month", "Remark": "by hand"}),
        json!({"State": "Running", "GPU": 0}),
        json!({"InstanceType": "Container"}),
    ] {
        let (simulator, terraform) = cloud_with(fields.clone()).await;
        let mut terraform = terraform.resource("compshare_instance");
        terraform.import("uhost-1").await.unwrap();
        let config = terraform.generate_config().await;
        assert_eq!(config["zone"], "cn-wlcb-01");
        let plan = terraform.plan(config).await.unwrap();
        assert_eq!(plan.action, Action::NoOp, "{fields}");
        simulator.assert_no_mutating_calls();
    }
}
