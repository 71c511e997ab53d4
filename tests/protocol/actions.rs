//! Actions: the calls they send, their progress messages, and their results.

use std::time::Duration;

use serde_json::{Value as Json, json};
use terraform_provider_compshare::{
    protocol::tfplugin5::{self as wire, invoke_action::event},
    simulator::{Effect, Fault, Options, Simulator},
};
use tokio_stream::StreamExt as _;

use super::setup::{
    ID, cloud, cloud_with, configuration, describes, merged, on_start, reporting, starts_and_stops,
    wait_until, without_repeats,
};
use crate::support::{
    actions::{REBOOT, START, STOP},
    calls::Calls as _,
    terraform_core::{Terraform, UNKNOWN},
};

const START_IT: &str = "compshare_instance_start";
const STOP_IT: &str = "compshare_instance_stop";
const REBOOT_IT: &str = "compshare_instance_reboot";
const ALL: [&str; 3] = [START_IT, STOP_IT, REBOOT_IT];

fn of(more: Json) -> Json {
    merged(json!({"instance_id": ID}), more)
}

fn state(simulator: &Simulator) -> Json {
    simulator.instance(ID).unwrap()["State"].clone()
}

/// Number of reboots received.
fn reboots(simulator: &Simulator) -> usize {
    simulator.count(REBOOT)
}

/// Reports the state `before` in the next describe, `transitional` in the two after it, and the
/// real state from then on.
fn report_transition(simulator: &Simulator, before: &str, transitional: &str) {
    simulator.add_fault(reporting(before, 1));
    simulator.add_fault(reporting(transitional, 2));
}

/// A cloud in which a start, a reboot or a stop takes `duration`.
async fn cloud_taking(duration: Duration, instance: Json) -> (Simulator, Terraform) {
    let instances = vec![merged(json!({"UHostId": ID}), instance)];
    cloud(Options { instances, start_time: duration, stop_time: duration, ..Options::default() })
        .await
}

const SHORT: Duration = Duration::from_millis(120);

#[tokio::test]
async fn start_reports_each_state_change() {
    let (simulator, terraform) = cloud_with(json!({})).await;
    report_transition(&simulator, "Stopped", "Starting");
    let progress = terraform.invoke(START_IT, &of(json!({}))).await.succeed();
    // The number of periodic messages depends on the speed of the machine.
    let periodic = |line: &&String| line.ends_with(" elapsed)");
    let changes: Vec<_> = progress.iter().filter(|line| !periodic(line)).collect();
    assert_eq!(
        changes,
        [
            "Starting instance uhost-1",
            "uhost-1: Stopped",
            "uhost-1: start request accepted",
            "uhost-1: Stopped -> Starting",
            "uhost-1: Starting -> Running",
        ]
    );
    assert_eq!(starts_and_stops(&simulator), (1, 0));
}

#[tokio::test]
async fn stop_and_reboot_report_each_state_change() {
    let (simulator, terraform) = cloud_with(json!({"State": "Running"})).await;
    let state_changes = |progress: Vec<String>| -> Vec<String> {
        let kept = |line: &String| !line.ends_with(" elapsed)") && !line.ends_with(" accepted");
        progress.into_iter().skip(1).filter(kept).collect()
    };
    report_transition(&simulator, "Running", "Rebooting");
    let progress = terraform.invoke(REBOOT_IT, &of(json!({}))).await.succeed();
    assert_eq!(
        state_changes(progress),
        ["uhost-1: Running", "uhost-1: Running -> Rebooting", "uhost-1: Rebooting -> Running",]
    );
    report_transition(&simulator, "Running", "Stopping");
    let progress = terraform.invoke(STOP_IT, &of(json!({}))).await.succeed();
    assert_eq!(
        state_changes(progress),
        ["uhost-1: Running", "uhost-1: Running -> Stopping", "uhost-1: Stopping -> Stopped",]
    );
    assert_eq!((starts_and_stops(&simulator), reboots(&simulator)), ((0, 1), 1));
}

#[tokio::test]
async fn action_reports_progress_while_the_state_is_unchanged() {
    let (_simulator, terraform) = cloud_taking(Duration::from_millis(400), json!({})).await;
    let progress = terraform.invoke(START_IT, &of(json!({}))).await.succeed();
    let periodic: Vec<_> = progress.iter().filter(|line| line.ends_with(" elapsed)")).collect();
    assert!(periodic.len() >= 2, "{progress:?}");
    assert!(periodic.iter().any(|line| line.contains("still Starting (")), "{progress:?}");
}

#[tokio::test]
async fn action_sends_no_call_in_the_target_state() {
    for (action, now) in [(START_IT, "Running"), (STOP_IT, "Stopped")] {
        let (simulator, terraform) = cloud_with(json!({"State": now})).await;
        let progress = terraform.invoke(action, &of(json!({}))).await.succeed();
        let end = format!("uhost-1: already {now}, nothing to do");
        assert_eq!(progress.last(), Some(&end));
        assert_eq!((starts_and_stops(&simulator), describes(&simulator)), ((0, 0), 1));
    }
}

#[tokio::test]
async fn action_joins_an_operation_in_progress() {
    for (action, passing, end) in
        [(START_IT, "Starting", "Running"), (STOP_IT, "Stopping", "Stopped")]
    {
        let (simulator, terraform) = cloud_with(json!({"State": end})).await;
        simulator.add_fault(reporting(passing, 3));
        terraform.invoke(action, &of(json!({}))).await.succeed();
        assert_eq!(starts_and_stops(&simulator), (0, 0), "{action}");
    }
}

#[tokio::test]
async fn start_accepts_the_options_of_the_resource() {
    let (simulator, terraform) = cloud_with(json!({})).await;
    let config = of(json!({"without_gpu": true, "without_gpu_spec": "B"}));
    terraform.invoke(START_IT, &config).await.succeed();
    let start = simulator.calls().into_iter().find(|call| call.action == START).unwrap();
    assert_eq!(
        (&*start.parameters["WithoutGpu"], &*start.parameters["WithoutGpuSpec"]),
        ("true", "B")
    );

    // Without an argument, the mode of a running instance is kept.
    let warnings = terraform.invoke(START_IT, &of(json!({}))).await.outcome.unwrap();
    assert_eq!(warnings[0].summary, "Instance Running Without Its GPU");
    let errors = terraform.invoke(START_IT, &of(json!({"without_gpu": false}))).await.fail();
    errors.says("Unable to Change GPU Mode: Restart Not Allowed", &["allow_stopping_for_update"]);
    assert_eq!(starts_and_stops(&simulator), (1, 0));
    let config = of(json!({"allow_stopping_for_update": true}));
    terraform.invoke(START_IT, &config).await.succeed();
    assert_eq!(starts_and_stops(&simulator), (2, 1));
}

#[tokio::test]
async fn sold_out_start_fails_or_waits_for_capacity() {
    let (simulator, terraform) = cloud_with(json!({})).await;
    simulator.add_fault(Fault::new(Effect::SoldOut).times(3));
    let invoked = terraform.invoke(START_IT, &of(json!({}))).await;
    let progress = &invoked.progress;
    assert!(progress.iter().any(|line| line.contains("refused with RetCode 8357")), "{progress:?}");
    invoked.fail().says("Unable to Start Instance: Zone Sold Out", &["wait_for_capacity", "8357"]);
    let config = of(json!({"wait_for_capacity": true}));
    terraform.invoke(START_IT, &config).await.succeed();
    assert_eq!((starts_and_stops(&simulator), state(&simulator)), ((4, 0), json!("Running")));
}

#[tokio::test]
async fn start_action_stops_an_instance_with_unwanted_gpu() {
    let (simulator, terraform) = cloud_with(json!({})).await;
    simulator.add_fault(on_start(Effect::GpuAllocated));
    let errors = terraform.invoke(START_IT, &of(json!({"without_gpu": true}))).await.fail();
    errors
        .says(
            "Unable to Start in No-GPU Mode: GPU Allocated, Stopped Again",
            &["stopped the instance again"],
        )
        .at("without_gpu");
    assert_eq!((starts_and_stops(&simulator), state(&simulator)), ((1, 1), json!("Stopped")));
}

#[tokio::test]
async fn stop_action_forces_a_spot_instance() {
    let spot = json!({"State": "Running", "IsSpot": true});
    let (simulator, terraform) = cloud_with(spot).await;
    let unmarked = Fault::report(json!({"IsSpot": null}));
    simulator.add_fault(unmarked.times(2));
    let errors = terraform.invoke(STOP_IT, &of(json!({}))).await.fail();
    errors.says("Unable to Stop Instance: Force Required", &["force_stop = true"]);
    terraform.invoke(STOP_IT, &of(json!({}))).await.succeed();
    assert_eq!(state(&simulator), "Stopped");
}

#[tokio::test]
async fn start_action_with_lost_response_is_sent_once() {
    let (simulator, terraform) = cloud_taking(SHORT, json!({})).await;
    simulator.add_fault(on_start(Effect::LoseResponse));
    let progress = terraform.invoke(START_IT, &of(json!({}))).await.succeed();
    assert!(progress.iter().any(|line| line.contains("connection")), "{progress:?}");
    assert_eq!(starts_and_stops(&simulator), (1, 0));
}

#[tokio::test]
async fn reboot_requires_a_running_instance() {
    let (simulator, terraform) = cloud_with(json!({})).await;
    let errors = terraform.invoke(REBOOT_IT, &of(json!({}))).await.fail();
    errors.says(
        "Unable to Reboot Instance: Not Running",
        &["is stopped", "Start the instance instead"],
    );
    assert_eq!(reboots(&simulator), 0);
    simulator.add_fault(reporting("Starting", 2));
    simulator.patch(ID, json!({"State": "Running", "StartTime": 1}));
    let restart = async {
        wait_until(|| reboots(&simulator) == 1).await;
        simulator.patch(ID, json!({"StartTime": 2}));
    };
    let config = of(json!({}));
    let (invoked, ()) = tokio::join!(terraform.invoke(REBOOT_IT, &config), restart);
    invoked.succeed();
    assert_eq!(reboots(&simulator), 1);
}

#[tokio::test]
async fn fast_reboot_is_detected_by_start_time() {
    let (simulator, terraform) = cloud_with(json!({"State": "Running", "StartTime": 100})).await;
    let later = async {
        wait_until(|| reboots(&simulator) == 1).await;
        let before = describes(&simulator);
        wait_until(|| describes(&simulator) > before + 2).await;
        simulator.patch(ID, json!({"StartTime": 200}));
    };
    let config = of(json!({}));
    let (invoked, ()) = tokio::join!(terraform.invoke(REBOOT_IT, &config), later);
    invoked.succeed();
}

#[tokio::test]
async fn accepted_reboot_that_is_not_observed_succeeds_with_a_warning() {
    // The reboot is over before the first poll, in the second in which the instance had started.
    let (simulator, terraform) = cloud_with(json!({"State": "Running"})).await;
    let invoked = terraform.invoke(REBOOT_IT, &of(json!({}))).await;
    let warnings = invoked.outcome.unwrap();
    assert_eq!(warnings[0].summary, "Unable to Confirm Reboot: Not Observed");
    assert_eq!((warnings.len(), reboots(&simulator)), (1, 1));
}

#[tokio::test]
async fn unconfirmed_reboot_is_an_error_and_not_repeated() {
    for effect in [Effect::LoseResponse, Effect::DropConnection] {
        let (simulator, terraform) = cloud_with(json!({"State": "Running"})).await;
        simulator.add_fault(Fault::new(effect).on_action(REBOOT));
        let errors = terraform.invoke(REBOOT_IT, &of(json!({}))).await.fail();
        errors.says(
            "Unable to Confirm Reboot: Connection Lost",
            &["not repeated", "does not change the bill"],
        );
        assert_eq!(reboots(&simulator), 1);
    }
}

#[tokio::test]
async fn observed_reboot_with_lost_response_succeeds() {
    let (simulator, terraform) = cloud_with(json!({"State": "Running"})).await;
    report_transition(&simulator, "Running", "Rebooting");
    simulator.add_fault(Fault::new(Effect::LoseResponse).on_action(REBOOT));
    terraform.invoke(REBOOT_IT, &of(json!({}))).await.succeed();
    assert_eq!(reboots(&simulator), 1);
}

#[tokio::test]
async fn refused_reboot_is_repeated() {
    // Long enough for a poll during the reboot.
    let second = Duration::from_secs(1);
    let (simulator, terraform) = cloud_taking(second, json!({"State": "Running"})).await;
    simulator
        .add_fault(Fault::refuse(8903, "InstanceOperationInProgress").on_action(REBOOT).times(2));
    terraform.invoke(REBOOT_IT, &of(json!({}))).await.succeed();
    assert_eq!(reboots(&simulator), 3);
}

#[tokio::test]
async fn reboot_that_ends_stopped_or_failed_is_an_error() {
    for (end, summary) in [
        ("Stopped", "Unable to Reboot Instance: Stopped Instead"),
        ("Install Fail", "Unable to Reboot Instance: Failed State"),
    ] {
        let (simulator, terraform) =
            cloud_taking(Duration::from_secs(60), json!({"State": "Running"})).await;
        let fails = async {
            wait_until(|| reboots(&simulator) == 1).await;
            let before = describes(&simulator);
            wait_until(|| describes(&simulator) > before + 1).await;
            simulator.patch(ID, json!({"State": end}));
        };
        let config = of(json!({}));
        let (invoked, ()) = tokio::join!(terraform.invoke(REBOOT_IT, &config), fails);
        invoked.fail().says(summary, &[end]);
    }
}

#[tokio::test]
async fn each_action_has_its_own_timeout() {
    for (action, from, stuck, summary) in [
        (START_IT, "Stopped", "Starting", "Timed Out Waiting for Instance to Start"),
        (STOP_IT, "Running", "Stopping", "Timed Out Waiting for Instance to Stop"),
        (REBOOT_IT, "Running", "Rebooting", "Timed Out Waiting for Instance to Reboot"),
    ] {
        let (simulator, terraform) =
            cloud_taking(Duration::from_secs(60), json!({"State": from})).await;
        let errors = terraform.invoke(action, &of(json!({"timeout": "1s"}))).await.fail();
        errors.says(summary, &["within 1s", &format!("-> {stuck}"), "longer timeout"]);
        // The timeout does not cancel the accepted call.
        assert_eq!(state(&simulator), stuck);
    }
}

#[tokio::test]
async fn ctrl_c_ends_actions_and_reports_the_sent_calls() {
    for (action, from, call) in
        [(START_IT, "Stopped", START), (STOP_IT, "Running", STOP), (REBOOT_IT, "Running", REBOOT)]
    {
        let (simulator, terraform) =
            cloud_taking(Duration::from_secs(60), json!({"State": from})).await;
        let stop = async {
            wait_until(|| simulator.count(call) == 1).await;
            let before = describes(&simulator);
            wait_until(|| describes(&simulator) > before + 1).await;
            terraform.stop().await;
        };
        let config = of(json!({}));
        let (invoked, ()) = tokio::join!(terraform.invoke(action, &config), stop);
        let errors = invoked.fail();
        assert!(errors.only().summary.starts_with("Interrupted While "), "{errors:?}");
        assert!(errors.only().detail.contains(&format!("{call} (accepted)")), "{errors:?}");
    }
}

#[tokio::test]
async fn action_on_absent_or_remote_instance_is_an_error() {
    let (simulator, terraform) = cloud_with(json!({"Region": "cn-sh2"})).await;
    for (action, verb) in ALL.into_iter().zip(["Start", "Stop", "Reboot"]) {
        let errors = terraform.invoke(action, &json!({"instance_id": "uhost-2"})).await.fail();
        let title = format!("Unable to {verb} Instance: Instance Not Found");
        errors.says(&title, &["uhost-2"]).at("instance_id");
    }
    let provider = json!({"region": "cn-wlcb"});
    let terraform = Terraform::with(&simulator.url(), provider).await;
    for (action, verb) in ALL.into_iter().zip(["Start", "Stop", "Reboot"]) {
        let errors = terraform.invoke(action, &of(json!({}))).await.fail();
        let title = format!("Unable to {verb} Instance: Outside the Provider's Region");
        errors.says(&title, &["cn-sh2"]).at("instance_id");
    }
    assert_eq!((starts_and_stops(&simulator), reboots(&simulator)), ((0, 0), 0));
}

#[tokio::test]
async fn action_sends_the_project_with_each_call() {
    let instances = vec![json!({"UHostId": ID, "ProjectId": "org-research"})];
    let (simulator, terraform) = cloud(Options { instances, ..Options::default() }).await;
    terraform.invoke(START_IT, &of(json!({"project_id": "org-research"}))).await.succeed();
    let calls = simulator.calls();
    assert!(calls.iter().all(|call| call.parameters["ProjectId"] == "org-research"));
    terraform
        .invoke(STOP_IT, &of(json!({})))
        .await
        .fail()
        .says("Unable to Stop Instance: Instance Not Found", &[]);
}

#[tokio::test]
async fn action_config_is_validated_before_any_call() {
    let (simulator, terraform) = cloud_with(json!({})).await;
    for action in ALL {
        for (config, at) in [
            (json!({"instance_id": ""}), "instance_id"),
            (of(json!({"timeout": "5"})), "timeout"),
            (of(json!({"project_id": " "})), "project_id"),
        ] {
            terraform
                .invoke(action, &config)
                .await
                .fail()
                .says("Invalid Attribute Value", &[])
                .at(at);
        }
        let unknown = json!({"instance_id": UNKNOWN, "project_id": UNKNOWN, "timeout": UNKNOWN});
        terraform.validate_action(action, &unknown).await.unwrap();
        terraform.plan_action(action, &unknown).await.unwrap();
    }
    let spec = of(json!({"without_gpu_spec": "A"}));
    let errors = terraform.invoke(START_IT, &spec).await.fail();
    errors.says("No-GPU Spec Without No-GPU Mode", &[]).at("without_gpu_spec");
    let spec = of(json!({"without_gpu": UNKNOWN, "without_gpu_spec": "A"}));
    terraform.plan_action(START_IT, &spec).await.unwrap();
    let spec = of(json!({"without_gpu": true, "without_gpu_spec": "C"}));
    terraform.invoke(START_IT, &spec).await.fail().at("without_gpu_spec");
    simulator.assert_no_calls();
}

#[tokio::test]
async fn action_and_resource_share_the_instance_lock() {
    let (simulator, terraform) = cloud_taking(SHORT, json!({})).await;
    let mut power = terraform.another();
    let plan = power.plan(configuration(json!({}))).await.unwrap();
    let config = of(json!({}));
    let (applied, invoked) = tokio::join!(power.apply(plan), terraform.invoke(START_IT, &config));
    applied.unwrap();
    invoked.succeed();
    assert_eq!(starts_and_stops(&simulator), (1, 0));
}

#[tokio::test]
async fn action_reports_progress_while_waiting_for_the_lock() {
    let (simulator, terraform) = cloud_taking(Duration::from_secs(60), json!({})).await;
    let long = of(json!({}));
    let late = async {
        wait_until(|| simulator.count(START) == 1).await;
        let invoked = terraform.invoke(STOP_IT, &of(json!({"timeout": "300ms"}))).await;
        terraform.stop().await;
        invoked
    };
    let (first, late) = tokio::join!(terraform.invoke(START_IT, &long), late);
    first.fail();
    assert!(late.progress.iter().any(|line| line.contains("no state reported yet")), "{late:?}");
    late.fail().says("Timed Out Before Reading Instance", &["within 300ms"]);
}

#[tokio::test]
async fn disconnected_host_cancels_an_action() {
    for (action, before, after) in
        [(START_IT, "Stopping", "Stopped"), (STOP_IT, "Starting", "Running")]
    {
        let (simulator, terraform) = cloud_with(json!({"State": before})).await;
        let config = of(json!({}));
        tokio::select! {
            _ = terraform.invoke(action, &config) => panic!("the action ended"),
            () = wait_until(|| describes(&simulator) > 2) => {}
        }
        // The server drops the RPC future when the host disconnects.
        simulator.patch(ID, json!({"State": after}));
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(starts_and_stops(&simulator), (0, 0));
    }
}

#[tokio::test]
async fn unknown_action_completes_with_an_error() {
    let (_simulator, terraform) = without_repeats().await;
    let request =
        wire::invoke_action::Request { action_type: "x".to_owned(), ..Default::default() };
    let events = terraform.client().invoke_action(request).await.unwrap().into_inner();
    let events: Vec<_> = events.collect().await;
    let [Ok(event)] = &events[..] else { panic!("{events:?}") };
    let Some(event::Type::Completed(completed)) = &event.r#type else { panic!("{event:?}") };
    assert_eq!(completed.diagnostics[0].summary, "Unsupported Type");
}
