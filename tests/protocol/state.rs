//! Stored state: import, upgrade, and moves from other resources.

use serde_json::{Value as Json, json};
use terraform_provider_compshare::protocol::tfplugin5::{
    RawState, move_resource_state::Request as MoveRequest,
};
use terraform_provider_compshare::simulator::{Fault, Options};

use super::setup::{
    ID, cloud, cloud_with, configuration, describes, merged, starts_and_stops, stored_state,
};
use crate::support::{actions::DESCRIBE, calls::Calls as _, terraform_core::Action};

#[tokio::test]
async fn import_in_the_configured_state_plans_nothing() {
    let (simulator, mut terraform) = cloud_with(json!({"State": "Running"})).await;
    terraform.import(ID).await.unwrap();
    assert_eq!(terraform.attribute("id"), ID);
    assert_eq!(terraform.attribute("region"), "cn-wlcb");
    assert_eq!(terraform.attribute("without_gpu"), false);
    assert_eq!(terraform.plan(configuration(json!({}))).await.unwrap().action, Action::NoOp);
    assert_eq!((starts_and_stops(&simulator), describes(&simulator)), ((0, 0), 1));
}

#[tokio::test]
async fn import_of_stopped_instance_plans_a_start() {
    let (simulator, mut terraform) = cloud_with(json!({})).await;
    terraform.import(ID).await.unwrap();
    let plan = terraform.plan(configuration(json!({}))).await.unwrap();
    assert_eq!(plan.action, Action::Update);
    terraform.apply(plan).await.unwrap();
    assert_eq!(starts_and_stops(&simulator), (1, 0));
}

#[tokio::test]
async fn import_id_can_contain_the_project() {
    let instances = vec![json!({"UHostId": ID, "ProjectId": "org-research", "State": "Running"})];
    let (_simulator, mut terraform) = cloud(Options { instances, ..Options::default() }).await;
    terraform.import("org-research/uhost-1").await.unwrap();
    assert_eq!(terraform.attribute("project_id"), "org-research");
    let configured = configuration(json!({"project_id": "org-research"}));
    assert_eq!(terraform.plan(configured).await.unwrap().action, Action::NoOp);
    let errors = terraform.another().import(ID).await.unwrap_err();
    errors.iter().for_each(|error| assert!(error.summary.contains("non-existent"), "{error}"));
}

#[tokio::test]
async fn invalid_import_ids_are_refused_without_a_call() {
    let (simulator, terraform) = cloud_with(json!({})).await;
    for id in ["", " ", "/", "org/", "/uhost-1", "a/b/c", "uhost 1", "org /uhost-1"] {
        let errors = terraform.another().import(id).await.unwrap_err();
        errors.says("Invalid Import ID", &["project", "uhost-"]);
    }
    simulator.assert_no_calls();
}

#[tokio::test]
async fn import_of_absent_instance_fails() {
    let (simulator, mut terraform) = cloud_with(json!({})).await;
    assert!(terraform.import("uhost-2").await.is_err());
    assert!(terraform.state().is_none());
    assert_eq!(describes(&simulator), 2);
}

#[tokio::test]
async fn upgrade_from_current_version_changes_nothing() {
    let (simulator, mut terraform) = cloud_with(json!({})).await;
    let stored = stored_state(
        "Running",
        json!({"timeouts": {"create": "5m", "update": null, "delete": null}}),
    );
    terraform.set_state(&stored);
    let value = terraform.state().unwrap().value.clone();
    let upgraded = terraform.upgrade(0, complete(&stored).to_string().as_bytes()).await.unwrap();
    assert_eq!(upgraded, value);
    simulator.assert_no_calls();
}

/// State of the first version of this provider, with every attribute. It must stay readable.
const VERSION_0: &str = include_str!("state-version-0.json");

#[tokio::test]
async fn state_of_the_first_version_is_readable() {
    let (simulator, mut terraform) = cloud_with(json!({"State": "Running"})).await;
    let stored: Json = serde_json::from_str(VERSION_0).unwrap();
    let upgraded = terraform.upgrade(0, VERSION_0.as_bytes()).await.unwrap();
    terraform.set_state(&stored);
    assert_eq!(upgraded, terraform.state().unwrap().value);
    let attributes = upgraded.as_map().unwrap().keys();
    assert!(attributes.eq(stored.as_object().unwrap().keys()), "the current attributes");
    terraform.refresh().await.unwrap();
    let configured = json!({
        "instance_id": ID, "region": "cn-wlcb", "zone": "cn-wlcb-01", "project_id": "org-demo",
        "stop_on_destroy": true,
        "timeouts": {"create": "5m"},
    });
    assert_eq!(terraform.plan(configured).await.unwrap().action, Action::NoOp);
    assert_eq!(starts_and_stops(&simulator), (0, 0));
}

/// A move of `state` in `version`, from the resource type `source` of `provider`.
fn from(provider: &str, source: &str, version: i64, state: &Json) -> MoveRequest {
    MoveRequest {
        source_provider_address: provider.to_owned(),
        source_type_name: source.to_owned(),
        source_schema_version: version,
        source_state: Some(RawState { json: state.to_string().into_bytes(), ..Default::default() }),
        ..Default::default()
    }
}

#[tokio::test]
async fn state_moves_from_another_provider_address() {
    let (simulator, mut terraform) = cloud_with(json!({"State": "Running"})).await;
    let stored =
        stored_state("Running", json!({"project_id": "org-demo", "stop_on_destroy": true}));
    for provider in
        ["registry.example.com/compshare/compshare", "mirror.example.com/tools/compshare"]
    {
        let request = from(provider, "compshare_instance_power", 0, &stored);
        let (moved, identity) = terraform.move_state(request.clone()).await.unwrap();
        assert_eq!((&moved["instance_id"], &moved["stop_on_destroy"]), (&json!(ID), &json!(true)));
        assert_eq!(identity, Json::Null, "the source had no identity; the next read adds it");
        let identity = json!({"instance_id": ID, "project_id": "org-demo"});
        let raw = RawState { json: identity.to_string().into_bytes(), ..Default::default() };
        let request = MoveRequest { source_identity: Some(raw), ..request };
        assert_eq!(terraform.move_state(request).await.unwrap().1, identity);
        terraform.set_state(&moved);
        terraform.refresh().await.unwrap();
        assert_eq!(terraform.identity(), identity);
    }
    assert_eq!(starts_and_stops(&simulator), (0, 0));
}

#[tokio::test]
async fn unsupported_move_is_an_error_with_advice() {
    let (simulator, terraform) = cloud_with(json!({})).await;
    let state = json!({"id": ID});
    for (provider, source) in [
        ("terraform.io/builtin/terraform", "terraform_data"),
        ("registry.example.com/hashicorp/null", "null_resource"),
        ("registry.example.com/ucloud/ucloud", "compshare_instance_power"),
        ("registry.example.com/compshare/compshare", "compshare_instance"),
        ("", ""),
    ] {
        let errors = terraform.move_state(from(provider, source, 0, &state)).await.unwrap_err();
        errors.says("Move Not Supported", &[source, "`removed` block", "`import` block"]);
    }
    let ours = "registry.example.com/compshare/compshare";
    let newer = from(ours, "compshare_instance_power", 1, &state);
    terraform.move_state(newer).await.unwrap_err().says("Unsupported State Version", &[]);
    let broken = from(ours, "compshare_instance_power", 0, &json!({"instance_id": {}}));
    terraform.move_state(broken).await.unwrap_err().says("Unable to Decode Value", &[]);
    simulator.assert_no_calls();
}

#[tokio::test]
async fn upgrade_adds_and_drops_attributes() {
    let (_simulator, mut terraform) = cloud_with(json!({})).await;
    let stored = stored_state("Running", json!({}));
    terraform.set_state(&stored);
    let value = terraform.state().unwrap().value.clone();
    let upgraded = terraform.upgrade(0, stored.to_string().as_bytes()).await.unwrap();
    assert_eq!(upgraded, value);
    let more = merged(stored, json!({"retired": [1, {"deep": true}]}));
    assert_eq!(terraform.upgrade(0, more.to_string().as_bytes()).await.unwrap(), value);
}

#[tokio::test]
async fn state_of_another_version_is_refused() {
    let (_simulator, terraform) = cloud_with(json!({})).await;
    let stored = stored_state("Running", json!({})).to_string();
    for version in [1, 7, -1] {
        let errors = terraform.upgrade(version, stored.as_bytes()).await.unwrap_err();
        errors.says("Unsupported State Version", &[&format!("version {version}"), "version 0"]);
    }
    let flatmap = [("id".to_owned(), ID.to_owned())].into();
    let errors =
        terraform.upgrade_raw(0, RawState { json: Vec::new(), flatmap }).await.unwrap_err();
    errors.says("Unsupported State Format", &["0.12"]);
    for broken in ["{", "[]", "7", r#"{"instance_id": {}}"#, r#"{"gpu_count": "many"}"#] {
        let errors = terraform.upgrade(0, broken.as_bytes()).await.unwrap_err();
        errors.says("Unable to Decode Value", &[]);
    }
}

#[tokio::test]
async fn refresh_completes_a_state_without_facts() {
    let (_simulator, mut terraform) = cloud_with(json!({"State": "Running"})).await;
    terraform.set_state(&json!({"instance_id": ID}));
    terraform.refresh().await.unwrap();
    assert_eq!(terraform.attribute("id"), ID);
    assert_eq!(terraform.attribute("zone"), "cn-wlcb-01");
    assert_eq!(terraform.attribute("gpu_count"), 1);
    assert_eq!(terraform.attribute("gpu_type"), "4090");
    let started = terraform.attribute("started_at");
    assert!(started.as_str().unwrap().ends_with('Z'), "{started}");
}

#[tokio::test]
async fn incomplete_response_keeps_the_state() {
    let (simulator, mut terraform) = cloud_with(json!({})).await;
    terraform.import(ID).await.unwrap();
    for fields in [
        json!({"TotalCount": 1, "UHostSet": []}),
        json!({"TotalCount": 1, "UHostSet": null}),
        json!({"TotalCount": 2, "UHostSet": [{"UHostId": "uhost-2"}]}),
        json!({"TotalCount": 1, "UHostSet": [{"Name": "without an ID"}]}),
        json!({"TotalCount": 1, "UHostSet": [ID]}),
        json!({"TotalCount": 1, "UHostSet": [null]}),
        json!({"TotalCount": 0, "UHostSet": [{}]}),
        json!({}),
    ] {
        simulator.clear_faults();
        simulator.add_fault(Fault::respond(fields.clone()).on_action(DESCRIBE).forever());
        let errors = terraform.refresh().await.unwrap_err();
        errors.says("Unable to Read Instance: Incomplete Response", &["not changed"]);
        assert!(terraform.state().is_some(), "{fields}");
    }

    // An empty list in any form is an absence, which the second describe confirms.
    simulator.clear_faults();
    let null = Fault::respond(json!({"Total": 0, "UHostSet": null}));
    simulator.add_fault(null.clone().on_action(DESCRIBE));
    terraform.refresh().await.unwrap();
    assert!(terraform.state().is_some());
    simulator.add_fault(null.on_action(DESCRIBE).forever());
    terraform.refresh().await.unwrap();
    assert!(terraform.state().is_none());
}

#[tokio::test]
async fn empty_stored_state_does_not_start_a_running_instance() {
    let (simulator, mut terraform) = cloud_with(json!({"State": "Running"})).await;
    terraform.set_state(&json!({"instance_id": ID, "id": ID}));
    terraform.run(configuration(json!({}))).await.unwrap();
    assert_eq!(starts_and_stops(&simulator), (0, 0));
    assert_eq!(terraform.attribute("state"), "Running");
}

/// Adds the attributes that are null, as Terraform stores them.
fn complete(stored: &Json) -> Json {
    let absent = [
        "project_id",
        "without_gpu_spec",
        "allow_stopping_for_update",
        "stop_on_destroy",
        "force_stop",
        "wait_for_capacity",
    ];
    let nulls = absent.iter().map(|name| ((*name).to_owned(), Json::Null)).collect();
    merged(Json::Object(nulls), stored.clone())
}
