//! Null, unknown and unusual values in every configuration block.

use serde_json::{Value as Json, json};
use terraform_provider_compshare::{
    cty::{Type, msgpack},
    protocol::tfplugin5 as wire,
};

use super::setup::{ID, cloud_with, configuration, merged};
use crate::support::{
    calls::Calls as _,
    terraform_core::{Block, BlockKind, Diagnostic, Terraform, UNKNOWN},
};

/// Names of the attributes that can be configured, and of the nested blocks.
fn settable(block: &Block) -> Vec<&str> {
    let attributes = block.attributes.iter().filter(|(_, a)| !a.computed || a.optional);
    attributes
        .map(|(name, _)| name.as_str())
        .chain(block.blocks.keys().map(String::as_str))
        .collect()
}

/// A configuration with only the required attributes, all unknown. A scheduled stop requires one of
/// two times.
fn minimal(block: &Block) -> Json {
    let required = block.attributes.iter().filter(|(name, attribute)| {
        !attribute.optional && !attribute.computed || *name == "stop_after"
    });
    required.map(|(name, _)| (name.clone(), json!(UNKNOWN))).collect()
}

#[tokio::test]
async fn every_argument_of_every_block_can_be_unknown() {
    let (simulator, terraform) = cloud_with(json!({})).await;
    let mut checked = 0;
    for (kind, name, block) in terraform.blocks() {
        let all: Json =
            settable(block).iter().map(|name| ((*name).to_owned(), json!(UNKNOWN))).collect();
        terraform.validate_block(kind, name, &all).await.unwrap();
        for argument in settable(block) {
            let config = merged(minimal(block), json!({argument: UNKNOWN}));
            let result = terraform.validate_block(kind, name, &config).await;
            // One argument that selects the instance is required.
            if let Err(errors) = result {
                errors.says("Unable to Select Instance: No ID or Name", &["Set one of them"]);
            }
            checked += 1;
        }
        for (nested, inner) in &block.blocks {
            for argument in settable(inner) {
                let config = merged(minimal(block), json!({nested: {argument: UNKNOWN}}));
                terraform.validate_block(kind, name, &config).await.unwrap();
                checked += 1;
            }
        }
    }
    assert!(checked > 50, "{checked}");
    simulator.assert_no_calls();
}

#[tokio::test]
async fn empty_strings_are_refused() {
    let (_simulator, terraform) = cloud_with(json!({})).await;
    for (kind, name, block) in terraform.blocks() {
        for argument in settable(block) {
            let Some(attribute) = block.attributes.get(argument) else { continue };
            if attribute.ty != Type::String {
                continue;
            }
            for blank in ["", " \t\u{3000}"] {
                // White space is a valid regular expression.
                if argument == "name_regex" && !blank.is_empty() {
                    continue;
                }
                let mut config = minimal(block);
                // Nothing else in the configuration may be invalid.
                if argument == "without_gpu_spec" {
                    config = merged(config, json!({"without_gpu": true}));
                }
                let config = merged(config, json!({argument: blank}));
                let result = terraform.validate_block(kind, name, &config).await;
                let Err(errors) = result else { panic!("{name} accepts {config}") };
                let found = |one: &Diagnostic| {
                    one.summary == "Invalid Attribute Value" && one.path == argument
                };
                assert!(errors.iter().any(found), "{name} {argument}: {errors:?}");
            }
        }
    }
}

#[tokio::test]
async fn unknown_block_stays_unknown_in_the_plan() {
    let (_simulator, mut terraform) = cloud_with(json!({})).await;
    let plan = terraform.plan(configuration(json!({"timeouts": UNKNOWN}))).await.unwrap();
    assert!(plan.planned.attribute("timeouts").is_unknown());
    terraform.apply_with(plan, configuration(json!({"timeouts": {"create": "1m"}}))).await.unwrap();
    assert_eq!(terraform.attribute("timeouts")["create"], "1m");
}

#[tokio::test]
async fn strings_reach_the_api_unchanged() {
    for name in ["训练/一号 ${a} %{b} \"c\" \\d\n", "e\u{301}", "🚀", "a&b=c+d%20", "\u{0}"] {
        let (_simulator, terraform) = cloud_with(json!({"Name": name, "Tag": name})).await;
        let found = terraform.read_data("compshare_instance", &json!({"name": name})).await;
        assert_eq!(found.unwrap()["instance_id"], ID, "{name:?}");
        let listed = terraform.query(&json!({"tag": name}), false, 9).await.unwrap();
        assert_eq!(listed.len(), 1, "{name:?}");
    }
    let (_simulator, terraform) = cloud_with(json!({})).await;
    let long = "长".repeat(300_000);
    let errors = terraform.read_data("compshare_instance", &json!({"name": long})).await;
    errors.unwrap_err().says("Unable to Select Instance: Name Not Found", &[]);
}

#[tokio::test]
async fn numbers_out_of_range_are_refused() {
    let (simulator, terraform) = cloud_with(json!({})).await;
    let number = |text: &str| serde_json::from_str::<Json>(text).unwrap();
    for text in ["1.5", "-1", "101", "9223372036854775808", "1e400", "0.1", "-9223372036854775809"]
    {
        let errors = terraform.validate_provider(json!({"max_retries": number(text)})).await;
        errors.unwrap_err().says("Invalid Attribute Value", &["whole number from 0 to 100"]);
    }
    for text in ["0", "100", "5.0", "1e1"] {
        terraform.validate_provider(json!({"max_retries": number(text)})).await.unwrap();
    }
    simulator.assert_no_calls();
}

/// Plans an instance whose unknown ID is refined to begin with `uhost-`. Returns the planned state
/// as MessagePack, and its type.
async fn plan_with_refinement(terraform: &Terraform) -> (Vec<u8>, Type) {
    let resource = (BlockKind::Resource, "compshare_instance_power");
    let mut blocks = terraform.blocks().into_iter();
    let block = blocks.find(|(kind, name, _)| (*kind, *name) == resource).unwrap().2.clone();
    let config = block.value(&json!({"instance_id": UNKNOWN}));
    let encoded = msgpack::encode(&config, &block.ty()).unwrap();
    let proposed = refined(encoded);
    let nil = wire::DynamicValue { msgpack: vec![0xc0], json: Vec::new() };
    let value = wire::DynamicValue { msgpack: proposed, json: Vec::new() };
    let request = wire::plan_resource_change::Request {
        type_name: "compshare_instance_power".to_owned(),
        prior_state: Some(nil),
        config: Some(value.clone()),
        proposed_new_state: Some(value),
        ..Default::default()
    };
    let response = terraform.client().plan_resource_change(request).await.unwrap().into_inner();
    assert!(response.diagnostics.is_empty(), "{:?}", response.diagnostics);
    (response.planned_state.unwrap().msgpack, block.ty())
}

/// Extension 12 with a map of two refinements: not null (1), and the prefix (2) `uhost-`.
const REFINEMENT: &[u8] = b"\xc7\x0b\x0c\x82\x01\xc2\x02\xa6uhost-";

/// Replaces the unknown `instance_id` in an encoded object by a refined one.
fn refined(encoded: Vec<u8>) -> Vec<u8> {
    replaced(&encoded, b"\xabinstance_id\xd4\x00\x00", &[b"\xabinstance_id", REFINEMENT].concat())
}

#[track_caller]
fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = bytes
        .windows(from.len())
        .position(|window| window == from)
        .expect("the object contains it");
    [&bytes[..at], to, &bytes[at + from.len()..]].concat()
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[tokio::test]
async fn refinements_of_an_unknown_id_are_kept() {
    let (_simulator, terraform) = cloud_with(json!({})).await;
    let (planned, ty) = plan_with_refinement(&terraform).await;
    let value = msgpack::decode(&planned, &ty).unwrap();
    assert!(value.attribute("instance_id").is_unknown() && value.attribute("id").is_unknown());
    assert!(contains(&planned, &[b"\xabinstance_id", REFINEMENT].concat()), "{planned:x?}");
    // `id` equals `instance_id` and is never null, so that `id == null` is known in the plan.
    assert!(contains(&planned, b"\xa2id\xc7\x03\x0c\x81\x01\xc2"), "{planned:x?}");
    // The zone can be null: the API may omit it.
    assert!(contains(&planned, b"\xa4zone\xd4\x00\x00"), "{planned:x?}");
}

#[tokio::test]
async fn provider_block_can_be_absent_null_or_empty() {
    let (simulator, _) = cloud_with(json!({})).await;
    let terraform = Terraform::unconfigured(&simulator.url()).await;
    let nil = wire::DynamicValue { msgpack: vec![0xc0], json: Vec::new() };
    for config in [None, Some(wire::DynamicValue::default()), Some(nil)] {
        let request = wire::configure::Request { config: config.clone(), ..Default::default() };
        let configured = terraform.client().configure(request).await.unwrap().into_inner();
        assert!(configured.diagnostics.is_empty(), "{configured:?}");
        let request = wire::prepare_provider_config::Request { config };
        let prepared = terraform.client().prepare_provider_config(request).await.unwrap();
        assert!(prepared.into_inner().diagnostics.is_empty());
        terraform.plan(configuration(json!({}))).await.unwrap();
    }
}

#[tokio::test]
async fn malformed_config_is_a_diagnostic() {
    let (simulator, terraform) = cloud_with(json!({})).await;
    for bytes in [
        &b"\xc1"[..],
        b"",
        b"\x80",
        b"\x91\xc0",
        b"\xa5hello",
        b"\xd4\x00\x00",
        b"\xdf\xff\xff\xff\xff",
        b"\xc7\xff\x0c",
    ] {
        for (kind, name, _) in terraform.blocks() {
            let result = terraform.validate_raw(kind, name, bytes).await;
            // An absent configuration is null, and an unknown one can have any value.
            if !bytes.is_empty() && bytes != b"\xd4\x00\x00" {
                assert_eq!(result.len(), 1, "{kind:?} {name} {bytes:x?}: {result:?}");
            }
        }
    }
    simulator.assert_no_calls();
    // The provider process continues.
    terraform.plan(configuration(json!({}))).await.unwrap();
}
