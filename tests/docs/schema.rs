//! What real Terraform shows of the schemas.

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

/// What a Terraform has to have to know of a kind.
fn feature(kind: &str) -> Option<Feature> {
    match kind {
        "ephemeral_resource_schemas" => Some(Feature::EphemeralResources),
        "list_resource_schemas" => Some(Feature::Query),
        "action_schemas" => Some(Feature::Actions),
        _ => None,
    }
}

#[test]
fn terraform_shows_the_descriptions_that_are_on_the_pages() {
    with_each_terraform(async |terraform| {
        let workspace = Workspace::new(terraform);
        workspace.write("main.tf", CONFIGURATION);
        let shown = workspace.run(&["providers", "schema", "-json"]).succeed().stdout;
        let shown: Json = serde_json::from_str(&shown).unwrap();
        let providers = shown["provider_schemas"].as_object().unwrap();
        assert_eq!(providers.len(), 1);
        check_all(terraform, providers.values().next().unwrap());
    });
}

fn check_all(terraform: &Terraform, shown: &Json) {
    let mut checked = 0;
    for one in described() {
        let (kind, name) = one.address;
        if feature(kind).is_some_and(|feature| !terraform.has(feature)) {
            continue;
        }
        let schema = if name.is_empty() { &shown[kind] } else { &shown[kind][name] };
        check(&one.page, &schema["block"], &one.block);
        checked += 1;
        let Some(identity) = one.identity.filter(|_| terraform.has(Feature::Identity)) else {
            continue;
        };
        let shown = &shown["resource_identity_schemas"][name]["attributes"];
        assert_eq!(shown.as_object().unwrap().len(), identity.attributes.len());
        for attribute in identity.attributes {
            assert_eq!(shown[attribute.name]["description"], attribute.description);
        }
    }
    assert!(checked >= 5, "only {checked} schemas were seen");
}

fn check(page: &str, shown: &Json, block: &Block) {
    assert_eq!(shown["description"], block.description, "{page}");
    assert_eq!(shown["description_kind"], "markdown", "{page}");
    let count = |members: &str| shown[members].as_object().map_or(0, serde_json::Map::len);
    assert_eq!(count("attributes"), block.attributes.len(), "{page}");
    assert_eq!(count("block_types"), block.blocks.len(), "{page}");
    for attribute in &block.attributes {
        let shown = &shown["attributes"][attribute.name];
        assert_eq!(shown["description"], attribute.description, "{page}");
        assert_eq!(shown["description_kind"], "markdown", "{page}: {}", attribute.name);
    }
    for nested in &block.blocks {
        check(page, &shown["block_types"][nested.name]["block"], &nested.block);
    }
}
