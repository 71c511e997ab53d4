//! Lists ahead of the checks of a plan that creates many resources.

use futures_util::future::join_all;
use serde_json::json;
use terraform_provider_compshare::simulator::{Fault, Options, Simulator};

use super::setup::{cloud, describes};
use crate::support::{
    actions::DESCRIBE,
    terraform_core::{Errors, Terraform},
};

async fn fleet(count: usize) -> (Simulator, Terraform) {
    let instances = (0..count).map(|n| json!({"UHostId": format!("uhost-{n}")})).collect();
    cloud(Options { instances, ..Options::default() }).await
}

/// Plans resources for these instances, ten at a time.
async fn plan(terraform: &Terraform, instances: std::ops::Range<usize>) -> Vec<Result<(), Errors>> {
    let mut results = Vec::new();
    let ids: Vec<_> = instances.map(|n| json!({"instance_id": format!("uhost-{n}")})).collect();
    for round in ids.chunks(10) {
        let plans = round
            .iter()
            .map(async |config| terraform.another().plan(config.clone()).await.map(drop));
        results.extend(join_all(plans).await);
    }
    results
}

/// Numbers of instances in each describe; 0 for a list.
fn described(simulator: &Simulator) -> Vec<usize> {
    let calls = simulator.calls();
    calls.iter().filter(|call| call.action == DESCRIBE).map(|call| call.instances.len()).collect()
}

#[tokio::test]
async fn plan_of_many_instances_lists_them() {
    let (simulator, terraform) = fleet(90).await;
    assert!(plan(&terraform, 0..90).await.iter().all(Result::is_ok));
    let described = described(&simulator);
    assert_eq!(described.iter().filter(|ids| **ids == 0).count(), 1, "{described:?}");
    assert!(described.len() <= 6, "two rounds and a list: {described:?}");
}

#[tokio::test]
async fn plan_of_few_instances_does_not_list() {
    let (simulator, terraform) = fleet(10).await;
    plan(&terraform, 0..9).await;
    plan(&terraform, 9..10).await;
    assert!(!described(&simulator).contains(&0));
}

#[tokio::test]
async fn instance_that_is_not_listed_is_described() {
    let (_simulator, terraform) = fleet(30).await;
    let results = plan(&terraform, 0..40).await;
    for (n, result) in results.into_iter().enumerate() {
        match result {
            Ok(()) => assert!(n < 30),
            Err(errors) => {
                assert!(n >= 30);
                errors.says("Unable to Start Instance: Instance Not Found", &[]);
            }
        }
    }
}

#[tokio::test]
async fn failed_list_does_not_fail_the_plan() {
    let (simulator, terraform) = fleet(40).await;
    assert!(plan(&terraform, 0..10).await.iter().all(Result::is_ok));
    let before = describes(&simulator);
    // The list is requested beside a describe, in either order.
    simulator.add_fault(Fault::refuse(299, "no permission").on_action(DESCRIBE).times(1));
    plan(&terraform, 10..20).await;
    assert!(plan(&terraform, 20..40).await.iter().all(Result::is_ok));
    assert!(describes(&simulator) > before);
}

#[tokio::test]
async fn apply_does_not_list() {
    let (simulator, terraform) = fleet(40).await;
    for n in 0..20 {
        let mut terraform = terraform.another();
        terraform.run(json!({"instance_id": format!("uhost-{n}")})).await.unwrap();
    }
    assert!(!described(&simulator).contains(&0));
}
