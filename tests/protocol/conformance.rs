//! Every RPC of the service, called as core calls it and checked against core's rules.
//!
//! The list of RPCs is the one that the protocol definition is compared with, so it is complete.

use serde_json::{Value as Json, json};
use terraform_provider_compshare::{protocol::tfplugin5 as wire, simulator::Simulator};

use super::setup::{ID, cloud_with, configuration, describes, starts_and_stops, stored_state};
use crate::support::terraform_core::{Action, BlockKind, Terraform};

const RESOURCE: &str = "compshare_instance_power";
const SCHEDULE: &str = "compshare_instance_stop_schedule";

/// Names of all RPCs.
pub(super) fn rpcs() -> Vec<String> {
    let list: Json = serde_json::from_str(include_str!("../wire/tfplugin5-wire.json")).unwrap();
    let service = &list["tfplugin5"]["services"]["tfplugin5.Provider"];
    service.as_object().unwrap().keys().cloned().collect()
}

#[tokio::test]
async fn every_rpc_follows_the_rules_of_core() {
    let rpcs = rpcs();
    assert_eq!(rpcs.len(), 28);
    for rpc in rpcs {
        let (simulator, terraform) = cloud_with(json!({"State": "Running"})).await;
        exercise(&rpc, &simulator, terraform).await;
    }
}

/// Makes the requests of core that include `rpc`.
///
/// The stand-in checks the rules; the assertions here check that the response had content.
async fn exercise(rpc: &str, simulator: &Simulator, mut terraform: Terraform) {
    let instance = json!({"instance_id": ID});
    match rpc {
        "GetMetadata" | "GetSchema" => schemas(&terraform).await,
        "GetResourceIdentitySchemas" | "UpgradeResourceIdentity" => identity(&terraform).await,
        "PrepareProviderConfig" | "Configure" => {
            terraform.configure(json!({"region": "cn-wlcb"})).await.unwrap();
        }
        "ValidateResourceTypeConfig"
        | "ValidateDataSourceConfig"
        | "ValidateEphemeralResourceConfig"
        | "ValidateListResourceConfig"
        | "ValidateActionConfig" => validate(&terraform, rpc).await,
        "UpgradeResourceState" | "ReadResource" => {
            terraform.set_state(&stored_state("Stopped", json!({})));
            terraform.refresh().await.unwrap();
            assert_eq!(terraform.attribute("state"), "Running");
        }
        "PlanResourceChange" | "ApplyResourceChange" => life_cycle(simulator, terraform).await,
        "ImportResourceState" => {
            terraform.import(ID).await.unwrap();
            terraform.another().import_by(&instance).await.unwrap();
        }
        "MoveResourceState" => moved(&terraform).await,
        "GenerateResourceConfig" => {
            terraform.import(ID).await.unwrap();
            let config = terraform.generate_config().await;
            assert_eq!(terraform.plan(config).await.unwrap().action, Action::NoOp);
        }
        "ReadDataSource" => {
            let read = terraform.read_data("compshare_instance", &instance).await.unwrap();
            assert_eq!(read["state"], "Running");
        }
        "OpenEphemeralResource" | "CloseEphemeralResource" => {
            let (login, _) = terraform.open("compshare_instance_login", &instance).await.unwrap();
            assert_eq!(login["user"], "root");
        }
        "RenewEphemeralResource" => renewed(&terraform).await,
        "GetFunctions" | "CallFunction" => functions(&terraform).await,
        "ListResource" => {
            assert_eq!(terraform.query(&json!({}), true, 100).await.unwrap().len(), 1);
        }
        "PlanAction" | "InvokeAction" => {
            terraform.invoke("compshare_instance_stop", &instance).await.succeed();
            assert_eq!(starts_and_stops(simulator), (0, 1));
        }
        "Stop" => stopped(simulator, terraform).await,
        other => panic!("no test for {other}"),
    }
}

async fn schemas(terraform: &Terraform) {
    let mut client = terraform.client();
    let metadata = client.get_metadata(wire::get_metadata::Request {}).await.unwrap().into_inner();
    let schemas = client.get_schema(wire::get_provider_schema::Request::default()).await;
    let schemas = schemas.unwrap().into_inner();
    macro_rules! same {
        ($($names:ident == $schemas:ident),* $(,)?) => {
            $({
                let mut named: Vec<_> = metadata.$names.iter().map(|m| &m.type_name).collect();
                let mut described: Vec<_> = schemas.$schemas.keys().collect();
                named.sort();
                described.sort();
                assert_eq!(named, described);
                assert!(!named.is_empty());
            })*
        };
    }
    same!(
        resources == resource_schemas,
        data_sources == data_source_schemas,
        ephemeral_resources == ephemeral_resource_schemas,
        list_resources == list_resource_schemas,
        actions == action_schemas,
    );
    assert!(metadata.functions.is_empty() && schemas.functions.is_empty());
    assert_eq!(metadata.server_capabilities, schemas.server_capabilities);
    // Core crashes on an action without `config` block unless its schema has a required attribute.
    for (name, action) in &schemas.action_schemas {
        let block = action.schema.as_ref().unwrap().block.as_ref().unwrap();
        assert!(block.attributes.iter().any(|attribute| attribute.required), "{name}");
    }
}

async fn identity(terraform: &Terraform) {
    let request = wire::get_resource_identity_schemas::Request {};
    let schemas = terraform.client().get_resource_identity_schemas(request).await.unwrap();
    let schemas = schemas.into_inner().identity_schemas;
    assert!(schemas.contains_key(RESOURCE) && schemas.contains_key(SCHEDULE), "{schemas:?}");
    let stored = json!({"instance_id": ID, "project_id": null}).to_string();
    let request = wire::upgrade_resource_identity::Request {
        type_name: RESOURCE.to_owned(),
        version: schemas[RESOURCE].version,
        raw_identity: Some(wire::RawState { json: stored.into_bytes(), ..Default::default() }),
    };
    let upgraded = terraform.client().upgrade_resource_identity(request).await.unwrap();
    let upgraded = upgraded.into_inner().upgraded_identity.unwrap();
    assert_eq!(terraform.identity_in(&upgraded)["instance_id"], ID);
}

async fn validate(terraform: &Terraform, rpc: &str) {
    let kind = match rpc {
        "ValidateResourceTypeConfig" => BlockKind::Resource,
        "ValidateDataSourceConfig" => BlockKind::DataSource,
        "ValidateEphemeralResourceConfig" => BlockKind::Ephemeral,
        "ValidateListResourceConfig" => BlockKind::List,
        _ => BlockKind::Action,
    };
    for (_, name, block) in terraform.blocks().into_iter().filter(|(other, ..)| *other == kind) {
        let mut good = json!({});
        for (attribute, value) in [("instance_id", ID), ("stop_after", "8h")] {
            if block.attributes.contains_key(attribute) {
                good[attribute] = json!(value);
            }
        }
        assert_eq!(terraform.validate_block(kind, name, &good).await.unwrap(), []);
    }
}

async fn life_cycle(simulator: &Simulator, mut terraform: Terraform) {
    terraform.run(configuration(json!({"state": "Stopped"}))).await.unwrap();
    terraform.run(configuration(json!({"stop_on_destroy": true}))).await.unwrap();
    terraform.refresh().await.unwrap();
    // A destroy is another run of Terraform.
    terraform.configure(json!({})).await.unwrap();
    terraform.destroy().await.unwrap();
    assert_eq!(starts_and_stops(simulator), (1, 2));
}

async fn moved(terraform: &Terraform) {
    let request = wire::move_resource_state::Request {
        source_provider_address: "registry.example.com/mirror/compshare".to_owned(),
        source_type_name: RESOURCE.to_owned(),
        source_state: Some(wire::RawState {
            json: stored_state("Running", json!({})).to_string().into_bytes(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let (state, _) = terraform.move_state(request).await.unwrap();
    assert_eq!(state["instance_id"], ID);
}

async fn renewed(terraform: &Terraform) {
    let request = wire::renew_ephemeral_resource::Request {
        type_name: "compshare_instance_login".to_owned(),
        private: Some(b"kept".to_vec()),
    };
    let renewed = terraform.client().renew_ephemeral_resource(request).await.unwrap().into_inner();
    assert!(renewed.diagnostics.is_empty() && renewed.renew_at.is_none());
    assert_eq!(renewed.private.as_deref(), Some(&b"kept"[..]));
}

async fn functions(terraform: &Terraform) {
    let functions = terraform.client().get_functions(wire::get_functions::Request {}).await;
    assert!(functions.unwrap().into_inner().functions.is_empty());
    let request = wire::call_function::Request { name: "x".to_owned(), ..Default::default() };
    let called = terraform.client().call_function(request).await.unwrap().into_inner();
    assert!(called.error.unwrap().text.contains("`x`") && called.result.is_none());
}

async fn stopped(simulator: &Simulator, mut terraform: Terraform) {
    terraform.stop().await;
    // Stop ends running operations, and does not affect later ones.
    terraform.run(configuration(json!({}))).await.unwrap();
    assert_eq!(describes(simulator), 2);
}

#[tokio::test]
async fn every_rpc_works_before_get_schema() {
    for rpc in rpcs() {
        let (simulator, terraform) = cloud_with(json!({"State": "Running"})).await;
        let another = terraform.in_another_process(&simulator.url()).await;
        another.configure(json!({"max_retries": 0})).await.unwrap();
        exercise(&rpc, &simulator, another).await;
    }
}
