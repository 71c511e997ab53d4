//! Values on the wire and as JSON.

use serde_json::{Value as Json, json};
use terraform_provider_compshare::{
    cty::{self, Value},
    protocol::tfplugin5 as wire,
};

use super::schema::{Block, UNKNOWN};

pub(super) fn encode(value: &Value, block: &Block) -> wire::DynamicValue {
    let msgpack = cty::msgpack::encode(value, &block.ty()).unwrap();
    wire::DynamicValue { msgpack, json: Vec::new() }
}

/// Decodes MessagePack that must have exactly the schema's attributes. An absent value is null.
#[track_caller]
pub(super) fn decode(value: Option<&wire::DynamicValue>, block: &Block) -> Value {
    let Some(value) = value else { return Value::Null };
    assert!(value.json.is_empty(), "JSON cannot hold unknown values");
    cty::msgpack::decode(&value.msgpack, &block.ty()).expect("conforms to the schema")
}

/// Converts a value to JSON for comparisons; unknown becomes [`UNKNOWN`].
pub(super) fn to_json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Unknown(_) => json!(UNKNOWN),
        Value::String(text) => json!(text),
        Value::Bool(truth) => json!(truth),
        Value::Number(number) => serde_json::from_str(&number.to_string()).unwrap(),
        Value::List(elements) => elements.iter().map(to_json).collect(),
        Value::Map(entries) => {
            entries.iter().map(|(name, value)| (name.clone(), to_json(value))).collect()
        }
    }
}
