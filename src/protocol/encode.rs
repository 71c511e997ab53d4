//! Conversions from the framework's types to the wire's.

use super::tfplugin5::{self as wire, attribute_path::step::Selector};
use crate::{
    cty::{self, Path, Step, Type, Value},
    framework::{
        Attribute, Block, Diagnostic, Diagnostics, IdentitySchema, Mode, NestedBlock, Schema,
        Severity,
    },
};

/// Encodes an identity; a null one is absent.
pub(super) fn identity(
    identity: &Value,
    ty: &Type,
) -> Result<Option<wire::ResourceIdentityData>, Diagnostics> {
    if identity.is_null() {
        return Ok(None);
    }
    let identity_data = Some(dynamic(identity, ty)?);
    Ok(Some(wire::ResourceIdentityData { identity_data }))
}

/// Encodes a value as MessagePack, since JSON has no unknown values.
pub(super) fn dynamic(value: &Value, ty: &Type) -> Result<wire::DynamicValue, Diagnostics> {
    let msgpack = cty::msgpack::encode(value, ty).map_err(|error| {
        Diagnostic::bug(format!("A value does not match the schema: {error}.")).at(error.path)
    })?;
    Ok(wire::DynamicValue { msgpack, json: Vec::new() })
}

/// Encodes a value that may be absent.
pub(super) fn optional(
    value: Option<&Value>,
    ty: &Type,
) -> Result<Option<wire::DynamicValue>, Diagnostics> {
    value.map(|value| dynamic(value, ty)).transpose()
}

pub(super) fn diagnostics(diagnostics: Diagnostics) -> Vec<wire::Diagnostic> {
    diagnostics.into_iter().map(diagnostic).collect()
}

fn diagnostic(diagnostic: Diagnostic) -> wire::Diagnostic {
    let severity = match diagnostic.severity {
        Severity::Error => wire::diagnostic::Severity::Error,
        Severity::Warning => wire::diagnostic::Severity::Warning,
    };
    wire::Diagnostic {
        severity: severity.into(),
        summary: diagnostic.summary,
        detail: diagnostic.detail,
        attribute: diagnostic.path.as_ref().filter(|path| !path.steps().is_empty()).map(path),
    }
}

pub(super) fn path(path: &Path) -> wire::AttributePath {
    let selector = |step: &Step| match step {
        Step::Attribute(name) => Selector::AttributeName(name.clone()),
        Step::Index(index) => Selector::ElementKeyInt(*index),
        Step::Key(key) => Selector::ElementKeyString(key.clone()),
    };
    let step = |step| wire::attribute_path::Step { selector: Some(selector(step)) };
    wire::AttributePath { steps: path.steps().iter().map(step).collect() }
}

pub(super) fn schema(schema: &Schema) -> wire::Schema {
    wire::Schema { version: schema.version, block: Some(block(&schema.block)) }
}

pub(super) fn identity_schema(schema: &IdentitySchema) -> wire::ResourceIdentitySchema {
    let attribute = |attribute: &Attribute| wire::resource_identity_schema::IdentityAttribute {
        name: attribute.name.to_owned(),
        r#type: attribute.ty.to_json().into_bytes(),
        required_for_import: attribute.mode == Mode::Required,
        optional_for_import: attribute.mode != Mode::Required,
        description: attribute.description.clone(),
    };
    wire::ResourceIdentitySchema {
        version: schema.version,
        identity_attributes: schema.attributes.iter().map(attribute).collect(),
    }
}

fn block(block: &Block) -> wire::schema::Block {
    wire::schema::Block {
        attributes: block.attributes.iter().map(attribute).collect(),
        block_types: block.blocks.iter().map(nested_block).collect(),
        description: block.description.clone(),
        description_kind: wire::StringKind::Markdown.into(),
        ..wire::schema::Block::default()
    }
}

fn nested_block(nested: &NestedBlock) -> wire::schema::NestedBlock {
    wire::schema::NestedBlock {
        type_name: nested.name.to_owned(),
        block: Some(block(&nested.block)),
        nesting: wire::schema::nested_block::NestingMode::Single.into(),
        min_items: 0,
        max_items: 0,
    }
}

fn attribute(attribute: &Attribute) -> wire::schema::Attribute {
    wire::schema::Attribute {
        name: attribute.name.to_owned(),
        r#type: attribute.ty.to_json().into_bytes(),
        description: attribute.description.clone(),
        description_kind: wire::StringKind::Markdown.into(),
        required: attribute.mode == Mode::Required,
        optional: matches!(attribute.mode, Mode::Optional | Mode::OptionalComputed),
        computed: attribute.is_computed(),
        sensitive: attribute.sensitive,
        ..wire::schema::Attribute::default()
    }
}
