//! The describe of a plan as the first one of an operation in the same process: only for a start,
//! which the API refuses unless the instance is stopped.

use serde_json::json;
use terraform_provider_compshare::simulator::{Effect, Simulator};

use super::setup::{
    ID, cloud_with, configuration, describes, on_start, reporting, starts_and_stops,
};
use crate::support::{
    actions::{DESCRIBE, START},
    terraform_core::{Errors, Plan, Terraform},
};

/// A planned change of an instance in `state`.
async fn planned(state: &str, desired: &str) -> (Simulator, Terraform, Plan) {
    let (simulator, _) = cloud_with(json!({"State": state})).await;
    let terraform = Terraform::with_recent_describes(&simulator.url()).await;
    let plan = terraform.plan(configuration(json!({"state": desired}))).await.unwrap();
    assert_eq!(describes(&simulator), 1);
    (simulator, terraform, plan)
}

/// Applies `plan`, and returns the actions that were requested, in order.
async fn apply(
    simulator: &Simulator,
    terraform: &mut Terraform,
    plan: Plan,
) -> (Result<(), Errors>, Vec<String>) {
    simulator.clear_calls();
    let result = terraform.apply(plan).await.map(drop);
    (result, simulator.calls().into_iter().map(|call| call.action).collect())
}

#[tokio::test]
async fn start_follows_from_the_describe_of_the_plan() {
    let (simulator, mut terraform, plan) = planned("Stopped", "Running").await;
    let (result, actions) = apply(&simulator, &mut terraform, plan).await;
    result.unwrap();
    assert_eq!(actions[..2], [START, DESCRIBE]);
    assert_eq!(starts_and_stops(&simulator), (1, 0));
}

#[tokio::test]
async fn other_changes_follow_from_a_new_describe_only() {
    // State in the plan and in the apply, desired state; starts and stops.
    for (before, after, desired, expected) in [
        ("Running", "Stopped", "Stopped", (0, 0)),
        ("Running", "Stopped", "Running", (1, 0)),
        ("Stopped", "Running", "Stopped", (0, 1)),
        ("Install Fail", "Stopped", "Running", (1, 0)),
    ] {
        let (simulator, mut terraform, plan) = planned(before, desired).await;
        simulator.patch(ID, json!({"State": after}));
        let (result, actions) = apply(&simulator, &mut terraform, plan).await;
        result.unwrap();
        assert_eq!(actions[0], DESCRIBE, "{before} {after} {desired}");
        assert_eq!(starts_and_stops(&simulator), expected, "{before} {after} {desired}");
    }
}

#[tokio::test]
async fn instance_that_was_started_meanwhile_is_left_running() {
    for reported_first in ["Running", "Starting"] {
        let (simulator, mut terraform, plan) = planned("Stopped", "Running").await;
        simulator.patch(ID, json!({"State": "Running"}));
        simulator.add_fault(reporting(reported_first, 1));
        let (result, _) = apply(&simulator, &mut terraform, plan).await;
        result.unwrap();
        assert_eq!(terraform.attribute("state"), "Running");
        assert_eq!(starts_and_stops(&simulator), (1, 0), "one start, which the API refused");
    }
}

#[tokio::test]
async fn later_operation_describes_again_after_a_start() {
    let (simulator, mut terraform, plan) = planned("Stopped", "Running").await;
    simulator.add_fault(on_start(Effect::Refuse { ret_code: 8357, message: "sold out".into() }));
    let (result, _) = apply(&simulator, &mut terraform, plan).await;
    result.unwrap_err().says("Unable to Start Instance: Zone Sold Out", &[]);
    let mut another = terraform.another();
    let plan = another.plan(configuration(json!({}))).await.unwrap();
    let (result, actions) = apply(&simulator, &mut another, plan).await;
    result.unwrap();
    assert_eq!(actions[..2], [DESCRIBE, START]);
}
