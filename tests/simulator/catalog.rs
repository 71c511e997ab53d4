//! GPU types, capacity and prices.

use reqwest::Method;
use serde_json::{Value, json};
use terraform_provider_compshare::simulator::{Capacity, Options};

use super::caller::{Cloud, START, check_refused, ret_code, stepped};

const TYPES: &str = "DescribeAvailableCompShareInstanceTypes";
const CAPACITY: &str = "CheckCompShareResourceCapacity";
const INVENTORY: &str = "DescribeCompShareGpuInventory";
const PRICE: &str = "GetCompShareInstancePrice";
const USER_PRICE: &str = "GetCompShareInstanceUserPrice";

/// Parameters of a capacity check.
const CHECK: [(&str, &str); 10] = [
    ("Region", "cn-wlcb"),
    ("Zone", "cn-wlcb-01"),
    ("GpuType", "4090"),
    ("MachineType", "G"),
    ("MinimalCpuPlatform", "Auto"),
    ("CompShareImageId", "compshareImage-12rjyhwynazd"),
    ("ChargeType", "Postpay"),
    ("Disks.0.IsBoot", "true"),
    ("Disks.0.Type", "CLOUD_SSD"),
    ("Disks.0.Size", "100"),
];

/// Parameters of `GetCompShareInstancePrice`.
const PRICED: [(&str, &str); 6] = [
    ("Region", "cn-wlcb"),
    ("Zone", "cn-wlcb-01"),
    ("GpuType", "4090"),
    ("Gpu", "1"),
    ("Cpu", "16"),
    ("Memory", "65536"),
];

/// Returns `parameters` with other values; an empty value counts as absent.
fn with<'a>(
    parameters: &[(&'a str, &'a str)],
    changes: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    // A form has the last value of a name.
    parameters.iter().chain(changes).copied().collect()
}

fn names(response: &Value) -> Vec<(&str, &str)> {
    let types = response["AvailableInstanceTypes"].as_array().unwrap().iter();
    types.map(|at| (at["Name"].as_str().unwrap(), at["Zone"].as_str().unwrap())).collect()
}

/// Sizes with enough resources, as `GPU/CPU/GB`, and the number of all sizes.
async fn enough(cloud: &Cloud, changes: &[(&str, &str)]) -> (Vec<String>, usize) {
    let response = cloud.call(CAPACITY, &with(&CHECK, changes)).await;
    assert_eq!(ret_code(&response), 0, "{response}");
    let Some(specs) = response["Specs"].as_array() else { return (Vec::new(), 0) };
    let enough = specs.iter().filter(|spec| spec["ResourceEnough"] == true);
    let size = |spec: &Value| format!("{}/{}/{}", spec["Gpu"], spec["Cpu"], spec["Mem"]);
    (enough.map(size).collect(), specs.len())
}

#[tokio::test]
async fn instance_types_are_selected() {
    let cloud = Cloud::with([]).await;
    let region = cloud.call(TYPES, &[("Region", "cn-sh2")]).await;
    let expected = [("4090", "cn-sh2-02"), ("A100", "cn-sh2-02"), ("3090", "cn-sh2-03")];
    assert_eq!(names(&region), expected);
    let status = |row: usize| &region["AvailableInstanceTypes"][row]["Status"];
    assert_eq!((status(0), status(1)), (&json!("Normal"), &json!("SoldOut")));
    let zone = [("Region", "cn-sh2"), ("Zone", "cn-sh2-02")];
    let one = cloud.call(TYPES, &with(&zone, &[("MachineTypes.0", "4090")])).await;
    assert_eq!(names(&one), [("4090", "cn-sh2-02")]);
    let row = &one["AvailableInstanceTypes"][0];
    assert_eq!(
        row["MachineSizes"][0],
        json!({
            "Gpu": 1,
            "Collection": [{
                "Cpu": 16, "Memory": [64, 94],
                "MinimalCpuPlatform": ["Amd/Epyc2", "Amd/Epyc3", "Intel/IceLake"],
            }],
        })
    );
    assert_eq!(row["CpuPlatforms"]["Amd"], json!(["Amd/Epyc2", "Amd/Epyc3"]));
    assert_eq!(row["GraphicsMemory"]["Value"], 24);

    // Two choices of CPU for one GPU, and a type without AMD.
    let types = cloud.call(TYPES, &[("Region", "cn-wlcb"), ("MachineTypes.0", "3090")]).await;
    let sizes = &types["AvailableInstanceTypes"][0]["MachineSizes"];
    assert_eq!(sizes[0]["Collection"][1]["Cpu"], 16);
    let types = cloud.call(TYPES, &[("Region", "cn-gd")]).await;
    let row = &types["AvailableInstanceTypes"][0];
    assert_eq!(row["CpuPlatforms"], json!({"Intel": ["Intel/IceLake"]}));
    assert_eq!((&row["Name"], row.get("Status")), (&json!("P40"), None));
}

#[tokio::test]
async fn list_without_instance_types_is_null() {
    let cloud = Cloud::with([]).await;
    for changes in [("Zone", "cn-sh2-01"), ("MachineTypes.0", "9090"), ("InstanceType", "spot")] {
        let response = cloud.call(TYPES, &with(&[("Region", "cn-sh2")], &[changes])).await;
        let expected = (0, Some(&json!(null)));
        assert_eq!((ret_code(&response), response.get("AvailableInstanceTypes")), expected);
    }
    check_refused(&cloud.call(TYPES, &[]).await, 210, "Missing params [Region]");
    let response = cloud.call(TYPES, &[("Region", "cn-sh2"), ("InstanceType", "x")]).await;
    check_refused(&response, 230, "Params [InstanceType] not available");
}

#[tokio::test]
async fn capacity_depends_on_zone_type_and_charge_type() {
    let cloud = Cloud::with([]).await;
    let (sizes, all) = enough(&cloud, &[]).await;
    assert_eq!((&sizes[..2], all), (&["1/16/64".to_owned(), "1/16/94".to_owned()][..], 8));
    for (changes, expected) in [
        (&[("ChargeType", "Spot")][..], (8, 8)),
        (&[("ChargeType", "Spot"), ("GpuType", "A800")], (0, 3)),
        (&[("MinimalCpuPlatform", "Amd/Auto")], (8, 8)),
        (&[("MinimalCpuPlatform", "Amd/Auto"), ("GpuType", "A800")], (0, 3)),
        (&[("Region", "cn-sh2"), ("Zone", "cn-sh2-02"), ("GpuType", "A100")], (0, 1)),
        // A zone that does not sell the type has no sizes, which is no statement about capacity.
        (&[("GpuType", "H20")], (0, 0)),
        (&[("GpuType", "9090")], (0, 0)),
    ] {
        let (sizes, all) = enough(&cloud, changes).await;
        assert_eq!((sizes.len(), all), expected, "{changes:?}");
    }
}

#[tokio::test]
async fn capacity_check_refuses_unsuitable_image() {
    let cloud = Cloud::with([]).await;
    let pod = [("Zone", "cn-wlcb-03"), ("GpuType", "5090")];
    for (changes, image, ret_code_expected) in [
        (&[][..], "compshareImage-none", 8017),
        (&[], "compshareImage-making", 8017),
        (&[("GpuType", "5090")], "compshareImage-windows", 226_603),
        (&pod, "compshareImage-12rjyhwynazd", 226_637),
        (&pod, "compshareImage-vllm", 0),
    ] {
        let changes = [changes, &[("CompShareImageId", image)]].concat();
        let response = cloud.call(CAPACITY, &with(&CHECK, &changes)).await;
        assert_eq!(ret_code(&response), ret_code_expected, "{image}: {response}");
    }
}

#[tokio::test]
async fn capacity_check_requires_all_parameters() {
    let cloud = Cloud::with([]).await;
    for (parameter, _) in &CHECK[..7] {
        let response = cloud.call(CAPACITY, &with(&CHECK, &[(parameter, "")])).await;
        check_refused(&response, 210, &format!("Missing params [{parameter}]"));
    }
    for (parameter, ret_code, message) in [
        ("Disks.0.IsBoot", 210, "Missing params [Disks]"),
        ("Disks.0.Type", 210, "Missing params [Disks.0.Type]"),
        ("Disks.0.Size", 210, "Missing params [Disks.0.Size]"),
    ] {
        let response = cloud.call(CAPACITY, &with(&CHECK, &[(parameter, "")])).await;
        check_refused(&response, ret_code, message);
    }
    for parameter in ["Zone", "MachineType", "MinimalCpuPlatform", "ChargeType", "Disks.0.Type"] {
        let response = cloud.call(CAPACITY, &with(&CHECK, &[(parameter, "x")])).await;
        check_refused(&response, 230, &format!("Params [{parameter}] not available"));
    }
}

#[tokio::test]
async fn zone_is_sold_out_until_a_time() {
    let cloud = Cloud::new().await;
    let zone = r#"{"zone": "cn-wlcb-01", "gpu_type": "4090", "free_gpus": 0, "lasts": "10m"}"#;
    assert_eq!(cloud.control(Method::POST, "capacity", zone).await.0, 204);
    assert_eq!(enough(&cloud, &[]).await, (Vec::new(), 8));
    let elsewhere = [("Region", "cn-sh2"), ("Zone", "cn-sh2-02")];
    assert_eq!(enough(&cloud, &elsewhere).await.0.len(), 8);
    assert_eq!(enough(&cloud, &[("GpuType", "5090")]).await.0.len(), 3);
    let inventory = cloud.call(INVENTORY, &[("Region", "cn-wlcb")]).await;
    let counts = &inventory["GpuInventory"]["Exclusive"]["10027"];
    assert_eq!((&counts["4090"], &counts["5090"]), (&json!(0), &json!(64)));
    // A start has the same capacity.
    assert_eq!(cloud.operate(START, "uhost-1").await, 8357);
    cloud.advance(600);
    assert_eq!(enough(&cloud, &[]).await.0.len(), 8);
    assert_eq!(cloud.operate(START, "uhost-1").await, 0);
}

#[tokio::test]
async fn few_free_gpus_are_enough_for_small_sizes() {
    let capacity = Capacity { zone: None, gpu_type: None, free_gpus: 2, lasts: None };
    let options = Options {
        capacity: vec![capacity],
        instances: vec![
            json!({"UHostId": "uhost-2", "GPU": 2}),
            json!({"UHostId": "uhost-4", "GPU": 4}),
        ],
        ..stepped()
    };
    let cloud = Cloud::of(options).await;
    assert_eq!(enough(&cloud, &[]).await.0, ["1/16/64", "1/16/94", "2/32/128", "2/32/192"]);
    assert_eq!(cloud.operate(START, "uhost-4").await, 8357);
    assert_eq!(cloud.operate(START, "uhost-2").await, 0);
    let wrong = cloud.control(Method::POST, "capacity", r#"[{"free_gpus": -1}]"#).await;
    assert_eq!(wrong.0, 400);
    let more = r#"[{"free_gpus": 0}, {"free_gpus": 1}]"#;
    assert_eq!(cloud.control(Method::POST, "capacity", more).await.0, 204);
    assert_eq!(enough(&cloud, &[]).await.0, ["1/16/64", "1/16/94"]);
}

#[tokio::test]
async fn inventory_counts_gpus_of_each_zone() {
    let cloud = Cloud::with([]).await;
    cloud.advance(400);
    let inventory = cloud.call(INVENTORY, &[("Region", "cn-bj2")]).await;
    // No pod zone: cn-bj2-03 sells 5090.
    let expected = json!({
        "Exclusive": {"4001": {"A800": 64, "H20": 64}, "9001": {}},
        "Spot": {"4001": {}, "9001": {}},
    });
    assert_eq!(inventory["GpuInventory"], expected);
    assert_eq!(inventory["SpotUnsupportedGpuTypes"], json!(["4090_48G", "P40", "A800", "H20"]));
    assert_eq!(inventory["UpdateTime"], 1_767_225_600 + 300);
    let zone = [("Region", "cn-bj2"), ("Zone", "cn-bj2-04")];
    let inventory = cloud.call(INVENTORY, &zone).await;
    assert_eq!(inventory["GpuInventory"], json!({"Exclusive": {"9001": {}}, "Spot": {"9001": {}}}));
    check_refused(&cloud.call(INVENTORY, &[]).await, 210, "Missing params [Region]");
}

/// Charge types with their prices in a list of the response.
fn prices<'a>(response: &'a Value, list: &str) -> Vec<(&'a str, f64)> {
    let details = response[list].as_array().unwrap().iter();
    let price = |detail: &'a Value| {
        (detail["ChargeType"].as_str().unwrap(), detail["Instance"].as_f64().unwrap())
    };
    details.map(price).collect()
}

#[tokio::test]
async fn prices_of_all_charge_types_are_listed() {
    let cloud = Cloud::with([]).await;
    let list = cloud.call(PRICE, &PRICED).await;
    let expected =
        [("Month", 1056.0), ("Day", 46.2), ("Dynamic", 2.2), ("Postpay", 2.2), ("Spot", 1.54)];
    for details in ["PriceDetails", "OriginalPriceDetails", "ListPriceDetails"] {
        assert_eq!(prices(&list, details), expected, "{details}");
    }
    // Another spelling of the size, no `Dynamic`, and the discount of the account.
    let size = [("Gpu", ""), ("Cpu", ""), ("GPU", "1"), ("CPU", "16")];
    let user = cloud.call(USER_PRICE, &with(&PRICED, &size)).await;
    let expected = [("Month", 950.4), ("Day", 41.58), ("Postpay", 1.98), ("Spot", 1.39)];
    assert_eq!(prices(&user, "PriceDetails"), expected);
    assert_eq!(prices(&user, "ListPriceDetails")[2], ("Postpay", 2.2));
    check_refused(&cloud.call(USER_PRICE, &PRICED).await, 210, "Missing params [GPU]");
    let size = [("Gpu", ""), ("Cpu", ""), ("GPU", "1"), ("CPU", "16")];
    check_refused(&cloud.call(PRICE, &with(&PRICED, &size)).await, 210, "Missing params [Gpu]");
}

#[tokio::test]
async fn price_depends_on_size_disks_and_quantity() {
    let cloud = Cloud::with([]).await;
    let changes = [
        ("Gpu", "2"),
        ("Cpu", "32"),
        ("Memory", "131072"),
        ("ChargeType", "Day"),
        ("Quantity", "3"),
        ("Disks.0.IsBoot", "true"),
        ("Disks.0.Type", "CLOUD_SSD"),
        ("Disks.0.Size", "200"),
        ("Disks.1.IsBoot", "false"),
        ("Disks.1.Type", "CLOUD_SSD"),
        ("Disks.1.Size", "50"),
    ];
    let response = cloud.call(PRICE, &with(&PRICED, &changes)).await;
    let expected = json!([
        {"ChargeType": "Day", "Instance": 277.2, "SystemDisks": 6.3, "Disks": 3.15},
    ]);
    assert_eq!(response["PriceDetails"], expected);
    // A paid image costs per GPU.
    let image = [&changes[..4], &[("CompShareImageId", "compshareImage-sd2")]].concat();
    let response = cloud.call(PRICE, &with(&PRICED, &image)).await;
    assert_eq!(response["PriceDetails"][0]["CompShareImage"], 4.2);
    let response = cloud.call(PRICE, &with(&PRICED, &[("CompShareImageId", "x")])).await;
    assert_eq!(ret_code(&response), 8017);
    // A boot disk of 100 GB is free, and without data disks their price is absent.
    let boot = [("ChargeType", "Spot"), ("Disks.0.IsBoot", "true"), ("Disks.0.Type", "CLOUD_SSD")];
    let boot = [&boot[..], &[("Disks.0.Size", "100")]].concat();
    let response = cloud.call(PRICE, &with(&PRICED, &boot)).await;
    let expected = json!([{"ChargeType": "Spot", "Instance": 1.54, "SystemDisks": 0.0}]);
    assert_eq!(response["PriceDetails"], expected);
}

#[tokio::test]
async fn impossible_instance_has_no_price() {
    let cloud = Cloud::with([]).await;
    for (changes, ret_code, message) in [
        (&[("GpuType", "9090")][..], 230, "Params [GpuType] not available"),
        (&[("GpuType", "H20")], 230, "Params [GpuType] not available"),
        (&[("ChargeType", "Year")], 230, "Params [ChargeType] not available"),
        (&[("Memory", "65537")], 230, "Params [Memory] not available"),
        (&[("Cpu", "8")], 8333, "Illegal combination of CPU and memory"),
        (&[("Memory", "")], 210, "Missing params [Memory]"),
        (&[("Quantity", "x")], 280, "Params [Quantity] malformed"),
    ] {
        check_refused(&cloud.call(PRICE, &with(&PRICED, changes)).await, ret_code, message);
    }
    let spot = [("GpuType", "4090_48G"), ("Memory", "98304"), ("ChargeType", "Spot")];
    let response = cloud.call(PRICE, &with(&PRICED, &spot)).await;
    check_refused(&response, 8116, "Charge type not supported");
}

#[tokio::test]
async fn fields_can_be_named_as_in_the_sdk() {
    let cloud = Cloud::of(Options { sdk_field_names: true, ..stepped() }).await;
    let response = cloud.call(PRICE, &PRICED).await;
    assert_eq!(prices(&response, "PriceDetail")[3], ("Postpay", 2.2));
    assert_eq!(response.get("PriceDetails"), None);
    let inventory = cloud.call(INVENTORY, &[("Region", "cn-wlcb")]).await;
    assert_eq!(inventory["GpuInventoryByZone"]["Exclusive"]["10027"]["4090"], 64);
    assert_eq!(inventory.get("GpuInventory"), None);
    let types = cloud.call(TYPES, &[("Region", "cn-sh2"), ("MachineTypes.0", "A100")]).await;
    assert_eq!(types["AvailableInstanceTypes"][0]["Status"], "Soldout");
}
