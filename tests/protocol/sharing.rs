//! Concurrent operations: serialized on one instance, independent on different instances.

use futures_util::future::{join, join_all};
use serde_json::json;
use terraform_provider_compshare::simulator::{Effect, Fault, Options, Simulator};

use super::setup::{
    ID, cloud, cloud_with, configuration, describes, on_start, reporting, starts_and_stops,
    stored_state, wait_until, without_repeats,
};
use crate::support::{
    actions::{DESCRIBE, START},
    calls::Calls as _,
    terraform_core::Terraform,
};

#[tokio::test]
async fn two_resources_start_one_instance_once() {
    let (simulator, mut first) = cloud_with(json!({})).await;
    let mut second = first.another();
    let plans = (
        first.plan(configuration(json!({}))).await.unwrap(),
        second.plan(configuration(json!({}))).await.unwrap(),
    );
    let (one, other) = join(first.apply(plans.0), second.apply(plans.1)).await;
    one.unwrap();
    other.unwrap();
    assert_eq!(starts_and_stops(&simulator), (1, 0));
    assert_eq!(
        (first.attribute("state"), second.attribute("state")),
        (json!("Running"), json!("Running"))
    );
}

#[tokio::test]
async fn conflicting_resources_are_serialized() {
    let (simulator, mut first) = cloud_with(json!({})).await;
    let mut second = first.another();
    second.set_state(&stored_state("Running", json!({})));
    let start = first.plan(configuration(json!({}))).await.unwrap();
    let stop = second.plan(configuration(json!({"state": "Stopped"}))).await.unwrap();
    let (one, other) = join(first.apply(start), second.apply(stop)).await;
    one.unwrap();
    other.unwrap();
    let (starts, stops) = starts_and_stops(&simulator);
    assert!(
        (starts, stops) == (1, 1) || (starts, stops) == (1, 0),
        "{starts} starts, {stops} stops"
    );
}

/// An object that stops its instance when it is destroyed, and another one without a state, as
/// after a rename without `moved`.
async fn renamed(instance: serde_json::Value) -> (Simulator, Terraform, Terraform) {
    let (simulator, mut old) = cloud_with(instance).await;
    let new = old.another();
    old.set_state(&stored_state("Running", json!({"stop_on_destroy": true})));
    (simulator, old, new)
}

#[tokio::test]
async fn destroy_keeps_an_instance_that_another_object_runs() {
    // Imported, started, and updated without and with a start.
    for (instance, before, starts) in [
        ("Running", None, 0),
        ("Stopped", None, 1),
        ("Running", Some("Running"), 0),
        ("Stopped", Some("Stopped"), 1),
    ] {
        let (simulator, mut old, mut new) = renamed(json!({"State": instance})).await;
        if let Some(before) = before {
            new.set_state(&stored_state(before, json!({})));
        }
        new.run(configuration(json!({"force_stop": true}))).await.unwrap();
        let plan = old.plan_destroy().await.unwrap();
        let describes_before = describes(&simulator);
        let warnings = old.apply(plan).await.unwrap();
        assert_eq!(
            warnings[0].summary,
            "Destroy Left Instance Running: Needed by Another Resource"
        );
        assert!(old.state().is_none());
        assert_eq!(describes(&simulator), describes_before);
        assert_eq!(starts_and_stops(&simulator), (starts, 0), "{instance} {before:?}");
        // In another run, the object may be destroyed.
        new.configure(json!({})).await.unwrap();
        new.set_state(&stored_state("Running", json!({"stop_on_destroy": true})));
        new.destroy().await.unwrap();
        assert_eq!(starts_and_stops(&simulator), (starts, 1), "{instance} {before:?}");
    }
}

#[tokio::test]
async fn destroy_waits_for_the_object_that_starts_the_instance() {
    let (simulator, mut old, mut new) = renamed(json!({"State": "Stopped"})).await;
    let plan = new.plan(configuration(json!({}))).await.unwrap();
    let destroy = old.plan_destroy().await.unwrap();
    simulator.add_fault(reporting("Stopped", 1));
    simulator.add_fault(reporting("Starting", 20));
    let later = async {
        wait_until(|| simulator.count(START) == 1).await;
        old.apply(destroy).await
    };
    let (created, destroyed) = join(new.apply(plan), later).await;
    created.unwrap();
    assert_eq!(
        destroyed.unwrap()[0].summary,
        "Destroy Left Instance Running: Needed by Another Resource"
    );
    assert_eq!(starts_and_stops(&simulator), (1, 0));
}

#[tokio::test]
async fn destroy_stops_an_instance_that_no_object_runs() {
    // An action is no object.
    let (simulator, mut old, new) = renamed(json!({"State": "Running"})).await;
    let config = configuration(json!({}));
    new.invoke("compshare_instance_start", &config).await.succeed();
    old.destroy().await.unwrap();
    assert_eq!(starts_and_stops(&simulator), (0, 1));

    // The object that required the instance to run could not be created.
    let (simulator, mut old, mut new) = renamed(json!({"State": "Running"})).await;
    let plan = new.plan(configuration(json!({}))).await.unwrap();
    simulator.add_fault(Fault::refuse(299, "no permission").on_action(DESCRIBE));
    new.apply(plan).await.unwrap_err();
    old.destroy().await.unwrap();
    assert_eq!(starts_and_stops(&simulator), (0, 1));
}

#[tokio::test]
async fn wait_for_the_instance_lock_has_its_own_timeout() {
    let (simulator, mut first) = cloud_with(json!({})).await;
    let mut second = first.another();
    let core = first.another();
    let long = first.plan(configuration(json!({}))).await.unwrap();
    let short = second.plan(configuration(json!({"timeouts": {"create": "100ms"}}))).await.unwrap();
    simulator.add_fault(on_start(Effect::StuckInStarting));
    let later = async {
        wait_until(|| simulator.count(START) == 1).await;
        let errors = second.apply(short).await.unwrap_err();
        errors.says(
            "Timed Out Before Reading Instance",
            &["100ms", "No instance was started or stopped"],
        );
        core.stop().await;
    };
    let (errors, ()) = join(first.apply(long), later).await;
    errors.unwrap_err().says("Interrupted While Waiting for Instance to Start", &[]);
    assert_eq!(starts_and_stops(&simulator), (1, 0));
}

#[tokio::test]
async fn different_instances_do_not_block_each_other() {
    let ids: Vec<String> = (0..20).map(|n| format!("uhost-{n}")).collect();
    let instances = ids.iter().map(|id| json!({"UHostId": id})).collect();
    let (simulator, terraform) = cloud(Options { instances, ..Options::default() }).await;
    // One start never ends, and must not block the others.
    let hangs = Fault::new(Effect::StuckInStarting).on_action(START).on_instance("uhost-0");
    simulator.add_fault(hangs);
    let runs = ids.iter().map(|id| {
        let mut terraform = terraform.another();
        // Long enough for a slow machine, except for the instance whose start never ends.
        let timeout = if id == "uhost-0" { "300ms" } else { "20s" };
        let config = json!({"instance_id": id, "timeouts": {"create": timeout}});
        async move { terraform.run(config).await }
    });
    let results = join_all(runs).await;
    assert!(results[0].is_err());
    assert!(results[1..].iter().all(Result::is_ok), "{results:?}");
    assert!(ids.iter().all(|id| simulator.starts_and_stops(id) == (1, 0)));
}

#[tokio::test]
async fn start_by_another_client_is_joined() {
    let (simulator, mut terraform) = without_repeats().await;
    let plan = terraform.plan(configuration(json!({}))).await.unwrap();
    // The start of another client holds the lock of the API.
    simulator.add_fault(Fault::refuse(8903, "InstanceOperationInProgress").on_action(START));
    let other = async {
        wait_until(|| simulator.count(START) == 1).await;
        simulator.patch(ID, json!({"State": "Starting"}));
        let before = describes(&simulator);
        wait_until(|| describes(&simulator) > before + 1).await;
        simulator.patch(ID, json!({"State": "Running"}));
    };
    let (result, ()) = join(terraform.apply(plan), other).await;
    result.unwrap();
    assert_eq!(starts_and_stops(&simulator), (1, 0));
}

#[tokio::test]
async fn unicode_names_are_preserved() {
    let name = "训练机 αβγ 🦀 é";
    let (_simulator, mut terraform) = cloud_with(json!({"Name": name, "Tag": "标签"})).await;
    terraform.run(configuration(json!({}))).await.unwrap();
    assert_eq!(terraform.attribute("name"), name);
    terraform.refresh().await.unwrap();
    assert_eq!(terraform.run(configuration(json!({}))).await.unwrap(), []);
    let errors = terraform.another().plan(json!({"instance_id": "实例-1"})).await.unwrap_err();
    errors.says("Unable to Start Instance: Instance Not Found", &["实例-1"]);
}
