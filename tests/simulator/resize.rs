//! ResizeCompShareInstance and ModifyCompShareInstanceName.

use std::time::Duration;

use serde_json::{Value, json};
use terraform_provider_compshare::simulator::{Capacity, Effect, Fault, Options};

use super::caller::{
    Cloud, RENAME, RESIZE, RESIZE_DISK, RefusedCase, START, START_TIME, check_refused, location,
    stepped,
};

const RESIZE_TIME: u64 = 40;

const TWO_GPUS: [(&str, &str); 3] = [("Gpu", "2"), ("Cpu", "32"), ("Memory", "131072")];

async fn with(instance: Value) -> Cloud {
    let resize_time = Duration::from_secs(RESIZE_TIME);
    Cloud::of(Options { instances: vec![instance], resize_time, ..stepped() }).await
}

async fn stopped() -> Cloud {
    with(json!({"UHostId": "uhost-1"})).await
}

async fn call(cloud: &Cloud, action: &str, parameters: &[(&str, &str)]) -> Value {
    cloud.call(action, &[&location("uhost-1"), parameters].concat()).await
}

async fn size(cloud: &Cloud) -> [u64; 3] {
    let instance = cloud.described("uhost-1").await;
    ["GPU", "CPU", "Memory"].map(|field| instance[field].as_u64().unwrap())
}

#[tokio::test]
async fn stopped_instance_is_resized() {
    let cloud = stopped().await;
    let response = call(&cloud, RESIZE, &TWO_GPUS).await;
    let expected =
        json!({"Action": "ResizeCompShareInstanceResponse", "RetCode": 0, "UHostId": "uhost-1"});
    assert_eq!(response, expected);
    assert_eq!(cloud.state("uhost-1").await.unwrap(), "Resizing");
    assert_eq!(cloud.operate(START, "uhost-1").await, 8903);
    cloud.advance(RESIZE_TIME);
    assert_eq!(cloud.state("uhost-1").await.unwrap(), "Stopped");
    assert_eq!(size(&cloud).await, [2, 32, 131_072]);
    assert_eq!(cloud.described("uhost-1").await["InstancePrice"], 3.96);
}

#[tokio::test]
async fn resize_without_gpu_keeps_the_full_size() {
    let cloud = stopped().await;
    call(&cloud, RESIZE, &[("WithoutGpuSpec", "B")]).await;
    cloud.advance(RESIZE_TIME);
    assert_eq!(size(&cloud).await, [0, 8, 16_384]);
    let full = json!({"Cpu": 16, "Memory": 65536, "Gpu": 1});
    assert_eq!(cloud.described("uhost-1").await["SrcInstanceConfig"], full);
    call(&cloud, RESIZE, &TWO_GPUS).await;
    cloud.advance(RESIZE_TIME);
    let instance = cloud.described("uhost-1").await;
    assert_eq!(size(&cloud).await, [2, 32, 131_072]);
    assert_eq!(instance.get("SrcInstanceConfig"), None);
    assert_eq!(instance["MachineType"], "G");
}

#[tokio::test]
async fn illegal_resize_is_refused() {
    let cloud = stopped().await;
    let cases: [RefusedCase<'_>; 8] = [
        (&[], 210, "Missing params [Gpu]"),
        (&[("Gpu", "2"), ("Cpu", "32")], 210, "Missing params [Memory]"),
        (
            &[("Gpu", "2"), ("Cpu", "16"), ("Memory", "65536")],
            8333,
            "Illegal combination of CPU and memory",
        ),
        (&[("WithoutGpu", "true")], 230, "Params [WithoutGpu] not available"),
        (&[("WithoutGpuSpec", "A"), ("Gpu", "1")], 230, "Params conflict"),
        (&[("DiskId", "bsi-demo"), ("Gpu", "1")], 230, "Params conflict"),
        (&[("DiskId", "bsi-demo")], 210, "Missing params [DiskSpace]"),
        (
            &[("DiskId", "bsi-demo"), ("DiskSpace", "90")],
            8360,
            "Disk of this kind is resized otherwise",
        ),
    ];
    for (parameters, ret_code, message) in cases {
        check_refused(&call(&cloud, RESIZE, parameters).await, ret_code, message);
    }
    assert_eq!(size(&cloud).await, [1, 16, 65_536]);
}

#[tokio::test]
async fn running_instance_is_not_resized() {
    let cloud = with(json!({"UHostId": "uhost-1", "State": "Running"})).await;
    let response = call(&cloud, RESIZE, &TWO_GPUS).await;
    check_refused(&response, 8010, "Instance is not stopped, state [Running]");
}

#[tokio::test]
async fn disk_of_virtual_machine_grows_by_itself() {
    let cloud = stopped().await;
    let grow = [("UDiskId", "bsi-demo"), ("Size", "200")];
    let response = call(&cloud, RESIZE_DISK, &grow).await;
    let expected =
        json!({"Action": "ResizeCompShareDiskResponse", "RetCode": 0, "UDiskId": "bsi-demo"});
    assert_eq!(response, expected);
    assert_eq!(cloud.state("uhost-1").await.unwrap(), "Resizing");
    cloud.advance(RESIZE_TIME);
    check_disk(&cloud, 200).await;
    check_refused(&call(&cloud, RESIZE_DISK, &grow).await, 8067, "Illegal disk size");

    // The instance is optional.
    let [region, zone, _] = location("uhost-1");
    let more = [region, zone, ("UDiskId", "bsi-demo"), ("Size", "300")];
    assert_eq!(cloud.call(RESIZE_DISK, &more).await["RetCode"], 0);
    cloud.advance(RESIZE_TIME);
    check_disk(&cloud, 300).await;
    let unknown = [region, zone, ("UDiskId", "bsi-none"), ("Size", "300")];
    let response = cloud.call(RESIZE_DISK, &unknown).await;
    check_refused(&response, 8039, "Resource [bsi-none] not exist");
    cloud.simulator.patch("uhost-1", json!({"State": "Running"}));
    let response = cloud.call(RESIZE_DISK, &more).await;
    check_refused(&response, 8010, "Instance is not stopped, state [Running]");
}

#[tokio::test]
async fn disk_of_container_grows_with_the_instance() {
    let cloud = with(json!({"UHostId": "uhost-1", "InstanceType": "Container"})).await;
    let grow = [("DiskId", "bsi-demo"), ("DiskSpace", "200")];
    assert_eq!(call(&cloud, RESIZE, &grow).await["RetCode"], 0);
    cloud.advance(RESIZE_TIME);
    check_disk(&cloud, 200).await;
    let response = call(&cloud, RESIZE_DISK, &[("UDiskId", "bsi-demo"), ("Size", "300")]).await;
    check_refused(&response, 8360, "Disk of this kind is resized otherwise");
}

async fn check_disk(cloud: &Cloud, size: u64) {
    let instance = cloud.described("uhost-1").await;
    assert_eq!(instance["DiskSet"][0]["Size"], size);
    assert_eq!(instance["TotalDiskSpace"], size);
    assert_eq!(instance["State"], "Stopped");
}

#[tokio::test]
async fn resize_can_fail() {
    let cloud = stopped().await;
    cloud.simulator.add_fault(Fault::new(Effect::SoldOut));
    check_refused(&call(&cloud, RESIZE, &TWO_GPUS).await, 8357, "Resource sold out");
    let none = Capacity { zone: None, gpu_type: None, free_gpus: 1, lasts: None };
    cloud.simulator.set_capacity(none.clone());
    check_refused(&call(&cloud, RESIZE, &TWO_GPUS).await, 8357, "Resource sold out");
    cloud.simulator.set_capacity(Capacity { free_gpus: 2, ..none });
    cloud.simulator.add_fault(Fault::new(Effect::RollBack).on_action(RESIZE));
    assert_eq!(call(&cloud, RESIZE, &TWO_GPUS).await["RetCode"], 0);
    cloud.advance(RESIZE_TIME);
    assert_eq!(cloud.state("uhost-1").await.unwrap(), "Stopped");
    assert_eq!(size(&cloud).await, [1, 16, 65_536]);
    cloud.simulator.add_fault(Fault::new(Effect::StuckInStarting));
    assert_eq!(call(&cloud, RESIZE, &TWO_GPUS).await["RetCode"], 0);
    cloud.advance(3600);
    assert_eq!(cloud.state("uhost-1").await.unwrap(), "Resizing");
}

#[tokio::test]
async fn instance_is_renamed_in_every_state() {
    let cloud = stopped().await;
    for (state, name) in [("Stopped", "训练_1"), ("Running", "a.b,c:d-e"), ("Install Fail", "x")]
    {
        cloud.simulator.patch("uhost-1", json!({"State": state}));
        let response = call(&cloud, RENAME, &[("Name", name)]).await;
        let expected = json!({
            "Action": "ModifyCompShareInstanceNameResponse", "RetCode": 0, "UHostId": "uhost-1",
        });
        assert_eq!(response, expected);
        assert_eq!(cloud.described("uhost-1").await["Name"], name);
    }
    for name in ["my host", "a/b", "名".repeat(64).as_str()] {
        let response = call(&cloud, RENAME, &[("Name", name)]).await;
        check_refused(&response, 220, "Params [Name] out of range");
    }
    check_refused(&call(&cloud, RENAME, &[]).await, 210, "Missing params [Name]");
}

#[tokio::test]
async fn rename_is_refused_during_an_operation() {
    let cloud = stopped().await;
    cloud.operate(START, "uhost-1").await;
    let response = call(&cloud, RENAME, &[("Name", "x")]).await;
    check_refused(&response, 8903, "InstanceOperationInProgress");
    cloud.simulator.advance(START_TIME);
    assert_eq!(call(&cloud, RENAME, &[("Name", "x")]).await["RetCode"], 0);
}
