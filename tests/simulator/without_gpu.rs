//! No-GPU mode, with each version of its parameters.

use serde_json::{Value, json};
use terraform_provider_compshare::simulator::{Effect, Fault, Options, WithoutGpuMode};

use super::caller::{Cloud, DESCRIBE, START, STOP, check_refused, location, ret_code, stepped};

const BOOLEAN: (&str, &str) = ("WithoutGpu", "true");
const SPEC_A: (&str, &str) = ("WithoutGpuSpec", "A");
const SPEC_B: (&str, &str) = ("WithoutGpuSpec", "B");

async fn cloud(mode: WithoutGpuMode, instance: Value) -> Cloud {
    Cloud::of(Options { instances: vec![instance], without_gpu: mode, ..stepped() }).await
}

/// Fields of the size of `uhost-1`, as a describe reports them.
async fn size(cloud: &Cloud) -> Value {
    let instance = cloud.described("uhost-1").await;
    let fields = ["GPU", "CPU", "Memory", "MachineType", "InstancePrice", "SrcInstanceConfig"];
    json!(fields.map(|field| instance.get(field)))
}

fn full_size() -> Value {
    json!([1, 16, 65536, "G", 1.98, null])
}

fn size_a() -> Value {
    json!([0, 2, 4096, "O", 0.13, {"Cpu": 16, "Memory": 65536, "Gpu": 1}])
}

/// Asserts that `uhost-1` is stopped and has this size.
async fn check_stopped(cloud: &Cloud, expected: Value) {
    assert_eq!(cloud.state("uhost-1").await.unwrap(), "Stopped");
    assert_eq!(size(cloud).await, expected);
}

async fn stop(cloud: &Cloud) {
    assert_eq!(cloud.operate(STOP, "uhost-1").await, 0);
    cloud.advance(20);
}

async fn start(cloud: &Cloud, id: &str, parameters: &[(&str, &str)]) -> Value {
    let parameters: Vec<_> = location(id).into_iter().chain(parameters.iter().copied()).collect();
    cloud.call(START, &parameters).await
}

/// Asserts `GPU`, `CPU` and `Memory` after a start with `parameters`.
async fn check(mode: WithoutGpuMode, parameters: &[(&str, &str)], expected: [u64; 3]) {
    let cloud = cloud(mode, json!({"UHostId": "uhost-1", "GPU": 2})).await;
    assert_eq!(ret_code(&start(&cloud, "uhost-1", parameters).await), 0);
    cloud.advance(30);
    let instance = cloud.described("uhost-1").await;
    let size = ["GPU", "CPU", "Memory"].map(|field| instance[field].as_u64().unwrap());
    assert_eq!(size, expected, "{mode:?} {parameters:?}");
}

#[tokio::test]
async fn each_version_honors_its_own_parameter() {
    let with_gpu = [2, 16, 65536];
    let size_a = [0, 2, 4096];
    let size_b = [0, 8, 16384];

    check(WithoutGpuMode::Any, &[], with_gpu).await;
    check(WithoutGpuMode::Any, &[BOOLEAN], size_a).await;
    check(WithoutGpuMode::Any, &[SPEC_A], size_a).await;
    check(WithoutGpuMode::Any, &[SPEC_B, BOOLEAN], size_b).await;

    check(WithoutGpuMode::Documented, &[], with_gpu).await;
    check(WithoutGpuMode::Documented, &[("WithoutGpu", "false")], with_gpu).await;
    check(WithoutGpuMode::Documented, &[BOOLEAN], size_a).await;
    check(WithoutGpuMode::Documented, &[SPEC_B], with_gpu).await;
    check(WithoutGpuMode::Documented, &[BOOLEAN, SPEC_B], size_b).await;

    check(WithoutGpuMode::Spec, &[BOOLEAN], with_gpu).await;
    check(WithoutGpuMode::Spec, &[SPEC_A], size_a).await;
    check(WithoutGpuMode::Spec, &[SPEC_B, BOOLEAN], size_b).await;

    check(WithoutGpuMode::Strict, &[], with_gpu).await;
    check(WithoutGpuMode::Strict, &[SPEC_B], size_b).await;
    let cloud = cloud(WithoutGpuMode::Strict, json!({"UHostId": "uhost-1"})).await;
    let response = start(&cloud, "uhost-1", &[BOOLEAN, SPEC_A]).await;
    check_refused(&response, 230, "Params [WithoutGpu] not available");
    assert_eq!(cloud.state("uhost-1").await.unwrap(), "Stopped");
}

#[tokio::test]
async fn size_without_gpu_remains_until_it_is_restored() {
    let cloud = Cloud::new().await;
    assert_eq!(size(&cloud).await, full_size());
    for parameters in [[SPEC_A], [BOOLEAN]] {
        start(&cloud, "uhost-1", &parameters).await;
        assert_eq!(size(&cloud).await, size_a(), "while starting");
        cloud.advance(30);
        assert_eq!(cloud.described("uhost-1").await["WithoutGpuSpec"]["Spec"], "A");
        stop(&cloud).await;
        assert_eq!(size(&cloud).await, size_a(), "after the stop");
    }
    start(&cloud, "uhost-1", &[SPEC_B]).await;
    cloud.advance(30);
    let size_b = json!([0, 8, 16384, "O", 0.52, {"Cpu": 16, "Memory": 65536, "Gpu": 1}]);
    assert_eq!(size(&cloud).await, size_b);
    stop(&cloud).await;
    start(&cloud, "uhost-1", &[]).await;
    assert_eq!(size(&cloud).await, full_size());
}

#[tokio::test]
async fn restoring_the_size_needs_capacity() {
    let cloud = cloud(WithoutGpuMode::Any, json!({"UHostId": "uhost-1", "GPU": 0})).await;
    cloud.simulator.add_fault(Fault::new(Effect::SoldOut));
    let refused = start(&cloud, "uhost-1", &[]).await;
    check_refused(&refused, 226_604, "Currently out of resources");
    check_stopped(&cloud, size_a()).await;
    assert_eq!(ret_code(&start(&cloud, "uhost-1", &[]).await), 0);
    assert_eq!(size(&cloud).await, full_size());
}

#[tokio::test]
async fn failed_start_leaves_either_size() {
    let cases = [
        (Effect::FallBackToStopped, [size_a(), full_size()]),
        (Effect::RollBack, [full_size(), size_a()]),
    ];
    for (effect, [after_no_gpu_start, after_restore]) in cases {
        let cloud = Cloud::new().await;
        cloud.simulator.add_fault(Fault::new(effect.clone()));
        start(&cloud, "uhost-1", &[SPEC_A]).await;
        cloud.advance(30);
        check_stopped(&cloud, after_no_gpu_start).await;

        cloud.simulator.patch("uhost-1", json!({"GPU": 0}));
        cloud.simulator.add_fault(Fault::new(effect.clone()));
        start(&cloud, "uhost-1", &[]).await;
        assert_eq!(size(&cloud).await, full_size());
        cloud.advance(30);
        check_stopped(&cloud, after_restore).await;
    }
}

#[tokio::test]
async fn earlier_api_restores_the_size_on_stop() {
    let instances = vec![json!({"UHostId": "uhost-1"})];
    let cloud = Cloud::of(Options { instances, size_restored_on_stop: true, ..stepped() }).await;
    start(&cloud, "uhost-1", &[BOOLEAN]).await;
    assert_eq!(size(&cloud).await, full_size(), "while starting");
    cloud.advance(30);
    assert_eq!(size(&cloud).await, json!([0, 2, 4096, "G", 0.13, null]));
    stop(&cloud).await;
    assert_eq!(size(&cloud).await, full_size());
    start(&cloud, "uhost-1", &[]).await;
    cloud.advance(30);
    assert_eq!(size(&cloud).await, full_size());
}

#[tokio::test]
async fn no_gpu_start_of_unsupported_instance_is_refused() {
    let cases = [
        (json!({"SupportWithoutGpuStart": false}), SPEC_A, 8442),
        (json!({"ChargeType": "Month"}), SPEC_A, 8442),
        (json!({"InstanceType": "Container"}), SPEC_B, 230),
        (json!({"InstanceType": "Container"}), SPEC_A, 0),
        (json!({}), ("WithoutGpuSpec", "C"), 230),
    ];
    for (mut instance, parameter, expected) in cases {
        instance["UHostId"] = json!("uhost-1");
        let cloud = cloud(WithoutGpuMode::Spec, instance.clone()).await;
        let response = start(&cloud, "uhost-1", &[parameter]).await;
        assert_eq!(ret_code(&response), expected, "{instance} {parameter:?}");
    }
}

#[tokio::test]
async fn second_no_gpu_instance_is_refused() {
    let cloud = Cloud::with([json!({"UHostId": "uhost-1"}), json!({"UHostId": "uhost-2"})]).await;
    assert_eq!(ret_code(&start(&cloud, "uhost-1", &[BOOLEAN]).await), 0);
    assert_eq!(ret_code(&start(&cloud, "uhost-2", &[BOOLEAN]).await), 8445);
    cloud.advance(30);
    let response = cloud.call(DESCRIBE, &[BOOLEAN]).await;
    assert_eq!(response["TotalCount"], 1);
    assert_eq!(response["UHostSet"][0]["UHostId"], "uhost-1");
    cloud.call(STOP, &location("uhost-1")).await;
    cloud.advance(20);
    assert_eq!(ret_code(&start(&cloud, "uhost-2", &[BOOLEAN]).await), 0);
}

#[tokio::test]
async fn failed_no_gpu_start_frees_the_account() {
    for effect in [Effect::InstallFail, Effect::FallBackToStopped, Effect::Vanish] {
        let cloud =
            Cloud::with([json!({"UHostId": "uhost-1"}), json!({"UHostId": "uhost-2"})]).await;
        cloud.simulator.add_fault(Fault::new(effect.clone()));
        assert_eq!(ret_code(&start(&cloud, "uhost-1", &[BOOLEAN]).await), 0);
        cloud.advance(30);
        assert_eq!(ret_code(&start(&cloud, "uhost-2", &[BOOLEAN]).await), 0, "{effect:?}");
    }
}

#[tokio::test]
async fn size_without_gpu_can_be_given_and_patched() {
    let given = json!({
        "UHostId": "uhost-1", "State": "Running", "GPU": 0, "CPU": 8,
        "SrcInstanceConfig": {"Gpu": 4, "Cpu": 64, "Memory": 262_144},
    });
    let cloud = cloud(WithoutGpuMode::Any, given).await;
    let archived = json!({"Gpu": 4, "Cpu": 64, "Memory": 262_144});
    assert_eq!(size(&cloud).await, json!([0, 8, 4096, "O", 0.13, archived]));
    cloud.simulator.patch("uhost-1", json!({"MachineType": null, "SrcInstanceConfig": null}));
    assert_eq!(size(&cloud).await, json!([0, 8, 4096, null, 0.13, null]));
    stop(&cloud).await;
    start(&cloud, "uhost-1", &[]).await;
    assert_eq!(size(&cloud).await, json!([4, 64, 262_144, "G", 1.98, null]));
    cloud.simulator.patch("uhost-1", json!({"GPU": 0}));
    cloud.simulator.patch("uhost-1", json!({"GPU": 2}));
    assert_eq!(size(&cloud).await, json!([2, 64, 262_144, "G", 1.98, null]));
}

#[tokio::test]
async fn instance_without_any_gpu_starts_in_its_size() {
    let given = json!({"UHostId": "uhost-1", "GPU": 0, "SupportWithoutGpuStart": false});
    let cloud = cloud(WithoutGpuMode::Any, given).await;
    assert_eq!(ret_code(&start(&cloud, "uhost-1", &[]).await), 0);
    assert_eq!(size(&cloud).await, json!([0, 16, 65536, "G", 1.98, null]));
}
