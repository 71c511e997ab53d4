//! `terraform query`: lists of instances, and their import with generated configuration.

use serde_json::{Value, json};

use super::stage::Stage;
use crate::support::{
    actions::DESCRIBE,
    terraform::{Feature, Run, Workspace, with_each_terraform_that_has},
};

/// List of all instances of the account.
const ALL: &str = "list \"compshare_instance_power\" \"all\" {\n  provider = compshare\n}\n";

/// List with a filter.
fn list(name: &str, filter: &str) -> String {
    format!(
        "list \"compshare_instance_power\" \"{name}\" {{\n  provider = compshare\n\n  \
         config {{\n    {filter}\n  }}\n}}\n"
    )
}

/// Instance IDs in the results of the list with this name.
fn found(run: &Run, name: &str) -> Vec<String> {
    let address = format!("list.compshare_instance_power.{name}");
    let results = run.events("list_resource_found").into_iter();
    results
        .filter(|result| result["address"] == address)
        .map(|result| result["identity"]["instance_id"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn query_lists_instances_with_name_and_identity() {
    with_each_terraform_that_has(Feature::Query, async |terraform| {
        let instances = [
            json!({"UHostId": "uhost-a", "State": "Running", "Name": "训练 A"}),
            json!({"UHostId": "uhost-b", "State": "Stopped", "Name": "Größe \"B\""}),
        ];
        let stage = Stage::new(terraform, &instances).await;
        let workspace = &stage.workspace;
        workspace.write("all.tfquery.hcl", ALL);
        let line = |id: &str, name: &str| {
            let identity = format!("instance_id={id},project_id=<null>");
            format!("list.compshare_instance_power.all {identity} {name} ({id})")
        };
        let lines = [line("uhost-a", "训练 A"), line("uhost-b", "Größe \"B\"")];
        workspace.query(&[]).succeed().says(&lines.each_ref().map(String::as_str));

        let with_resource = ALL.replace("\n}", "\n  include_resource = true\n}");
        workspace.write("all.tfquery.hcl", &with_resource);
        let results = workspace.query(&["-json"]).succeed().events("list_resource_found");
        assert_eq!(results.len(), 2);
        assert_eq!(results[1]["display_name"], "Größe \"B\" (uhost-b)");
        assert_eq!(results[1]["identity"], json!({"instance_id": "uhost-b", "project_id": null}));
        assert_eq!(results[1]["resource_object"]["state"], "Stopped");
    });
}

#[test]
fn query_filters_return_matching_instances() {
    with_each_terraform_that_has(Feature::Query, async |terraform| {
        let instances = [
            json!({"UHostId": "uhost-a", "State": "Running", "Name": "训练-1", "Tag": "team-x"}),
            json!({"UHostId": "uhost-b", "State": "Stopped", "Name": "训练-2", "GpuType": "A100"}),
            json!({"UHostId": "uhost-c", "State": "Running", "Name": "推理", "Zone": "cn-sh2-02"}),
            json!({"UHostId": "uhost-d", "State": "Running", "ProjectId": "org-other"}),
        ];
        let stage = Stage::new(terraform, &instances).await;
        let filters = [
            ("state", "state = \"Running\"", vec!["uhost-a", "uhost-c"]),
            ("name", "name_regex = \"^训练-\\\\d$\"", vec!["uhost-a", "uhost-b"]),
            ("tag", "tag = \"team-x\"", vec!["uhost-a"]),
            ("gpu", "gpu_type = \"A100\"", vec!["uhost-b"]),
            ("region", "region = \"cn-sh2\"", vec!["uhost-c"]),
            ("zone", "zone = \"cn-sh2-02\"", vec!["uhost-c"]),
            ("project", "project_id = \"org-other\"", vec!["uhost-d"]),
            ("both", "state = \"Running\"\n    name_regex = \"训\"", vec!["uhost-a"]),
            ("neither", "state = \"Pending\"", vec![]),
        ];
        let lists = filters.iter().map(|(name, filter, _)| list(name, filter));
        stage.workspace.write("some.tfquery.hcl", &lists.collect::<String>());

        let run = stage.workspace.query(&["-json"]).succeed();
        for (name, _, expected) in filters {
            assert_eq!(found(&run, name), expected, "{name}: {run}");
        }
        stage.assert_no_changes();
    });
}

#[test]
fn query_reads_no_more_pages_than_its_limit_needs() {
    with_each_terraform_that_has(Feature::Query, async |terraform| {
        let instance = |number: usize| json!({"UHostId": format!("uhost-{number:03}")});
        let two_pages: Vec<_> = (0..150).map(instance).collect();
        let stage = Stage::new(terraform, &two_pages).await;
        for (limit, pages) in [(3, 1), (100, 1), (101, 2), (1000, 2)] {
            let limited = ALL.replace("\n}", &format!("\n  limit = {limit}\n}}"));
            stage.workspace.write("all.tfquery.hcl", &limited);
            stage.cloud.clear_calls();
            let run = stage.workspace.query(&["-json"]).succeed();
            assert_eq!(found(&run, "all").len(), limit.min(150));
            assert_eq!(stage.cloud.count(DESCRIBE), pages, "limit {limit}");
        }
    });
}

/// Twenty-five running and stopped instances, one of them in no-GPU mode. Some names contain syntax
/// of Terraform's language.
fn fleet() -> Vec<Value> {
    let instance = |number: usize| {
        let state = if number.is_multiple_of(3) { "Stopped" } else { "Running" };
        let name = ["训练", "Größe \"L\"", "${path.module}", "推理\n%{ if true }"][number % 4];
        json!({"UHostId": format!("uhost-{number:02}"), "State": state, "Name": name})
    };
    let mut fleet: Vec<_> = (0..25).map(instance).collect();
    fleet[7]["GPU"] = json!(0);
    fleet
}

#[test]
fn query_results_are_imported_without_a_call() {
    with_each_terraform_that_has(Feature::Query, async |terraform| {
        let stage = Stage::new(terraform, &fleet()).await;
        stage.workspace.write("all.tfquery.hcl", ALL);
        let query = stage.workspace.query(&["-generate-config-out=generated.tf"]);
        query.succeed().says(&["uhost-00", "uhost-24"]);

        let generated = stage.workspace.read("generated.tf");
        let lines_with = |text: &str| generated.lines().filter(|line| line.contains(text)).count();
        assert_eq!(lines_with("resource \"compshare_instance_power\""), 25);
        assert_eq!((lines_with("\"Running\""), lines_with("\"Stopped\"")), (16, 9));
        assert_eq!(lines_with("without_gpu "), 1, "{generated}");

        check_import(&stage.workspace, 25);
        stage.assert_no_changes();
    });
}

#[test]
fn query_results_of_another_project_keep_their_project() {
    with_each_terraform_that_has(Feature::Query, async |terraform| {
        let instances = [
            json!({"UHostId": "uhost-a", "State": "Running", "ProjectId": "org-other"}),
            json!({"UHostId": "uhost-b", "State": "Stopped", "ProjectId": "org-other"}),
        ];
        let stage = Stage::new(terraform, &instances).await;
        let other = list("other", "project_id = \"org-other\"");
        stage.workspace.write("other.tfquery.hcl", &other);
        let query = stage.workspace.query(&["-generate-config-out=generated.tf"]);
        query.succeed().says(&["instance_id=uhost-a,project_id=org-other"]);
        check_import(&stage.workspace, 2);
        stage.assert_no_changes();
        let state = stage.workspace.state_of("compshare_instance_power.other_0").unwrap();
        assert_eq!(state["project_id"], "org-other");
    });
}

/// Applies the configuration that a query has generated; the next plan is empty.
fn check_import(workspace: &Workspace, number: usize) {
    workspace.run(&["fmt", "-check", "-diff", "generated.tf"]).succeed();
    let summary = format!("{number} imported, 0 added, 0 changed, 0 destroyed");
    workspace.apply().says(&[&summary]);
    workspace.plan().assert_empty();
    let generated = workspace.read("generated.tf");
    assert_eq!(generated.matches("import {").count(), number);
}

#[test]
fn invalid_filter_is_reported_with_its_line() {
    with_each_terraform_that_has(Feature::Query, async |terraform| {
        let stage = Stage::new(terraform, &[]).await;
        let workspace = &stage.workspace;
        let misspelled = list("all", "tag   = \"training\"\n    state = \"running\"");
        workspace.write("all.tfquery.hcl", &misspelled);
        let facts = ["all.tfquery.hcl line 6", "6: state = \"running\"", "\"Running\""];
        workspace.query(&[]).fail().says(&facts);
        workspace.run(&["validate", "-no-color", "-query"]).fail().says(&facts);
        assert!(stage.cloud.calls().is_empty());

        // Only the API knows the regions.
        workspace.write("all.tfquery.hcl", &list("all", "region = \"cn-nowhere\""));
        workspace.query(&[]).fail().says(&["all.tfquery.hcl line 5", "cn-nowhere", "RetCode 230"]);
    });
}
