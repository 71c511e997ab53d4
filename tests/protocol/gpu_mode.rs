//! No-GPU mode: the parameters of a start, the checks before a call, and the checks after a start.

use std::time::Duration;

use serde_json::{Value as Json, json};
use terraform_provider_compshare::simulator::{Effect, Fault, Options, Simulator, WithoutGpuMode};

use super::setup::{
    CHANGED_BY_A_START, ID, cloud, cloud_with, configuration, describes, merged, on_start, only,
    reporting, starts_and_stops, stored_state, wait_until,
};
use crate::support::{
    actions::{DESCRIBE, START, STOP},
    terraform_core::{Action, Errors, Terraform},
};

fn without_gpu(more: Json) -> Json {
    configuration(merged(json!({"without_gpu": true}), more))
}

async fn cloud_that(without_gpu: WithoutGpuMode) -> (Simulator, Terraform) {
    let instances = vec![json!({"UHostId": ID})];
    cloud(Options { instances, without_gpu, ..Options::default() }).await
}

/// Parameters `WithoutGpu` and `WithoutGpuSpec` of each start, in order.
fn sent(simulator: &Simulator) -> Vec<(Option<String>, Option<String>)> {
    let of = |call: &terraform_provider_compshare::simulator::Call| {
        let parameter = |name| call.parameters.get(name).cloned();
        (parameter("WithoutGpu"), parameter("WithoutGpuSpec"))
    };
    simulator.calls().iter().filter(|call| call.action == START).map(of).collect()
}

fn both(spec: &str) -> (Option<String>, Option<String>) {
    (Some("true".to_owned()), Some(spec.to_owned()))
}

#[tokio::test]
async fn normal_start_sends_no_gpu_parameter() {
    let (simulator, mut terraform) = cloud_with(json!({})).await;
    terraform.run(configuration(json!({}))).await.unwrap();
    assert_eq!(sent(&simulator), [(None, None)]);
    assert_eq!(terraform.attribute("gpu_count"), 1);
}

#[tokio::test]
async fn both_parameters_are_sent_and_either_suffices() {
    for mode in [WithoutGpuMode::Any, WithoutGpuMode::Documented, WithoutGpuMode::Spec] {
        let (simulator, mut terraform) = cloud_that(mode).await;
        terraform.run(without_gpu(json!({}))).await.unwrap();
        assert_eq!(sent(&simulator), [both("A")], "{mode:?}");
        assert_eq!(terraform.attribute("gpu_count"), 0);
        assert_eq!(terraform.attribute("without_gpu"), true);
        let again = terraform.run(without_gpu(json!({}))).await.unwrap();
        assert!(again.is_empty());
        assert_eq!(starts_and_stops(&simulator), (1, 0), "{mode:?}");
    }
}

#[tokio::test]
async fn configured_spec_is_sent() {
    let (simulator, mut terraform) = cloud_with(json!({})).await;
    terraform.run(without_gpu(json!({"without_gpu_spec": "B"}))).await.unwrap();
    assert_eq!(sent(&simulator), [both("B")]);
}

#[tokio::test]
async fn refused_boolean_is_repeated_with_spec_only() {
    let (simulator, mut terraform) = cloud_that(WithoutGpuMode::Strict).await;
    terraform.run(without_gpu(json!({}))).await.unwrap();
    assert_eq!(sent(&simulator), [both("A"), (None, Some("A".to_owned()))]);
    assert_eq!(terraform.attribute("gpu_count"), 0);
}

#[tokio::test]
async fn refused_spec_is_not_repeated() {
    let (simulator, mut terraform) = cloud_with(json!({})).await;
    simulator
        .add_fault(Fault::refuse(230, "Params [WithoutGpuSpec] not available").on_action(START));
    let errors = terraform.run(without_gpu(json!({}))).await.unwrap_err();
    errors.says(
        "Unable to Start Instance: Invalid No-GPU Spec",
        &["Params [WithoutGpuSpec] not available", "230"],
    );
    assert_eq!(starts_and_stops(&simulator), (1, 0));
}

#[tokio::test]
async fn unwanted_gpu_stops_an_instance_found_stopped() {
    let (simulator, mut terraform) = cloud_with(json!({})).await;
    simulator.add_fault(on_start(Effect::GpuAllocated));
    let errors = terraform.run(without_gpu(json!({}))).await.unwrap_err();
    errors
        .says(
            "Unable to Start in No-GPU Mode: GPU Allocated, Stopped Again",
            &[
                "allocated a GPU",
                "stopped the instance again",
                "may be charged",
                "Running -> Stopped",
            ],
        )
        .at("without_gpu");
    assert_eq!(starts_and_stops(&simulator), (1, 1));
    assert_eq!(simulator.instance(ID).unwrap()["State"], "Stopped");
    assert!(terraform.state().is_none());
}

#[tokio::test]
async fn failed_undo_reports_that_the_gpu_is_billed() {
    let (simulator, mut terraform) = cloud_with(json!({})).await;
    simulator.add_fault(on_start(Effect::GpuAllocated));
    simulator.add_fault(Fault::refuse(299, "no permission").on_action(STOP).forever());
    let errors = terraform.run(without_gpu(json!({}))).await.unwrap_err();
    errors
        .says(
            "Unable to Start in No-GPU Mode: GPU Allocated, Stop Failed",
            &[
                "299",
                "could not stop the instance again. The account",
                "billed until the instance is stopped",
                "Stop the instance",
            ],
        )
        .at("without_gpu");
    assert_eq!(starts_and_stops(&simulator), (1, 1));
}

#[tokio::test]
async fn unwanted_gpu_after_restart_is_stored_in_state() {
    let (simulator, mut terraform) = cloud_with(json!({"State": "Running"})).await;
    terraform.run(configuration(json!({}))).await.unwrap();
    let plan =
        terraform.plan(without_gpu(json!({"allow_stopping_for_update": true}))).await.unwrap();
    simulator.add_fault(on_start(Effect::GpuAllocated));
    let errors = terraform.apply(plan).await.unwrap_err();
    errors
        .says(
            "Unable to Start in No-GPU Mode: GPU Allocated and Billed",
            &["the GPU is being billed"],
        )
        .at("without_gpu");
    assert_eq!(starts_and_stops(&simulator), (1, 1));
    assert_eq!(terraform.attribute("state"), "Running");
    assert_eq!(terraform.attribute("without_gpu"), false);
    assert_eq!(terraform.attribute("gpu_count"), 1);
}

#[tokio::test]
async fn start_that_ends_without_gpu_is_an_error() {
    let (simulator, mut terraform) = cloud_with(json!({})).await;
    let plan = terraform.plan(configuration(json!({}))).await.unwrap();
    simulator.add_fault(reporting("Stopped", 1));
    simulator.add_fault(reporting("Starting", 100_000));
    let apply = terraform.apply(plan);
    let loses_gpu = async {
        wait_until(|| simulator.count(START) == 1).await;
        simulator.patch(ID, json!({"State": "Running", "GPU": 0}));
        simulator.clear_faults();
    };
    let errors = tokio::join!(apply, loses_gpu).0.unwrap_err();
    errors.says("Unable to Start Instance: GPU Missing", &[ID]);
}

/// Checks that `config` is refused for `instance` in the plan, and in the apply if the instance
/// changed after the plan.
async fn refused_in_plan_and_in_apply(instance: Json, config: Json, check: impl Fn(&Errors)) {
    let (simulator, terraform) = cloud_with(instance.clone()).await;
    check(&terraform.plan(config.clone()).await.unwrap_err());
    assert_eq!(describes(&simulator), 1);

    // The instance changes between plan and apply.
    let (simulator, mut terraform) = cloud_with(json!({})).await;
    let plan = terraform.plan(config).await.unwrap();
    simulator.patch(ID, instance);
    check(&terraform.apply(plan).await.unwrap_err());
    assert!(terraform.state().is_none());
    assert_eq!(starts_and_stops(&simulator), (0, 0));
}

#[tokio::test]
async fn unsupported_model_is_refused_before_any_call() {
    let instance = json!({"SupportWithoutGpuStart": false});
    refused_in_plan_and_in_apply(instance, without_gpu(json!({})), |errors| {
        errors
            .says("Unable to Start in No-GPU Mode: GPU Model Not Supported", &["model", ID])
            .at("without_gpu");
    })
    .await;
}

#[tokio::test]
async fn prepaid_instance_is_refused_before_any_call() {
    for charge in ["Day", "Month", "Year"] {
        let instance = json!({"ChargeType": charge});
        refused_in_plan_and_in_apply(instance, without_gpu(json!({})), |errors| {
            errors
                .says("Unable to Start in No-GPU Mode: Prepaid Instance", &[charge, "prepaid"])
                .at("without_gpu");
        })
        .await;
    }
}

#[tokio::test]
async fn spec_b_on_a_container_is_refused_before_any_call() {
    let instance = json!({"InstanceType": "Container"});
    let config = without_gpu(json!({"without_gpu_spec": "B"}));
    refused_in_plan_and_in_apply(instance, config, |errors| {
        errors
            .says("Unable to Start in No-GPU Mode: Container With Spec B", &["container"])
            .at("without_gpu_spec");
    })
    .await;
}

#[tokio::test]
async fn container_is_recognized_by_its_id() {
    let instances = vec![json!({"UHostId": "cpod-1", "InstanceType": ""})];
    let (_simulator, terraform) = cloud(Options { instances, ..Options::default() }).await;
    let config = json!({"instance_id": "cpod-1", "without_gpu": true, "without_gpu_spec": "B"});
    let errors = terraform.plan(config).await.unwrap_err();
    errors
        .says("Unable to Start in No-GPU Mode: Container With Spec B", &["cpod-1"])
        .at("without_gpu_spec");
}

#[tokio::test]
async fn mode_change_while_running_is_refused_in_plan() {
    for (gpus, wants) in [(1, true), (0, false)] {
        let (simulator, mut terraform) = cloud_with(json!({"State": "Running", "GPU": gpus})).await;
        let config = configuration(json!({"without_gpu": wants}));
        let errors = terraform.plan(config.clone()).await.unwrap_err();
        errors
            .says("Unable to Change GPU Mode: Restart Not Allowed", &["allow_stopping_for_update"])
            .at("without_gpu");
        terraform.import(ID).await.unwrap();
        assert_eq!(terraform.attribute("without_gpu"), !wants);
        let errors = terraform.plan(config).await.unwrap_err();
        errors.says("Unable to Change GPU Mode: Restart Not Allowed", &[]).at("without_gpu");
        assert_eq!(starts_and_stops(&simulator), (0, 0));
    }
}

#[tokio::test]
async fn allowed_mode_change_sends_one_stop_and_one_start() {
    // The size remains after the stop, or is restored by it.
    for (gpus, wants, size_restored_on_stop) in
        [(1, true, false), (0, false, false), (1, true, true), (0, false, true)]
    {
        let instances = vec![json!({"UHostId": ID, "State": "Running", "GPU": gpus})];
        let options = Options { instances, size_restored_on_stop, ..Options::default() };
        let (simulator, mut terraform) = cloud(options).await;
        terraform.import(ID).await.unwrap();
        let config =
            configuration(json!({"without_gpu": wants, "allow_stopping_for_update": true}));
        let plan = terraform.plan(config.clone()).await.unwrap();
        assert_eq!(plan.unknown(), CHANGED_BY_A_START);
        terraform.apply(plan).await.unwrap();
        assert_eq!(starts_and_stops(&simulator), (1, 1));
        assert_eq!(terraform.attribute("gpu_count"), i32::from(!wants));
        assert_eq!(terraform.run(config).await.unwrap(), []);
        assert_eq!(starts_and_stops(&simulator), (1, 1));
    }
}

#[tokio::test]
async fn create_can_change_the_mode_if_allowed() {
    let (simulator, mut terraform) = cloud_with(json!({"State": "Running"})).await;
    terraform.run(without_gpu(json!({"allow_stopping_for_update": true}))).await.unwrap();
    assert_eq!(starts_and_stops(&simulator), (1, 1));
}

#[tokio::test]
async fn mode_drift_since_plan_is_refused_in_apply() {
    let (simulator, mut terraform) = cloud_with(json!({})).await;
    let plan = terraform.plan(without_gpu(json!({}))).await.unwrap();
    simulator.patch(ID, json!({"State": "Running", "GPU": 1}));
    let errors = terraform.apply(plan).await.unwrap_err();
    errors.says(
        "Unable to Change GPU Mode: Restart Not Allowed",
        &["No instance was started or stopped"],
    );
    assert_eq!(starts_and_stops(&simulator), (0, 0));
}

#[tokio::test]
async fn impossible_restart_does_not_stop_the_instance() {
    let (simulator, mut terraform) = cloud_with(json!({"State": "Running"})).await;
    terraform.run(configuration(json!({}))).await.unwrap();
    let plan =
        terraform.plan(without_gpu(json!({"allow_stopping_for_update": true}))).await.unwrap();
    simulator.patch(ID, json!({"SupportWithoutGpuStart": false}));
    let errors = terraform.apply(plan).await.unwrap_err();
    errors.says("Unable to Start in No-GPU Mode: GPU Model Not Supported", &[]);
    assert_eq!(starts_and_stops(&simulator), (0, 0));
    assert_eq!(terraform.attribute("state"), "Running");
}

#[tokio::test]
async fn failed_boot_in_either_size_is_started_again_once() {
    for effect in [Effect::FallBackToStopped, Effect::RollBack] {
        for (instance, config, gpus) in
            [(json!({"GPU": 0}), json!({}), 1), (json!({}), json!({"without_gpu": true}), 0)]
        {
            let (simulator, mut terraform) = cloud_with(instance).await;
            simulator.add_fault(on_start(effect.clone()));
            let config = configuration(config);
            terraform.run(config.clone()).await.unwrap_err();
            assert_eq!(starts_and_stops(&simulator), (1, 0), "{effect:?}");
            terraform.run(config).await.unwrap();
            assert_eq!(starts_and_stops(&simulator), (2, 0), "{effect:?}");
            assert_eq!(terraform.attribute("gpu_count"), gpus, "{effect:?}");
        }
    }
}

#[tokio::test]
async fn lost_response_of_a_restore_is_not_repeated() {
    let (simulator, mut terraform) = cloud_with(json!({"GPU": 0})).await;
    simulator.add_fault(on_start(Effect::LoseResponse));
    terraform.run(configuration(json!({}))).await.unwrap();
    assert_eq!(starts_and_stops(&simulator), (1, 0));
    assert_eq!(terraform.attribute("gpu_count"), 1);
}

#[tokio::test]
async fn sold_out_restart_reports_that_instance_is_stopped() {
    let (simulator, mut terraform) = cloud_with(json!({"State": "Running", "GPU": 0})).await;
    terraform.import(ID).await.unwrap();
    let plan =
        terraform.plan(configuration(json!({"allow_stopping_for_update": true}))).await.unwrap();
    simulator.add_fault(Fault::new(Effect::SoldOut).forever());
    let errors = terraform.apply(plan).await.unwrap_err();
    errors
        .says(
            "Unable to Start Instance: Zone Sold Out",
            &[
                "no free GPU",
                "The provider stopped the instance",
                "StopCompShareInstance (accepted)",
            ],
        )
        .omits(&["being billed"]);
    assert_eq!(terraform.attribute("state"), "Stopped");
    assert_eq!(starts_and_stops(&simulator), (1, 1));
}

#[tokio::test]
async fn no_gpu_quota_error_has_its_own_advice() {
    let instances =
        vec![json!({"UHostId": ID}), json!({"UHostId": "uhost-2", "State": "Running", "GPU": 0})];
    let (simulator, mut terraform) = cloud(Options { instances, ..Options::default() }).await;
    let errors = terraform.run(without_gpu(json!({}))).await.unwrap_err();
    errors.says(
        "Unable to Start Instance: Another Instance in No-GPU Mode",
        &["8445", "only one at a time", "Stop the other instance first"],
    );
    assert_eq!(starts_and_stops(&simulator), (1, 0));
}

#[tokio::test]
async fn sold_out_is_an_immediate_error_with_advice() {
    for code in [8357, 226_604] {
        let (simulator, mut terraform) = cloud_with(json!({})).await;
        simulator.add_fault(Fault::refuse(code, "Resource sold out").on_action(START).forever());
        let errors = terraform.run(configuration(json!({}))).await.unwrap_err();
        errors.says(
            "Unable to Start Instance: Zone Sold Out",
            &["no free GPU", "wait_for_capacity", "Try again later", "Resource sold out"],
        );
        errors.says(
            "Unable to Start Instance: Zone Sold Out",
            &[&code.to_string(), "Billing is unchanged"],
        );
        assert_eq!(starts_and_stops(&simulator), (1, 0));
        assert!(terraform.state().is_none());
    }
}

#[tokio::test]
async fn wait_for_capacity_repeats_the_start() {
    let (simulator, mut terraform) = cloud_with(json!({})).await;
    simulator.add_fault(Fault::new(Effect::SoldOut).times(4));
    terraform.run(configuration(json!({"wait_for_capacity": true}))).await.unwrap();
    assert_eq!(starts_and_stops(&simulator), (5, 0));
    assert_eq!(terraform.attribute("state"), "Running");
}

#[tokio::test]
async fn wait_for_capacity_ends_at_the_timeout() {
    let (simulator, mut terraform) = cloud_with(json!({})).await;
    simulator.add_fault(Fault::new(Effect::SoldOut).forever());
    let timeouts = json!({"create": "500ms"});
    let config = configuration(json!({"wait_for_capacity": true, "timeouts": timeouts}));
    let began = tokio::time::Instant::now();
    let errors = terraform.run(config).await.unwrap_err();
    assert!(began.elapsed() < Duration::from_secs(3));
    errors.says(
        "Unable to Start Instance: Zone Sold Out",
        &["no free GPU", "500ms", "8357", "increase the timeout"],
    );
    assert!(starts_and_stops(&simulator).0 >= 2);
}

#[tokio::test]
async fn failed_poll_keeps_the_capacity_error() {
    let (simulator, mut terraform) = cloud_with(json!({})).await;
    simulator.add_fault(Fault::new(Effect::SoldOut).forever());
    let timeouts = json!({"create": "300ms"});
    let plan =
        terraform.plan(configuration(json!({"wait_for_capacity": true, "timeouts": timeouts})));
    let plan = plan.await.unwrap();
    let outage = async {
        wait_until(|| simulator.count(START) >= 2).await;
        simulator.add_fault(Fault::refuse(8433, "upstream").on_action(DESCRIBE).forever());
    };
    let errors = tokio::join!(terraform.apply(plan), outage).0.unwrap_err();
    errors.says("Unable to Start Instance: Zone Sold Out", &["no free GPU", "8357"]);
}

#[tokio::test]
async fn mode_changed_outside_terraform_is_drift() {
    let (simulator, mut terraform) = cloud_with(json!({})).await;
    terraform.run(configuration(json!({}))).await.unwrap();
    simulator.patch(ID, json!({"GPU": 0}));
    terraform.refresh().await.unwrap();
    assert_eq!(terraform.attribute("without_gpu"), true);
    assert_eq!(terraform.attribute("gpu_count"), 0);
}

#[tokio::test]
async fn mode_is_read_only_while_running() {
    let (_simulator, mut terraform) = cloud_with(json!({"State": "Starting", "GPU": 0})).await;
    terraform.set_state(&stored_state("Running", json!({})));
    terraform.refresh().await.unwrap();
    assert_eq!(terraform.attribute("without_gpu"), false);
}

#[tokio::test]
async fn mode_that_is_not_configured_is_kept_with_a_warning() {
    for ignored in [&["state"][..], &[]] {
        let (simulator, terraform) = cloud_with(json!({"State": "Running"})).await;
        let mut terraform = terraform.ignoring(ignored);
        terraform.set_state(&stored_state("Running", json!({})));
        // Stopped, and started again without its GPU, outside of Terraform.
        simulator.patch(ID, json!({"GPU": 0, "MachineType": "O", "SrcInstanceConfig": {"Gpu": 1}}));
        terraform.refresh().await.unwrap();
        for (more, action) in
            [(json!({}), Action::NoOp), (json!({"force_stop": true}), Action::Update)]
        {
            let process = terraform.in_another_process(&simulator.url()).await;
            process.configure(json!({"max_retries": 0})).await.unwrap();
            let plan = process.plan(configuration(more)).await.unwrap();
            assert_eq!((plan.action, plan.attribute("without_gpu")), (action, json!(true)));
            let warning = only(&plan.warnings);
            assert_eq!(warning.summary, "Instance Running Without Its GPU");
        }
        terraform.run(configuration(json!({"stop_on_destroy": true}))).await.unwrap();
        assert_eq!(terraform.attribute("without_gpu"), true);
        // A create keeps the mode as well.
        let process = terraform.in_another_process(&simulator.url()).await.another();
        process.configure(json!({"max_retries": 0})).await.unwrap();
        let plan = process.plan(configuration(json!({}))).await.unwrap();
        assert_eq!(only(&plan.warnings).summary, "Instance Running Without Its GPU");
        let mut created = process;
        created.apply(plan).await.unwrap();
        assert_eq!(created.attribute("without_gpu"), true);
        assert_eq!(starts_and_stops(&simulator), (0, 0));
        // An allowed restart returns to the GPU.
        created.run(configuration(json!({"allow_stopping_for_update": true}))).await.unwrap();
        assert_eq!(starts_and_stops(&simulator), (1, 1));
        assert_eq!(
            (created.attribute("without_gpu"), created.attribute("gpu_count")),
            (json!(false), json!(1))
        );
    }
}

#[tokio::test]
async fn instance_that_has_no_gpu_is_started_once() {
    for (state, starts) in [("Stopped", 1), ("Running", 0)] {
        for more in [json!({}), json!({"allow_stopping_for_update": true})] {
            let instance = json!({"State": state, "GPU": 0, "SupportWithoutGpuStart": false});
            let (simulator, mut terraform) = cloud_with(instance).await;
            for _ in 0..3 {
                let plan = terraform.plan(configuration(more.clone())).await.unwrap();
                terraform.apply(plan).await.unwrap();
                terraform.refresh().await.unwrap();
            }
            assert_eq!(starts_and_stops(&simulator), (starts, 0), "{state} {more}");
            assert_eq!(terraform.attribute("without_gpu"), false, "{state} {more}");
            let plan = terraform.plan(configuration(more)).await.unwrap();
            assert_eq!((plan.action, &plan.warnings[..]), (Action::NoOp, &[][..]));
        }
    }
}
