//! Images, and the life of an instance from its create to its deletion, with the vendor's clients.

use std::time::Duration;

use serde_json::{Value, json};
use terraform_provider_compshare::simulator::{Effect, Fault, Options, Simulator};

use super::{check_script, cli::Cli, interpreter, options, simulator};
use crate::support::actions::{CREATE, DESCRIBE_IMAGES, RESIZE, TERMINATE};

const IMAGE: &str = "compshareImage-12rjyhwynazd";

const NEW: [&str; 19] = [
    "instance",
    "create",
    "--gpu",
    "4090",
    "--count",
    "1",
    "--cpu",
    "16",
    "--memory",
    "64GiB",
    "--image",
    IMAGE,
    "--region",
    "cn-wlcb",
    "--zone",
    "cn-wlcb-01",
    "-y",
    "--name",
    "训练-1",
];

async fn names(cli: &Cli, arguments: &[&str]) -> Vec<String> {
    let list = ["image", "list", "--region", "cn-wlcb"];
    let printed = cli.succeeds(&[&list[..], arguments].concat()).await;
    let items = printed["data"]["items"].as_array().unwrap().iter();
    items.map(|item| item["Name"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn compshare_program_lists_images() {
    let simulator = simulator(Duration::ZERO).await;
    let cli = Cli::new(&simulator).await;
    let platform =
        ["Ubuntu 24.04", "PyTorch 2.6", "Windows Server 2022", "ComfyUI", "vLLM 0.11", "Ollama"];
    assert_eq!(names(&cli, &["--all"]).await, platform);
    // It knows that each type is paged separately.
    assert_eq!(simulator.count(DESCRIBE_IMAGES), 4);
    assert_eq!(names(&cli, &["--offset", "2", "--limit", "3"]).await, &platform[2..5]);
    assert_eq!(names(&cli, &["--name", "ComfyUI"]).await, ["ComfyUI"]);
    let custom = names(&cli, &["--source", "custom", "--zone", "cn-wlcb-01"]).await;
    assert_eq!(custom, ["训练环境", "in-progress", "no-space"]);
    let community = names(&cli, &["--source", "community", "--sort", "Favor"]).await;
    assert_eq!(community, ["SD WebUI", "SD WebUI", "LLM 工具箱"]);
    let tagged = names(&cli, &["--source", "community", "--tag", "LLM", "--free"]).await;
    assert_eq!(tagged, ["LLM 工具箱"]);
    let show = ["image", "show", IMAGE, "--region", "cn-wlcb"];
    let shown = cli.succeeds(&show).await;
    assert_eq!(shown.pointer("/data/image/Name"), Some(&json!("Ubuntu 24.04")));
}

#[tokio::test]
async fn compshare_program_creates_changes_and_deletes_instance() {
    let options = Options { image_sync_time: Duration::ZERO, ..options(Duration::ZERO) };
    let simulator = Simulator::start(options).await.unwrap();
    let cli = Cli::new(&simulator).await;
    let created = cli
        .succeeds(&[&NEW[..], &["--data-disk", "50GiB", "--remark", "说明", "--wait"]].concat())
        .await;
    assert_eq!(created.pointer("/data/instance/UHostIds"), Some(&json!(["uhost-new000001"])));
    assert_eq!(created.pointer("/data/final/0/UHostSet/0/State"), Some(&json!("Running")));
    let id = "uhost-new000001";

    let list = cli.succeeds(&["instance", "list"]).await;
    let items = list["data"]["items"].as_array().unwrap();
    let listed = items.iter().find(|item| item["UHostId"] == id).unwrap();
    assert_eq!((&listed["Name"], &listed["ChargeType"]), (&json!("训练-1"), &json!("Postpay")));
    let shown = cli.succeeds(&["instance", "show", id]).await;
    let host = &shown["data"]["UHostSet"][0];
    assert_eq!((&host["Remark"], &host["TotalDiskSpace"]), (&json!("说明"), &json!(150)));

    let resize = ["instance", "resize", id, "--gpu", "2", "--cpu", "32", "--memory", "128GiB"];
    let resize = [&resize[..], &["-y", "--wait"]].concat();
    let refused = cli.fails(&resize).await;
    assert_eq!(refused.pointer("/details/ret_code"), Some(&json!(8010)));
    let refused = cli.fails(&["instance", "delete", id, "-y"]).await;
    assert_eq!(refused.pointer("/details/failed/0/error/ret_code"), Some(&json!(8010)));
    cli.succeeds(&["instance", "stop", id, "-y", "--wait"]).await;
    let resized = cli.succeeds(&resize).await;
    let host = &resized["data"]["final"]["UHostSet"][0];
    assert_eq!((&host["GPU"], &host["State"]), (&json!(2), &json!("Stopped")));
    let sent = simulator.calls().into_iter().rfind(|call| call.action == RESIZE).unwrap();
    assert_eq!(sent.parameters["Memory"], "131072");
    cli.succeeds(&["instance", "rename", id, "新名字"]).await;
    let shown = cli.succeeds(&["instance", "show", id]).await;
    assert_eq!(shown.pointer("/data/UHostSet/0/Name"), Some(&json!("新名字")));

    let disk = shown.pointer("/data/UHostSet/0/DiskSet/0/DiskId").unwrap().as_str().unwrap();
    cli.succeeds(&["storage", "disk", "resize", disk, "--size", "200GiB", "-y"]).await;
    let disks = ["storage", "disk", "list", "--instance", id];
    let listed = cli.succeeds(&disks).await;
    assert_eq!(listed.pointer("/data/items/0/Configuration"), Some(&json!(200)));

    let deleted = cli.succeeds(&["instance", "delete", id, "-y", "--wait"]).await;
    assert_eq!(deleted.pointer("/data/succeeded/0/final/UHostSet"), Some(&json!([])));
    assert_eq!(deleted.pointer("/data/succeeded/0/operation/InRecycle"), Some(&json!("No")));
    let sent = simulator.calls().into_iter().find(|call| call.action == TERMINATE).unwrap();
    assert_eq!(sent.parameters["ReleaseUDisk"], "false");
    let disks = cli.succeeds(&["storage", "disk", "list", "--region", "cn-wlcb"]).await;
    let last = disks["data"]["items"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["Status"], &last["Configuration"]), (&json!("Available"), &json!(50)));
}

#[tokio::test]
async fn compshare_program_grows_disk_of_container() {
    let simulator = simulator(Duration::ZERO).await;
    let cli = Cli::new(&simulator).await;
    cli.succeeds(&["instance", "stop", "cpod-1", "-y", "--wait"]).await;
    let grow = ["instance", "resize", "cpod-1", "--disk", "bsi-demo", "--disk-size", "200GiB"];
    let grown = cli.succeeds(&[&grow[..], &["-y", "--wait"]].concat()).await;
    let host = &grown["data"]["final"]["UHostSet"][0];
    assert_eq!((&host["TotalDiskSpace"], &host["State"]), (&json!(200), &json!("Stopped")));
}

#[tokio::test]
async fn compshare_program_reports_failed_create() {
    let simulator = simulator(Duration::ZERO).await;
    let cli = Cli::new(&simulator).await;
    let fail = async |fault: Fault| -> Value {
        simulator.add_fault(fault.on_action(CREATE));
        cli.fails(&[&NEW[..], &["--no-wait"]].concat()).await
    };
    let sold_out = fail(Fault::new(Effect::SoldOut)).await;
    assert_eq!(sold_out.pointer("/details/ret_code"), Some(&json!(226_604)));
    let unpaid = fail(Fault::refuse(8917, "Order unpaid")).await;
    assert_eq!(unpaid.pointer("/details/ret_code"), Some(&json!(8917)));
    assert_eq!(simulator.instances().len(), 2);
    let lost = fail(Fault::new(Effect::LoseResponse)).await;
    assert_eq!(lost["code"], "transport_error");
    assert_eq!(simulator.instances().len(), 3);
}

#[tokio::test]
async fn python_sdk_creates_changes_and_deletes_instance() {
    let simulator = simulator(Duration::ZERO).await;
    check_script("sdk_lifecycle.py", &interpreter().await, &simulator).await;
    assert_eq!(simulator.count(CREATE), 3);
}
