//! Identity of a resource: import, storage, generated configuration.

use serde_json::{Value, json};

use super::stage::{ADDRESS, Stage, instance, resource};
use crate::support::terraform::{Feature, Workspace, with_each_terraform_that_has};

/// Import of `uhost-a` by identity, with more lines in the identity.
fn import_by_identity(lines: &str) -> String {
    format!(
        "import {{\n  to = {ADDRESS}\n  identity = {{\n    \
         instance_id = \"uhost-a\"\n{lines}\n  }}\n}}\n"
    )
}

/// Stored identity of the resource; null if there is none.
fn identity(workspace: &Workspace) -> Value {
    let state = workspace.stored_state();
    let resource = state["resources"].as_array().unwrap().iter().find(|resource| {
        resource["type"] == "compshare_instance_power" && resource["name"] == "this"
    });
    resource.unwrap()["instances"][0]["identity"].clone()
}

#[test]
fn instance_is_imported_by_identity() {
    with_each_terraform_that_has(Feature::Identity, async |terraform| {
        let stage = Stage::new(terraform, &[instance("Running")]).await;
        stage.configure_resource("");
        stage.workspace.write("import.tf", &import_by_identity(""));
        assert!(stage.plan().actions().is_empty(), "an import changes nothing");
        stage.apply().says(&["1 imported, 0 added, 0 changed"]);
        stage.assert_empty_plan();
        stage.assert_no_changes();
        let expected = json!({"instance_id": "uhost-a", "project_id": null});
        assert_eq!(identity(&stage.workspace), expected);
    });
}

#[test]
fn identity_may_contain_the_project() {
    with_each_terraform_that_has(Feature::Identity, async |terraform| {
        let instance = json!({"UHostId": "uhost-a", "State": "Running", "ProjectId": "org-other"});
        let stage = Stage::new(terraform, &[instance]).await;
        stage.configure_resource("");
        stage.workspace.write("import.tf", &import_by_identity(""));
        stage.workspace.try_apply().fail().says(&["uhost-a"]);

        let project = "project_id = \"org-other\"";
        stage.workspace.write("import.tf", &import_by_identity(project));
        stage.configure_resource(project);
        stage.apply().says(&["1 imported, 0 added, 0 changed"]);
        stage.assert_empty_plan();
        stage.assert_no_changes();

        let expected = json!({"instance_id": "uhost-a", "project_id": "org-other"});
        assert_eq!(identity(&stage.workspace), expected);
        assert_eq!(stage.workspace.shown(ADDRESS).unwrap()["identity"], expected);
    });
}

#[test]
fn identity_without_instance_id_is_refused() {
    with_each_terraform_that_has(Feature::Identity, async |terraform| {
        let stage = Stage::new(terraform, &[]).await;
        stage.configure_resource("");
        let blank = import_by_identity("").replace("\"uhost-a\"", "\" \"");
        stage.workspace.write("import.tf", &blank);
        stage.workspace.try_apply().fail().says(&["instance_id"]);
        assert!(stage.cloud.calls().is_empty());
    });
}

#[test]
fn unknown_instance_id_gets_an_identity_by_apply() {
    with_each_terraform_that_has(Feature::Identity, async |terraform| {
        let stage = Stage::new(terraform, &[instance("Stopped")]).await;
        let chosen = "resource \"terraform_data\" \"chosen\" {\n  input = \"uhost-a\"\n}\n";
        let resource = resource("").replace("\"uhost-a\"", "terraform_data.chosen.output");
        stage.configure(&[chosen, &resource].concat());

        // Terraform cannot encode an identity with unknown values in a plan.
        let plan = stage.plan();
        assert_eq!(plan.actions()[ADDRESS], "create");
        let run = plan.run.says(&["will be created", "Plan: 2 to add"]);
        assert!(!run.to_string().contains("marshal"), "{run}");

        stage.apply();
        let expected = json!({"instance_id": "uhost-a", "project_id": null});
        assert_eq!(identity(&stage.workspace), expected);
        stage.assert_empty_plan();
    });
}

#[test]
fn replacement_gets_the_identity_of_the_new_instance() {
    with_each_terraform_that_has(Feature::Identity, async |terraform| {
        let running = |id: &str| json!({"UHostId": id, "State": "Running"});
        let stage = Stage::new(terraform, &[running("uhost-a"), running("uhost-b")]).await;
        stage.configure_resource("").apply();
        stage.configure(&resource("").replace("uhost-a", "uhost-b"));
        assert_eq!(stage.plan().actions()[ADDRESS], "delete, create");
        stage.apply();
        let expected = json!({"instance_id": "uhost-b", "project_id": null});
        assert_eq!(identity(&stage.workspace), expected);
    });
}

#[test]
fn state_of_older_terraform_gets_an_identity_by_apply() {
    with_each_terraform_that_has(Feature::Identity, async |terraform| {
        let stage = Stage::new(terraform, &[instance("Running")]).await;
        stage.configure_resource("").apply();
        remove_identity(&stage.workspace);
        assert_eq!(identity(&stage.workspace), Value::Null);

        stage.assert_empty_plan();
        stage.apply();
        let expected = json!({"instance_id": "uhost-a", "project_id": null});
        assert_eq!(identity(&stage.workspace), expected);
        stage.assert_no_changes();
    });
}

/// Rewrites the state as a Terraform without identities stores it.
fn remove_identity(workspace: &Workspace) {
    let mut state = workspace.stored_state();
    let instance = state["resources"][0]["instances"][0].as_object_mut().unwrap();
    assert!(instance.remove("identity").is_some());
    instance.remove("identity_schema_version");
    state["serial"] = json!(state["serial"].as_u64().unwrap() + 1);
    let file = workspace.write("older.json", &state.to_string());
    workspace.run(&["state", "push", file.to_str().unwrap()]).succeed();
}

#[test]
fn import_generates_configuration() {
    with_each_terraform_that_has(Feature::GeneratedConfig, async |terraform| {
        let stage = Stage::new(terraform, &[instance("Stopped")]).await;
        // Terraform 1.16 requires the provider as long as the resource has no block.
        let import = format!(
            "import {{\n  to = {ADDRESS}\n  provider = compshare\n  id = \"uhost-a\"\n}}\n"
        );
        stage.workspace.write("import.tf", &import);
        let plan = stage.workspace.plan_with(&["-generate-config-out=generated.tf"]);
        assert!(plan.actions().is_empty(), "an import changes nothing");

        let generated = stage.workspace.read("generated.tf");
        for (attribute, value) in [("instance_id", "\"uhost-a\""), ("state", "\"Stopped\"")] {
            let is_set = |line: &str| {
                line.trim().split_once('=').map(|(name, value)| (name.trim(), value.trim()))
                    == Some((attribute, value))
            };
            assert!(generated.lines().any(is_set), "{attribute}: {generated}");
        }
        stage.workspace.apply_with(&[plan.file()]).says(&["1 imported, 0 added, 0 changed"]);
        stage.workspace.remove("import.tf");
        stage.assert_empty_plan();
        stage.assert_no_changes();
    });
}

#[test]
fn import_in_transition_generates_its_resting_state() {
    with_each_terraform_that_has(Feature::GeneratedConfig, async |terraform| {
        let states = [
            ("a", "Starting", "Running"),
            ("b", "Stopping", "Stopped"),
            ("c", "Running", "Running"),
        ];
        let instances = states
            .map(|(name, state, _)| json!({"UHostId": format!("uhost-{name}"), "State": state}));
        let stage = Stage::new(terraform, &instances).await;
        let imports = states.map(|(name, _, _)| {
            format!(
                "import {{\n  to       = compshare_instance_power.{name}\n  id       = \
                 \"uhost-{name}\"\n  provider = compshare\n}}\n"
            )
        });
        stage.configure(&imports.concat());
        stage.workspace.plan_with(&["-generate-config-out=generated.tf"]);
        let generated = stage.workspace.read("generated.tf");
        for (_, _, resting) in states {
            assert!(generated.contains(&format!("= \"{resting}\"")), "{generated}");
        }
        // Only import blocks without a resource may name the provider.
        stage.configure(&imports.concat().replace("  provider = compshare\n", ""));
        stage.apply().says(&["0 added, 0 changed, 0 destroyed"]);
        stage.assert_no_changes();
    });
}
