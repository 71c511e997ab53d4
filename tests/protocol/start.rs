//! Starts: sent once, joined if one is in progress, never repeated without a describe.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use terraform_provider_compshare::simulator::{Effect, Fault, Garbage, Options, Simulator};

use super::setup::{
    ID, cloud, cloud_with, configuration, describes, on_start, reporting, starts_and_stops,
    stored_state, wait_until, without_repeats,
};
use crate::support::{
    actions::{DESCRIBE, START},
    closed_port::ClosedPort,
    terraform_core::{Errors, Terraform},
};

/// Applies a start of a stopped instance with `fault`.
async fn start_with(fault: Fault) -> (Simulator, Terraform, Result<(), Errors>) {
    let (simulator, mut terraform) = cloud_with(json!({})).await;
    let plan = terraform.plan(configuration(json!({}))).await.unwrap();
    simulator.add_fault(fault);
    let result = terraform.apply(plan).await.map(drop);
    (simulator, terraform, result)
}

/// Checks that the instance runs after `starts` starts.
#[track_caller]
fn check_runs(result: &(Simulator, Terraform, Result<(), Errors>), starts: usize) {
    let (simulator, terraform, result) = result;
    assert!(result.is_ok(), "{result:?}");
    assert_eq!(terraform.attribute("state"), "Running");
    assert_eq!(starts_and_stops(simulator), (starts, 0));
}

#[tokio::test]
async fn start_is_repeated_while_an_operation_is_in_progress() {
    let refusals = [
        (8903, "operation in progress"),
        (226_609, "busy"),
        (8443, "a start without gpu is processed"),
        (8964, "image is being made"),
        (226_620, "image synchronising"),
        (226_621, "disk migrating"),
        (226_622, "starting"),
        (226_628, "image synchronising to the zone"),
        (7777, "Error: InstanceOperationInProgress, try later"),
        (8357, "InstanceOperationInProgress"),
        (230, "InstanceOperationInProgress [Region]"),
    ];
    let refusal = |(code, message)| Fault::refuse(code, message).on_action(START).times(3);
    for result in join_all(refusals.map(refusal).map(start_with)).await {
        check_runs(&result, 4);
    }
}

#[tokio::test]
async fn refusal_as_already_starting_joins_that_start() {
    let (simulator, mut terraform) = cloud_with(json!({})).await;
    let plan = terraform.plan(configuration(json!({}))).await.unwrap();
    // Another client started the instance: it is `Running`, and describes lag behind.
    simulator.patch(ID, json!({"State": "Running"}));
    simulator.add_fault(reporting("Stopped", 1));
    simulator.add_fault(reporting("Starting", 3));
    simulator.add_fault(Fault::refuse(226_622, "Instance is starting").on_action(START));
    terraform.apply(plan).await.unwrap();
    assert_eq!(starts_and_stops(&simulator), (1, 0));
    assert_eq!(terraform.attribute("state"), "Running");
}

#[tokio::test]
async fn refusal_as_not_stopped_describes_again() {
    let (simulator, mut terraform) = cloud_with(json!({"State": "Running"})).await;
    simulator.add_fault(reporting("Stopped", 1));
    let plan = terraform.plan(configuration(json!({}))).await.unwrap();
    simulator.add_fault(reporting("Stopped", 1));
    terraform.apply(plan).await.unwrap();
    // The simulator refused with 8010, because the instance runs.
    assert_eq!(starts_and_stops(&simulator), (1, 0));
}

#[tokio::test]
async fn refused_state_is_repeated_a_limited_number_of_times() {
    let refusal = Fault::refuse(8905, "Operation not allowed").on_action(START).forever();
    let (simulator, terraform, result) = start_with(refusal).await;
    result.unwrap_err().says(
        "Unable to Start Instance: Not Allowed in This State",
        &["8905", "does not allow the operation"],
    );
    assert!(terraform.state().is_none());
    assert_eq!(starts_and_stops(&simulator).0, 4);
}

#[tokio::test]
async fn refusal_that_may_pass_is_repeated() {
    for code in [8367, 8436] {
        let refusal = Fault::refuse(code, "try again").on_action(START).times(2);
        check_runs(&start_with(refusal).await, 3);
    }
}

#[tokio::test]
async fn permanent_lock_ends_at_the_timeout() {
    let (simulator, mut terraform) = cloud_with(json!({})).await;
    let lock = Fault::refuse(8903, "InstanceOperationInProgress").on_action(START).forever();
    simulator.add_fault(lock);
    let config = configuration(json!({"timeouts": {"create": "500ms"}}));
    let errors = terraform.run(config).await.unwrap_err();
    errors.says(
        "Unable to Start Instance: Operation in Progress",
        &["timeout of 500ms", "(Stopped)", "8903", "InstanceOperationInProgress", "in progress"],
    );
    assert!(starts_and_stops(&simulator).0 >= 2, "{:?}", starts_and_stops(&simulator));
}

#[tokio::test]
async fn accepted_start_with_lost_response_is_sent_once() {
    for effect in [
        Effect::LoseResponse,
        Effect::Http { status: 502, body: "<html>".to_owned(), processed: true },
        Effect::Http { status: 504, body: String::new(), processed: true },
        Effect::Malformed(Garbage::Truncated),
        Effect::Malformed(Garbage::Html),
        Effect::Malformed(Garbage::WrongTypes),
    ] {
        check_runs(&start_with(on_start(effect)).await, 1);
    }
}

#[tokio::test]
async fn stale_describes_do_not_repeat_a_start() {
    let (simulator, mut terraform) = without_repeats().await;
    let plan = terraform.plan(configuration(json!({}))).await.unwrap();
    simulator.add_fault(on_start(Effect::LoseResponse));
    // The describe before the start, and three after it.
    simulator.add_fault(reporting("Stopped", 4));
    terraform.apply(plan).await.unwrap();
    assert_eq!(starts_and_stops(&simulator), (1, 0));
}

#[tokio::test]
async fn lost_start_is_repeated_after_a_describe() {
    for effect in [
        Effect::DropConnection,
        Effect::Http { status: 502, body: String::new(), processed: false },
        Effect::Http { status: 503, body: String::new(), processed: false },
        Effect::Refuse { ret_code: 8438, message: "upstream timed out".to_owned() },
        Effect::Refuse { ret_code: 8433, message: "upstream error".to_owned() },
        Effect::Refuse { ret_code: 150, message: "unavailable".to_owned() },
    ] {
        let result = start_with(on_start(effect)).await;
        check_runs(&result, 2);
        let calls = result.0.calls();
        let first = calls.iter().position(|call| call.action == START).unwrap();
        assert_eq!(calls[first + 1].action, DESCRIBE, "repeated without a describe");
    }
}

#[tokio::test]
async fn start_accepted_despite_api_timeout_is_joined() {
    let (simulator, mut terraform) = without_repeats().await;
    let plan = terraform.plan(configuration(json!({}))).await.unwrap();
    let timed_out = Fault::refuse(8438, "upstream timed out").on_action(START);
    simulator.add_fault(timed_out);
    let apply = terraform.apply(plan);
    let accepted_late = async {
        wait_until(|| simulator.count(START) == 1).await;
        simulator.patch(ID, json!({"State": "Running"}));
    };
    tokio::join!(apply, accepted_late).0.unwrap();
    assert_eq!(starts_and_stops(&simulator), (1, 0));
}

#[tokio::test]
async fn timed_out_start_is_polled_and_not_repeated() {
    let (simulator, _) = cloud_with(json!({})).await;
    let config = json!({"max_retries": 3, "request_timeout": "500ms"});
    let mut terraform = Terraform::with(&simulator.url(), config).await;
    let plan = terraform.plan(configuration(json!({}))).await.unwrap();
    simulator.add_fault(on_start(Effect::Delay { by: Duration::from_secs(5) }));
    terraform.apply(plan).await.unwrap();
    assert_eq!(starts_and_stops(&simulator), (1, 0));
}

#[tokio::test]
async fn repeatedly_lost_responses_are_an_error() {
    let lost = on_start(Effect::DropConnection).forever();
    let (simulator, terraform, result) = start_with(lost).await;
    result.unwrap_err().says(
        "Unable to Confirm Start: Connection Lost",
        &["did not change", "may have been accepted", "StartCompShareInstance ("],
    );
    assert_eq!(starts_and_stops(&simulator), (3, 0));
    assert!(terraform.state().is_none());
}

#[tokio::test]
async fn refused_connection_reports_that_nothing_was_sent() {
    let closed_port = ClosedPort::new();
    let mut terraform = Terraform::with(&closed_port.url(), json!({"max_retries": 0})).await;
    let errors = terraform.run(configuration(json!({}))).await.unwrap_err();
    errors
        .says(
            "Unable to Read Instance: API Not Reachable",
            &["could not be reached", "Billing is unchanged"],
        )
        .omits(&["accepted"]);
}

#[tokio::test]
async fn throttled_start_is_repeated() {
    let busy = Fault::refuse(8441, "too many requests").on_action(START).times(2);
    check_runs(&start_with(busy).await, 3);
}

#[tokio::test]
async fn stopped_after_accepted_start_counts_as_starting() {
    let (simulator, mut terraform) = without_repeats().await;
    let plan = terraform.plan(configuration(json!({}))).await.unwrap();
    simulator.add_fault(reporting("Stopped", 12));
    terraform.apply(plan).await.unwrap();
    assert_eq!(starts_and_stops(&simulator), (1, 0));
    assert!(describes(&simulator) > 12);
}

#[tokio::test]
async fn instance_that_rests_in_an_unlisted_state_is_started_once() {
    // A spot instance that CompShare has interrupted, for example.
    let (simulator, mut terraform) = cloud_with(json!({})).await;
    let plan = terraform.plan(configuration(json!({}))).await.unwrap();
    simulator.add_fault(reporting("中断", 100_000));
    let starts = async {
        wait_until(|| simulator.count(START) == 1).await;
        simulator.clear_faults();
    };
    tokio::join!(terraform.apply(plan), starts).0.unwrap();
    assert_eq!(starts_and_stops(&simulator), (1, 0));

    // The API refuses a start in a transitional state.
    let (simulator, mut terraform) = cloud_with(json!({"State": "Hibernating"})).await;
    let plan = terraform.plan(configuration(json!({}))).await.unwrap();
    let wakes = async {
        wait_until(|| simulator.count(START) == 1).await;
        let before = describes(&simulator);
        wait_until(|| describes(&simulator) > before + 20).await;
        simulator.patch(ID, json!({"State": "Running"}));
    };
    tokio::join!(terraform.apply(plan), wakes).0.unwrap();
    assert_eq!(starts_and_stops(&simulator), (1, 0));
}

#[tokio::test]
async fn start_without_effect_is_an_error_and_not_repeated() {
    let (simulator, terraform, result) = start_with(reporting("Stopped", 10_000)).await;
    result.unwrap_err().says(
        "Unable to Start Instance: No Effect",
        &["accepted", "did not change", "(Stopped)", "StartCompShareInstance (accepted)"],
    );
    assert_eq!(starts_and_stops(&simulator), (1, 0));
    assert!(terraform.state().is_none());
}

#[tokio::test]
async fn each_failed_end_of_a_start_has_its_own_message() {
    for (effect, summary, parts) in [
        (
            Effect::FallBackToStopped,
            "Unable to Start Instance: Stopped Again",
            ["returned to `Stopped`", "Starting -> Stopped"],
        ),
        (
            Effect::InstallFail,
            "Unable to Start Instance: Failed State",
            ["`Install Fail`", "Starting -> Install Fail"],
        ),
        (
            Effect::Vanish,
            "Unable to Start Instance: No Longer Exists",
            ["checked twice", "Starting"],
        ),
    ] {
        let (simulator, mut terraform) = cloud(slow_start()).await;
        let plan = terraform.plan(configuration(json!({}))).await.unwrap();
        simulator.add_fault(on_start(effect));
        let apply = terraform.apply(plan);
        let errors = tokio::join!(apply, finish_start(&simulator)).0.unwrap_err();
        errors.says(summary, &parts).says(summary, &[ID, "(accepted)"]);
        assert_eq!(starts_and_stops(&simulator), (1, 0));
        assert!(terraform.state().is_none(), "a failed create stores no state");
    }
}

#[tokio::test]
async fn instance_stuck_in_starting_times_out() {
    let (simulator, mut terraform) = cloud_with(json!({})).await;
    simulator.add_fault(on_start(Effect::StuckInStarting));
    let config = configuration(json!({"timeouts": {"create": "900ms"}}));
    let errors = terraform.run(config).await.unwrap_err();
    errors.says(
        "Timed Out Waiting for Instance to Start",
        &[
            "within 900ms",
            "(Stopped -> Starting)",
            "(accepted)",
            "request was accepted",
            "longer timeout",
        ],
    );
    assert_eq!(starts_and_stops(&simulator), (1, 0));
    assert!(terraform.state().is_none());
    // The next apply joins the start.
    simulator.patch(ID, json!({"State": "Running"}));
    terraform.run(configuration(json!({}))).await.unwrap();
    assert_eq!(starts_and_stops(&simulator), (1, 0));
}

#[tokio::test]
async fn failed_polls_after_a_start_are_ignored() {
    let (simulator, mut terraform) = cloud(slow_start()).await;
    let plan = terraform.plan(configuration(json!({}))).await.unwrap();
    let outage = async {
        wait_until(|| simulator.count(START) == 1).await;
        for effect in [
            Effect::Http { status: 502, body: String::new(), processed: false },
            Effect::DropConnection,
            Effect::Malformed(Garbage::Html),
            Effect::Refuse { ret_code: 8433, message: "upstream".to_owned() },
        ] {
            simulator.add_fault(Fault::new(effect).on_action(DESCRIBE).times(2));
        }
        let before = describes(&simulator);
        wait_until(|| describes(&simulator) >= before + 9).await;
        simulator.advance(Duration::from_secs(120));
    };
    tokio::join!(terraform.apply(plan), outage).0.unwrap();
    assert_eq!(starts_and_stops(&simulator), (1, 0));
}

#[tokio::test]
async fn failed_update_stores_the_observed_state() {
    let (simulator, mut terraform) = cloud(slow_start()).await;
    terraform.set_state(&stored_state("Running", json!({})));
    terraform.refresh().await.unwrap();
    assert_eq!(terraform.attribute("state"), "Stopped");
    let plan = terraform.plan(configuration(json!({}))).await.unwrap();
    simulator.add_fault(on_start(Effect::InstallFail));
    let errors = tokio::join!(terraform.apply(plan), finish_start(&simulator)).0.unwrap_err();
    errors.says("Unable to Start Instance: Failed State", &[]);
    assert_eq!(terraform.attribute("state"), "Install Fail");
    assert!(!terraform.state().unwrap().tainted);
}

#[tokio::test]
async fn changed_facts_never_taint_or_replace() {
    let (simulator, mut terraform) = cloud_with(json!({})).await;
    terraform.run(configuration(json!({}))).await.unwrap();
    simulator.patch(
        ID,
        json!({
            "Name": "renamed", "Region": "cn-sh2", "Zone": "cn-sh2-02", "GpuType": "A100", "GPU": 8,
            "State": "Stopping",
            "ChargeType": "Month", "InstanceType": "Container", "StartTime": 1,
        }),
    );
    terraform.refresh().await.unwrap();
    let plan = terraform.plan(configuration(json!({}))).await.unwrap();
    assert_eq!(plan.action, crate::support::terraform_core::Action::Update);
    assert!(plan.requires_replace.is_empty(), "{:?}", plan.requires_replace);
}

fn slow_start() -> Options {
    Options {
        instances: vec![json!({"UHostId": ID})],
        start_time: Duration::from_secs(60),
        clock: terraform_provider_compshare::simulator::Clock::Stepped,
        ..Options::default()
    }
}

/// Waits until a poll has seen the start in progress, then completes it.
async fn finish_start(simulator: &Simulator) {
    wait_until(|| simulator.count(START) == 1).await;
    let before = describes(simulator);
    wait_until(|| describes(simulator) > before + 1).await;
    simulator.advance(Duration::from_secs(120));
}
