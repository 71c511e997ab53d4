//! The examples that people copy from: all of them are valid, and do what they say.

use std::{fs, path::Path};

use serde_json::{Value, json};
use terraform_provider_compshare::simulator::Simulator;

use super::{PROVIDER, SHORT, changes, stage};
use crate::support::{
    calls::Calls as _,
    terraform::{Feature, Terraform, Workspace, with_each_terraform, with_each_terraform_that_has},
};

/// An example: its file, what a Terraform has to have for it, and the file that has to be there as well, since in the
/// documentation each stands for itself.
type Example = (&'static str, Option<Feature>, Option<&'static str>);

const RESOURCE: &str = "resources/compshare_instance_power/resource.tf";
const IMPORT_BY_ID: &str = "resources/compshare_instance_power/import-by-string-id.tf";
const IMPORT_BY_IDENTITY: &str = "resources/compshare_instance_power/import-by-identity.tf";
const INSTANCE: &str = "data-sources/compshare_instance/data-source.tf";
const INSTANCES: &str = "data-sources/compshare_instances/data-source.tf";
const ZONES: &str = "data-sources/compshare_zones/data-source.tf";
const LOGIN: &str = "ephemeral-resources/compshare_instance_login/ephemeral-resource.tf";
const LIST: &str = "list-resources/compshare_instance_power/list-resource.tfquery.hcl";
const START: &str = "actions/compshare_instance_start/action.tf";
const STOP: &str = "actions/compshare_instance_stop/action.tf";
const REBOOT: &str = "actions/compshare_instance_reboot/action.tf";

const EXAMPLES: [Example; 13] = [
    ("demo/main.tf", None, None),
    ("provider/provider.tf", None, None),
    (RESOURCE, None, None),
    (IMPORT_BY_ID, Some(Feature::ImportBlock), Some(RESOURCE)),
    (IMPORT_BY_IDENTITY, Some(Feature::Identity), Some(RESOURCE)),
    (INSTANCE, None, None),
    (INSTANCES, None, None),
    (ZONES, None, None),
    (LOGIN, Some(Feature::EphemeralResources), None),
    (LIST, Some(Feature::Query), None),
    (START, Some(Feature::Actions), None),
    (STOP, Some(Feature::Actions), None),
    (REBOOT, Some(Feature::Actions), None),
];

/// The examples, which are a folder beside this one.
fn text_of(example: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    fs::read_to_string(folder.join(example)).unwrap()
}

/// Writes an example into a workspace, under the last part of its name.
fn copy(workspace: &Workspace, example: &str) {
    let (_, name) = example.rsplit_once('/').unwrap();
    workspace.write(name, &text_of(example));
}

/// A cloud in which this example makes sense, and a workspace with it.
async fn show(terraform: &Terraform, example: &str, instances: &[Value]) -> (Simulator, Workspace) {
    let (cloud, workspace) = stage(terraform, instances, SHORT).await;
    copy(&workspace, example);
    (cloud, workspace)
}

/// The instance that most examples are about.
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
                // Those of the guides are tested as their guides tell it, by `guides`.
                if name != "guides" {
                    folders.push(path);
                }
            } else if !name.ends_with(".sh") {
                assert!(is_tested, "`{name}` is not among the examples that are tested");
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
            if !text_of(example).contains("provider \"compshare\"") {
                workspace.write("beside.tf", PROVIDER);
            }
            workspace.run(&["fmt", "-check", "-diff"]).succeed();
            workspace.validate();
            if example == LIST {
                workspace.run(&["validate", "-no-color", "-query"]).succeed();
            }
        }
    });
}

#[test]
fn instances_are_started_and_stopped_as_the_example_says() {
    with_each_terraform(async |terraform| {
        let instances = [
            training("Stopped"),
            json!({"UHostId": "uhost-5e6f7a8b", "State": "Running"}),
            json!({"UHostId": "uhost-9c0d1e2f", "State": "Stopped"}),
        ];
        let (cloud, workspace) = show(terraform, RESOURCE, &instances).await;
        workspace.apply();
        let state_of = |id: &str| cloud.instance(id).unwrap()["State"].clone();
        assert_eq!(state_of("uhost-1a2b3c4d"), "Running");
        assert_eq!(state_of("uhost-5e6f7a8b"), "Stopped");
        assert_eq!(cloud.instance("uhost-9c0d1e2f").unwrap()["GPU"], 0);
        workspace.plan().assert_empty();
    });
}

#[test]
fn an_instance_is_looked_up_as_the_example_says() {
    with_each_terraform(async |terraform| {
        let inference = json!({"UHostId": "uhost-b", "Name": "推理", "InstancePrice": 2.5});
        let (_cloud, workspace) =
            show(terraform, INSTANCE, &[training("Running"), inference]).await;
        workspace.apply();
        assert_eq!(workspace.output("training_address"), "203.0.113.2");
        assert_eq!(workspace.output("inference_price"), json!(2.5));
    });
}

#[test]
fn instances_are_put_right_as_the_example_says() {
    with_each_terraform(async |terraform| {
        let spare = json!({"UHostId": "uhost-b", "State": "Stopped", "ReleaseTime": 1_767_225_600});
        let (cloud, workspace) = show(terraform, INSTANCES, &[training("Running"), spare]).await;
        workspace.apply();
        assert_eq!(workspace.output("reclaimed_at"), json!({"uhost-b": "2026-01-01T00:00:00Z"}));
        cloud.assert_no_mutating_calls();
        workspace.plan().assert_empty();

        cloud.patch("uhost-1a2b3c4d", json!({"State": "Stopped"}));
        workspace.apply();
        assert_eq!(changes(&cloud), ["StartCompShareInstance"]);
        assert_eq!(cloud.instance("uhost-b").unwrap()["State"], "Stopped");
    });
}

#[test]
fn zones_are_listed_as_the_example_says() {
    with_each_terraform(async |terraform| {
        let (_cloud, workspace) = show(terraform, ZONES, &[]).await;
        workspace.apply();
        assert_eq!(workspace.output("zones")["cn-sh2-02"], "上海二B");
    });
}

/// Imports an instance as an example says, into a resource with one more line.
async fn imports(terraform: &Terraform, example: &str, instance: Value, line: &str) {
    let (cloud, workspace) = show(terraform, example, &[instance]).await;
    let resource = format!(
        "resource \"compshare_instance_power\" \"training\" {{\n  instance_id = \"uhost-1a2b3c4d\"\n{line}\n}}\n"
    );
    workspace.write("resource.tf", &resource);
    workspace.apply().says(&["1 imported, 0 added, 0 changed"]);
    workspace.plan().assert_empty();
    cloud.assert_no_mutating_calls();
}

#[test]
fn an_instance_is_imported_by_its_id_as_the_example_says() {
    with_each_terraform_that_has(Feature::ImportBlock, async |terraform| {
        imports(terraform, IMPORT_BY_ID, training("Running"), "").await;
    });
}

#[test]
fn an_instance_is_imported_by_its_identity_as_the_example_says() {
    with_each_terraform_that_has(Feature::Identity, async |terraform| {
        let mut elsewhere = training("Running");
        elsewhere["ProjectId"] = json!("org-example");
        imports(terraform, IMPORT_BY_IDENTITY, elsewhere, "project_id = \"org-example\"").await;
    });
}

#[test]
fn an_instance_is_found_by_a_query_as_the_example_says() {
    with_each_terraform_that_has(Feature::Query, async |terraform| {
        let spare = json!({"UHostId": "uhost-b", "State": "Stopped", "Name": "训练 2"});
        let (_cloud, workspace) = show(terraform, LIST, &[training("Running"), spare]).await;
        let told = workspace.query(&["-json"]).succeed().told("list_complete");
        let mut totals: Vec<_> = told
            .iter()
            .map(|list| (list["address"].to_string(), list["total"].to_string()))
            .collect();
        totals.sort();
        let list = |name| format!("\"list.compshare_instance_power.{name}\"");
        assert_eq!(totals, [(list("all"), "2".to_owned()), (list("training"), "1".to_owned())]);
    });
}

#[test]
fn actions_do_as_their_examples_say() {
    with_each_terraform_that_has(Feature::Actions, async |terraform| {
        for (example, kind, before, call) in [
            (START, "start", "Stopped", "StartCompShareInstance"),
            (STOP, "stop", "Running", "StopCompShareInstance"),
        ] {
            let (cloud, workspace) = show(terraform, example, &[training(before)]).await;
            workspace.invoke(&format!("action.compshare_instance_{kind}.training")).succeed();
            assert_eq!(changes(&cloud), [call]);
        }

        let (cloud, workspace) = show(terraform, REBOOT, &[training("Running")]).await;
        workspace.apply();
        cloud.assert_no_mutating_calls();
        workspace.write("action.tf", &text_of(REBOOT).replace("570.86", "580.95"));
        workspace.apply();
        assert_eq!(changes(&cloud), ["RebootCompShareInstance"]);
    });
}

#[test]
fn a_login_is_planned_as_the_example_says() {
    with_each_terraform_that_has(Feature::EphemeralResources, async |terraform| {
        // Not applied: nobody answers there.
        let (_cloud, workspace) = show(terraform, LOGIN, &[training("Stopped")]).await;
        let plan = workspace.plan();
        assert_eq!(plan.actions()["compshare_instance_power.training"], "create");
        assert_eq!(plan.actions()["terraform_data.check_gpu"], "create");
    });
}
