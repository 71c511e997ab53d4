//! Cancellation of an operation by a timeout, Ctrl-C or the end of the host.

use std::time::Duration;

use serde_json::{Value as Json, json};
use terraform_provider_compshare::simulator::{Effect, Fault, Simulator};
use tokio::time::Instant;

use super::setup::{
    ID, cloud_with, configuration, describes, merged, on_start, reporting, starts_and_stops,
    stored_state, wait_until,
};
use crate::support::{
    actions::{DESCRIBE, START, STOP},
    terraform_core::{Errors, Plan, Terraform},
};

/// Applies `plan`, and sends Stop once `when` holds. The apply must end at once.
async fn interrupted(
    terraform: &mut Terraform,
    plan: Plan,
    when: impl Fn() -> bool,
) -> Result<(), Errors> {
    let core = terraform.another();
    let stop = async {
        wait_until(when).await;
        core.stop().await;
        Instant::now()
    };
    let (result, stopped) = tokio::join!(terraform.apply(plan), stop);
    assert!(
        stopped.elapsed() < Duration::from_secs(2),
        "the apply continued for {:?}",
        stopped.elapsed()
    );
    result.map(drop)
}

#[tokio::test]
async fn ctrl_c_during_a_start_reports_it_and_taints_nothing() {
    let (simulator, mut terraform) = cloud_with(json!({})).await;
    let plan = terraform.plan(configuration(json!({}))).await.unwrap();
    simulator.add_fault(on_start(Effect::StuckInStarting));
    let waits = || simulator.count(START) == 1 && describes(&simulator) > 4;
    let errors = interrupted(&mut terraform, plan, waits).await.unwrap_err();
    errors.says(
        "Interrupted While Waiting for Instance to Start",
        &[
            "StartCompShareInstance (accepted)",
            "Stopped -> Starting",
            "request was accepted",
            "Run Terraform again",
        ],
    );
    assert!(terraform.state().is_none());
    assert_eq!(starts_and_stops(&simulator), (1, 0));

    // The provider process continues: the next apply joins the start.
    simulator.patch(ID, json!({"State": "Running"}));
    terraform.run(configuration(json!({}))).await.unwrap();
    assert_eq!(starts_and_stops(&simulator), (1, 0));
}

#[tokio::test]
async fn ctrl_c_during_the_start_request_is_reported() {
    let (simulator, mut terraform) = cloud_with(json!({})).await;
    let plan = terraform.plan(configuration(json!({}))).await.unwrap();
    simulator.add_fault(on_start(Effect::Delay { by: Duration::from_secs(20) }));
    let errors = interrupted(&mut terraform, plan, || simulator.count(START) == 1).await;
    errors.unwrap_err().says(
        "Interrupted While Waiting for Instance to Start",
        &["StartCompShareInstance (no response yet)", "may have been accepted"],
    );
}

#[tokio::test]
async fn ctrl_c_before_any_call_reports_no_call() {
    let (simulator, mut terraform) = cloud_with(json!({})).await;
    let plan = terraform.plan(configuration(json!({}))).await.unwrap();
    simulator.patch(ID, json!({"State": "Resizing"}));
    let before = describes(&simulator);
    let errors = interrupted(&mut terraform, plan, || describes(&simulator) > before + 1).await;
    errors.unwrap_err().says(
        "Interrupted While Waiting for Instance to Start",
        &["No instance was started or stopped", "Billing is unchanged"],
    );
    assert_eq!(starts_and_stops(&simulator), (0, 0));
}

#[tokio::test]
async fn ctrl_c_ends_waits_for_capacity_and_lock() {
    for effect in [
        Effect::SoldOut,
        Effect::Refuse { ret_code: 8903, message: "InstanceOperationInProgress".to_owned() },
    ] {
        let (simulator, mut terraform) = cloud_with(json!({})).await;
        let plan = terraform.plan(configuration(json!({"wait_for_capacity": true}))).await.unwrap();
        simulator.add_fault(on_start(effect).forever());
        let errors = interrupted(&mut terraform, plan, || simulator.count(START) >= 2).await;
        let errors = errors.unwrap_err();
        errors.says("Interrupted While Waiting for Instance to Start", &["refused with RetCode"]);
        // The interruption can coincide with another start.
        let unanswered = errors.only().detail.contains("no response yet");
        assert_eq!(
            errors.only().detail.contains("may have been accepted"),
            unanswered,
            "{errors:?}"
        );
    }
}

#[tokio::test]
async fn ctrl_c_during_an_update_stores_the_seen_state() {
    let (simulator, mut terraform) = cloud_with(json!({"State": "Running"})).await;
    terraform.set_state(&stored_state("Running", json!({})));
    let plan = terraform.plan(configuration(json!({"state": "Stopped"}))).await.unwrap();
    let stops = async {
        wait_until(|| simulator.count(STOP) == 1).await;
        simulator.patch(ID, json!({"State": "Stopping"}));
    };
    let before = describes(&simulator);
    let waits = || simulator.count(STOP) == 1 && describes(&simulator) > before + 5;
    simulator.add_fault(reporting("Running", 2));
    simulator.add_fault(reporting("Stopping", 1_000));
    let (errors, ()) = tokio::join!(interrupted(&mut terraform, plan, waits), stops);
    errors.unwrap_err().says(
        "Interrupted While Waiting for Instance to Stop",
        &["(accepted)", "The stop request was accepted"],
    );
    assert_eq!(terraform.attribute("state"), "Stopping");
    assert!(!terraform.state().unwrap().tainted);
}

#[tokio::test]
async fn ctrl_c_during_a_destroy_keeps_the_state() {
    let (simulator, mut terraform) = cloud_with(json!({"State": "Resizing"})).await;
    terraform.set_state(&stored_state("Running", json!({"stop_on_destroy": true})));
    let plan = terraform.plan_destroy().await.unwrap();
    let errors = interrupted(&mut terraform, plan, || describes(&simulator) > 1).await;
    errors.unwrap_err().says("Interrupted While Waiting for Instance to Stop", &[ID]);
    assert!(terraform.state().is_some());
}

#[tokio::test]
async fn ctrl_c_during_a_refresh_keeps_the_state() {
    let (simulator, mut terraform) = cloud_with(json!({})).await;
    terraform.set_state(&stored_state("Running", json!({})));
    let before = terraform.state().cloned();
    simulator
        .add_fault(Fault::new(Effect::Delay { by: Duration::from_secs(20) }).on_action(DESCRIBE));
    let core = terraform.another();
    let stop = async {
        wait_until(|| describes(&simulator) == 1).await;
        core.stop().await;
    };
    let began = Instant::now();
    let (result, ()) = tokio::join!(terraform.refresh(), stop);
    result.unwrap_err().says("Interrupted While Reading Instance", &[ID]);
    assert!(began.elapsed() < Duration::from_secs(3));
    assert_eq!(terraform.state().cloned(), before);
}

#[tokio::test]
async fn stop_rpc_does_not_affect_later_operations() {
    let (simulator, mut terraform) = cloud_with(json!({"State": "Resizing"})).await;
    terraform.stop().await;
    terraform.stop().await;
    let plan = terraform.plan(configuration(json!({}))).await.unwrap();
    let resized = async {
        wait_until(|| describes(&simulator) > 3).await;
        simulator.patch(ID, json!({"State": "Stopped"}));
    };
    tokio::join!(terraform.apply(plan), resized).0.unwrap();
    assert_eq!(starts_and_stops(&simulator), (1, 0));
}

#[tokio::test]
async fn disconnected_host_cancels_an_apply() {
    let (simulator, mut terraform) = cloud_with(json!({})).await;
    let plan = terraform.plan(configuration(json!({}))).await.unwrap();
    simulator.patch(ID, json!({"State": "Stopping"}));
    let before = describes(&simulator);
    tokio::select! {
        result = terraform.apply(plan) => panic!("the apply ended: {result:?}"),
        () = wait_until(|| describes(&simulator) > before + 2) => {}
    }
    // The server drops the RPC future when the host disconnects.
    let before = describes(&simulator);
    simulator.patch(ID, json!({"State": "Stopped"}));
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(starts_and_stops(&simulator), (0, 0));
    assert!(describes(&simulator) <= before + 1, "polling continues");
}

/// Applies with a timeout of 700 ms and a fault, and checks that the apply ends at the timeout.
async fn timed_out(fault: impl Fn(&Simulator), more: Json) -> Errors {
    let (simulator, mut terraform) = cloud_with(json!({})).await;
    let config = merged(json!({"timeouts": {"create": "700ms"}}), more);
    let plan = terraform.plan(configuration(config)).await.unwrap();
    fault(&simulator);
    let began = Instant::now();
    let errors = terraform.apply(plan).await.unwrap_err();
    let took = began.elapsed();
    assert!((Duration::from_millis(690)..Duration::from_secs(5)).contains(&took), "{took:?}");
    assert!(terraform.state().is_none());
    errors
}

#[tokio::test]
async fn timeout_limits_every_kind_of_wait() {
    let slow = || Fault::new(Effect::Delay { by: Duration::from_secs(20) });
    let refused = |code, message| Fault::refuse(code, message).on_action(START).forever();
    let none = || json!({});
    let (stuck, slow_start, slow_describe, word, empty, lock, sold_out, busy, outage) = tokio::join!(
        timed_out(|cloud| cloud.add_fault(on_start(Effect::StuckInStarting)), none()),
        timed_out(|cloud| cloud.add_fault(slow().on_action(START)), none()),
        timed_out(|cloud| cloud.add_fault(slow().on_action(DESCRIBE)), none()),
        timed_out(|cloud| cloud.patch(ID, json!({"State": "维护中"})), none()),
        timed_out(|cloud| cloud.patch(ID, json!({"State": ""})), none()),
        timed_out(|cloud| cloud.add_fault(refused(8903, "InstanceOperationInProgress")), none()),
        timed_out(
            |cloud| cloud.add_fault(refused(8357, "sold out")),
            json!({"wait_for_capacity": true})
        ),
        timed_out(|cloud| cloud.add_fault(refused(8441, "too many")), none()),
        timed_out(
            |cloud| {
                cloud.add_fault(on_start(Effect::LoseResponse));
                cloud.add_fault(reporting("Stopped", 1));
                cloud.add_fault(reporting("Starting", 100_000));
            },
            none()
        ),
    );
    let timeout = "Timed Out Waiting for Instance to Start";
    stuck.says(timeout, &["Stopped -> Starting", "700ms"]);
    slow_start.says(
        "Unable to Confirm Start: No Response",
        &["no response yet", "may have been accepted"],
    );
    slow_describe
        .says("Timed Out Before Reading Instance", &["No instance was started or stopped"]);
    word.says("Unable to Start Instance: Not Ready", &["(维护中)"]);
    empty.says("Unable to Start Instance: State Not Reported", &["(state not reported)"]);
    lock.says("Unable to Start Instance: Operation in Progress", &["8903", "700ms"]);
    sold_out.says("Unable to Start Instance: Zone Sold Out", &["8357", "700ms"]);
    busy.says("Unable to Start Instance: Too Many Requests", &["8441", "700ms"]);
    outage.says(timeout, &["the response was lost"]);
}

#[tokio::test]
async fn each_operation_has_its_own_timeout() {
    let timeouts = json!({"create": "1h", "update": "700ms", "delete": "1h"});
    let (simulator, mut terraform) = cloud_with(json!({})).await;
    terraform.set_state(&stored_state("Stopped", json!({"timeouts": timeouts})));
    simulator.add_fault(on_start(Effect::StuckInStarting));
    let began = Instant::now();
    let errors = terraform.run(configuration(json!({"timeouts": timeouts}))).await.unwrap_err();
    assert!(began.elapsed() < Duration::from_secs(5));
    errors.says("Timed Out Waiting for Instance to Start", &["700ms"]);
    assert_eq!(terraform.attribute("state"), "Starting");
}
