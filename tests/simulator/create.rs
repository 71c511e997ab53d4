//! CreateCompShareInstance.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};
use terraform_provider_compshare::simulator::{Capacity, Effect, Fault, Options};

use super::caller::{
    CREATE, Cloud, DESCRIBE, RefusedCase, START, STOP, check_refused, location, stepped,
};

const CREATE_TIME: u64 = 90;

/// Parameters of a create of an instance with one GPU.
pub(super) const NEW: [(&str, &str); 12] = [
    ("Region", "cn-wlcb"),
    ("Zone", "cn-wlcb-01"),
    ("GpuType", "4090"),
    ("GPU", "1"),
    ("CPU", "16"),
    ("Memory", "65536"),
    ("CompShareImageId", "compshareImage-12rjyhwynazd"),
    ("Disks.0.IsBoot", "true"),
    ("Disks.0.Type", "CLOUD_SSD"),
    ("Disks.0.Size", "100"),
    ("ChargeType", "Postpay"),
    ("Name", "训练-1"),
];

/// Creates an instance with `changes` of [`NEW`]; an empty value omits the parameter.
pub(super) async fn create(cloud: &Cloud, changes: &[(&str, &str)]) -> Value {
    let mut parameters = BTreeMap::from(NEW);
    parameters.extend(changes.iter().copied());
    parameters.retain(|_, value| !value.is_empty());
    cloud.call(CREATE, &Vec::from_iter(parameters)).await
}

async fn empty() -> Cloud {
    of(Options::default()).await
}

async fn of(options: Options) -> Cloud {
    let create_time = Duration::from_secs(CREATE_TIME);
    Cloud::of(Options { create_time, clock: stepped().clock, ..options }).await
}

#[tokio::test]
async fn created_instance_passes_through_states_to_running() {
    let cloud = empty().await;
    let response = create(&cloud, &[("Remark", "由 Terraform 创建")]).await;
    assert_eq!(
        response,
        json!({
            "Action": "CreateCompShareInstanceResponse", "RetCode": 0,
            "UHostIds": ["uhost-new000001"], "Warning": null,
        })
    );
    let id = "uhost-new000001";
    for (seconds, state) in [
        (0, "Initializing"),
        (29, "Initializing"),
        (1, "Install"),
        (30, "Starting"),
        (30, "Running"),
    ] {
        cloud.advance(seconds);
        assert_eq!(cloud.state(id).await.unwrap(), state);
    }
    let instance = cloud.described(id).await;
    let expected = json!({
        "Name": "训练-1", "Remark": "由 Terraform 创建", "Region": "cn-wlcb", "Zone": "cn-wlcb-01",
        "GPU": 1, "CPU": 16, "Memory": 65536, "GpuType": "4090", "MachineType": "G",
        "InstanceType": "UHost", "ChargeType": "Postpay", "IsSpot": false, "ExpireTime": 0, "InstancePrice": 1.98,
        "CompShareImageId": "compshareImage-12rjyhwynazd", "CompShareImageName": "Ubuntu 24.04",
        "CompShareImageType": "System", "CompShareImageStatus": "Available",
        "TotalDiskSpace": 100, "CreateTime": 1_767_225_600, "StartTime": 1_767_225_660,
        "SshLoginCommand": "ssh -p 23 root@203.0.113.4",
    });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&instance[field], value, "{field}");
    }
    assert_eq!(
        (&instance["DiskSet"][0]["IsBoot"], &instance["DiskSet"][0]["Size"]),
        (&json!("True"), &json!(100))
    );
    assert_eq!(cloud.operate(STOP, id).await, 0);
}

#[tokio::test]
async fn every_create_makes_another_instance() {
    let cloud = empty().await;
    create(&cloud, &[]).await;
    let two = create(&cloud, &[("MaxCount", "2")]).await;
    assert_eq!(two["UHostIds"], json!(["uhost-new000002", "uhost-new000003"]));
    assert_eq!(cloud.call(DESCRIBE, &[]).await["TotalCount"], 3);
    assert_eq!(cloud.simulator.instances().len(), 3);
}

#[tokio::test]
async fn create_without_charge_type_rents_for_a_month() {
    let cloud = empty().await;
    create(&cloud, &[("ChargeType", "")]).await;
    create(&cloud, &[("ChargeType", "Day"), ("Quantity", "2")]).await;
    create(&cloud, &[("ChargeType", "Spot")]).await;
    let instances = cloud.simulator.instances();
    let charges: Vec<_> = instances
        .iter()
        .map(|instance| {
            let paid = instance["ExpireTime"].as_i64().unwrap();
            let days = (paid - instance["CreateTime"].as_i64().unwrap()) / (24 * 3600);
            (instance["ChargeType"].as_str().unwrap(), instance["IsSpot"] == true, days.max(0))
        })
        .collect();
    assert_eq!(charges, [("Month", false, 30), ("Day", false, 2), ("Postpay", true, 0)]);
}

#[tokio::test]
async fn new_instance_is_hidden_from_describes_for_a_while() {
    let cloud = of(Options { create_hidden: Duration::from_secs(30), ..stepped() }).await;
    create(&cloud, &[]).await;
    assert_eq!(cloud.state("uhost-new000001").await, None);
    assert_eq!(cloud.call(DESCRIBE, &[]).await["TotalCount"], 0);
    assert_eq!(cloud.simulator.instances().len(), 1);
    cloud.advance(29);
    assert_eq!(cloud.state("uhost-new000001").await, None);
    cloud.advance(1);
    assert_eq!(cloud.state("uhost-new000001").await.unwrap(), "Install");

    let stale = Effect::StaleReads { lag: Duration::from_secs(60) };
    cloud.simulator.add_fault(Fault::new(stale).on_action(CREATE));
    create(&cloud, &[]).await;
    cloud.advance(59);
    assert_eq!(cloud.state("uhost-new000002").await, None);
    cloud.advance(1);
    assert_eq!(cloud.state("uhost-new000002").await.unwrap(), "Starting");
}

#[tokio::test]
async fn illegal_create_is_refused() {
    let cloud = Cloud::new().await;
    let pod = [("Zone", "cn-wlcb-03"), ("GpuType", "5090"), ("Memory", "98304")];
    let pod_with = |image| [pod.as_slice(), &[("CompShareImageId", image)]].concat();
    let second_disk =
        [("Disks.1.IsBoot", "true"), ("Disks.1.Type", "CLOUD_SSD"), ("Disks.1.Size", "100")];
    let cases: [RefusedCase<'_>; 26] = [
        (&[("Zone", "")], 210, "Missing params [Zone]"),
        (&[("Memory", "")], 210, "Missing params [Memory]"),
        (&[("CompShareImageId", "")], 210, "Missing params [CompShareImageId]"),
        (&[("Disks.0.IsBoot", "false")], 230, "Params [Disks] not available"),
        (&second_disk, 230, "Params [Disks] not available"),
        (&[("Disks.0.Size", "5")], 8067, "Illegal disk size"),
        (&[("Disks.0.Size", "20000")], 8067, "Illegal disk size"),
        (&[("GpuType", "9090")], 230, "Params [GpuType] not available"),
        (&[("GpuType", "H20")], 230, "Params [GpuType] not available"),
        (&[("CPU", "12")], 8333, "Illegal combination of CPU and memory"),
        (&[("Memory", "65537")], 8333, "Illegal combination of CPU and memory"),
        (&[("GPU", "3")], 8333, "Illegal combination of CPU and memory"),
        (&[("ChargeType", "Yearly")], 230, "Params [ChargeType] not available"),
        (
            &[("GpuType", "4090_48G"), ("Memory", "98304"), ("ChargeType", "Spot")],
            8116,
            "Charge type not supported",
        ),
        (&[("Quantity", "0")], 220, "Params [Quantity] out of range"),
        (&[("MaxCount", "101")], 220, "Params [MaxCount] out of range"),
        (
            &[("GpuType", "4090_48G"), ("Memory", "98304"), ("MinimalCpuPlatform", "Amd/Auto")],
            8374,
            "Cpu platform not supported by GPU type",
        ),
        (&[("Name", "my host")], 220, "Params [Name] out of range"),
        (
            &[("CompShareImageId", "compshareImage-none")],
            8017,
            "Image [compshareImage-none] not available",
        ),
        (
            &[("CompShareImageId", "compshareImage-making")],
            8017,
            "Image [compshareImage-making] not available",
        ),
        (
            &[
                ("CompShareImageId", "compshareImage-windows"),
                ("GpuType", "5090"),
                ("Memory", "98304"),
            ],
            226_603,
            "Image does not support GPU type",
        ),
        (
            &[("CompShareImageId", "compshareImage-mine"), ("Disks.0.Size", "50")],
            8315,
            "Boot disk smaller than image",
        ),
        (&pod_with("compshareImage-demo"), 226_637, "Zone does not support image type"),
        (&[("ProjectId", "org-none")], 292, "Project [org-none] not exist"),
        (&[("Zone", "cn-none-01")], 230, "Params [Zone] not available"),
        (&[("GPU", "two")], 280, "Params [GPU] malformed"),
    ];
    for (changes, ret_code, message) in cases {
        check_refused(&create(&cloud, changes).await, ret_code, message);
    }
    assert_eq!(cloud.simulator.instances().len(), 1);
    let pod = create(&cloud, &pod_with("compshareImage-vllm")).await;
    assert_eq!(pod["UHostIds"], json!(["cpod-new000001"]));
    assert_eq!(cloud.described("cpod-new000001").await["InstanceType"], "Container");
}

#[tokio::test]
async fn image_is_copied_to_zone_before_the_create() {
    let cloud = empty().await;
    let elsewhere =
        [("Region", "cn-sh2"), ("Zone", "cn-sh2-02"), ("CompShareImageId", "compshareImage-sd2")];
    let message = "Image is being synchronized to the zone";
    check_refused(&create(&cloud, &elsewhere).await, 226_628, message);
    cloud.advance(179);
    check_refused(&create(&cloud, &elsewhere).await, 226_628, message);
    cloud.advance(1);
    assert_eq!(create(&cloud, &elsewhere).await["RetCode"], 0);

    let zones = json!({"UnsyncedZones": ["cn-wlcb-01"]});
    cloud.simulator.patch_image("compshareImage-mine", zones);
    let mine = [("CompShareImageId", "compshareImage-mine")];
    check_refused(&create(&cloud, &mine).await, 226_620, message);
}

#[tokio::test]
async fn quota_and_capacity_refuse_a_create() {
    let cloud = of(Options { instance_quota: Some(2), ..stepped() }).await;
    cloud.simulator.set_capacity(Capacity {
        zone: Some("cn-wlcb-01".to_owned()),
        gpu_type: Some("4090".to_owned()),
        free_gpus: 1,
        lasts: None,
    });
    let two_gpus = [("GPU", "2"), ("CPU", "32"), ("Memory", "131072")];
    check_refused(&create(&cloud, &two_gpus).await, 226_604, "Currently out of resources");
    create(&cloud, &[]).await;
    cloud.simulator.add_fault(Fault::new(Effect::SoldOut));
    check_refused(&create(&cloud, &[]).await, 226_604, "Currently out of resources");
    create(&cloud, &[]).await;
    check_refused(&create(&cloud, &[]).await, 226_608, "Instance quota exceeded");
}

#[tokio::test]
async fn outcome_of_a_create_can_be_a_failure() {
    let cloud = empty().await;
    let outcomes = [
        (Effect::InstallFail, Some("Install Fail")),
        (Effect::StuckInStarting, Some("Initializing")),
        (Effect::FallBackToStopped, Some("Stopped")),
        (Effect::Vanish, None),
    ];
    for (index, (effect, state)) in outcomes.into_iter().enumerate() {
        cloud.simulator.add_fault(Fault::new(effect).on_instance("chosen"));
        create(&cloud, &[("Name", "other")]).await;
        let response = create(&cloud, &[("Name", "chosen")]).await;
        let id = response["UHostIds"][0].as_str().unwrap().to_owned();
        assert_eq!(id, format!("uhost-new{:06}", 2 * index + 2));
        assert_eq!(cloud.state(&id).await.unwrap(), "Initializing");
        cloud.advance(CREATE_TIME);
        assert_eq!(cloud.state(&id).await.as_deref(), state);
    }
}

#[tokio::test]
async fn response_to_a_create_can_be_lost_before_or_after_its_effect() {
    let cloud = empty().await;
    let http = |processed| Effect::Http { status: 502, body: String::new(), processed };
    let faults = [
        (Effect::DropConnection, false),
        (Effect::LoseResponse, true),
        (http(false), false),
        (http(true), true),
    ];
    let mut expected = 0;
    for (effect, is_created) in faults {
        cloud.simulator.add_fault(Fault::new(effect.clone()).on_action(CREATE));
        let response = cloud.sign_and_send(CREATE, &NEW).await;
        let status = response.ok().map(|response| response.status().as_u16());
        assert_eq!(status, matches!(effect, Effect::Http { .. }).then_some(502));
        expected += usize::from(is_created);
        assert_eq!(cloud.simulator.instances().len(), expected, "{effect:?}");
    }
    // A failure is reported, but the instance exists.
    let timed_out = json!({"RetCode": 8438, "Message": "upstream timed out"});
    cloud.simulator.add_fault(Fault::respond(timed_out).on_action(CREATE));
    check_refused(&create(&cloud, &[]).await, 8438, "upstream timed out");
    expected += 1;
    assert_eq!(cloud.simulator.instances().len(), expected);
    // An order that has not been paid refuses starts and creates.
    cloud.simulator.add_fault(Fault::refuse(8917, "Order unpaid").on_action(CREATE).forever());
    check_refused(&create(&cloud, &[]).await, 8917, "Order unpaid");
    check_refused(&create(&cloud, &[]).await, 8917, "Order unpaid");
    assert_eq!(cloud.simulator.instances().len(), expected);
}

#[tokio::test]
async fn operation_on_a_new_instance_is_refused_until_it_runs() {
    let cloud = empty().await;
    create(&cloud, &[]).await;
    let id = "uhost-new000001";
    for action in [START, STOP] {
        let response = cloud.call(action, &location(id)).await;
        check_refused(&response, 8903, "InstanceOperationInProgress");
    }
    cloud.advance(CREATE_TIME);
    assert_eq!(cloud.operate(STOP, id).await, 0);
}
