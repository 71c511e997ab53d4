//! The resource `compshare_instance_stop_schedule`: calls, drift, firing and failures.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value as Json, json};
use terraform_provider_compshare::simulator::{Effect, Fault, Options, Simulator};

use super::setup::{ID, cloud, cloud_with, configuration, describes, only, wait_until};
use crate::support::{
    actions::{CANCEL_STOP, DESCRIBE, GET_PROJECTS, SCHEDULE_STOP, START},
    calls::Calls as _,
    terraform_core::{Action, Terraform, UNKNOWN},
};

const SCHEDULE: &str = "compshare_instance_stop_schedule";
const HOUR: i64 = 3600;

fn now() -> i64 {
    Timestamp::now().as_second()
}

/// A time in RFC 3339 format.
fn text(seconds: i64) -> String {
    Timestamp::from_second(seconds).unwrap().to_string()
}

/// The time of an attribute.
fn time_of(terraform: &Terraform, attribute: &str) -> i64 {
    let text = terraform.attribute(attribute);
    text.as_str().unwrap().parse::<Timestamp>().unwrap().as_second()
}

/// A running instance and a schedule of it, without state.
async fn running() -> (Simulator, Terraform) {
    with(json!({"State": "Running"})).await
}

async fn with(instance: Json) -> (Simulator, Terraform) {
    let (simulator, terraform) = cloud_with(instance).await;
    (simulator, terraform.resource(SCHEDULE))
}

/// A running instance whose stop `at` was scheduled by an earlier run.
async fn scheduled(at: i64) -> (Simulator, Terraform) {
    let (simulator, mut terraform) = running().await;
    terraform.set_state(&json!({
        "id": ID, "instance_id": ID, "stop_at": text(at), "scheduled_stop_at": text(at),
        "status": "scheduled", "region": "cn-wlcb", "zone": "cn-wlcb-01",
    }));
    simulator.patch(ID, json!({"SchedulerStopTime": at}));
    (simulator, terraform)
}

/// Scheduled stop of the instance in the simulator.
fn reported(simulator: &Simulator) -> i64 {
    simulator.instance(ID).unwrap()["SchedulerStopTime"].as_i64().unwrap()
}

fn on_set(effect: Effect) -> Fault {
    Fault::new(effect).on_action(SCHEDULE_STOP)
}

fn refuse(code: i64, message: &str) -> Fault {
    Fault::refuse(code, message).on_action(SCHEDULE_STOP)
}

/// Reports `seconds` as the scheduled stop in the next `times` describes.
fn reporting(seconds: i64, times: u32) -> Fault {
    Fault::report(json!({"SchedulerStopTime": seconds})).on_action(DESCRIBE).times(times)
}

#[tokio::test]
async fn create_schedules_and_destroy_cancels() {
    let (simulator, mut terraform) = running().await;
    let at = now() + HOUR;
    let config = configuration(json!({"stop_at": text(at)}));
    let plan = terraform.plan(config.clone()).await.unwrap();
    assert_eq!(plan.planned.attribute("status").as_str(), Some("scheduled"));
    assert_eq!(plan.planned.attribute("scheduled_stop_at").as_str(), Some(&*text(at)));
    simulator.assert_no_calls();
    terraform.apply(plan).await.unwrap();
    let calls: Vec<_> = simulator.calls().into_iter().map(|call| call.action).collect();
    assert_eq!(calls, [GET_PROJECTS, DESCRIBE, SCHEDULE_STOP, DESCRIBE]);
    let sent = &simulator.calls()[2].parameters;
    assert_eq!(sent["SchedulerStopTime"], at.to_string());
    assert_eq!((&*sent["Zone"], &*sent["ProjectId"]), ("cn-wlcb-01", "org-demo"));
    for (name, value) in [
        ("stop_at", json!(text(at))),
        ("stop_after", Json::Null),
        ("scheduled_stop_at", json!(text(at))),
        ("status", json!("scheduled")),
        ("id", json!(ID)),
        ("region", json!("cn-wlcb")),
        ("zone", json!("cn-wlcb-01")),
        ("project_id", Json::Null),
    ] {
        assert_eq!(terraform.attribute(name), value, "{name}");
    }
    assert_eq!(terraform.identity(), json!({"instance_id": ID, "project_id": null}));

    terraform.refresh().await.unwrap();
    assert_eq!(terraform.plan(config).await.unwrap().action, Action::NoOp);
    terraform.destroy().await.unwrap();
    assert_eq!(reported(&simulator), 0);
    assert_eq!(simulator.mutating_calls(), [SCHEDULE_STOP, CANCEL_STOP]);
}

#[tokio::test]
async fn stop_after_counts_from_the_apply_that_sets_it() {
    let (simulator, mut terraform) = running().await;
    let config = |after: &str| configuration(json!({"stop_after": after}));
    let plan = terraform.plan(config("8h")).await.unwrap();
    assert!(plan.planned.attribute("stop_at").is_unknown());
    let before = now();
    terraform.apply(plan).await.unwrap();
    let at = time_of(&terraform, "stop_at");
    assert!((before + 8 * HOUR..=now() + 8 * HOUR).contains(&at), "{at}");
    assert_eq!((reported(&simulator), time_of(&terraform, "scheduled_stop_at")), (at, at));
    terraform.refresh().await.unwrap();
    assert_eq!(terraform.plan(config("8h")).await.unwrap().action, Action::NoOp);

    terraform.run(config("9h")).await.unwrap();
    assert!(reported(&simulator) >= at + HOUR);
    // The shortest duration leaves time for the request.
    terraform.run(config("5m")).await.unwrap();
    assert_eq!(simulator.mutating_calls().len(), 3);
}

#[tokio::test]
async fn default_project_is_requested_once() {
    let instances = vec![
        json!({"UHostId": ID, "State": "Running"}),
        json!({"UHostId": "uhost-2", "State": "Running", "ProjectId": "org-research"}),
    ];
    let (simulator, terraform) = cloud(Options { instances, ..Options::default() }).await;
    let mut first = terraform.resource(SCHEDULE);
    first.run(configuration(json!({"stop_after": "8h"}))).await.unwrap();
    first.run(configuration(json!({"stop_after": "9h"}))).await.unwrap();
    first.destroy().await.unwrap();
    assert_eq!(simulator.count(GET_PROJECTS), 1);

    let mut other = terraform.resource(SCHEDULE);
    let project = json!({
        "instance_id": "uhost-2", "project_id": "org-research", "stop_after": "8h",
    });
    other.run(project).await.unwrap();
    assert_eq!(simulator.count(GET_PROJECTS), 1);
    let sent = simulator.calls().into_iter().rfind(|call| call.action == SCHEDULE_STOP).unwrap();
    assert_eq!(sent.parameters["ProjectId"], "org-research");
}

#[tokio::test]
async fn undetermined_default_project_is_an_error() {
    for (effect, title) in [
        (
            Effect::Refuse { ret_code: 299, message: "IAM".to_owned() },
            "Unable to Determine Default Project: Permission Denied",
        ),
        (
            Effect::Respond(json!({"ProjectSet": []}).as_object().unwrap().clone()),
            "Unable to Determine Default Project: No Project",
        ),
    ] {
        let (simulator, mut terraform) = running().await;
        simulator.add_fault(Fault::new(effect).on_action(GET_PROJECTS));
        let config = configuration(json!({"stop_after": "8h"}));
        let errors = terraform.run(config.clone()).await.unwrap_err();
        errors.says(title, &["`project_id`"]);
        simulator.assert_no_mutating_calls();
        terraform.run(config).await.unwrap();
    }
}

#[tokio::test]
async fn canceled_or_changed_stop_is_set_again() {
    let at = now() + 8 * HOUR;
    for elsewhere in [0, at + HOUR, at - HOUR, now() - HOUR] {
        let (simulator, mut terraform) = scheduled(at).await;
        simulator.patch(ID, json!({"SchedulerStopTime": elsewhere, "State": "Running"}));
        terraform.refresh().await.unwrap();
        assert_eq!(terraform.attribute("status"), "missing", "{elsewhere}");
        let plan = terraform.plan(configuration(json!({"stop_at": text(at)}))).await.unwrap();
        assert_eq!(plan.action, Action::Update);
        terraform.apply(plan).await.unwrap();
        assert_eq!((reported(&simulator), terraform.attribute("status")), (at, json!("scheduled")));
    }
    // With `stop_after`, the original time is set again.
    let (simulator, mut terraform) = running().await;
    let config = configuration(json!({"stop_after": "8h"}));
    terraform.run(config.clone()).await.unwrap();
    let at = time_of(&terraform, "stop_at");
    simulator.patch(ID, json!({"SchedulerStopTime": 0}));
    terraform.refresh().await.unwrap();
    let plan = terraform.plan(config).await.unwrap();
    assert_eq!(plan.planned.attribute("stop_at").as_str(), Some(&*text(at)));
    terraform.apply(plan).await.unwrap();
    assert_eq!(reported(&simulator), at);
}

#[tokio::test]
async fn one_describe_without_the_stop_is_no_drift() {
    let (simulator, mut terraform) = scheduled(now() + HOUR).await;
    simulator.add_fault(reporting(0, 1));
    terraform.refresh().await.unwrap();
    assert_eq!(terraform.attribute("status"), "scheduled");
    assert_eq!(describes(&simulator), 2);
}

#[tokio::test]
async fn fired_stop_is_not_set_again_until_it_changes() {
    for left in [now() - HOUR, 0] {
        let at = now() - HOUR;
        let (simulator, mut terraform) = scheduled(at).await;
        simulator.patch(ID, json!({"SchedulerStopTime": left, "State": "Stopped"}));
        terraform.refresh().await.unwrap();
        assert_eq!(terraform.attribute("status"), "expired");
        assert_eq!(terraform.attribute("scheduled_stop_at"), Json::Null);
        let same = configuration(json!({"stop_at": text(at)}));
        assert_eq!(terraform.plan(same).await.unwrap().action, Action::NoOp);
        let mut destroyed = terraform.clone();
        destroyed.destroy().await.unwrap();
        simulator.assert_no_mutating_calls();

        simulator.patch(ID, json!({"State": "Running"}));
        let later = configuration(json!({"stop_at": text(now() + HOUR)}));
        terraform.run(later).await.unwrap();
        assert_eq!(terraform.attribute("status"), "scheduled");
        assert_eq!(simulator.mutating_calls(), [SCHEDULE_STOP]);
    }
    // A stop that is less than five minutes ahead cannot be set again.
    let (simulator, mut terraform) = scheduled(now() + 200).await;
    simulator.patch(ID, json!({"SchedulerStopTime": 0, "State": "Stopped"}));
    terraform.refresh().await.unwrap();
    assert_eq!(terraform.attribute("status"), "expired");
}

#[tokio::test]
async fn changed_triggers_set_the_stop_again() {
    let (simulator, mut terraform) = running().await;
    let config = |started: Json| {
        configuration(json!({"stop_after": "8h", "triggers": {"started": started}}))
    };
    terraform.run(config(json!("one"))).await.unwrap();
    let first = time_of(&terraform, "stop_at");
    // The start time is known only after apply, and may turn out to be the same.
    let plan = terraform.plan(config(json!(UNKNOWN))).await.unwrap();
    assert_eq!(plan.action, Action::Update);
    for computed in ["stop_at", "scheduled_stop_at", "status"] {
        assert!(plan.planned.attribute(computed).is_unknown(), "{computed}");
    }
    terraform.clone().apply_with(plan, config(json!("one"))).await.unwrap();
    assert_eq!(simulator.count(SCHEDULE_STOP), 1);

    simulator.patch(ID, json!({"SchedulerStopTime": first - HOUR}));
    let plan = terraform.plan(config(json!(UNKNOWN))).await.unwrap();
    terraform.apply_with(plan, config(json!("two"))).await.unwrap();
    assert_eq!(simulator.count(SCHEDULE_STOP), 2);
    assert!(time_of(&terraform, "stop_at") >= first);
    // A trigger can be null, for example the start time of an instance that never started.
    terraform.run(config(Json::Null)).await.unwrap();
    terraform.run(configuration(json!({"stop_after": "8h"}))).await.unwrap();
    assert_eq!(simulator.count(SCHEDULE_STOP), 4);
    let all = configuration(json!({"stop_after": "8h", "triggers": UNKNOWN}));
    let plan = terraform.plan(all).await.unwrap();
    let same = configuration(json!({"stop_after": "8h"}));
    terraform.apply_with(plan, same).await.unwrap();
    assert_eq!(simulator.count(SCHEDULE_STOP), 4);
}

#[tokio::test]
async fn unknown_values_are_planned_as_unknown() {
    let (simulator, mut terraform) = running().await;
    let unknown = json!({"instance_id": UNKNOWN, "stop_at": UNKNOWN, "project_id": UNKNOWN});
    let plan = terraform.plan(unknown).await.unwrap();
    let at = now() + HOUR;
    let known = configuration(json!({"stop_at": text(at), "project_id": "org-demo"}));
    terraform.apply_with(plan, known).await.unwrap();
    assert_eq!(terraform.attribute("project_id"), "org-demo");
    let plan = terraform.plan(configuration(json!({"stop_at": UNKNOWN}))).await.unwrap();
    let same = configuration(json!({"stop_at": text(at)}));
    terraform.apply_with(plan, same).await.unwrap();
    assert_eq!(simulator.count(SCHEDULE_STOP), 1);
    simulator.patch(ID, json!({"SchedulerStopTime": 0}));
    terraform.refresh().await.unwrap();
    let plan = terraform.plan(configuration(json!({"stop_at": UNKNOWN}))).await.unwrap();
    assert_eq!(plan.planned.attribute("status").as_str(), Some("scheduled"));
    let later = configuration(json!({"stop_at": text(at + HOUR)}));
    terraform.apply_with(plan, later).await.unwrap();
    assert_eq!(reported(&simulator), at + HOUR);
}

#[tokio::test]
async fn other_spelling_of_the_same_time_sends_nothing() {
    let at = 4_102_444_800;
    let (simulator, mut terraform) = scheduled(at).await;
    let plan = terraform.plan(configuration(json!({"stop_at": "2100-01-01T08:00:00+08:00"})));
    let plan = plan.await.unwrap();
    assert_eq!(plan.action, Action::Update);
    terraform.apply(plan).await.unwrap();
    assert_eq!(terraform.attribute("stop_at"), "2100-01-01T08:00:00+08:00");
    terraform.refresh().await.unwrap();
    assert_eq!(terraform.attribute("status"), "scheduled");
    simulator.assert_no_mutating_calls();
}

#[tokio::test]
async fn invalid_times_are_refused_before_any_call() {
    let (simulator, terraform) = running().await;
    for (config, path, says) in [
        (json!({"stop_at": "18:00"}), "stop_at", "RFC 3339"),
        (json!({"stop_at": "2026-01-31T18:00:00"}), "stop_at", "RFC 3339"),
        (json!({"stop_at": text(now() + 290)}), "stop_at", "less than 5 minutes ahead"),
        (json!({"stop_at": text(now() - HOUR)}), "stop_at", "has passed"),
        (json!({"stop_after": "-8h"}), "stop_after", "longer than zero"),
        (json!({"stop_after": "1ms"}), "stop_after", "at least \"5m\""),
        (json!({"stop_after": "299s"}), "stop_after", "at least \"5m\""),
        (json!({"stop_after": "8"}), "stop_after", "number with a unit"),
        (json!({}), "stop_at", "Neither `stop_at` nor `stop_after`"),
        (json!({"stop_at": text(now() + HOUR), "stop_after": "8h"}), "stop_after", "Both"),
        (json!({"stop_after": "8h", "timeouts": {"create": "-1s"}}), "timeouts.create", "zero"),
    ] {
        let errors = terraform.plan(configuration(config)).await.unwrap_err();
        assert!(errors.only().detail.contains(says), "{errors:?}");
        errors.at(path);
    }
    simulator.assert_no_calls();
}

#[tokio::test]
async fn time_that_passes_between_plan_and_apply_is_an_error() {
    let (simulator, mut terraform) = running().await;
    let config = configuration(json!({"stop_at": text(now() + 301)}));
    let plan = terraform.plan(config).await.unwrap();
    tokio::time::sleep(Duration::from_millis(2100)).await;
    let errors = terraform.apply(plan).await.unwrap_err();
    errors.says("Unable to Schedule Stop: Time Too Near", &["No stop was scheduled"]).at("stop_at");
    simulator.assert_no_mutating_calls();
}

#[tokio::test]
async fn accepted_stop_may_be_reported_late() {
    let (simulator, mut terraform) = running().await;
    simulator.add_fault(on_set(Effect::StaleReads { lag: Duration::from_millis(50) }));
    let config = configuration(json!({"stop_after": "8h"}));
    terraform.run(config.clone()).await.unwrap();
    assert_eq!(simulator.count(SCHEDULE_STOP), 1);

    // The stop of an earlier run is still reported.
    simulator.add_fault(on_set(Effect::StaleReads { lag: Duration::from_millis(50) }));
    terraform.run(configuration(json!({"stop_after": "9h"}))).await.unwrap();
    assert_eq!(simulator.count(SCHEDULE_STOP), 2);
    assert!(reported(&simulator) > now() + 8 * HOUR);
}

#[tokio::test]
async fn unreported_stop_is_an_error_and_can_be_canceled() {
    let (simulator, mut terraform) = running().await;
    simulator.add_fault(reporting(0, 100_000));
    let config = configuration(json!({"stop_after": "8h"}));
    let errors = terraform.run(config.clone()).await.unwrap_err();
    errors.says(
        "Unable to Confirm Scheduled Stop: Not Reported",
        &["The stop may be scheduled nevertheless", "UpdateCompShareStopScheduler (accepted)"],
    );
    assert!(terraform.state().unwrap().tainted);
    simulator.clear_faults();
    let mut converged = terraform.clone();
    converged.run(config).await.unwrap();
    assert_eq!(converged.attribute("status"), "scheduled");
    terraform.destroy().await.unwrap();
    assert_eq!(reported(&simulator), 0);
}

#[tokio::test]
async fn failed_update_that_may_have_succeeded_is_repeated() {
    let at = now() + HOUR;
    let (simulator, mut terraform) = scheduled(at).await;
    simulator.add_fault(reporting(at, 100_000));
    let config = configuration(json!({"stop_at": text(at + HOUR)}));
    terraform.run(config.clone()).await.unwrap_err();
    assert_eq!(terraform.attribute("status"), "missing");
    simulator.clear_faults();
    terraform.refresh().await.unwrap();
    assert_eq!(terraform.plan(config).await.unwrap().action, Action::NoOp);
}

#[tokio::test]
async fn busy_instance_is_retried() {
    let (simulator, mut terraform) = running().await;
    simulator.add_fault(refuse(8903, "InstanceOperationInProgress").times(3));
    terraform.run(configuration(json!({"stop_after": "8h"}))).await.unwrap();
    assert_eq!(simulator.count(SCHEDULE_STOP), 4);
}

#[tokio::test]
async fn lost_response_is_repeated_only_if_the_stop_is_not_reported() {
    for (effect, calls) in [(Effect::LoseResponse, 1), (Effect::DropConnection, 2)] {
        let (simulator, mut terraform) = running().await;
        simulator.add_fault(on_set(effect));
        terraform.run(configuration(json!({"stop_after": "8h"}))).await.unwrap();
        assert_eq!(simulator.count(SCHEDULE_STOP), calls);
    }
    let (simulator, mut terraform) = running().await;
    simulator.add_fault(on_set(Effect::DropConnection).forever());
    let errors = terraform.run(configuration(json!({"stop_after": "8h"}))).await.unwrap_err();
    errors.says("Unable to Confirm Scheduled Stop: Connection Lost", &["did not change"]);
    assert_eq!(simulator.count(SCHEDULE_STOP), 3);
}

#[tokio::test]
async fn refusals_have_a_remedy() {
    for (instance, title, says) in [
        (
            json!({"State": "Stopped"}),
            "Unable to Schedule Stop: Instance Not Running",
            "Start the instance first",
        ),
        (
            json!({"State": "Running", "IsSpot": true}),
            "Unable to Schedule Stop: Spot Instance",
            "Remove this resource",
        ),
        (
            json!({"State": "Resizing"}),
            "Unable to Schedule Stop: Not Allowed in This State",
            "`Running` or `Stopped`",
        ),
    ] {
        let (simulator, mut terraform) = with(instance).await;
        let errors = terraform.run(configuration(json!({"stop_after": "8h"}))).await.unwrap_err();
        errors.says(title, &[says, "No stop was scheduled"]);
        assert!(terraform.state().is_none());
        assert_eq!(reported(&simulator), 0);
    }
    for (code, message, title, path) in [
        (292, "Project not exist", "Unable to Schedule Stop: Project Not Found", "project_id"),
        (299, "IAM permission denied", "Unable to Schedule Stop: Permission Denied", ""),
        (8039, "Not exist", "Unable to Schedule Stop: Resource Not Found", "instance_id"),
        (230, "Params [Zone] not available", "Unable to Schedule Stop: Invalid Zone", ""),
    ] {
        let (simulator, mut terraform) = running().await;
        simulator.add_fault(refuse(code, message).forever());
        let errors = terraform.run(configuration(json!({"stop_after": "8h"}))).await.unwrap_err();
        errors.says(title, &["No stop was scheduled"]).at(path);
        assert_eq!(simulator.count(SCHEDULE_STOP), 1);
    }
}

#[tokio::test]
async fn accepted_stop_of_a_spot_instance_has_a_warning() {
    let instances = vec![json!({"UHostId": ID, "State": "Running", "IsSpot": true})];
    let options = Options { instances, any_instance_scheduled: true, ..Options::default() };
    let (_simulator, terraform) = cloud(options).await;
    let mut terraform = terraform.resource(SCHEDULE);
    let warnings = terraform.run(configuration(json!({"stop_after": "8h"}))).await.unwrap();
    assert_eq!(only(&warnings).summary, "Scheduled Stop of Spot Instance Not Guaranteed");
}

#[tokio::test]
async fn absent_instance_is_an_error_or_needs_no_stop() {
    let (simulator, mut terraform) = running().await;
    let absent = json!({"instance_id": "uhost-2", "stop_after": "8h"});
    let errors = terraform.run(absent).await.unwrap_err();
    errors.says("Unable to Schedule Stop: Instance Not Found", &[]).at("instance_id");
    terraform.run(configuration(json!({"stop_after": "8h"}))).await.unwrap();
    simulator.remove(ID);
    let mut destroyed = terraform.clone();
    destroyed.destroy().await.unwrap();
    terraform.refresh().await.unwrap();
    assert!(terraform.state().is_none());
}

#[tokio::test]
async fn destroy_succeeds_if_nothing_is_scheduled() {
    for fault in [None, Some(Fault::refuse(8039, "not exist").on_action(CANCEL_STOP))] {
        let (simulator, mut terraform) = scheduled(now() + HOUR).await;
        simulator.patch(ID, json!({"SchedulerStopTime": 0, "State": "Stopped"}));
        fault.into_iter().for_each(|fault| simulator.add_fault(fault));
        assert_eq!(terraform.destroy().await.unwrap(), []);
        assert!(terraform.state().is_none());
    }
}

#[tokio::test]
async fn failed_cancellation_keeps_the_state() {
    let at = now() + HOUR;
    let (simulator, mut terraform) = scheduled(at).await;
    simulator.add_fault(Fault::refuse(299, "IAM").on_action(CANCEL_STOP));
    let errors = terraform.destroy().await.unwrap_err();
    errors.says(
        "Unable to Cancel Scheduled Stop: Permission Denied",
        &["CompShare stops the instance at that time"],
    );
    assert!(terraform.state().is_some());

    simulator.add_fault(reporting(at, 100_000));
    let warnings = terraform.destroy().await.unwrap();
    assert_eq!(only(&warnings).summary, "Unable to Confirm Cancellation: Not Observed");
}

#[tokio::test]
async fn failed_describe_after_an_accepted_request_is_reported() {
    // The response is late, so that the describe after it fails, but not the one before.
    let refuse_describes = async |simulator: &Simulator, action: &str| {
        wait_until(|| simulator.count(action) == 1).await;
        simulator.add_fault(Fault::refuse(299, "IAM").on_action(DESCRIBE).forever());
    };
    let late = |action: &str| {
        Fault::new(Effect::Delay { by: Duration::from_millis(100) }).on_action(action)
    };
    let (simulator, mut terraform) = running().await;
    simulator.add_fault(late(SCHEDULE_STOP));
    let config = configuration(json!({"stop_after": "8h"}));
    let (errors, ()) =
        tokio::join!(terraform.run(config), refuse_describes(&simulator, SCHEDULE_STOP));
    errors.unwrap_err().says(
        "Unable to Read Instance: Permission Denied",
        &["The stop may be scheduled nevertheless", "UpdateCompShareStopScheduler (accepted)"],
    );
    assert!(terraform.state().unwrap().tainted);

    let (simulator, mut terraform) = scheduled(now() + HOUR).await;
    simulator.add_fault(late(CANCEL_STOP));
    let (warnings, ()) =
        tokio::join!(terraform.destroy(), refuse_describes(&simulator, CANCEL_STOP));
    assert_eq!(only(&warnings.unwrap()).summary, "Unable to Confirm Cancellation: Not Observed");
}

#[tokio::test]
async fn replacement_cancels_the_stop_of_the_previous_instance() {
    let instances = vec![
        json!({"UHostId": ID, "State": "Running"}),
        json!({"UHostId": "uhost-2", "State": "Running"}),
    ];
    let (simulator, terraform) = cloud(Options { instances, ..Options::default() }).await;
    let mut terraform = terraform.resource(SCHEDULE);
    terraform.run(configuration(json!({"stop_after": "8h"}))).await.unwrap();
    let plan = terraform.plan(json!({"instance_id": "uhost-2", "stop_after": "8h"})).await.unwrap();
    assert_eq!(plan.action, Action::Replace);
    terraform.apply(plan).await.unwrap();
    assert_eq!(reported(&simulator), 0);
    assert_eq!(simulator.mutating_calls(), [SCHEDULE_STOP, CANCEL_STOP, SCHEDULE_STOP]);
}

#[tokio::test]
async fn import_has_an_empty_plan() {
    let at = now() + HOUR;
    let instances = vec![
        json!({"UHostId": ID, "State": "Running", "SchedulerStopTime": at}),
        json!({"UHostId": "uhost-2", "State": "Running"}),
        json!({"UHostId": "uhost-3", "State": "Stopped", "SchedulerStopTime": now() - HOUR}),
    ];
    let (simulator, terraform) = cloud(Options { instances, ..Options::default() }).await;
    let mut terraform = terraform.resource(SCHEDULE);
    let listed = terraform.query(&json!({}), true, 100).await.unwrap();
    assert_eq!(listed.len(), 1, "only instances with a scheduled stop");
    assert_eq!(listed[0].identity, json!({"instance_id": ID, "project_id": null}));

    terraform.import_by(&listed[0].identity).await.unwrap();
    for (name, value) in listed[0].object.as_object().unwrap() {
        assert_eq!(terraform.attribute(name), *value, "{name}");
    }
    assert_eq!(terraform.attribute("stop_at"), text(at));
    let generated = terraform.generate_config().await;
    assert_eq!(generated["stop_at"], text(at));
    assert_eq!(terraform.plan(generated).await.unwrap().action, Action::NoOp);
    for nothing in ["uhost-2", "uhost-3", "uhost-4"] {
        let errors = terraform.another().import(nothing).await.unwrap_err();
        assert!(errors.only().summary.contains("non-existent"), "{errors:?}");
    }
    simulator.assert_no_mutating_calls();
}

#[tokio::test]
async fn schedule_waits_for_a_start_of_the_same_run() {
    let instances = vec![json!({"UHostId": ID})];
    let start_time = Duration::from_millis(120);
    let options = Options { instances, start_time, ..Options::default() };
    let (simulator, mut power) = cloud(options).await;
    let mut schedule = power.resource(SCHEDULE);
    let started = power.plan(configuration(json!({}))).await.unwrap();
    let set = schedule.plan(configuration(json!({"stop_after": "8h"}))).await.unwrap();
    let late = async {
        wait_until(|| simulator.count(START) == 1).await;
        schedule.apply(set).await
    };
    let (start, set) = tokio::join!(power.apply(started), late);
    start.unwrap();
    set.unwrap();
    assert_eq!(simulator.mutating_calls(), [START, SCHEDULE_STOP], "neither is refused");
}

#[tokio::test]
async fn ctrl_c_ends_the_wait_for_the_stop() {
    let (simulator, mut terraform) = running().await;
    simulator.add_fault(on_set(Effect::DropConnection));
    let core = terraform.another();
    let stop = async {
        wait_until(|| simulator.count(SCHEDULE_STOP) > 0).await;
        wait_until(|| simulator.calls().last().unwrap().action == DESCRIBE).await;
        core.stop().await;
    };
    let config = configuration(json!({"stop_after": "8h"}));
    let (errors, ()) = tokio::join!(terraform.run(config), stop);
    let says = ["`uhost-1`", "The stop may be scheduled nevertheless"];
    errors.unwrap_err().says("Interrupted While Waiting for Scheduled Stop", &says);
}
