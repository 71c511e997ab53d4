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
async fn no_gpu_mode_is_reported_only_while_running() {
    let cloud = cloud(WithoutGpuMode::Documented, json!({"UHostId": "uhost-1"})).await;
    start(&cloud, "uhost-1", &[BOOLEAN]).await;
    assert_eq!(cloud.described("uhost-1").await["GPU"], 1);
    cloud.advance(30);
    let running = cloud.described("uhost-1").await;
    assert_eq!(running["GPU"], 0);
    assert_eq!(running["WithoutGpuSpec"], json!({"Cpu": 2, "Memory": 4096, "Gpu": 0, "Spec": "A"}));
    cloud.call(STOP, &location("uhost-1")).await;
    cloud.advance(20);
    let stopped = cloud.described("uhost-1").await;
    assert_eq!((&stopped["GPU"], stopped.get("WithoutGpuSpec")), (&json!(1), None));
    start(&cloud, "uhost-1", &[]).await;
    cloud.advance(30);
    assert_eq!(cloud.described("uhost-1").await["GPU"], 1);
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
async fn running_instance_with_zero_gpus_is_in_no_gpu_mode() {
    let given = json!({"UHostId": "uhost-1", "State": "Running", "GPU": 0, "CPU": 8});
    let cloud = cloud(WithoutGpuMode::Documented, given).await;
    let running = cloud.described("uhost-1").await;
    assert_eq!((&running["GPU"], &running["CPU"]), (&json!(0), &json!(8)));
    cloud.simulator.patch("uhost-1", json!({"GPU": 4}));
    assert_eq!(cloud.described("uhost-1").await["GPU"], 4);
    cloud.simulator.patch("uhost-1", json!({"GPU": 0}));
    cloud.call(STOP, &location("uhost-1")).await;
    cloud.advance(20);
    start(&cloud, "uhost-1", &[]).await;
    cloud.advance(30);
    assert_eq!(cloud.described("uhost-1").await["GPU"], 4);
}
