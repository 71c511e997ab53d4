//! The action `compshare_instance_keepalive`: a start in no-GPU mode and a stop.

use std::time::Duration;

use serde_json::{Value as Json, json};
use terraform_provider_compshare::simulator::{Effect, Fault, Options, Simulator};

use super::setup::{
    ID, cloud, cloud_with, configuration, on_start, reporting, starts_and_stops, wait_until,
};
use crate::support::{
    actions::{START, STOP},
    calls::Calls as _,
    terraform_core::{Errors, Terraform, UNKNOWN},
};

const KEEPALIVE: &str = "compshare_instance_keepalive";
const IS_RUNNING: &str = "It is running in no-GPU mode, and is billed until it is stopped.";

async fn keep_alive(terraform: &Terraform) -> Vec<String> {
    terraform.invoke(KEEPALIVE, &configuration(json!({}))).await.succeed()
}

async fn fail(terraform: &Terraform, more: Json) -> Errors {
    terraform.invoke(KEEPALIVE, &configuration(more)).await.fail()
}

fn state(simulator: &Simulator) -> Json {
    simulator.instance(ID).unwrap()["State"].clone()
}

#[tokio::test]
async fn keepalive_starts_without_gpu_and_stops() {
    let old = json!({"ReleaseTime": 1_750_000_000});
    let (simulator, terraform) = cloud_with(old).await;
    let progress = keep_alive(&terraform).await;
    let steps: Vec<_> = progress.iter().filter(|line| !line.ends_with(" elapsed)")).collect();
    assert_eq!(
        steps,
        [
            "Starting instance uhost-1",
            "uhost-1: Stopped",
            "uhost-1: start request accepted",
            "uhost-1: Stopped -> Running",
            "Stopping instance uhost-1",
            "uhost-1: Running",
            "uhost-1: stop request accepted",
            "uhost-1: Running -> Stopped",
        ]
    );
    assert_eq!(simulator.mutating_calls(), [START, STOP]);
    let start = simulator.calls().into_iter().find(|call| call.action == START).unwrap();
    assert_eq!(start.parameters["WithoutGpuSpec"], "A");
    let kept = simulator.instance(ID).unwrap();
    assert_eq!(kept["State"], "Stopped");
    let deleted = kept["ReleaseTime"].as_i64().unwrap();
    assert!(deleted > jiff::Timestamp::now().as_second() + 6 * 24 * 3600, "{deleted}");
}

#[tokio::test]
async fn running_or_starting_instance_is_left_unchanged() {
    for instance in [
        json!({"State": "Running"}),
        json!({"State": "Running", "GPU": 0}),
        json!({"State": "Running", "ChargeType": "Month"}),
    ] {
        let (simulator, terraform) = cloud_with(instance).await;
        let progress = keep_alive(&terraform).await;
        assert_eq!(progress.last().unwrap(), "uhost-1: already Running, nothing to do");
        simulator.assert_no_mutating_calls();
    }
    // Started elsewhere: the keepalive must not stop it.
    let (simulator, terraform) = cloud_with(json!({"State": "Running"})).await;
    simulator.add_fault(reporting("Starting", 3));
    keep_alive(&terraform).await;
    simulator.assert_no_mutating_calls();
}

#[tokio::test]
async fn unsuitable_instance_is_refused_before_any_call() {
    for (instance, title, says) in [
        (
            json!({"ChargeType": "Month"}),
            "Unable to Keep Instance Alive: Prepaid Instance",
            "`Month`",
        ),
        (
            json!({"SupportWithoutGpuStart": false}),
            "Unable to Keep Instance Alive: No-GPU Mode Not Supported",
            "compshare_instance_start",
        ),
        (json!({"State": "Install Fail"}), "Unable to Start Instance: Failed State", "Reinstall"),
    ] {
        let (simulator, terraform) = cloud_with(instance).await;
        let errors = fail(&terraform, json!({})).await;
        errors.says(title, &[says, "Billing is unchanged"]).omits(&["without_gpu"]);
        simulator.assert_no_mutating_calls();
    }
    let (simulator, terraform) = cloud_with(json!({})).await;
    let absent = terraform.invoke(KEEPALIVE, &json!({"instance_id": "uhost-2"})).await.fail();
    absent.says("Unable to Start Instance: Instance Not Found", &[]).at("instance_id");
    fail(&terraform, json!({"timeout": "5"})).await.at("timeout");
    let unknown = json!({"instance_id": UNKNOWN, "project_id": UNKNOWN, "timeout": UNKNOWN});
    terraform.plan_action(KEEPALIVE, &unknown).await.unwrap();
    simulator.assert_no_mutating_calls();
}

#[tokio::test]
async fn refused_start_names_no_missing_argument() {
    for (code, todo) in [
        (8442, "compshare_instance_start"),
        (8445, "Try again when the other instance is stopped."),
        (8357, "Try again later."),
        (8905, "Try again when"),
    ] {
        let (simulator, terraform) = cloud_with(json!({})).await;
        simulator.add_fault(Fault::refuse(code, "refused").on_action(START).forever());
        let errors = fail(&terraform, json!({})).await;
        assert!(errors.only().detail.contains(todo), "{errors:?}");
        errors.omits(&["without_gpu", "wait_for_capacity"]);
        assert_eq!(starts_and_stops(&simulator).1, 0, "no stop");
    }
}

#[tokio::test]
async fn failed_stop_says_that_the_instance_runs() {
    let refuse = |code, text| Fault::refuse(code, text).on_action(STOP).forever();
    for (fault, title) in [
        (refuse(299, "IAM"), "Unable to Stop Instance: Permission Denied"),
        (
            refuse(8903, "InstanceOperationInProgress"),
            "Unable to Stop Instance: Operation in Progress",
        ),
        (
            Fault::new(Effect::DropConnection).on_action(STOP).forever(),
            "Unable to Confirm Stop: Connection Lost",
        ),
    ] {
        let (simulator, terraform) = cloud_with(json!({})).await;
        simulator.add_fault(fault);
        let errors = fail(&terraform, json!({"timeout": "1s"})).await;
        errors.says(title, &[IS_RUNNING, "compshare_instance_stop", STOP]);
        assert_eq!(state(&simulator), "Running");
        assert_eq!(starts_and_stops(&simulator).0, 1);
    }
}

#[tokio::test]
async fn refused_stop_is_repeated() {
    let (simulator, terraform) = cloud_with(json!({})).await;
    let busy = Fault::refuse(8903, "InstanceOperationInProgress").on_action(STOP).times(3);
    simulator.add_fault(busy);
    simulator.add_fault(Fault::new(Effect::LoseResponse).on_action(START));
    keep_alive(&terraform).await;
    assert_eq!((starts_and_stops(&simulator), state(&simulator)), ((1, 4), json!("Stopped")));
}

#[tokio::test]
async fn one_describe_that_shows_stopped_ends_no_keepalive() {
    let (simulator, terraform) = cloud_with(json!({})).await;
    let misreport = async {
        wait_until(|| simulator.count(START) == 1).await;
        // The describe that ends the start, and the first one of the stop.
        simulator.add_fault(reporting("Running", 1));
        simulator.add_fault(reporting("Stopped", 1));
    };
    let ((), _) = tokio::join!(misreport, keep_alive(&terraform));
    assert_eq!(state(&simulator), "Stopped");
    assert_eq!(starts_and_stops(&simulator), (1, 1));
}

#[tokio::test]
async fn unexpected_gpu_is_stopped_and_reported() {
    let (simulator, terraform) = cloud_with(json!({})).await;
    simulator.add_fault(on_start(Effect::GpuAllocated));
    let errors = fail(&terraform, json!({})).await;
    errors
        .says(
            "Unable to Start in No-GPU Mode: GPU Allocated, Stopped Again",
            &["Contact CompShare support"],
        )
        .omits(&["without_gpu"]);
    assert_eq!((starts_and_stops(&simulator), state(&simulator)), ((1, 1), json!("Stopped")));
}

#[tokio::test]
async fn ctrl_c_reports_what_keeps_running() {
    for (call, says) in [(START, "The start request was accepted"), (STOP, IS_RUNNING)] {
        let instances = vec![json!({"UHostId": ID})];
        let minute = Duration::from_secs(60);
        let (start_time, stop_time) =
            if call == START { (minute, minute) } else { (Duration::ZERO, minute) };
        let options = Options { instances, start_time, stop_time, ..Options::default() };
        let (simulator, terraform) = cloud(options).await;
        let stop = async {
            wait_until(|| simulator.count(call) == 1).await;
            wait_until(|| simulator.calls().last().unwrap().action != call).await;
            terraform.stop().await;
        };
        let (errors, ()) = tokio::join!(fail(&terraform, json!({})), stop);
        assert!(errors.only().summary.starts_with("Interrupted While "), "{errors:?}");
        for part in [says, "compshare_instance_stop"] {
            assert!(errors.only().detail.contains(part), "{errors:?}");
        }
    }
}
