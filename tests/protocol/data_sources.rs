//! Data sources: selection of instances, and the attributes of the results.

use std::time::Duration;

use serde_json::{Value as Json, json};
use terraform_provider_compshare::simulator::{Effect, Fault, Garbage, Options, Simulator};

use super::setup::{ID, cloud, cloud_with, describes, merged, wait_until};
use crate::support::{
    actions::{DESCRIBE, DESCRIBE_ZONES},
    calls::Calls as _,
    terraform_core::{Terraform, UNKNOWN},
};

const INSTANCE: &str = "compshare_instance";
const INSTANCES: &str = "compshare_instances";
const ZONES: &str = "compshare_zones";

#[tokio::test]
async fn instance_has_all_facts_and_no_secret() {
    let (simulator, terraform) = cloud_with(json!({
        "State": "Running", "Name": "训练 一号", "Tag": "ml", "Remark": "周末停机", "GPU": 2,
        "CreateTime": 1_750_000_000, "StartTime": "1750000100", "StopTime": 0,
        "StopSchedulerTime": 4_000_000_000_i64,
        "InstancePrice": 1.58, "CompShareImagePrice": 0.1, "ExpireTime": 1_760_000_000,
        "ChargeType": "Day", "IsSpot": true,
    }))
    .await;
    let read = terraform.read_data(INSTANCE, &json!({"instance_id": ID})).await.unwrap();
    let description = json!({
        "instance_id": ID, "name": "训练 一号", "state": "Running", "region": "cn-wlcb",
        "zone": "cn-wlcb-01",
        "project_id": null, "tag": "ml", "remark": "周末停机", "instance_type": "UHost",
        "machine_type": "G",
        "gpu_type": "4090", "gpu_count": 2, "gpu_memory_gb": 24,
        "cpu_cores": 16,
        "cpu_platform": "Amd/Epyc2", "cpu_arch": "x86_64", "memory_mb": 65536,
        "os_name": "Ubuntu 22.04 64位",
        "os_type": "Linux", "without_gpu": false, "without_gpu_spec": null,
        "supports_without_gpu": true,
    });
    let rest = json!({
        "charge_type": "Day", "is_spot": true, "price_cny": 1.58, "image_price_cny": 0.1,
        "created_at": "2025-06-15T15:06:40Z",
        "started_at": "2025-06-15T15:08:20Z", "stopped_at": null,
        "scheduled_stop_at": "2096-10-02T07:06:40Z",
        "reclaim_at": null, "expires_at": "2025-10-09T08:53:20Z", "public_ip": "203.0.113.2",
        "private_ip": "10.60.0.2", "software": ["JupyterLab"],
        "addresses": [
            {"ip": "10.60.0.2", "address_type": "Private", "bandwidth_mbps": null},
            {"ip": "203.0.113.2", "address_type": "Bgp", "bandwidth_mbps": 100},
        ],
        "disks": [{"disk_id": "bsi-demo", "disk_type": "CLOUD_SSD", "is_boot": true,
        "size_gb": 60}],
    });
    assert_eq!(read, merged(description, rest));
    let text = read.to_string();
    for secret in ["demo-password", "ZGVtby1wYXNzd29yZA==", "ssh -p", ":8888"] {
        assert!(!text.contains(secret), "{secret}");
    }
    assert_eq!(describes(&simulator), 1);
}

#[tokio::test]
async fn missing_or_malformed_facts_are_null() {
    let nulls = json!({
        "State": "", "Name": null, "Region": null, "Zone": null, "Tag": null, "GPU": null,
        "GpuType": null,
        "Memory": "plenty", "CPU": -1, "GraphicsMemory": 24, "InstancePrice": "free",
        "CreateTime": "long ago",
        "StartTime": -5, "IPSet": null, "DiskSet": "none", "Softwares": [7, {"URL": "http://x"}],
        "SupportWithoutGpuStart": null,
    });
    let (_simulator, terraform) = cloud_with(nulls).await;
    let read = terraform.read_data(INSTANCE, &json!({"instance_id": ID})).await.unwrap();
    for name in [
        "state",
        "name",
        "region",
        "zone",
        "tag",
        "gpu_type",
        "gpu_count",
        "memory_mb",
        "cpu_cores",
        "gpu_memory_gb",
        "price_cny",
        "created_at",
        "started_at",
        "without_gpu",
        "public_ip",
        "private_ip",
        "supports_without_gpu",
    ] {
        assert_eq!(read[name], Json::Null, "{name}");
    }
    for name in ["addresses", "disks", "software"] {
        assert_eq!(read[name], json!([]), "{name}");
    }
}

#[tokio::test]
async fn numbers_are_read_in_any_spelling() {
    let (simulator, terraform) = cloud_with(json!({})).await;
    simulator.add_fault(Fault::report(json!({
        "State": "Running", "CPU": " 16 ", "Memory": "65536.0", "GPU": 1.0,
        "InstancePrice": " 1.58 ", "CreateTime": "1.764e+09", "StartTime": 1.764e9,
        "ReleaseTime": "4000000000.0", "ExpireTime": 1e300, "IsSpot": 1,
        "SupportWithoutGpuStart": " True", "GraphicsMemory": {"Value": "24"},
        "DiskSet": [{"DiskId": "d", "IsBoot": 0, "Size": "1e2"}],
    })));
    let read = terraform.read_data(INSTANCE, &json!({"instance_id": ID})).await.unwrap();
    for (name, value) in [
        ("cpu_cores", json!(16)),
        ("memory_mb", json!(65536)),
        ("gpu_count", json!(1)),
        ("gpu_memory_gb", json!(24)),
        ("created_at", json!("2025-11-24T16:00:00Z")),
        ("started_at", json!("2025-11-24T16:00:00Z")),
        ("reclaim_at", json!("2096-10-02T07:06:40Z")),
        ("expires_at", Json::Null),
        ("supports_without_gpu", json!(true)),
    ] {
        assert_eq!(read[name], value, "{name}");
    }
    assert_eq!(read["price_cny"].to_string(), "1.58");
    assert_eq!(
        (&read["disks"][0]["is_boot"], &read["disks"][0]["size_gb"]),
        (&json!(false), &json!(100))
    );
}

#[tokio::test]
async fn list_of_null_is_empty() {
    let (simulator, terraform) = cloud_with(json!({})).await;
    for empty in [json!({"Total": 0, "UHostSet": null}), json!({"UHostSet": []})] {
        simulator.add_fault(Fault::respond(empty).on_action(DESCRIBE));
        let read = terraform.read_data(INSTANCES, &json!({})).await.unwrap();
        assert_eq!(read["instances"], json!([]));
    }
    simulator.add_fault(Fault::respond(json!({"ZoneInfo": null})).on_action(DESCRIBE_ZONES));
    assert_eq!(terraform.read_data(ZONES, &json!({})).await.unwrap()["zones"], json!([]));
}

#[tokio::test]
async fn scheduled_stop_is_null_once_its_time_has_passed() {
    for (scheduled, reported) in [
        (json!(1_750_000_000), Json::Null),
        (json!(4_000_000_000_i64), json!("2096-10-02T07:06:40Z")),
        (json!("0"), Json::Null),
    ] {
        let (_simulator, terraform) = cloud_with(json!({"StopSchedulerTime": scheduled})).await;
        let read = terraform.read_data(INSTANCE, &json!({"instance_id": ID})).await.unwrap();
        assert_eq!(read["scheduled_stop_at"], reported, "{scheduled}");
    }
}

#[tokio::test]
async fn configured_arguments_are_returned_unchanged() {
    let (_simulator, terraform) = cloud_with(json!({"Region": null, "Zone": null})).await;
    let config = json!({"instance_id": ID, "region": "cn-wlcb", "zone": "cn-wlcb-01"});
    let read = terraform.read_data(INSTANCE, &config).await.unwrap();
    assert_eq!((&read["region"], &read["zone"]), (&json!("cn-wlcb"), &json!("cn-wlcb-01")));
}

#[tokio::test]
async fn extreme_values_are_preserved() {
    let (_simulator, terraform) = cloud_with(json!({
        "Name": "🚀 e\u{301} \"q\" ${x} %{y}\n", "Memory": 9_007_199_254_740_993_i64,
        "CPU": u32::MAX,
        "InstancePrice": 1e-7, "CompShareImagePrice": 123_456_789.123,
        "ExpireTime": 253_402_207_200_i64,
        "DiskSet": [{"DiskId": "d", "Size": u64::MAX}],
    }))
    .await;
    let read = terraform.read_data(INSTANCE, &json!({"instance_id": ID})).await.unwrap();
    assert_eq!(read["name"], "🚀 e\u{301} \"q\" ${x} %{y}\n");
    assert_eq!(read["memory_mb"], 9_007_199_254_740_993_i64);
    assert_eq!(read["cpu_cores"], u32::MAX);
    assert_eq!(read["price_cny"].to_string(), "0.0000001");
    assert_eq!(read["image_price_cny"].to_string(), "123456789.123");
    assert_eq!(read["expires_at"], "9999-12-30T22:00:00Z");
    assert_eq!(
        read["disks"][0]["size_gb"],
        Json::Null,
        "larger than any number that a disk size can have"
    );
}

#[tokio::test]
async fn gpus_are_counted_only_while_allocated() {
    for (instance, count, without) in [
        (json!({"State": "Running", "GPU": 4}), json!(4), json!(false)),
        (json!({"State": "Running", "GPU": 0}), json!(0), json!(true)),
        (json!({"State": "Stopped", "GPU": 4}), json!(0), Json::Null),
        (json!({"State": "Starting", "GPU": 4}), json!(0), Json::Null),
    ] {
        let (_simulator, terraform) = cloud_with(instance.clone()).await;
        let read = terraform.read_data(INSTANCE, &json!({"instance_id": ID})).await.unwrap();
        assert_eq!((&read["gpu_count"], &read["without_gpu"]), (&count, &without), "{instance}");
    }
}

/// Two instances with the same name, one with another name, and one in another project.
async fn namesakes() -> (Simulator, Terraform) {
    let instances = vec![
        json!({"UHostId": "uhost-1", "Name": "训练"}),
        json!({"UHostId": "uhost-2", "Name": "训练", "State": "Running", "Region": "cn-sh2",
        "Zone": "cn-sh2-02"}),
        json!({"UHostId": "uhost-3", "Name": "训练 2"}),
        json!({"UHostId": "uhost-4", "Name": "训练 3", "ProjectId": "org-other"}),
    ];
    cloud(Options { instances, ..Options::default() }).await
}

#[tokio::test]
async fn name_selects_the_only_matching_instance() {
    let (_simulator, terraform) = namesakes().await;
    for (config, id) in [
        (json!({"name": "训练 2"}), "uhost-3"),
        (json!({"name": "训练", "region": "cn-sh2"}), "uhost-2"),
        (json!({"name": "训练", "zone": "cn-wlcb-01"}), "uhost-1"),
        (json!({"name": "训练 3", "project_id": "org-other"}), "uhost-4"),
    ] {
        let read = terraform.read_data(INSTANCE, &config).await.unwrap();
        assert_eq!(read["instance_id"], id, "{config}");
        let project = config.get("project_id").cloned().unwrap_or_default();
        assert_eq!(read["project_id"], project);
    }
}

#[tokio::test]
async fn ambiguous_name_is_an_error_that_lists_matches() {
    let (_simulator, terraform) = namesakes().await;
    let errors = terraform.read_data(INSTANCE, &json!({"name": "训练"})).await.unwrap_err();
    errors
        .says(
            "Unable to Select Instance: Name Not Unique",
            &[
                "2 instances",
                "uhost-1: Stopped, in cn-wlcb-01",
                "uhost-2: Running, in cn-sh2-02",
                "`instance_id`",
            ],
        )
        .omits(&["uhost-3"])
        .at("name");
    for config in [
        json!({"name": "训"}),
        json!({"name": "训练 "}),
        json!({"name": "训练 3"}),
        json!({"name": "训练", "region": "cn-bj2"}),
    ] {
        let errors = terraform.read_data(INSTANCE, &config).await.unwrap_err();
        errors
            .says("Unable to Select Instance: Name Not Found", &["No instance is named"])
            .at("name");
    }
}

#[tokio::test]
async fn ambiguous_name_error_lists_twenty_instances() {
    let instances = (0..25).map(|n| json!({"UHostId": format!("uhost-{n:02}"), "Name": "x"}));
    let options = Options { instances: instances.collect(), ..Options::default() };
    let (_simulator, terraform) = cloud(options).await;
    let errors = terraform.read_data(INSTANCE, &json!({"name": "x"})).await.unwrap_err();
    errors.says(
        "Unable to Select Instance: Name Not Unique",
        &["25 instances", "uhost-19", "and more: 5"],
    );
    errors.omits(&["uhost-20"]);
}

#[tokio::test]
async fn absence_is_confirmed_and_location_is_checked() {
    let (simulator, terraform) = namesakes().await;
    let errors = terraform.read_data(INSTANCE, &json!({"instance_id": "uhost-9"})).await;
    errors
        .unwrap_err()
        .says("Unable to Read Instance: Instance Not Found", &["uhost-9", "twice"])
        .at("instance_id");
    assert_eq!(describes(&simulator), 2);
    for (config, at, place) in [
        (json!({"instance_id": "uhost-2", "region": "cn-wlcb"}), "region", "Region"),
        (json!({"instance_id": "uhost-2", "zone": "cn-sh2-01"}), "zone", "Zone"),
    ] {
        let errors = terraform.read_data(INSTANCE, &config).await.unwrap_err();
        errors.says(&format!("Unable to Read Instance: In Another {place}"), &["cn-sh2"]).at(at);
    }
    let provider = Terraform::with(&simulator.url(), json!({"region": "cn-wlcb"})).await;
    let errors = provider.read_data(INSTANCE, &json!({"instance_id": "uhost-2"})).await;
    errors
        .unwrap_err()
        .says("Unable to Read Instance: Outside the Provider's Region", &["provider"])
        .at("instance_id");
}

#[tokio::test]
async fn exactly_one_of_id_and_name_is_required() {
    let (simulator, terraform) = namesakes().await;
    for (config, at, reason) in [
        (json!({}), "instance_id", "No ID or Name"),
        (json!({"region": "cn-sh2"}), "instance_id", "No ID or Name"),
        (json!({"instance_id": "uhost-1", "name": "训练"}), "name", "Both ID and Name"),
    ] {
        let errors = terraform.read_data(INSTANCE, &config).await.unwrap_err();
        let title = format!("Unable to Select Instance: {reason}");
        errors.says(&title, &["`instance_id`", "`name`"]).at(at);
    }
    for config in [json!({"instance_id": ""}), json!({"name": " "})] {
        terraform
            .read_data(INSTANCE, &config)
            .await
            .unwrap_err()
            .says("Invalid Attribute Value", &["empty"]);
    }
    for config in [
        json!({"instance_id": UNKNOWN}),
        json!({"name": UNKNOWN}),
        json!({"instance_id": UNKNOWN, "name": "训练"}),
        json!({"instance_id": "uhost-1", "name": UNKNOWN}),
    ] {
        terraform.validate_data(INSTANCE, &config).await.unwrap();
    }
    simulator.assert_no_calls();
}

#[tokio::test]
async fn matching_instances_are_sorted_by_id() {
    let instances = (0..120).rev().map(|number| {
        let state = if number % 3 == 0 { "Running" } else { "Stopped" };
        json!({"UHostId": format!("uhost-{number:03}"), "State": state})
    });
    let instances = instances.chain([json!({"UHostId": "uhost-x", "ProjectId": "org-other"})]);
    let (simulator, terraform) =
        cloud(Options { instances: instances.collect(), ..Options::default() }).await;
    let all = terraform.read_data(INSTANCES, &json!({})).await.unwrap();
    let ids = all["ids"].as_array().unwrap();
    assert_eq!((ids.len(), &ids[0], &ids[119]), (120, &json!("uhost-000"), &json!("uhost-119")));
    assert_eq!(describes(&simulator), 2);
    for (position, instance) in all["instances"].as_array().unwrap().iter().enumerate() {
        assert_eq!(instance["instance_id"], ids[position]);
    }
    let running = terraform.read_data(INSTANCES, &json!({"state": "Running"})).await.unwrap();
    assert_eq!(running["ids"].as_array().unwrap().len(), 40);
    assert_eq!(running["state"], "Running");
    let other = terraform.read_data(INSTANCES, &json!({"project_id": "org-other"})).await.unwrap();
    assert_eq!(other["ids"], json!(["uhost-x"]));
    assert_eq!(other["instances"][0]["project_id"], "org-other");
    let none =
        terraform.read_data(INSTANCES, &json!({"name_regex": "^no-such-name$"})).await.unwrap();
    assert_eq!((&none["ids"], &none["instances"]), (&json!([]), &json!([])));
}

#[tokio::test]
async fn list_elements_equal_the_single_data_source() {
    let (_simulator, terraform) = cloud_with(json!({"State": "Running"})).await;
    let alone = terraform.read_data(INSTANCE, &json!({"instance_id": ID})).await.unwrap();
    let many = terraform.read_data(INSTANCES, &json!({})).await.unwrap();
    assert_eq!(many["instances"], json!([alone]));
}

#[tokio::test]
async fn zones_keep_the_order_of_the_api() {
    let (simulator, terraform) = cloud_with(json!({})).await;
    let all = terraform.read_data(ZONES, &json!({})).await.unwrap();
    let zones = all["zones"].as_array().unwrap();
    assert_eq!(zones.len(), 10);
    let first = json!({"region": "cn-wlcb", "zone": "cn-wlcb-01", "description": "华北二A"});
    assert_eq!((&zones[0], &zones[9]["zone"]), (&first, &json!("us-den-01")));
    let some = terraform.read_data(ZONES, &json!({"region": "cn-sh2"})).await.unwrap();
    assert_eq!(some["zones"].as_array().unwrap().len(), 3);
    let none = terraform.read_data(ZONES, &json!({"region": "mars"})).await.unwrap();
    assert_eq!(none["zones"], json!([]));
    assert_eq!((simulator.count(DESCRIBE_ZONES), describes(&simulator)), (1, 0));
}

#[tokio::test]
async fn failed_read_is_an_error_and_not_an_empty_result() {
    let (simulator, terraform) = cloud_with(json!({})).await;
    for (name, config, summary) in [
        (INSTANCE, json!({"instance_id": ID}), "Unable to Read Instance"),
        (INSTANCE, json!({"name": "x"}), "Unable to List Instances"),
        (INSTANCES, json!({}), "Unable to List Instances"),
        (ZONES, json!({}), "Unable to List Zones"),
    ] {
        let wrong_keys =
            Effect::Refuse { ret_code: 171, message: "Signature VerifyAC Error".to_owned() };
        let unavailable = Effect::Http { status: 500, body: String::new(), processed: false };
        for (effect, cause) in [
            (wrong_keys, "Invalid API Keys"),
            (Effect::LoseResponse, "Connection Lost"),
            (Effect::Malformed(Garbage::Html), "Invalid Response"),
            (Effect::Malformed(Garbage::Truncated), "Invalid Response"),
            (Effect::Malformed(Garbage::Huge), "Response Too Large"),
            (unavailable, "Service Unavailable"),
        ] {
            simulator.clear_faults();
            simulator.add_fault(Fault::new(effect).forever());
            let errors = terraform.read_data(name, &config).await.unwrap_err();
            errors.says(&format!("{summary}: {cause}"), &[]).omits(&["<html", "It works"]);
        }
    }
}

#[tokio::test]
async fn incomplete_list_is_an_error() {
    let (simulator, terraform) = cloud_with(json!({})).await;
    for fields in [
        json!({"TotalCount": 1, "UHostSet": []}),
        json!({"TotalCount": 2, "UHostSet": [{"UHostId": ID}]}),
        json!({"TotalCount": 1, "UHostSet": [{"Name": "without an ID"}]}),
        json!({}),
    ] {
        simulator.clear_faults();
        simulator.add_fault(Fault::respond(fields.clone()).on_action(DESCRIBE).forever());
        let errors = terraform.read_data(INSTANCES, &json!({})).await.unwrap_err();
        errors.says("Unable to List Instances: Incomplete Response", &["incomplete response"]);
    }
    simulator.add_fault(Fault::respond(json!({})).on_action(DESCRIBE_ZONES));
    let errors = terraform.read_data(ZONES, &json!({})).await.unwrap_err();
    errors.says("Unable to List Zones: Invalid Response", &[]);
}

#[tokio::test]
async fn ctrl_c_ends_a_read() {
    for (name, config, action) in [
        (INSTANCE, json!({"instance_id": ID}), DESCRIBE),
        (INSTANCE, json!({"name": "x"}), DESCRIBE),
        (INSTANCES, json!({}), DESCRIBE),
        (ZONES, json!({}), DESCRIBE_ZONES),
    ] {
        let (simulator, terraform) = cloud_with(json!({})).await;
        let by = Duration::from_secs(60);
        simulator.add_fault(Fault::new(Effect::Delay { by }).on_action(action));
        let stop = async {
            wait_until(|| simulator.count(action) == 1).await;
            terraform.stop().await;
        };
        let (read, ()) = tokio::join!(terraform.read_data(name, &config), stop);
        let errors = read.unwrap_err();
        assert!(errors.only().summary.starts_with("Interrupted While "), "{errors:?}");
    }
}

#[tokio::test]
async fn concurrent_reads_share_a_request() {
    let instances: Vec<_> = (0..40).map(|n| json!({"UHostId": format!("uhost-{n}")})).collect();
    let (simulator, terraform) = cloud(Options { instances, ..Options::default() }).await;
    let reads = (0..40).map(|n| {
        let terraform = terraform.clone();
        async move {
            let config = json!({"instance_id": format!("uhost-{n}")});
            terraform.read_data(INSTANCE, &config).await.unwrap()
        }
    });
    futures_util::future::join_all(reads).await;
    assert!(describes(&simulator) <= 3, "{}", describes(&simulator));
}

#[tokio::test]
async fn concurrent_reads_by_name_share_a_list() {
    let instance = |n| json!({"UHostId": format!("uhost-{n}"), "Name": format!("训练-{n}")});
    let instances: Vec<_> = (0..150).map(instance).collect();
    let (simulator, terraform) = cloud(Options { instances, ..Options::default() }).await;
    let reads = (0..40).map(|n| {
        let terraform = terraform.clone();
        async move {
            let config = json!({"name": format!("训练-{n}")});
            let read = terraform.read_data(INSTANCE, &config).await.unwrap();
            assert_eq!(read["instance_id"], format!("uhost-{n}"));
        }
    });
    futures_util::future::join_all(reads).await;
    // Each list has two pages.
    assert!(describes(&simulator) <= 4, "{}", describes(&simulator));
}

#[tokio::test]
async fn read_during_a_list_gets_a_new_list() {
    let (simulator, terraform) = cloud_with(json!({"Name": "old"})).await;
    let by = Duration::from_millis(200);
    simulator.add_fault(Fault::new(Effect::Delay { by }).on_action(DESCRIBE));
    let early = async { terraform.read_data(INSTANCE, &json!({"name": "old"})).await.unwrap() };
    let late = async {
        wait_until(|| describes(&simulator) == 1).await;
        simulator.patch(ID, json!({"Name": "new"}));
        terraform.read_data(INSTANCE, &json!({"name": "new"})).await.unwrap()
    };
    let (early, late) = tokio::join!(early, late);
    assert_eq!((&early["name"], &late["name"]), (&json!("old"), &json!("new")));
    assert_eq!(describes(&simulator), 2);
}

#[tokio::test]
async fn failed_list_fails_all_reads_that_share_it() {
    let (simulator, terraform) = cloud_with(json!({})).await;
    simulator.add_fault(Fault::refuse(299, "IAM permission denied").on_action(DESCRIBE));
    let (one, other) = (json!({"name": "a"}), json!({"name": "b"}));
    let (one, other) =
        tokio::join!(terraform.read_data(INSTANCE, &one), terraform.read_data(INSTANCE, &other));
    one.unwrap_err().says("Unable to List Instances: Permission Denied", &["299"]);
    other.unwrap_err().says("Unable to List Instances: Permission Denied", &["299"]);
    assert_eq!(describes(&simulator), 1);
}

#[tokio::test]
async fn read_with_unknown_provider_config_fails_or_defers() {
    let (simulator, _) = cloud_with(json!({})).await;
    let provider = json!({"public_key": UNKNOWN});
    let terraform = Terraform::with(&simulator.url(), provider).await;
    let config = json!({"instance_id": ID});
    let errors = terraform.read_data(INSTANCE, &config).await.unwrap_err();
    errors.says("Unknown Provider Configuration Values", &["`public_key`"]);

    let put_off = terraform.allowing_deferral().read_data_value(INSTANCE, &config).await.unwrap();
    assert!(put_off.attribute("state").is_unknown() && put_off.attribute("region").is_unknown());
    assert_eq!(put_off.attribute("instance_id").as_str(), Some(ID));
    simulator.assert_no_calls();
}

#[tokio::test]
async fn read_with_known_config_is_not_deferred() {
    let (_simulator, terraform) = cloud_with(json!({})).await;
    let terraform = terraform.allowing_deferral();
    let read = terraform.read_data(INSTANCE, &merged(json!({}), json!({"instance_id": ID}))).await;
    assert_eq!(read.unwrap()["state"], "Stopped");
}
