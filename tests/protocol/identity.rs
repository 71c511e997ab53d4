//! Resource identity in plans, applies, refreshes, imports and stored state.

use serde_json::{Value as Json, json};
use terraform_provider_compshare::protocol::tfplugin5 as wire;
use terraform_provider_compshare::simulator::{Fault, Options};

use super::setup::{ID, cloud, cloud_with, configuration, starts_and_stops, stored_state};
use crate::support::{
    actions::STOP,
    calls::Calls as _,
    terraform_core::{Action, Terraform, UNKNOWN},
};

fn identity(project: Json) -> Json {
    json!({"instance_id": ID, "project_id": project})
}

#[tokio::test]
async fn identity_has_instance_and_project() {
    for (config, project) in
        [(json!({}), Json::Null), (json!({"project_id": "org-demo"}), json!("org-demo"))]
    {
        let (_simulator, mut terraform) = cloud_with(json!({})).await;
        terraform.run(configuration(config)).await.unwrap();
        assert_eq!(terraform.identity(), identity(project));
    }
}

#[tokio::test]
async fn identity_includes_the_provider_project() {
    let (simulator, _) = cloud_with(json!({"State": "Running"})).await;
    let provider = json!({"project_id": "org-demo"});
    let mut created = Terraform::with(&simulator.url(), provider).await;
    let (mut by_id, mut by_identity) = (created.another(), created.another());
    created.run(configuration(json!({}))).await.unwrap();
    by_id.import(ID).await.unwrap();
    by_identity.import_by(&json!({"instance_id": ID})).await.unwrap();
    for resource in [created, by_id, by_identity] {
        assert_eq!(resource.identity(), identity(json!("org-demo")));
        assert_eq!(resource.attribute("project_id"), "org-demo");
        assert_eq!(resource.plan(configuration(json!({}))).await.unwrap().action, Action::NoOp);
    }
}

#[tokio::test]
async fn import_by_identity_requires_the_instance() {
    let instances = vec![json!({"UHostId": ID, "ProjectId": "org-research", "State": "Running"})];
    let (simulator, mut terraform) = cloud(Options { instances, ..Options::default() }).await;
    let full = identity(json!("org-research"));
    terraform.import_by(&full).await.unwrap();
    assert_eq!((terraform.identity(), terraform.attribute("id")), (full, json!(ID)));
    assert_eq!(terraform.attribute("state"), "Running");

    simulator.clear_calls();
    let elsewhere = terraform.another().import_by(&identity(Json::Null)).await.unwrap_err();
    assert!(elsewhere.only().summary.contains("non-existent"), "{elsewhere:?}");
    simulator.clear_calls();
    for (blank, at) in [
        (json!({"instance_id": ""}), "instance_id"),
        (json!({"instance_id": " "}), "instance_id"),
        (json!({"instance_id": null}), "instance_id"),
        (json!({"instance_id": ID, "project_id": ""}), "project_id"),
    ] {
        let errors = terraform.another().import_by(&blank).await.unwrap_err();
        errors.says("Invalid Import Identity", &[&format!("`{at}` is empty")]);
    }
    simulator.assert_no_calls();
}

#[tokio::test]
async fn plan_omits_an_unknown_identity() {
    let (_simulator, mut terraform) = cloud_with(json!({})).await;
    let plan = terraform.plan(json!({"instance_id": UNKNOWN})).await.unwrap();
    assert!(plan.identity.is_null(), "Terraform cannot show an unknown identity");
    terraform.apply_with(plan, configuration(json!({}))).await.unwrap();
    assert_eq!(terraform.identity(), identity(Json::Null));
}

#[tokio::test]
async fn state_without_identity_gets_one() {
    let (_simulator, mut terraform) = cloud_with(json!({"State": "Running"})).await;
    terraform.set_state(&stored_state("Running", json!({})));
    assert_eq!(terraform.identity(), Json::Null);
    let mut changed = terraform.clone();
    changed.run(configuration(json!({"stop_on_destroy": true}))).await.unwrap();
    assert_eq!(changed.identity(), identity(Json::Null));
    let destroy = terraform.plan_destroy().await.unwrap();
    assert!(!destroy.identity.is_null());
    terraform.refresh().await.unwrap();
    assert_eq!(terraform.identity(), identity(Json::Null));
}

#[tokio::test]
async fn identity_never_changes() {
    let (simulator, mut terraform) = cloud_with(json!({"State": "Running"})).await;
    terraform.run(configuration(json!({}))).await.unwrap();
    let plan = terraform.plan(configuration(json!({"project_id": "org-demo"}))).await.unwrap();
    assert_eq!(plan.action, Action::Update);
    terraform.apply(plan).await.unwrap();
    terraform.refresh().await.unwrap();
    assert_eq!(terraform.attribute("project_id"), "org-demo");
    assert_eq!(terraform.identity(), identity(Json::Null));
    simulator.patch(ID, json!({"Name": "renamed", "State": "Stopped"}));
    terraform.refresh().await.unwrap();
    assert_eq!(terraform.identity(), identity(Json::Null));
}

#[tokio::test]
async fn replacement_has_a_new_identity() {
    let instances = vec![json!({"UHostId": ID}), json!({"UHostId": "uhost-2"})];
    let (_simulator, mut terraform) = cloud(Options { instances, ..Options::default() }).await;
    terraform.run(configuration(json!({}))).await.unwrap();
    let plan = terraform.plan(json!({"instance_id": "uhost-2"})).await.unwrap();
    assert_eq!(plan.action, Action::Replace);
    terraform.apply(plan).await.unwrap();
    assert_eq!(terraform.identity(), json!({"instance_id": "uhost-2", "project_id": null}));
}

#[tokio::test]
async fn failed_update_and_destroy_keep_the_identity() {
    let (simulator, mut terraform) = cloud_with(json!({"State": "Running"})).await;
    terraform.run(configuration(json!({"stop_on_destroy": true}))).await.unwrap();
    simulator.add_fault(Fault::refuse(299, "no permission").on_action(STOP).forever());
    // A destroy is another run of Terraform.
    terraform.configure(json!({})).await.unwrap();
    terraform.destroy().await.unwrap_err().says("Unable to Stop Instance: Permission Denied", &[]);
    assert_eq!(terraform.identity(), identity(Json::Null));
    terraform.run(configuration(json!({"state": "Stopped"}))).await.unwrap_err();
    assert_eq!(terraform.identity(), identity(Json::Null));
    assert_eq!(starts_and_stops(&simulator), (0, 2));
}

#[tokio::test]
async fn identity_of_another_instance_is_an_error() {
    let (simulator, mut terraform) = cloud_with(json!({"State": "Running"})).await;
    terraform.set_state(&stored_state("Running", json!({})));
    terraform.set_identity("uhost-2", Json::Null);
    let errors = terraform.refresh().await.unwrap_err();
    errors.says("Unexpected Identity Change", &["`instance_id`", "terraform state rm"]);
    let plan = terraform.plan(configuration(json!({"state": "Stopped"}))).await;
    plan.unwrap_err().says("Unexpected Identity Change", &[]);
    assert_eq!(starts_and_stops(&simulator), (0, 0));
}

#[tokio::test]
async fn identity_upgrade_accepts_only_version_0() {
    let (_simulator, terraform) = cloud_with(json!({})).await;
    let upgrade = async |version, json: &Json| {
        let raw = wire::RawState { json: json.to_string().into_bytes(), ..Default::default() };
        let request = wire::upgrade_resource_identity::Request {
            type_name: "compshare_instance_power".to_owned(),
            version,
            raw_identity: Some(raw),
        };
        let mut client = terraform.client();
        client.upgrade_resource_identity(request).await.unwrap().into_inner()
    };
    for stored in [identity(json!("org-demo")), identity(Json::Null), json!({"instance_id": ID})] {
        let upgraded = upgrade(0, &stored).await;
        assert!(upgraded.diagnostics.is_empty(), "{:?}", upgraded.diagnostics);
        let project = stored.get("project_id").cloned().unwrap_or_default();
        let data = upgraded.upgraded_identity.unwrap();
        assert_eq!(terraform.identity_in(&data), identity(project));
    }
    let refused = upgrade(1, &identity(Json::Null)).await;
    let [diagnostic] = &refused.diagnostics[..] else { panic!("{refused:?}") };
    assert_eq!(diagnostic.summary, "Unsupported Identity Version");
    assert!(diagnostic.detail.contains("version 1") && diagnostic.detail.contains("version 0"));
}
