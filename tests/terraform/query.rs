//! `terraform query`: finding instances, and taking over all of them at once.

use serde_json::{Value, json};

use super::{SHORT, stage};
use crate::support::{
    actions::DESCRIBE,
    calls::Calls as _,
    terraform::{Feature, Run, Workspace, with_each_terraform_that_has},
};

/// Asks for every instance of the account.
const ALL: &str = "list \"compshare_instance_power\" \"all\" {\n  provider = compshare\n}\n";

/// Asks for the instances that this `config` describes, under a name.
fn list(name: &str, config: &str) -> String {
    format!(
        "list \"compshare_instance_power\" \"{name}\" {{\n  provider = compshare\n\n  config {{\n    {config}\n  }}\n}}\n"
    )
}

/// The ids that were found by the list of this name.
fn found(run: &Run, name: &str) -> Vec<String> {
    let address = format!("list.compshare_instance_power.{name}");
    let found = run.told("list_resource_found").into_iter();
    found
        .filter(|result| result["address"] == address)
        .map(|result| result["identity"]["instance_id"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_query_shows_instances_by_name_and_identity() {
    with_each_terraform_that_has(Feature::Query, async |terraform| {
        let (_cloud, workspace) = stage(
            terraform,
            &[
                json!({"UHostId": "uhost-a", "State": "Running", "Name": "训练 A"}),
                json!({"UHostId": "uhost-b", "State": "Stopped", "Name": "Größe \"B\""}),
            ],
            SHORT,
        )
        .await;
        workspace.write("all.tfquery.hcl", ALL);
        workspace.query(&[]).succeed().says(&[
            "list.compshare_instance_power.all instance_id=uhost-a,project_id=<null> 训练 A (uhost-a)",
            "list.compshare_instance_power.all instance_id=uhost-b,project_id=<null> Größe \"B\" (uhost-b)",
        ]);

        let with_all_that_is_known = ALL.replace("\n}", "\n  include_resource = true\n}");
        workspace.write("all.tfquery.hcl", &with_all_that_is_known);
        let told = workspace.query(&["-json"]).succeed().told("list_resource_found");
        assert_eq!(told.len(), 2);
        assert_eq!(told[1]["display_name"], "Größe \"B\" (uhost-b)");
        assert_eq!(told[1]["identity"], json!({"instance_id": "uhost-b", "project_id": null}));
        assert_eq!(told[1]["resource_object"]["state"], "Stopped");
    });
}

#[test]
fn a_query_finds_what_fits_and_nothing_else() {
    with_each_terraform_that_has(Feature::Query, async |terraform| {
        let (cloud, workspace) = stage(
            terraform,
            &[
                json!({"UHostId": "uhost-a", "State": "Running", "Name": "训练-1", "Tag": "team-x"}),
                json!({"UHostId": "uhost-b", "State": "Stopped", "Name": "训练-2", "GpuType": "A100"}),
                json!({"UHostId": "uhost-c", "State": "Running", "Zone": "cn-sh2-02", "Name": "推理"}),
                json!({"UHostId": "uhost-d", "State": "Running", "ProjectId": "org-other"}),
            ],
            SHORT,
        )
        .await;
        let conditions = [
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
        let lists = conditions.iter().map(|(name, config, _)| list(name, config));
        workspace.write("some.tfquery.hcl", &lists.collect::<String>());

        let run = workspace.query(&["-json"]).succeed();
        for (name, _, expected) in conditions {
            assert_eq!(found(&run, name), expected, "{name}: {run}");
        }
        cloud.assert_no_mutating_calls();
    });
}

#[test]
fn a_query_asks_for_no_more_than_its_limit() {
    with_each_terraform_that_has(Feature::Query, async |terraform| {
        let instance = |number: usize| json!({"UHostId": format!("uhost-{number:03}")});
        let two_pages: Vec<_> = (0..150).map(instance).collect();
        let (cloud, workspace) = stage(terraform, &two_pages, SHORT).await;
        for (limit, pages) in [(3, 1), (100, 1), (101, 2), (1000, 2)] {
            workspace
                .write("all.tfquery.hcl", &ALL.replace("\n}", &format!("\n  limit = {limit}\n}}")));
            cloud.clear_calls();
            let run = workspace.query(&["-json"]).succeed();
            assert_eq!(found(&run, "all").len(), limit.min(150));
            assert_eq!(cloud.count(DESCRIBE), pages, "limit {limit}");
        }
    });
}

/// Twenty-five instances as they may be found: of all kinds, one of them running without its GPU, and with names that would
/// mean something in a configuration.
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
fn what_a_query_finds_is_imported_without_touching_any_of_it() {
    with_each_terraform_that_has(Feature::Query, async |terraform| {
        let (cloud, workspace) = stage(terraform, &fleet(), SHORT).await;
        workspace.write("all.tfquery.hcl", ALL);
        let written = "-generate-config-out=generated.tf";
        workspace.query(&[written]).succeed().says(&["uhost-00", "uhost-24"]);

        let generated = workspace.read("generated.tf");
        let lines_with = |text: &str| generated.lines().filter(|line| line.contains(text)).count();
        assert_eq!(lines_with("resource \"compshare_instance_power\""), 25);
        assert_eq!((lines_with("\"Running\""), lines_with("\"Stopped\"")), (16, 9));
        assert_eq!(lines_with("without_gpu "), 1, "{generated}");

        take_over(&workspace, 25);
        cloud.assert_no_mutating_calls();
    });
}

#[test]
fn instances_of_another_project_are_imported_from_there() {
    with_each_terraform_that_has(Feature::Query, async |terraform| {
        let (cloud, workspace) = stage(
            terraform,
            &[
                json!({"UHostId": "uhost-a", "State": "Running", "ProjectId": "org-other"}),
                json!({"UHostId": "uhost-b", "State": "Stopped", "ProjectId": "org-other"}),
            ],
            SHORT,
        )
        .await;
        workspace.write("other.tfquery.hcl", &list("other", "project_id = \"org-other\""));
        workspace
            .query(&["-generate-config-out=generated.tf"])
            .succeed()
            .says(&["instance_id=uhost-a,project_id=org-other"]);
        take_over(&workspace, 2);
        cloud.assert_no_mutating_calls();
        let state = workspace.state_of("compshare_instance_power.other_0").unwrap();
        assert_eq!(state["project_id"], "org-other");
    });
}

/// Applies what a query has generated, and expects that all is well with it.
fn take_over(workspace: &Workspace, number: usize) {
    workspace.run(&["fmt", "-check", "-diff", "generated.tf"]).succeed();
    let summary = format!("{number} imported, 0 added, 0 changed, 0 destroyed");
    workspace.apply().says(&[&summary]);
    workspace.plan().assert_empty();
    let generated = workspace.read("generated.tf");
    assert_eq!(generated.matches("import {").count(), number);
}

#[test]
fn a_condition_that_is_wrong_is_pointed_at() {
    with_each_terraform_that_has(Feature::Query, async |terraform| {
        let (cloud, workspace) = stage(terraform, &[], SHORT).await;
        let misspelt = list("all", "tag   = \"training\"\n    state = \"running\"");
        workspace.write("all.tfquery.hcl", &misspelt);
        let facts = ["all.tfquery.hcl line 6", "6: state = \"running\"", "\"Running\""];
        workspace.query(&[]).fail().says(&facts);
        workspace.run(&["validate", "-no-color", "-query"]).fail().says(&facts);
        assert!(cloud.calls().is_empty());

        // This one only the cloud can tell.
        workspace.write("all.tfquery.hcl", &list("all", "region = \"cn-nowhere\""));
        workspace.query(&[]).fail().says(&["all.tfquery.hcl line 5", "cn-nowhere", "RetCode: 230"]);
    });
}
