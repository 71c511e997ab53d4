//! A schema as core reads it off the wire, with what core demands of one.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use terraform_provider_compshare::{
    cty::{Number, Type, Value},
    protocol::tfplugin5::{self as wire, schema::nested_block::NestingMode},
};

/// Stands for a value that is known only after apply, in a configuration written as JSON.
pub(crate) const UNKNOWN: &str = "<known after apply>";

/// One block: its attributes and its nested blocks, all of which are SINGLE.
#[derive(Clone, Debug, Default)]
pub(crate) struct Block {
    pub(crate) attributes: BTreeMap<String, Attribute>,
    pub(crate) blocks: BTreeMap<String, Self>,
}

/// One attribute, as far as core's rules depend on it.
#[derive(Clone, Debug)]
pub(crate) struct Attribute {
    pub(crate) ty: Type,
    pub(crate) optional: bool,
    pub(crate) computed: bool,
}

impl Block {
    /// Reads a schema, and refuses one that core would refuse.
    #[track_caller]
    pub(crate) fn read(schema: Option<&wire::Schema>) -> Self {
        Self::read_block(schema.unwrap().block.as_ref().unwrap())
    }

    #[track_caller]
    fn read_block(block: &wire::schema::Block) -> Self {
        let mut read = Self::default();
        for attribute in &block.attributes {
            let name = checked_name(&attribute.name);
            let modes = (attribute.required, attribute.optional, attribute.computed);
            assert!(
                matches!(modes, (true, false, false) | (false, true, _) | (false, false, true)),
                "{name} is not exactly one of required, optional, computed, optional and computed"
            );
            assert!(!attribute.write_only && !attribute.deprecated, "{name}");
            assert!(!attribute.description.is_empty(), "{name} has no description");
            let ty = Type::from_json(&attribute.r#type).unwrap();
            let attribute =
                Attribute { ty, optional: attribute.optional, computed: attribute.computed };
            assert!(read.attributes.insert(name, attribute).is_none(), "an attribute twice");
        }
        for nested in &block.block_types {
            let name = checked_name(&nested.type_name);
            assert_eq!(nested.nesting, NestingMode::Single as i32, "{name}");
            assert_eq!((nested.min_items, nested.max_items), (0, 0), "{name}");
            assert!(!read.attributes.contains_key(&name), "{name} is an attribute and a block");
            read.blocks.insert(name, Self::read_block(nested.block.as_ref().unwrap()));
        }
        read
    }

    /// The type of the block's value.
    pub(crate) fn ty(&self) -> Type {
        let attributes = self.attributes.iter().map(|(name, a)| (name.clone(), a.ty.clone()));
        let blocks = self.blocks.iter().map(|(name, block)| (name.clone(), block.ty()));
        Type::Object(attributes.chain(blocks).collect())
    }

    /// The value of a configuration written as JSON: what is absent is null, [`UNKNOWN`] is unknown.
    #[track_caller]
    pub(crate) fn value(&self, config: &Json) -> Value {
        let Json::Object(fields) = config else { panic!("a configuration is an object: {config}") };
        for name in fields.keys() {
            let known = self.attributes.contains_key(name) || self.blocks.contains_key(name);
            assert!(known, "the schema has no `{name}`");
        }
        let of = |name: &String| fields.get(name).unwrap_or(&Json::Null);
        let attributes = self.attributes.keys().map(|name| (name.clone(), leaf(of(name))));
        let blocks = self.blocks.iter().map(|(name, block)| {
            let value = of(name);
            (name.clone(), if value.is_object() { block.value(value) } else { leaf(value) })
        });
        Value::Map(attributes.chain(blocks).collect())
    }

    /// Whether a path of names leads to something in the schema.
    pub(crate) fn has(&self, steps: &[String]) -> bool {
        match steps {
            [] => false,
            [name] => self.attributes.contains_key(name) || self.blocks.contains_key(name),
            [name, rest @ ..] => self.blocks.get(name).is_some_and(|block| block.has(rest)),
        }
    }
}

/// The type of an identity. Reads its schema, and refuses one that core would refuse.
#[track_caller]
pub(crate) fn identity(schema: Option<&wire::ResourceIdentitySchema>) -> Type {
    let attributes = schema.unwrap().identity_attributes.iter().map(|attribute| {
        let name = checked_name(&attribute.name);
        assert!(attribute.required_for_import != attribute.optional_for_import, "{name}");
        assert!(!attribute.description.is_empty(), "{name} has no description");
        let ty = Type::from_json(&attribute.r#type).unwrap();
        assert!(!matches!(ty, Type::Map(_) | Type::Set(_) | Type::Object(_)), "{name}");
        (name, ty)
    });
    Type::Object(attributes.collect())
}

#[track_caller]
fn checked_name(name: &str) -> String {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    assert!(!name.is_empty() && name.chars().all(fits), "a bad name in the schema: {name:?}");
    name.to_owned()
}

fn leaf(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(truth) => (*truth).into(),
        Json::String(text) if text == UNKNOWN => Value::unknown(),
        Json::String(text) => text.as_str().into(),
        Json::Number(number) => Number::from_decimal(&number.to_string()).unwrap().into(),
        other => panic!("no attribute of this provider takes {other}"),
    }
}
