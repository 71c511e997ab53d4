//! Describes that contradict each other: nothing follows from one of them.

use serde_json::{Value as Json, json};
use terraform_provider_compshare::simulator::{Effect, Fault, Simulator};

use super::setup::{
    ID, cloud_with, configuration, merged, on_start, reporting, starts_and_stops, stored_state,
    wait_until,
};
use crate::support::{
    actions::{DESCRIBE, START},
    terraform_core::{Errors, Terraform},
};

/// The three ways to an instance that runs or is stopped.
#[derive(Clone, Copy, Debug)]
enum By {
    Create,
    Update,
    Action,
}

/// Reaches `config` while the first describes of the instance report `reported`.
async fn reach(by: By, instance: Json, reported: &[Json], config: &Json) -> (Simulator, Json) {
    let (simulator, mut terraform) = cloud_with(instance).await;
    let contradict = || {
        for fields in reported {
            simulator.add_fault(Fault::report(fields.clone()));
        }
    };
    let stops = config["state"] == "Stopped";
    let result: Result<(), Errors> = match by {
        By::Create | By::Update => {
            if matches!(by, By::Update) {
                let before = if stops { "Running" } else { "Stopped" };
                terraform.set_state(&stored_state(before, json!({})));
            }
            let plan = terraform.plan(configuration(config.clone())).await.unwrap();
            contradict();
            terraform.apply(plan).await.map(drop)
        }
        By::Action => {
            contradict();
            let name = if stops { "compshare_instance_stop" } else { "compshare_instance_start" };
            let mut config = configuration(config.clone());
            config.as_object_mut().unwrap().remove("state");
            terraform.invoke(name, &config).await.outcome.map(drop)
        }
    };
    assert!(result.is_ok(), "{by:?} {reported:?}: {result:?}");
    let state = terraform.attribute("state");
    (simulator, state)
}

#[tokio::test]
async fn one_contradicting_describe_decides_nothing() {
    let state = |state: &str| json!({"State": state});
    let running = |gpus: u32| json!({"State": "Running", "GPU": gpus});
    let run = json!({});
    let may_restart = json!({"allow_stopping_for_update": true});
    let stop = json!({"state": "Stopped"});
    for (actual, reported, config, calls) in [
        // GPU mode.
        ("Running", vec![state("Starting"), running(0)], &run, (0, 0)),
        ("Running", vec![state("Starting"), running(0)], &may_restart, (0, 0)),
        ("Running", vec![running(0)], &may_restart, (0, 0)),
        ("Running", vec![running(0), running(1), running(0)], &may_restart, (0, 0)),
        ("Running", vec![running(0)], &json!({"without_gpu": false}), (0, 0)),
        // Starts and stops of this operation.
        ("Stopped", vec![state("Stopped"), state("Starting"), state("Stopped")], &run, (1, 0)),
        ("Stopped", vec![state("Stopped"), state("Starting"), state("Install Fail")], &run, (1, 0)),
        ("Running", vec![state("Running"), state("Stopping"), state("Running")], &stop, (0, 1)),
        // Starts and stops of other clients.
        ("Running", vec![state("Starting"), state("Stopped"), state("Starting")], &run, (0, 0)),
        ("Running", vec![state("Starting"), state("Stopped")], &may_restart, (0, 0)),
        ("Running", vec![state("Starting"), state("Stopped"), state("Starting")], &stop, (0, 1)),
        ("Stopped", vec![state("Stopping"), state("Running"), state("Stopping")], &stop, (0, 0)),
    ] {
        for by in [By::Create, By::Update, By::Action] {
            if matches!(by, By::Action) && *config == stop && actual == "Running" {
                // As an update.
                continue;
            }
            let (simulator, stored) = reach(by, json!({"State": actual}), &reported, config).await;
            assert_eq!(starts_and_stops(&simulator), calls, "{by:?} {reported:?}");
            let desired = if *config == stop { "Stopped" } else { "Running" };
            assert_eq!(simulator.instance(ID).unwrap()["State"], desired, "{by:?} {reported:?}");
            assert!(stored.is_null() || stored == desired, "{by:?} {reported:?}: {stored}");
        }
    }
}

#[tokio::test]
async fn one_describe_in_another_mode_refuses_no_plan() {
    let (simulator, terraform) = cloud_with(json!({"State": "Running"})).await;
    simulator.add_fault(Fault::report(json!({"GPU": 0})));
    terraform.plan(configuration(json!({"without_gpu": false}))).await.unwrap();
    simulator.add_fault(Fault::report(json!({"GPU": 0})).times(2));
    let terraform = Terraform::with(&simulator.url(), json!({})).await;
    let errors = terraform.plan(configuration(json!({"without_gpu": false}))).await.unwrap_err();
    errors.says("Unable to Change GPU Mode: Restart Not Allowed", &[]);
}

#[tokio::test]
async fn one_describe_without_the_instance_decides_nothing() {
    let absent = || {
        Fault::new(Effect::Respond(serde_json::Map::from_iter([
            ("TotalCount".to_owned(), json!(0)),
            ("UHostSet".to_owned(), json!([])),
        ])))
    };
    let (simulator, mut terraform) = cloud_with(json!({"State": "Running"})).await;
    terraform.set_state(&stored_state("Running", json!({"stop_on_destroy": true})));
    simulator.add_fault(absent().on_action(DESCRIBE));
    terraform.destroy().await.unwrap();
    assert_eq!(starts_and_stops(&simulator), (0, 1));
}

#[tokio::test]
async fn one_outdated_describe_does_not_end_a_destroy() {
    let (simulator, mut terraform) = cloud_with(json!({"State": "Running"})).await;
    terraform.set_state(&stored_state("Running", json!({"stop_on_destroy": true})));
    simulator.add_fault(reporting("Stopped", 1));
    terraform.destroy().await.unwrap();
    assert_eq!(starts_and_stops(&simulator), (0, 1));
}

/// Applies the start of a stopped instance, which is refused. The next describe reports `after`.
async fn refused_start(after: Json) -> (Simulator, Terraform, Result<(), Errors>) {
    let (simulator, mut terraform) = cloud_with(json!({})).await;
    terraform.set_state(&stored_state("Stopped", json!({})));
    let plan = terraform.plan(configuration(json!({}))).await.unwrap();
    simulator.add_fault(Fault::refuse(99_999, "boot failed").on_action(START));
    simulator.add_fault(reporting("Stopped", 1));
    simulator.add_fault(Fault::report(after.clone()).times(2));
    simulator.patch(ID, merged(json!({"Name": "renamed"}), after));
    let result = terraform.apply(plan).await.map(drop);
    (simulator, terraform, result)
}

#[tokio::test]
async fn instance_is_described_again_after_a_failed_start() {
    // The instance is starting nevertheless.
    let (simulator, terraform, result) = refused_start(json!({"State": "Running"})).await;
    result.unwrap();
    assert_eq!(terraform.attribute("state"), "Running");
    assert_eq!(starts_and_stops(&simulator), (1, 0));

    let (simulator, terraform, result) = refused_start(json!({"State": "Stopped"})).await;
    result.unwrap_err().says("Unable to Start Instance: RetCode 99999", &["boot failed"]);
    assert_eq!(terraform.attribute("state"), "Stopped");
    assert_eq!(terraform.attribute("name"), "renamed");
    assert_eq!(starts_and_stops(&simulator), (1, 0));
}

#[tokio::test]
async fn restored_gpu_of_a_failed_boot_is_no_conclusion() {
    let (simulator, mut terraform) = cloud_with(json!({})).await;
    terraform.run(configuration(json!({"without_gpu": true}))).await.unwrap();
    terraform.run(configuration(json!({"state": "Stopped", "without_gpu": true}))).await.unwrap();
    assert_eq!(simulator.instance(ID).unwrap()["MachineType"], "O");
    simulator.clear_calls();

    let start = configuration(json!({}));
    simulator.add_fault(Fault::new(Effect::SoldOut));
    let errors = terraform.run(start.clone()).await.unwrap_err();
    errors.says("Unable to Start Instance: Zone Sold Out", &["226604"]);
    assert_eq!(terraform.attribute("state"), "Stopped");

    // The GPU is restored, and the boot fails.
    let plan = terraform.plan(start.clone()).await.unwrap();
    simulator.add_fault(on_start(Effect::FallBackToStopped));
    simulator.add_fault(reporting("Stopped", 1));
    simulator.add_fault(reporting("Starting", 2));
    terraform.apply(plan).await.unwrap_err();
    let instance = simulator.instance(ID).unwrap();
    assert_eq!((&instance["State"], &instance["GPU"]), (&json!("Stopped"), &json!(1)));
    assert_eq!(starts_and_stops(&simulator), (2, 0));

    // A lost start that restores the GPU is not repeated.
    simulator.patch(ID, json!({"State": "Stopped"}));
    terraform.run(start.clone()).await.unwrap();
    assert_eq!(starts_and_stops(&simulator), (3, 0));
    assert_eq!(terraform.attribute("gpu_count"), 1);
    assert_eq!(terraform.run(start).await.unwrap(), []);
}

#[tokio::test]
async fn lost_start_that_restores_the_gpu_is_sent_once() {
    let (simulator, mut terraform) = cloud_with(json!({})).await;
    let small = json!({
        "State": "Stopped", "GPU": 0, "MachineType": "O",
        "SrcInstanceConfig": {"Cpu": 16, "Memory": 65536, "Gpu": 1},
    });
    let plan = terraform.plan(configuration(json!({}))).await.unwrap();
    simulator.add_fault(on_start(Effect::LoseResponse));
    simulator.add_fault(Fault::report(small));
    // The boot begins later than a lost start is repeated.
    let boots = async {
        wait_until(|| simulator.count(START) == 1).await;
        tokio::time::sleep(std::time::Duration::from_millis(400)).await;
        simulator.clear_faults();
    };
    simulator.add_fault(Fault::report(json!({"State": "Stopped", "GPU": 1})).forever());
    tokio::join!(terraform.apply(plan), boots).0.unwrap();
    assert_eq!(starts_and_stops(&simulator), (1, 0));
}
