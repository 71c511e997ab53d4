//! GPU types, capacity and prices with the vendor's program.

use std::time::Duration;

use serde_json::{Value, json};
use terraform_provider_compshare::simulator::Capacity;

use super::{cli::Cli, simulator};

const IMAGE: &str = "compshareImage-12rjyhwynazd";

const ZONE: [&str; 4] = ["--region", "cn-wlcb", "--zone", "cn-wlcb-01"];

async fn search(cli: &Cli, arguments: &[&str]) -> Value {
    cli.succeeds(&[&["instance", "search"], &ZONE[..], arguments].concat()).await["data"].clone()
}

#[tokio::test]
async fn compshare_program_lists_gpu_types_and_capacity() {
    let simulator = simulator(Duration::ZERO).await;
    let cli = Cli::new(&simulator).await;
    let all = search(&cli, &[]).await;
    let types = all["AvailableInstanceTypes"].as_array().unwrap();
    let names: Vec<_> = types.iter().map(|row| row["Name"].as_str().unwrap()).collect();
    assert_eq!(names, ["4090", "4090_48G", "5090", "3090", "A800"]);
    assert_eq!(all.get("Inventory"), None);

    let capacity = Capacity {
        zone: Some("cn-wlcb-01".to_owned()),
        gpu_type: Some("5090".to_owned()),
        free_gpus: 1,
        lasts: None,
    };
    simulator.set_capacity(capacity);
    let some = search(&cli, &["--gpu", "5090", "--gpu", "3090", "--image", IMAGE]).await;
    let enough = |gpu_type: &str| -> Vec<bool> {
        let specs = some["Inventory"][gpu_type].as_array().unwrap().iter();
        specs.map(|spec| spec["ResourceEnough"].as_bool().unwrap()).collect()
    };
    assert_eq!(enough("5090"), [true, false, false]);
    assert_eq!(enough("3090"), [true, true, true]);

    let spot = search(&cli, &["--spot", "--image", IMAGE]).await;
    assert_eq!((&spot["AvailableInstanceTypes"], &spot["Inventory"]), (&json!(null), &json!({})));
}

#[tokio::test]
async fn compshare_program_quotes_prices() {
    let simulator = simulator(Duration::ZERO).await;
    let cli = Cli::new(&simulator).await;
    let size = ["--gpu", "4090", "--cpu", "16", "--memory", "64GiB"];

    let price = [&["instance", "price"], &size[..], &ZONE].concat();
    let one = [&price[..], &["--charge", "Day", "--quantity", "2", "--disk", "200GiB"]].concat();
    let quoted = cli.succeeds(&one).await;
    let row = |charge_type, instance, system_disks| {
        json!({
            "ChargeType": charge_type, "Instance": instance, "SystemDisks": system_disks,
            "Disks": null, "CompShareImage": null,
        })
    };
    assert_eq!(quoted.pointer("/data/items"), Some(&json!([row("Day", 92.4, 4.2)])));
    let all = cli.succeeds(&price).await;
    assert_eq!(all.pointer("/data/items").unwrap().as_array().unwrap().len(), 5);

    let billing = [&["instance", "billing"], &size[..], &ZONE].concat();
    let billed = cli.succeeds(&billing).await;
    assert_eq!(billed.pointer("/data/items/2"), Some(&row("Postpay", 1.98, 0.0)));

    let illegal = ["--gpu", "4090", "--cpu", "8", "--memory", "64GiB"];
    let refused = cli.fails(&[&["instance", "price"], &illegal[..], &ZONE].concat()).await;
    assert_eq!(refused.pointer("/details/ret_code"), Some(&json!(8333)));
}
