//! Identity: which instance a resource stands for, apart from its attributes.

use serde_json::{Value, json};

use super::{ADDRESS, SHORT, stage};
use crate::support::{
    calls::Calls as _,
    terraform::{Feature, Workspace, with_each_terraform_that_has},
};

const RESOURCE: &str =
    "resource \"compshare_instance_power\" \"this\" {\n  instance_id = \"uhost-a\"\n}\n";

/// An import of the instance by identity, with more lines in it.
fn import_by_identity(lines: &str) -> String {
    format!(
        "import {{\n  to = {ADDRESS}\n  identity = {{\n    instance_id = \"uhost-a\"\n{lines}\n  }}\n}}\n"
    )
}

/// The identity of the resource as the state has it; null if there is none.
fn identity(workspace: &Workspace) -> Value {
    let state = workspace.stored_state();
    let resource = state["resources"].as_array().unwrap().iter().find(|resource| {
        resource["type"] == "compshare_instance_power" && resource["name"] == "this"
    });
    resource.unwrap()["instances"][0]["identity"].clone()
}

#[test]
fn an_instance_is_imported_by_its_identity() {
    with_each_terraform_that_has(Feature::Identity, async |terraform| {
        let (cloud, workspace) =
            stage(terraform, &[json!({"UHostId": "uhost-a", "State": "Running"})], SHORT).await;
        workspace.write("main.tf", RESOURCE);
        workspace.write("import.tf", &import_by_identity(""));
        assert!(workspace.plan().actions().is_empty(), "importing changes nothing");
        workspace.apply().says(&["1 imported, 0 added, 0 changed"]);
        workspace.plan().assert_empty();
        cloud.assert_no_mutating_calls();
        assert_eq!(identity(&workspace), json!({"instance_id": "uhost-a", "project_id": null}));
    });
}

#[test]
fn an_identity_may_say_in_which_project_the_instance_is() {
    with_each_terraform_that_has(Feature::Identity, async |terraform| {
        let instance = json!({"UHostId": "uhost-a", "State": "Running", "ProjectId": "org-other"});
        let (cloud, workspace) = stage(terraform, &[instance], SHORT).await;
        workspace.write("main.tf", RESOURCE);
        workspace.write("import.tf", &import_by_identity(""));
        workspace.try_apply().fail().says(&["uhost-a"]);

        workspace.write("import.tf", &import_by_identity("    project_id = \"org-other\""));
        workspace.write("main.tf", &RESOURCE.replace("\n}", "\n  project_id = \"org-other\"\n}"));
        workspace.apply().says(&["1 imported, 0 added, 0 changed"]);
        workspace.plan().assert_empty();
        cloud.assert_no_mutating_calls();

        let expected = json!({"instance_id": "uhost-a", "project_id": "org-other"});
        assert_eq!(identity(&workspace), expected);
        assert_eq!(workspace.shown(ADDRESS).unwrap()["identity"], expected);
    });
}

#[test]
fn an_identity_without_an_instance_is_refused() {
    with_each_terraform_that_has(Feature::Identity, async |terraform| {
        let (cloud, workspace) = stage(terraform, &[], SHORT).await;
        workspace.write("main.tf", RESOURCE);
        let blank = import_by_identity("").replace("\"uhost-a\"", "\" \"");
        workspace.write("import.tf", &blank);
        workspace.try_apply().fail().says(&["instance_id"]);
        assert!(cloud.calls().is_empty());
    });
}

#[test]
fn an_instance_that_is_not_known_yet_is_planned_and_then_has_an_identity() {
    with_each_terraform_that_has(Feature::Identity, async |terraform| {
        let (_cloud, workspace) =
            stage(terraform, &[json!({"UHostId": "uhost-a", "State": "Stopped"})], SHORT).await;
        let chosen = "resource \"terraform_data\" \"chosen\" {\n  input = \"uhost-a\"\n}\n";
        let resource = RESOURCE.replace("\"uhost-a\"", "terraform_data.chosen.output");
        workspace.write("main.tf", &[chosen, &resource].concat());

        // An identity of which something is not known yet is more than Terraform can show.
        let plan = workspace.plan();
        assert_eq!(plan.actions()[ADDRESS], "create");
        let said = plan.run.says(&["will be created", "Plan: 2 to add"]);
        assert!(!said.to_string().contains("marshal"), "{said}");

        workspace.apply();
        assert_eq!(identity(&workspace), json!({"instance_id": "uhost-a", "project_id": null}));
        workspace.plan().assert_empty();
    });
}

#[test]
fn another_instance_has_another_identity() {
    with_each_terraform_that_has(Feature::Identity, async |terraform| {
        let running = |id: &str| json!({"UHostId": id, "State": "Running"});
        let (_cloud, workspace) =
            stage(terraform, &[running("uhost-a"), running("uhost-b")], SHORT).await;
        workspace.write("main.tf", RESOURCE);
        workspace.apply();
        workspace.write("main.tf", &RESOURCE.replace("uhost-a", "uhost-b"));
        assert_eq!(workspace.plan().actions()[ADDRESS], "delete, create");
        workspace.apply();
        assert_eq!(identity(&workspace), json!({"instance_id": "uhost-b", "project_id": null}));
    });
}

#[test]
fn a_state_from_before_identities_gets_one_with_the_next_apply() {
    with_each_terraform_that_has(Feature::Identity, async |terraform| {
        let (cloud, workspace) =
            stage(terraform, &[json!({"UHostId": "uhost-a", "State": "Running"})], SHORT).await;
        workspace.write("main.tf", RESOURCE);
        workspace.apply();
        forget_identity(&workspace);
        assert_eq!(identity(&workspace), Value::Null);

        workspace.plan().assert_empty();
        workspace.apply();
        assert_eq!(identity(&workspace), json!({"instance_id": "uhost-a", "project_id": null}));
        cloud.assert_no_mutating_calls();
    });
}

/// Makes of the state what an older Terraform would have stored.
fn forget_identity(workspace: &Workspace) {
    let mut state = workspace.stored_state();
    let instance = state["resources"][0]["instances"][0].as_object_mut().unwrap();
    assert!(instance.remove("identity").is_some());
    instance.remove("identity_schema_version");
    state["serial"] = json!(state["serial"].as_u64().unwrap() + 1);
    let file = workspace.write("older.json", &state.to_string());
    workspace.run(&["state", "push", file.to_str().unwrap()]).succeed();
}

#[test]
fn the_configuration_of_an_import_is_generated() {
    with_each_terraform_that_has(Feature::GeneratedConfig, async |terraform| {
        let (cloud, workspace) =
            stage(terraform, &[json!({"UHostId": "uhost-a", "State": "Stopped"})], SHORT).await;
        let import = format!("import {{\n  to = {ADDRESS}\n  id = \"uhost-a\"\n}}\n");
        workspace.write("import.tf", &import);
        let plan = workspace.plan_with(&["-generate-config-out=generated.tf"]);
        assert!(plan.actions().is_empty(), "importing changes nothing");

        let generated = workspace.read("generated.tf");
        for (attribute, value) in [("instance_id", "\"uhost-a\""), ("state", "\"Stopped\"")] {
            let is_set = |line: &str| {
                line.trim().split_once('=').map(|(name, value)| (name.trim(), value.trim()))
                    == Some((attribute, value))
            };
            assert!(generated.lines().any(is_set), "{attribute}: {generated}");
        }
        workspace.apply().says(&["1 imported, 0 added, 0 changed"]);
        workspace.plan().assert_empty();
        cloud.assert_no_mutating_calls();
    });
}
