//! Data sources about new instances: GPU models, capacity, prices and images.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value as Json, json};
use terraform_provider_compshare::simulator::{Capacity, Effect, Fault, Options, Simulator};
use tokio::time::Instant;

use super::setup::{cloud, wait_until};
use crate::support::{
    actions::{
        CHECK_CAPACITY, DESCRIBE_COMMUNITY_IMAGES, DESCRIBE_CUSTOM_IMAGES, DESCRIBE_IMAGES,
        DESCRIBE_TYPES, DESCRIBE_ZONES, GET_PRICE,
    },
    calls::Calls as _,
    terraform_core::Terraform,
};

const TYPES: &str = "compshare_instance_types";
const CAPACITY: &str = "compshare_capacity";
const PRICE: &str = "compshare_price";
const IMAGES: &str = "compshare_images";

async fn empty_cloud() -> (Simulator, Terraform) {
    cloud(Options::default()).await
}

fn free(zone: Option<&str>, free_gpus: usize) -> Capacity {
    let zone = zone.map(str::to_owned);
    Capacity { zone, gpu_type: Some("4090".to_owned()), free_gpus, lasts: None }
}

/// The values of `field` in the elements of a list.
fn column(list: &Json, field: &str) -> Vec<String> {
    let text = |element: &Json| match &element[field] {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    };
    list.as_array().unwrap().iter().map(text).collect()
}

/// Offers as `zone:gpu_count:available`.
fn offers(read: &Json) -> Vec<String> {
    let offers = read["offers"].as_array().unwrap().iter();
    let text = |offer: &Json| {
        let zone = offer["zone"].as_str().unwrap();
        format!("{zone}:{}:{}", offer["gpu_count"], offer["available"])
    };
    offers.map(text).collect()
}

#[tokio::test]
async fn instance_types_have_sizes_and_disks() {
    let (simulator, terraform) = empty_cloud().await;
    let config = json!({"zone": "cn-wlcb-01", "gpu_type": "3090"});
    let read = terraform.read_data(TYPES, &config).await.unwrap();
    let expected = json!([{
        "gpu_type": "3090", "region": "cn-wlcb", "zone": "cn-wlcb-01", "status": "Normal",
        "gpu_memory_gb": 24, "performance_tflops": 35.6,
        "sizes": [
            {"gpu_count": 1, "cpu": 8, "memory_gb": 32},
            {"gpu_count": 1, "cpu": 16, "memory_gb": 64},
            {"gpu_count": 2, "cpu": 32, "memory_gb": 128},
        ],
        "disks": [
            {"disk_type": "CLOUD_SSD", "is_boot": true, "min_size_gb": null, "max_size_gb": 1000},
            {"disk_type": "CLOUD_SSD", "is_boot": false, "min_size_gb": 10, "max_size_gb": 1500},
        ],
    }]);
    assert_eq!(read["instance_types"], expected);
    assert_eq!((simulator.count(DESCRIBE_ZONES), simulator.count(DESCRIBE_TYPES)), (1, 1));
    let none = terraform.read_data(TYPES, &json!({"gpu_type": "9999"})).await.unwrap();
    assert_eq!(none["instance_types"], json!([]));
    let everywhere = terraform.read_data(TYPES, &json!({"gpu_type": "4090"})).await.unwrap();
    let zones = ["cn-wlcb-01", "cn-sh2-02", "us-den-01"];
    assert_eq!(column(&everywhere["instance_types"], "zone"), zones);
    // One for each region.
    assert_eq!((simulator.count(DESCRIBE_ZONES), simulator.count(DESCRIBE_TYPES)), (1, 5));
}

#[tokio::test]
async fn ten_equal_blocks_send_one_request_of_each_kind() {
    let (simulator, terraform) = empty_cloud().await;
    let blocks = [
        (TYPES, json!({"zone": "cn-wlcb-01"})),
        (CAPACITY, json!({"zone": "cn-wlcb-01", "gpu_type": "4090"})),
        (PRICE, json!({"zone": "cn-wlcb-01", "gpu_type": "4090"})),
        (IMAGES, json!({"kind": "custom", "zone": "cn-wlcb-01"})),
    ];
    let reads = blocks.iter().flat_map(|(name, config)| (0..10).map(move |_| (*name, config)));
    join_all(reads.map(async |(name, config)| terraform.read_data(name, config).await.unwrap()))
        .await;
    let counts = [
        DESCRIBE_ZONES,
        DESCRIBE_TYPES,
        CHECK_CAPACITY,
        GET_PRICE,
        DESCRIBE_IMAGES,
        DESCRIBE_CUSTOM_IMAGES,
    ]
    .map(|action| simulator.count(action));
    assert_eq!(counts, [1; 6]);
    assert_eq!(simulator.calls().len(), 6);
}

#[tokio::test]
async fn capacity_of_all_zones_is_checked_concurrently() {
    let latency = Duration::from_millis(150);
    let (simulator, terraform) = cloud(Options { latency, ..Options::default() }).await;
    simulator.set_capacity(free(Some("cn-wlcb-01"), 0));
    let config = json!({"gpu_type": "4090", "gpu_count": 1, "memory_gb": 64});
    let began = Instant::now();
    let read = terraform.read_data(CAPACITY, &config).await.unwrap();
    let took = began.elapsed();
    assert_eq!(offers(&read), ["cn-wlcb-01:1:false", "cn-sh2-02:1:true", "us-den-01:1:true"]);
    assert_eq!(read["available"], true);
    let first = json!({
        "region": "cn-wlcb", "zone": "cn-wlcb-01", "gpu_count": 1, "cpu": 16, "memory_gb": 64,
        "available": false,
    });
    assert_eq!(read["offers"][0], first);
    // Zones, types, images and capacity, one after the other.
    assert!(took < latency * 8, "{took:?}");
    assert_eq!(simulator.calls().len(), 1 + 5 + 1 + 3);
    simulator.assert_no_mutating_calls();
}

#[tokio::test]
async fn sold_out_is_a_result() {
    let (simulator, terraform) = empty_cloud().await;
    simulator.set_capacity(free(None, 1));
    let config = |gpu_count: u32| json!({"gpu_type": "4090", "gpu_count": gpu_count});
    let (read, warnings) = terraform.read_data_with_warnings(CAPACITY, &config(2)).await.unwrap();
    assert_eq!((&read["available"], warnings.len()), (&json!(false), 0));
    assert!(offers(&read).iter().all(|offer| offer.ends_with(":2:false")), "{read}");
    assert_eq!(terraform.read_data(CAPACITY, &config(1)).await.unwrap()["available"], true);
    assert_eq!(simulator.count(CHECK_CAPACITY), 3, "the same zones for both numbers");
}

#[tokio::test]
async fn size_that_the_api_does_not_report_is_absent() {
    let specs = json!([
        {"Gpu": 1, "Cpu": 16, "Mem": 64, "ResourceEnough": false},
        {"Gpu": 2, "Cpu": 32, "Mem": 128},
    ]);
    let config = json!({"gpu_type": "4090", "zone": "cn-wlcb-01"});
    for (specs, expected) in [(specs, json!(1)), (json!(null), json!(0))] {
        let (simulator, terraform) = empty_cloud().await;
        simulator.add_fault(Fault::respond(json!({"Specs": specs})).on_action(CHECK_CAPACITY));
        let read = terraform.read_data(CAPACITY, &config).await.unwrap();
        assert_eq!(json!(offers(&read).len()), expected);
        assert_eq!(read["available"], false);
    }
}

#[tokio::test]
async fn default_image_fits_the_zone() {
    let (simulator, terraform) = empty_cloud().await;
    let config = json!({"gpu_type": "5090", "charge_type": "Spot"});
    terraform.read_data(CAPACITY, &config).await.unwrap();
    let calls = simulator.calls();
    let checks = calls.iter().filter(|call| call.action == CHECK_CAPACITY);
    let mut sent: Vec<_> = checks
        .map(|call| {
            let sent = ["Zone", "CompShareImageId", "ChargeType", "Disks.0.Type"];
            sent.map(|name| call.parameters[name].as_str()).join(" ")
        })
        .collect();
    sent.sort();
    assert_eq!(
        sent,
        [
            "cn-bj2-03 compshareImage-vllm Spot CLOUD_SSD",
            "cn-wlcb-01 compshareImage-12rjyhwynazd Spot CLOUD_SSD",
            "cn-wlcb-03 compshareImage-vllm Spot CLOUD_SSD",
        ]
    );
    simulator.clear_calls();
    let config =
        json!({"gpu_type": "A800", "zone": "cn-bj2-02", "image_id": "compshareImage-demo"});
    terraform.read_data(CAPACITY, &config).await.unwrap();
    let calls = simulator.calls();
    let [check] =
        &calls.iter().filter(|call| call.action == CHECK_CAPACITY).collect::<Vec<_>>()[..]
    else {
        panic!("{calls:?}")
    };
    assert_eq!(check.parameters["Disks.0.Type"], "CLOUD_RSSD");
    assert_eq!(check.parameters["CompShareImageId"], "compshareImage-demo");
    assert_eq!(simulator.count(DESCRIBE_IMAGES), 0);
}

#[tokio::test]
async fn failed_zone_is_a_warning_if_another_has_capacity() {
    let (simulator, terraform) = empty_cloud().await;
    simulator.add_fault(Fault::refuse(5000, "busy").on_action(CHECK_CAPACITY));
    let config = json!({"gpu_type": "4090", "gpu_count": 1, "cpu": 16, "memory_gb": 64});
    let (read, warnings) = terraform.read_data_with_warnings(CAPACITY, &config).await.unwrap();
    assert_eq!((read["available"].clone(), offers(&read).len()), (json!(true), 2));
    let [warning] = &warnings[..] else { panic!("{warnings:?}") };
    assert!(warning.summary.starts_with("Unable to Check Capacity: "), "{warning:?}");
    assert!(warning.detail.contains("Zone: "), "{warning:?}");
    let absent = ["cn-wlcb-01", "cn-sh2-02", "us-den-01"]
        .into_iter()
        .find(|zone| warning.detail.contains(zone))
        .unwrap();
    assert!(!column(&read["offers"], "zone").contains(&absent.to_owned()), "{read}");
    // The failure is not kept.
    let (read, warnings) = terraform.read_data_with_warnings(CAPACITY, &config).await.unwrap();
    assert_eq!((offers(&read).len(), warnings.len()), (3, 0));
    assert_eq!(simulator.count(CHECK_CAPACITY), 4);
}

#[tokio::test]
async fn failed_zone_is_an_error_if_no_other_has_capacity() {
    let (simulator, terraform) = empty_cloud().await;
    simulator.set_capacity(free(None, 0));
    simulator.add_fault(Fault::refuse(5000, "busy").on_action(CHECK_CAPACITY));
    let errors = terraform.read_data(CAPACITY, &json!({"gpu_type": "4090"})).await.unwrap_err();
    assert!(errors.only().summary.starts_with("Unable to Check Capacity: "), "{errors:?}");
    assert!(errors.only().detail.contains("not certain that the GPU model is sold out"));
    let read = terraform.read_data(CAPACITY, &json!({"gpu_type": "4090"})).await.unwrap();
    assert_eq!(read["available"], false);
}

#[tokio::test]
async fn unknown_places_types_and_sizes_name_the_known_ones() {
    let (simulator, terraform) = empty_cloud().await;
    for (name, config, title, parts, at) in [
        (
            CAPACITY,
            json!({"gpu_type": "4090", "zone": "cn-wlcb-9"}),
            "Unable to Check Capacity: Unknown Zone",
            &["`cn-wlcb-9`", "`cn-wlcb-01`", "`us-den-01`"][..],
            "zone",
        ),
        (
            CAPACITY,
            json!({"gpu_type": "4090", "region": "cn-sh2", "zone": "cn-wlcb-01"}),
            "Unable to Check Capacity: Unknown Zone",
            &["in region `cn-sh2`", "`cn-sh2-01`"],
            "zone",
        ),
        (
            TYPES,
            json!({"region": "mars"}),
            "Unable to List Instance Types: Unknown Region",
            &["`mars`", "`cn-wlcb`", "`us-den`"],
            "region",
        ),
        (
            IMAGES,
            json!({"kind": "custom", "zone": "mars-01"}),
            "Unable to List Images: Unknown Zone",
            &["`cn-wlcb-01`"],
            "zone",
        ),
        (
            CAPACITY,
            json!({"gpu_type": "5099"}),
            "Unable to Check Capacity: GPU Model Not Offered",
            &["any zone", "`4090`", "`H20`"],
            "gpu_type",
        ),
        (
            PRICE,
            json!({"gpu_type": "H20", "zone": "cn-wlcb-01"}),
            "Unable to Read Price: GPU Model Not Offered",
            &["zone `cn-wlcb-01`", "`3090`, `4090`"],
            "gpu_type",
        ),
        (
            PRICE,
            json!({"gpu_type": "3090", "zone": "cn-wlcb-01", "gpu_count": 3}),
            "Unable to Read Price: Size Not Offered",
            &["gpu_count = 1: cpu = 8, memory_gb = 32", "gpu_count = 2: cpu = 32"],
            "gpu_count",
        ),
        (
            CAPACITY,
            json!({"gpu_type": "3090", "gpu_count": 2, "cpu": 16}),
            "Unable to Check Capacity: Size Not Offered",
            &["gpu_count = 2: cpu = 32, memory_gb = 128"],
            "cpu",
        ),
    ] {
        terraform.read_data(name, &config).await.unwrap_err().says(title, parts).at(at);
    }
    assert_eq!((simulator.count(CHECK_CAPACITY), simulator.count(GET_PRICE)), (0, 0));
    let config = json!({"gpu_type": "4090", "charge_type": "postpay"});
    let errors = terraform.read_data(CAPACITY, &config).await.unwrap_err();
    errors.says("Invalid Attribute Value", &["\"Postpay\" or \"Spot\""]).at("charge_type");
}

#[tokio::test]
async fn price_is_that_of_the_smallest_size() {
    let (simulator, terraform) = empty_cloud().await;
    let config = json!({"gpu_type": "4090", "zone": "cn-wlcb-01"});
    let read = terraform.read_data(PRICE, &config).await.unwrap();
    let size = json!([read["gpu_count"], read["cpu"], read["memory_gb"]]);
    assert_eq!(size, json!([1, 16, 64]));
    assert_eq!(read["price_cny"].to_string(), "1.98");
    assert_eq!(read["list_price_cny"].to_string(), "2.2");
    let parts = ["instance_price_cny", "boot_disk_price_cny", "image_price_cny"];
    assert_eq!(parts.map(|part| read[part].to_string())[..2], ["1.98", "0"]);
    for (more, field) in [
        (json!({"gpu_count": 2}), "price_cny"),
        (json!({"charge_type": "Month"}), "price_cny"),
        (json!({"boot_disk_gb": 500}), "boot_disk_price_cny"),
    ] {
        let dearer =
            terraform.read_data(PRICE, &super::setup::merged(config.clone(), more)).await.unwrap();
        let amount = |read: &Json| read[field].as_f64().unwrap();
        assert!(amount(&dearer) > amount(&read), "{dearer}");
    }
    assert_eq!((simulator.count(GET_PRICE), simulator.count(DESCRIBE_TYPES)), (4, 1));
}

#[tokio::test]
async fn missing_price_is_null() {
    let config = json!({"gpu_type": "4090", "zone": "cn-wlcb-01"});
    for details in [json!(null), json!([]), json!([{"ChargeType": "Postpay", "SystemDisks": 1}])] {
        let (simulator, terraform) = empty_cloud().await;
        let fields = json!({"PriceDetails": details});
        simulator.add_fault(Fault::respond(fields).on_action(GET_PRICE));
        let read = terraform.read_data(PRICE, &config).await.unwrap();
        assert_eq!((&read["price_cny"], &read["list_price_cny"]), (&Json::Null, &Json::Null));
    }
}

#[tokio::test]
async fn price_is_read_under_the_names_of_the_sdk() {
    let (_simulator, terraform) =
        cloud(Options { sdk_field_names: true, ..Options::default() }).await;
    let config = json!({"gpu_type": "4090", "zone": "cn-wlcb-01"});
    let read = terraform.read_data(PRICE, &config).await.unwrap();
    assert_eq!(read["price_cny"].to_string(), "1.98");
    assert_eq!(read["list_price_cny"].to_string(), "2.2");
}

#[tokio::test]
async fn price_of_a_type_without_sizes_needs_a_full_size() {
    let (simulator, terraform) = empty_cloud().await;
    let types = json!({"AvailableInstanceTypes": [{"Name": "4090", "Zone": "cn-wlcb-01"}]});
    simulator.add_fault(Fault::respond(types).on_action(DESCRIBE_TYPES));
    let mut config = json!({"gpu_type": "4090", "zone": "cn-wlcb-01", "cpu": 16});
    let errors = terraform.read_data(PRICE, &config).await.unwrap_err();
    errors.says("Unable to Read Price: Size Unknown", &["`4090`"]).at("cpu");
    config["memory_gb"] = json!(64);
    terraform.read_data(PRICE, &config).await.unwrap();
}

#[tokio::test]
async fn images_are_filtered_and_complete() {
    let mut extra: Vec<Json> = (0..150)
        .map(|n| json!({"CompShareImageId": format!("image-{n:03}"), "Name": format!("x{n:03}")}))
        .collect();
    extra.push(json!({"CompShareImageId": "image-app", "ImageType": "App", "Name": "x-app"}));
    let (simulator, terraform) = cloud(Options { images: extra, ..Options::default() }).await;
    let read = terraform.read_data(IMAGES, &json!({"kind": "platform"})).await.unwrap();
    let names = column(&read["images"], "name");
    assert_eq!(names.iter().filter(|name| name.starts_with('x')).count(), 151);
    assert!(names.is_sorted(), "{names:?}");
    // Two pages of system images, and one of each other type.
    assert_eq!(simulator.count(DESCRIBE_IMAGES), 5);
    for (filter, expected) in [
        (json!({"name_regex": "^x00[12]$"}), &["x001", "x002"][..]),
        (json!({"container": true}), &["vLLM 0.11"]),
        (json!({"gpu_type": "H20", "name_regex": "^[A-Z](?i:lama|LLM)"}), &[]),
        (json!({"gpu_type": "3090", "name_regex": "Server|vLLM"}), &["Windows Server 2022"]),
        (json!({"zone": "cn-wlcb-03"}), &["vLLM 0.11"]),
    ] {
        let config = super::setup::merged(json!({"kind": "platform"}), filter);
        let read = terraform.read_data(IMAGES, &config).await.unwrap();
        assert_eq!(column(&read["images"], "name"), expected, "{config}");
    }
}

#[tokio::test]
async fn community_images_are_versions() {
    let (simulator, terraform) = empty_cloud().await;
    let config = json!({"kind": "community", "name_regex": "SD"});
    let read = terraform.read_data(IMAGES, &config).await.unwrap();
    assert_eq!(column(&read["images"], "version"), ["v1", "v2"]);
    assert_eq!(read["images"][0]["name"], "SD WebUI", "the name of the group");
    assert_eq!(read["images"][1]["price_cny"].to_string(), "0.1");
    assert_eq!(simulator.count(DESCRIBE_COMMUNITY_IMAGES), 1);
    let custom = terraform.read_data(IMAGES, &json!({"kind": "custom"})).await.unwrap();
    let mine = json!({
        "image_id": "compshareImage-mine", "name": "训练环境", "version": null,
        "image_type": "Custom", "status": "Available", "container": false, "size_gb": 60,
        "gpu_types": [], "framework": null, "framework_version": null, "cuda_version": null,
        "price_cny": 0, "author": "demo", "tags": [], "description": null,
        "created_at": "2025-06-01T00:00:00Z",
    });
    assert!(custom["images"].as_array().unwrap().contains(&mine), "{custom}");
    // Images of the account belong to a region.
    assert_eq!(simulator.count(DESCRIBE_CUSTOM_IMAGES), 5);
}

#[tokio::test]
async fn ctrl_c_ends_the_reads_of_offers() {
    for (name, config, action) in [
        (TYPES, json!({}), DESCRIBE_TYPES),
        (CAPACITY, json!({"gpu_type": "4090"}), CHECK_CAPACITY),
        (PRICE, json!({"gpu_type": "4090", "zone": "cn-wlcb-01"}), GET_PRICE),
        (IMAGES, json!({"kind": "platform"}), DESCRIBE_IMAGES),
    ] {
        let (simulator, terraform) = empty_cloud().await;
        let by = Duration::from_secs(60);
        simulator.add_fault(Fault::new(Effect::Delay { by }).on_action(action).forever());
        let stop = async {
            wait_until(|| simulator.count(action) > 0).await;
            terraform.stop().await;
        };
        let (read, ()) = tokio::join!(terraform.read_data(name, &config), stop);
        let errors = read.unwrap_err();
        assert!(errors.only().summary.starts_with("Interrupted While "), "{errors:?}");
    }
}

#[tokio::test]
async fn failed_read_of_offers_is_an_error() {
    for (name, config, action, title) in [
        (TYPES, json!({}), DESCRIBE_TYPES, "Unable to List Instance Types: Permission Denied"),
        (TYPES, json!({}), DESCRIBE_ZONES, "Unable to List Instance Types: Permission Denied"),
        (
            CAPACITY,
            json!({"gpu_type": "4090", "zone": "cn-wlcb-01"}),
            CHECK_CAPACITY,
            "Unable to Check Capacity: Permission Denied",
        ),
        (
            CAPACITY,
            json!({"gpu_type": "4090"}),
            DESCRIBE_IMAGES,
            "Unable to List Images: Permission Denied",
        ),
        (
            PRICE,
            json!({"gpu_type": "4090", "zone": "cn-wlcb-01"}),
            GET_PRICE,
            "Unable to Read Price: Permission Denied",
        ),
        (
            IMAGES,
            json!({"kind": "community"}),
            DESCRIBE_COMMUNITY_IMAGES,
            "Unable to List Images: Permission Denied",
        ),
    ] {
        let (simulator, terraform) = empty_cloud().await;
        simulator
            .add_fault(Fault::refuse(299, "IAM permission denied").on_action(action).forever());
        let errors = terraform.read_data(name, &config).await.unwrap_err();
        errors.says(title, &["299", action]);
    }
}
