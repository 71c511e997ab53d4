//! Descriptions and types as real Terraform prints them, against the schemas.

use serde_json::Value as Json;
use terraform_provider_compshare::framework::Block;

use super::described;
use crate::support::terraform::{Feature, Terraform, Workspace, with_each_terraform};

const CONFIGURATION: &str = r#"
terraform {
  required_providers {
    compshare = {
      source = "compshare/compshare"
    }
  }
}
"#;

/// The Terraform feature without which a kind of schema is not printed.
fn feature(kind: &str) -> Option<Feature> {
    match kind {
        "ephemeral_resource_schemas" => Some(Feature::EphemeralResources),
        "list_resource_schemas" => Some(Feature::Query),
        "action_schemas" => Some(Feature::Actions),
        _ => None,
    }
}

#[test]
fn terraform_prints_the_descriptions_of_the_schemas() {
    with_each_terraform(async |terraform| {
        let workspace = Workspace::new(terraform);
        workspace.write("main.tf", CONFIGURATION);
        let printed = workspace.run(&["providers", "schema", "-json"]).succeed().stdout;
        let printed: Json = serde_json::from_str(&printed).unwrap();
        let providers = printed["provider_schemas"].as_object().unwrap();
        assert_eq!(providers.len(), 1);
        check_all(terraform, providers.values().next().unwrap());
    });
}

fn check_all(terraform: &Terraform, printed: &Json) {
    let mut checked = 0;
    for one in described() {
        let (kind, name) = one.address;
        if feature(kind).is_some_and(|feature| !terraform.has(feature)) {
            continue;
        }
        let schema = if name.is_empty() { &printed[kind] } else { &printed[kind][name] };
        check(&format!("{kind} {name}"), &schema["block"], &one.block);
        checked += 1;
        let Some(identity) = one.identity.filter(|_| terraform.has(Feature::Identity)) else {
            continue;
        };
        let printed = &printed["resource_identity_schemas"][name]["attributes"];
        assert_eq!(printed.as_object().unwrap().len(), identity.attributes.len());
        for attribute in identity.attributes {
            assert_eq!(printed[attribute.name]["description"], attribute.description);
        }
    }
    assert!(checked >= 5, "only {checked} schemas were compared");
}

fn check(place: &str, printed: &Json, block: &Block) {
    assert_eq!(printed["description"], block.description, "{place}");
    assert_eq!(printed["description_kind"], "markdown", "{place}");
    let count = |members: &str| printed[members].as_object().map_or(0, serde_json::Map::len);
    assert_eq!(count("attributes"), block.attributes.len(), "{place}");
    assert_eq!(count("block_types"), block.blocks.len(), "{place}");
    for attribute in &block.attributes {
        let printed = &printed["attributes"][attribute.name];
        let sensitive = printed["sensitive"].as_bool().unwrap_or(false);
        assert_eq!(sensitive, attribute.sensitive, "{place}: {}", attribute.name);
        assert_eq!(printed["description"], attribute.description, "{place}");
        assert_eq!(printed["description_kind"], "markdown", "{place}: {}", attribute.name);
    }
    for nested in &block.blocks {
        check(place, &printed["block_types"][nested.name]["block"], &nested.block);
    }
}
