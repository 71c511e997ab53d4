//! The examples of the documentation: each is formatted and valid, and has the effect it documents.

use std::{fs, path::Path};

use serde_json::{Value, json};

use super::stage::{PROVIDER, Stage};
use crate::support::{
    actions::{REBOOT as REBOOT_CALL, SCHEDULE_STOP, START as START_CALL, STOP as STOP_CALL},
    terraform::{Feature, Terraform, Workspace, with_each_terraform, with_each_terraform_that_has},
};

/// File of an example, the Terraform feature it needs, and the file that it refers to: each page
/// shows one of them.
type Example = (&'static str, Option<Feature>, Option<&'static str>);

const RESOURCE: &str = "resources/compshare_instance_power/resource.tf";
const ADDRESS: &str = "resources/compshare_instance_power/address.tf";
const IMPORT_BY_ID: &str = "resources/compshare_instance_power/import-by-string-id.tf";
const IMPORT_BY_IDENTITY: &str = "resources/compshare_instance_power/import-by-identity.tf";
const NEW: &str = "resources/compshare_instance/resource.tf";
const MODULE: &str = "modules/gpu-instance/main.tf";
const NEW_BY_ID: &str = "resources/compshare_instance/import-by-string-id.tf";
const NEW_BY_IDENTITY: &str = "resources/compshare_instance/import-by-identity.tf";
const INSTANCE: &str = "data-sources/compshare_instance/data-source.tf";
const INSTANCES: &str = "data-sources/compshare_instances/data-source.tf";
const ZONES: &str = "data-sources/compshare_zones/data-source.tf";
const CAPACITY: &str = "data-sources/compshare_capacity/data-source.tf";
const INSTANCE_TYPES: &str = "data-sources/compshare_instance_types/data-source.tf";
const PRICE: &str = "data-sources/compshare_price/data-source.tf";
const IMAGES: &str = "data-sources/compshare_images/data-source.tf";
const LOGIN: &str = "ephemeral-resources/compshare_instance_login/ephemeral-resource.tf";
const LIST: &str = "list-resources/compshare_instance_power/list-resource.tfquery.hcl";
const NEW_LIST: &str = "list-resources/compshare_instance/list-resource.tfquery.hcl";
const START: &str = "actions/compshare_instance_start/action.tf";
const STOP: &str = "actions/compshare_instance_stop/action.tf";
const REBOOT: &str = "actions/compshare_instance_reboot/action.tf";

const SCHEDULE: &str = "resources/compshare_instance_stop_schedule/resource.tf";
const SCHEDULE_BY_ID: &str = "resources/compshare_instance_stop_schedule/import-by-string-id.tf";
const SCHEDULE_BY_IDENTITY: &str =
    "resources/compshare_instance_stop_schedule/import-by-identity.tf";
const SCHEDULE_LIST: &str =
    "list-resources/compshare_instance_stop_schedule/list-resource.tfquery.hcl";
const KEEPALIVE: &str = "actions/compshare_instance_keepalive/action.tf";

const EXAMPLES: [Example; 28] = [
    ("demo/main.tf", None, None),
    ("provider/provider.tf", None, None),
    (RESOURCE, None, None),
    (ADDRESS, Some(Feature::TerraformData), Some(RESOURCE)),
    (IMPORT_BY_ID, Some(Feature::ImportBlock), Some(RESOURCE)),
    (IMPORT_BY_IDENTITY, Some(Feature::Identity), Some(RESOURCE)),
    (NEW, None, None),
    (MODULE, None, None),
    (NEW_BY_ID, Some(Feature::ImportBlock), Some(NEW)),
    (NEW_BY_IDENTITY, Some(Feature::Identity), Some(NEW)),
    (INSTANCE, None, None),
    (INSTANCES, None, None),
    (ZONES, None, None),
    (CAPACITY, None, None),
    (INSTANCE_TYPES, None, None),
    (PRICE, None, None),
    (IMAGES, None, None),
    (LOGIN, Some(Feature::EphemeralResources), None),
    (LIST, Some(Feature::Query), None),
    (NEW_LIST, Some(Feature::Query), None),
    (START, Some(Feature::Actions), None),
    (STOP, Some(Feature::Actions), None),
    (REBOOT, Some(Feature::Actions), None),
    (SCHEDULE, None, None),
    (SCHEDULE_BY_ID, Some(Feature::ImportBlock), Some(SCHEDULE)),
    (SCHEDULE_BY_IDENTITY, Some(Feature::Identity), Some(SCHEDULE)),
    (SCHEDULE_LIST, Some(Feature::Query), None),
    (KEEPALIVE, Some(Feature::Actions), None),
];

fn text_of(example: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    fs::read_to_string(folder.join(example)).unwrap()
}

/// Copies an example into a workspace, under its file name.
fn copy(workspace: &Workspace, example: &str) {
    let (_, name) = example.rsplit_once('/').unwrap();
    workspace.write(name, &text_of(example));
}

/// A stage with the instances of an example and its configuration.
async fn show(terraform: &Terraform, example: &str, instances: &[Value]) -> Stage {
    let stage = Stage::new(terraform, instances).await;
    copy(&stage.workspace, example);
    stage
}

/// Instance of most examples.
fn training(state: &str) -> Value {
    json!({"UHostId": "uhost-1a2b3c4d", "State": state, "Tag": "training", "Name": "训练"})
}

#[test]
fn every_example_is_tested() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut folders = vec![folder.clone()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(&folder).unwrap().to_str().unwrap();
            let is_tested = EXAMPLES.iter().any(|(example, ..)| *example == name);
            if path.is_dir() {
                // `guides` tests these together with their pages.
                if name != "guides" {
                    folders.push(path);
                }
            } else if !name.ends_with(".sh") {
                assert!(is_tested, "`{name}` is not tested");
            }
        }
    }
}

#[test]
fn every_example_is_formatted_and_valid() {
    with_each_terraform(async |terraform| {
        for (example, feature, beside) in EXAMPLES {
            if feature.is_some_and(|feature| !terraform.has(feature)) {
                continue;
            }
            println!("{example}");
            let workspace = Workspace::new(terraform);
            copy(&workspace, example);
            if let Some(beside) = beside {
                copy(&workspace, beside);
            }
            if !text_of(example).contains("required_providers") {
                workspace.write("beside.tf", PROVIDER);
            }
            workspace.run(&["fmt", "-check", "-diff"]).succeed();
            workspace.validate();
            if [LIST, NEW_LIST, SCHEDULE_LIST].contains(&example) {
                workspace.run(&["validate", "-no-color", "-query"]).succeed();
            }
        }
    });
}

#[test]
fn resource_example_starts_and_stops_instances() {
    with_each_terraform(async |terraform| {
        let instances = [
            training("Stopped"),
            json!({"UHostId": "uhost-5e6f7a8b", "State": "Running"}),
            json!({"UHostId": "uhost-9c0d1e2f", "State": "Stopped"}),
        ];
        let stage = show(terraform, RESOURCE, &instances).await;
        stage.apply();
        assert_eq!(stage.reported("uhost-1a2b3c4d"), "Running");
        assert_eq!(stage.reported("uhost-5e6f7a8b"), "Stopped");
        assert_eq!(stage.cloud.instance("uhost-9c0d1e2f").unwrap()["GPU"], 0);
        stage.assert_empty_plan();
    });
}

#[test]
fn instance_example_creates_and_stops_instances() {
    with_each_terraform(async |terraform| {
        let stage = show(terraform, NEW, &[]).await;
        stage.apply();
        let mut instances = stage.cloud.instances();
        instances.sort_by_key(|instance| instance["Name"].to_string());
        let facts: Vec<_> = instances
            .iter()
            .map(|one| (&one["Name"], &one["GPU"], &one["IsSpot"], &one["State"]))
            .collect();
        let (batch, training) = (json!("batch"), json!("training"));
        let (running, stopped) = (json!("Running"), json!("Stopped"));
        assert_eq!(
            facts,
            [
                (&batch, &json!(2), &json!(true), &running),
                (&training, &json!(1), &json!(false), &stopped),
            ]
        );
        stage.assert_empty_plan();
    });
}

#[test]
fn module_creates_resizes_and_stops_an_instance() {
    with_each_terraform(async |terraform| {
        let stage = Stage::new(terraform, &[]).await;
        fs::create_dir_all(stage.workspace.configuration().join("modules/gpu-instance")).unwrap();
        stage.workspace.write(MODULE, &text_of(MODULE));
        let call = |lines: &str| {
            let module = "module \"training\" {\n  source = \"./modules/gpu-instance\"\n  \
                          name   = \"training\"";
            stage.configure(&format!("{module}\n{lines}\n}}\n"));
        };
        call("");
        stage.workspace.run(&["get"]).succeed();
        stage.apply();
        stage.assert_empty_plan();
        call("gpu = { type = \"4090\", count = 2 }\nrunning = false");
        stage.apply();
        stage.assert_empty_plan();
        let instances = stage.cloud.instances();
        assert_eq!(instances.len(), 1);
        assert_eq!((&instances[0]["GPU"], &instances[0]["State"]), (&json!(2), &json!("Stopped")));
    });
}

#[test]
fn schedule_example_starts_and_schedules_stops() {
    with_each_terraform(async |terraform| {
        let rendering = json!({"UHostId": "uhost-5e6f7a8b", "State": "Running"});
        let stage = show(terraform, SCHEDULE, &[training("Stopped"), rendering]).await;
        stage.apply();
        let mut changes = stage.changes();
        changes.sort();
        assert_eq!(changes, [START_CALL, SCHEDULE_STOP, SCHEDULE_STOP]);
        let at = stage.cloud.instance("uhost-5e6f7a8b").unwrap()["SchedulerStopTime"].clone();
        assert_eq!(at, 4_102_394_400_i64, "2099-12-31T18:00:00+08:00");
        stage.assert_empty_plan();
    });
}

/// Imports the stop of an instance by an example, with `project` in the resource.
async fn check_schedule_import(terraform: &Terraform, example: &str, project: Option<&str>) {
    let mut instance = training("Running");
    instance["SchedulerStopTime"] = json!(4_102_394_400_i64);
    if let Some(project) = project {
        instance["ProjectId"] = json!(project);
    }
    let stage = show(terraform, example, &[instance]).await;
    let project = project.map(|id| format!("  project_id = \"{id}\"\n")).unwrap_or_default();
    let resource = format!(
        "resource \"compshare_instance_stop_schedule\" \"training\" {{\n  \
         instance_id = \"uhost-1a2b3c4d\"\n  stop_at = \"2099-12-31T10:00:00Z\"\n{project}}}\n"
    );
    stage.workspace.write("resource.tf", &resource);
    stage.apply().says(&["1 imported, 0 added, 0 changed"]);
    stage.assert_empty_plan();
    stage.assert_no_changes();
}

#[test]
fn schedule_example_imports_by_id() {
    with_each_terraform_that_has(Feature::ImportBlock, async |terraform| {
        check_schedule_import(terraform, SCHEDULE_BY_ID, None).await;
    });
}

#[test]
fn schedule_example_imports_by_identity() {
    with_each_terraform_that_has(Feature::Identity, async |terraform| {
        check_schedule_import(terraform, SCHEDULE_BY_IDENTITY, Some("org-example")).await;
    });
}

#[test]
fn schedule_list_example_generates_configuration() {
    with_each_terraform_that_has(Feature::Query, async |terraform| {
        let mut scheduled = training("Running");
        scheduled["SchedulerStopTime"] = json!(4_102_394_400_i64);
        let other = json!({"UHostId": "uhost-b", "State": "Running"});
        let stage = show(terraform, SCHEDULE_LIST, &[scheduled, other]).await;
        stage.workspace.query(&["-generate-config-out=stops.tf"]).succeed();
        let stops = stage.workspace.read("stops.tf");
        assert!(stops.contains("2099-12-31T10:00:00Z") && !stops.contains("uhost-b"), "{stops}");
        stage.apply().says(&["1 imported, 0 added, 0 changed"]);
        stage.assert_no_changes();
    });
}

#[test]
fn address_example_follows_the_address() {
    with_each_terraform_that_has(Feature::TerraformData, async |terraform| {
        let stage = show(terraform, ADDRESS, &[training("Stopped")]).await;
        let resource = "resource \"compshare_instance_power\" \"training\" {\n  \
                        instance_id = \"uhost-1a2b3c4d\"\n}\n";
        stage.workspace.write("resource.tf", resource);
        let check = |address: &str| {
            stage.apply();
            assert_eq!(stage.workspace.output("public_ip"), address);
            assert_eq!(stage.workspace.read("inventory.ini").trim(), address);
            stage.assert_empty_plan();
        };
        check("203.0.113.2");
        assert_eq!(stage.changes(), [START_CALL]);

        let addresses = json!([{"Type": "Bgp", "IP": "203.0.113.9"}]);
        stage.cloud.patch("uhost-1a2b3c4d", json!({"IPSet": addresses, "State": "Stopped"}));
        check("203.0.113.9");
        assert_eq!(stage.changes(), [START_CALL, START_CALL]);
    });
}

#[test]
fn instance_example_reads_address_and_price() {
    with_each_terraform(async |terraform| {
        let inference = json!({"UHostId": "uhost-b", "Name": "推理", "InstancePrice": 2.5});
        let stage = show(terraform, INSTANCE, &[training("Running"), inference]).await;
        stage.apply();
        assert_eq!(stage.workspace.output("training_address"), "203.0.113.2");
        assert_eq!(stage.workspace.output("inference_price"), json!(2.5));
    });
}

#[test]
fn instances_example_starts_instances_with_the_tag() {
    with_each_terraform(async |terraform| {
        let spare = json!({"UHostId": "uhost-b", "State": "Stopped", "ReleaseTime": 1_767_225_600});
        let stage = show(terraform, INSTANCES, &[training("Running"), spare]).await;
        stage.apply();
        let reclaim_at = json!({"uhost-b": "2026-01-01T00:00:00Z"});
        assert_eq!(stage.workspace.output("reclaim_at"), reclaim_at);
        stage.assert_no_changes();
        stage.assert_empty_plan();

        stage.cloud.patch("uhost-1a2b3c4d", json!({"State": "Stopped"}));
        stage.apply();
        assert_eq!(stage.changes(), [START_CALL]);
        assert_eq!(stage.reported("uhost-b"), "Stopped");
    });
}

#[test]
fn zones_example_lists_zones() {
    with_each_terraform(async |terraform| {
        let stage = show(terraform, ZONES, &[]).await;
        stage.apply();
        assert_eq!(stage.workspace.output("zones")["cn-sh2-02"], "上海二B");
    });
}

#[test]
fn offer_examples_list_zones_sizes_prices_and_images() {
    with_each_terraform(async |terraform| {
        for (example, output, expected) in [
            (CAPACITY, "zones", json!(["cn-wlcb-01", "cn-sh2-02", "us-den-01"])),
            (PRICE, "price_cny", json!(3.96)),
            (IMAGES, "images", json!({"compshareImage-demo": "PyTorch 2.6"})),
        ] {
            let stage = show(terraform, example, &[]).await;
            stage.apply();
            assert_eq!(stage.workspace.output(output), expected);
        }
        let stage = show(terraform, INSTANCE_TYPES, &[]).await;
        stage.apply();
        let smallest = json!({"gpu_count": 1, "cpu": 16, "memory_gb": 64});
        assert_eq!(stage.workspace.output("sizes")[0][0], smallest);
    });
}

/// Imports an instance by an example, into a resource with one more line.
async fn check_import(terraform: &Terraform, example: &str, instance: Value, line: &str) {
    let stage = show(terraform, example, &[instance]).await;
    let resource = format!(
        "resource \"compshare_instance_power\" \"training\" {{\n  \
         instance_id = \"uhost-1a2b3c4d\"\n{line}\n}}\n"
    );
    stage.workspace.write("resource.tf", &resource);
    stage.apply().says(&["1 imported, 0 added, 0 changed"]);
    stage.assert_empty_plan();
    stage.assert_no_changes();
}

#[test]
fn import_example_imports_by_id() {
    with_each_terraform_that_has(Feature::ImportBlock, async |terraform| {
        check_import(terraform, IMPORT_BY_ID, training("Running"), "").await;
    });
}

#[test]
fn import_example_imports_by_identity() {
    with_each_terraform_that_has(Feature::Identity, async |terraform| {
        let mut instance = training("Running");
        instance["ProjectId"] = json!("org-example");
        let line = "project_id = \"org-example\"";
        check_import(terraform, IMPORT_BY_IDENTITY, instance, line).await;
    });
}

#[test]
fn list_example_finds_instances() {
    check_list(LIST, "compshare_instance_power");
    check_list(NEW_LIST, "compshare_instance");
}

fn check_list(example: &'static str, type_name: &'static str) {
    with_each_terraform_that_has(Feature::Query, async |terraform| {
        let spare = json!({"UHostId": "uhost-b", "State": "Stopped", "Name": "训练 2"});
        let stage = show(terraform, example, &[training("Running"), spare]).await;
        let lists = stage.workspace.query(&["-json"]).succeed().events("list_complete");
        let mut totals: Vec<_> = lists
            .iter()
            .map(|list| (list["address"].to_string(), list["total"].to_string()))
            .collect();
        totals.sort();
        let list = |name| format!("\"list.{type_name}.{name}\"");
        assert_eq!(totals, [(list("all"), "2".to_owned()), (list("training"), "1".to_owned())]);
    });
}

#[test]
fn action_examples_send_their_calls() {
    with_each_terraform_that_has(Feature::Actions, async |terraform| {
        for (example, kind, before, call) in
            [(START, "start", "Stopped", START_CALL), (STOP, "stop", "Running", STOP_CALL)]
        {
            let stage = show(terraform, example, &[training(before)]).await;
            stage.workspace.invoke(&format!("action.compshare_instance_{kind}.training")).succeed();
            assert_eq!(stage.changes(), [call]);
        }

        let stage = show(terraform, KEEPALIVE, &[training("Stopped")]).await;
        stage.workspace.invoke("action.compshare_instance_keepalive.training").succeed();
        assert_eq!(stage.changes(), [START_CALL, STOP_CALL]);

        let stage = show(terraform, REBOOT, &[training("Running")]).await;
        stage.apply();
        stage.assert_no_changes();
        // A new driver version triggers the reboot.
        stage.workspace.write("action.tf", &text_of(REBOOT).replace("570.86", "580.95"));
        stage.apply();
        assert_eq!(stage.changes(), [REBOOT_CALL]);
    });
}

#[test]
fn login_example_is_planned() {
    with_each_terraform_that_has(Feature::EphemeralResources, async |terraform| {
        // An apply would connect to the instance by SSH.
        let stage = show(terraform, LOGIN, &[training("Stopped")]).await;
        let plan = stage.plan();
        assert_eq!(plan.actions()["compshare_instance_power.training"], "create");
        assert_eq!(plan.actions()["terraform_data.check_gpu"], "create");
    });
}
