//! Schemas as core decodes them, with the rules that core enforces for schemas.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value as Json;
use terraform_provider_compshare::{
    cty::{Number, Type, Value},
    protocol::tfplugin5::{self as wire, schema::nested_block::NestingMode},
};

/// Placeholder for a value that is known only after apply, in a configuration written as JSON.
pub(crate) const UNKNOWN: &str = "<known after apply>";

/// All schemas of a provider.
#[derive(Debug)]
pub(super) struct Schemas {
    pub(super) provider: Block,
    pub(super) resources: BTreeMap<String, ResourceType>,
    pub(super) data_sources: BTreeMap<String, Block>,
    pub(super) ephemeral_resources: BTreeMap<String, Block>,
    pub(super) actions: BTreeMap<String, Block>,
}

/// Schemas of one resource type.
#[derive(Clone, Debug)]
pub(super) struct ResourceType {
    pub(super) name: String,
    pub(super) block: Block,
    /// `None` if the resource has no identity.
    pub(super) identity: Option<Type>,
    /// The block `config` of a `list` block; `None` if the resource cannot be listed.
    pub(super) list: Option<Block>,
}

impl Schemas {
    #[track_caller]
    pub(super) fn read(
        schemas: &wire::get_provider_schema::Response,
        identities: &wire::get_resource_identity_schemas::Response,
    ) -> Self {
        assert!(schemas.diagnostics.is_empty(), "{:?}", schemas.diagnostics);
        assert!(identities.diagnostics.is_empty(), "{:?}", identities.diagnostics);
        let blocks = |schemas: &HashMap<String, wire::Schema>| -> BTreeMap<String, Block> {
            let read = |(name, schema): (&String, _)| (name.clone(), Block::read(Some(schema)));
            schemas.iter().map(read).collect()
        };
        let mut lists = blocks(&schemas.list_resource_schemas);
        let resource = |(name, block): (String, Block)| {
            let identity = identities.identity_schemas.get(&name).map(identity);
            let list = lists.remove(&name);
            (name.clone(), ResourceType { name, block, identity, list })
        };
        let resources = blocks(&schemas.resource_schemas).into_iter().map(resource).collect();
        assert!(lists.is_empty(), "a list resource without a managed resource: {lists:?}");
        let action = |(name, action): (&String, &wire::ActionSchema)| {
            (name.clone(), Block::read(action.schema.as_ref()))
        };
        Self {
            provider: Block::read(schemas.provider.as_ref()),
            resources,
            data_sources: blocks(&schemas.data_source_schemas),
            ephemeral_resources: blocks(&schemas.ephemeral_resource_schemas),
            actions: schemas.action_schemas.iter().map(action).collect(),
        }
    }

    #[track_caller]
    pub(super) fn resource(&self, type_name: &str) -> ResourceType {
        let resource = self.resources.get(type_name);
        resource.unwrap_or_else(|| panic!("the provider has no resource {type_name}")).clone()
    }
}

impl ResourceType {
    #[track_caller]
    pub(super) fn list(&self) -> &Block {
        self.list.as_ref().unwrap_or_else(|| panic!("{} cannot be listed", self.name))
    }
}

/// One block: its attributes and its nested blocks, all of which are SINGLE.
#[derive(Clone, Debug, Default)]
pub(crate) struct Block {
    pub(crate) attributes: BTreeMap<String, Attribute>,
    pub(crate) blocks: BTreeMap<String, Self>,
}

/// The properties of an attribute that core's rules depend on.
#[derive(Clone, Debug)]
pub(crate) struct Attribute {
    pub(crate) ty: Type,
    pub(crate) optional: bool,
    pub(crate) computed: bool,
}

impl Block {
    /// Decodes a schema; panics if core would reject it.
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
                "{name} must be one of required, optional, computed, optional and computed"
            );
            assert!(!attribute.write_only && !attribute.deprecated, "{name}");
            assert!(!attribute.description.is_empty(), "{name} has no description");
            let ty = read_type(&serde_json::from_slice(&attribute.r#type).unwrap());
            let attribute =
                Attribute { ty, optional: attribute.optional, computed: attribute.computed };
            assert!(read.attributes.insert(name, attribute).is_none(), "duplicate attribute");
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

    /// Converts a configuration from JSON: an absent attribute is null, [`UNKNOWN`] is unknown.
    #[track_caller]
    pub(crate) fn value(&self, config: &Json) -> Value {
        let Json::Object(fields) = config else { panic!("not an object: {config}") };
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

    /// Returns whether a path of names leads to an attribute or block.
    pub(crate) fn has(&self, steps: &[String]) -> bool {
        match steps {
            [] => false,
            [name] => self.attributes.contains_key(name) || self.blocks.contains_key(name),
            [name, rest @ ..] => self.blocks.get(name).is_some_and(|block| block.has(rest)),
        }
    }
}

/// Decodes the schema of an identity to its type; panics if core would reject it.
#[track_caller]
fn identity(schema: &wire::ResourceIdentitySchema) -> Type {
    let attributes = schema.identity_attributes.iter().map(|attribute| {
        let name = checked_name(&attribute.name);
        assert!(attribute.required_for_import != attribute.optional_for_import, "{name}");
        assert!(!attribute.description.is_empty(), "{name} has no description");
        let ty = read_type(&serde_json::from_slice(&attribute.r#type).unwrap());
        assert!(!matches!(ty, Type::Map(_) | Type::Set(_) | Type::Object(_)), "{name}");
        (name, ty)
    });
    Type::Object(attributes.collect())
}

/// The type of an attribute from its JSON form, of which core would refuse any other than these.
#[track_caller]
fn read_type(json: &Json) -> Type {
    let parts = json.as_array().map(Vec::as_slice);
    match (json.as_str(), parts) {
        (Some("string"), _) => Type::String,
        (Some("number"), _) => Type::Number,
        (Some("bool"), _) => Type::Bool,
        (_, Some([Json::String(kind), element])) => match (kind.as_str(), element) {
            ("list", element) => Type::List(Box::new(read_type(element))),
            ("set", element) => Type::Set(Box::new(read_type(element))),
            ("map", element) => Type::Map(Box::new(read_type(element))),
            ("object", Json::Object(attributes)) => {
                let attributes = attributes.iter();
                Type::Object(attributes.map(|(name, ty)| (name.clone(), read_type(ty))).collect())
            }
            _ => panic!("not a type: {json}"),
        },
        _ => panic!("not a type: {json}"),
    }
}

#[track_caller]
fn checked_name(name: &str) -> String {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    assert!(!name.is_empty() && name.chars().all(fits), "invalid name in the schema: {name:?}");
    name.to_owned()
}

fn leaf(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(truth) => (*truth).into(),
        Json::String(text) if text == UNKNOWN => Value::unknown(),
        Json::String(text) => text.as_str().into(),
        Json::Number(number) => Number::from_decimal(&number.to_string()).unwrap().into(),
        Json::Object(elements) => {
            let elements = elements.iter();
            Value::Map(elements.map(|(key, element)| (key.clone(), leaf(element))).collect())
        }
        other @ Json::Array(_) => panic!("no attribute of this provider has the type of {other}"),
    }
}
