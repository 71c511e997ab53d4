//! Comparison of the protocol definitions in `proto/` with `tfplugin5-wire.json`.
//!
//! The list was generated from HashiCorp's definitions; those in `proto/` are our own. Only
//! names and numbers matter on the wire, and all of them are compared in both directions: services
//! with methods, messages with fields, enums with values, and reserved numbers.

use std::collections::BTreeMap;

use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto,
    FileDescriptorSet, MethodDescriptorProto, ServiceDescriptorProto,
    field_descriptor_proto::{Label, Type},
};
use serde_json::{Map, Value, json};

const LIST: &str = include_str!("tfplugin5-wire.json");

const TFPLUGIN5: &[&str] = &["tfplugin5.proto"];
const GO_PLUGIN: &[&str] = &["grpc_broker.proto", "grpc_controller.proto", "grpc_stdio.proto"];

#[test]
fn tfplugin5_definitions_match_list() {
    check("tfplugin5", TFPLUGIN5);
}

#[test]
fn go_plugin_definitions_match_list() {
    check("go_plugin", GO_PLUGIN);
}

#[test]
fn list_is_complete() {
    let list = listed("tfplugin5");
    let methods = |service: &str| list["services"][service].as_object().unwrap().len();
    assert_eq!(methods("tfplugin5.Provider"), 28);
    assert_eq!(list["messages"].as_object().unwrap().len(), 122);
}

#[track_caller]
fn check(part: &str, files: &[&str]) {
    let ours = leaves(&describe(&compile(files)));
    let listed = leaves(&listed(part));
    let differences: Vec<_> = ours
        .keys()
        .chain(listed.keys().filter(|path| !ours.contains_key(*path)))
        .filter(|path| ours.get(*path) != listed.get(*path))
        .map(|path| {
            let shown = |side: &BTreeMap<_, Value>| {
                side.get(path).map_or_else(|| "nothing".to_owned(), Value::to_string)
            };
            format!("{path}: proto has {}, the list {}", shown(&ours), shown(&listed))
        })
        .collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert!(!ours.is_empty());
}

fn listed(part: &str) -> Value {
    let mut list: Value = serde_json::from_str(LIST).unwrap();
    let part = list[part].take();
    // The list omits empty parts.
    let mut whole = json!({"services": {}, "messages": {}, "enums": {}, "reserved": {}});
    whole.as_object_mut().unwrap().extend(part.as_object().unwrap().clone());
    whole
}

/// Compiles these files. Returns their definitions without those of imported files.
fn compile(files: &[&str]) -> Vec<FileDescriptorProto> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/proto");
    let FileDescriptorSet { file } = protox::compile(files, [folder]).unwrap();
    file.into_iter().filter(|file| files.contains(&file.name())).collect()
}

/// Converts definitions to the form of the list.
fn describe(files: &[FileDescriptorProto]) -> Value {
    let mut parts = Parts::default();
    let mut package = "";
    for file in files {
        assert_eq!(file.syntax(), "proto3", "{}", file.name());
        package = file.package();
        for service in &file.service {
            parts.services.insert(format!("{package}.{}", service.name()), methods(service));
        }
        for message in &file.message_type {
            parts.add_message(package, message);
        }
        for definition in &file.enum_type {
            parts.add_enum(package, definition);
        }
    }
    json!({
        "package": package,
        "syntax": "proto3",
        "services": parts.services,
        "messages": parts.messages,
        "enums": parts.enums,
        "reserved": parts.reserved,
    })
}

#[derive(Default)]
struct Parts {
    services: Map<String, Value>,
    messages: Map<String, Value>,
    enums: Map<String, Value>,
    reserved: Map<String, Value>,
}

impl Parts {
    fn add_message(&mut self, scope: &str, message: &DescriptorProto) {
        let name = format!("{scope}.{}", message.name());
        let fields = message
            .field
            .iter()
            .map(|field| (field.name().to_owned(), describe_field(message, field)));
        self.messages.insert(name.clone(), Value::Object(fields.collect()));
        // The end of a range is exclusive in descriptors.
        let reserved: Vec<_> =
            message.reserved_range.iter().flat_map(|range| range.start()..range.end()).collect();
        if !reserved.is_empty() {
            self.reserved.insert(name.clone(), json!(reserved));
        }
        for nested in message.nested_type.iter().filter(|nested| !is_map_entry(nested)) {
            self.add_message(&name, nested);
        }
        for definition in &message.enum_type {
            self.add_enum(&name, definition);
        }
    }

    fn add_enum(&mut self, scope: &str, definition: &EnumDescriptorProto) {
        let values =
            definition.value.iter().map(|value| (value.name().to_owned(), json!(value.number())));
        self.enums
            .insert(format!("{scope}.{}", definition.name()), Value::Object(values.collect()));
    }
}

fn methods(service: &ServiceDescriptorProto) -> Value {
    let describe_method = |method: &MethodDescriptorProto| {
        json!({
            "input": absolute(method.input_type()),
            "output": absolute(method.output_type()),
            "client_streaming": method.client_streaming(),
            "server_streaming": method.server_streaming(),
        })
    };
    let methods =
        service.method.iter().map(|method| (method.name().to_owned(), describe_method(method)));
    Value::Object(methods.collect())
}

fn describe_field(message: &DescriptorProto, field: &FieldDescriptorProto) -> Value {
    let entry = message.nested_type.iter().find(|nested| {
        is_map_entry(nested) && field.type_name().ends_with(&format!(".{}", nested.name()))
    });
    let (ty, label) = match (entry, field.label()) {
        // The list describes a map by the type of its values.
        (Some(entry), _) => {
            let [key, value] = entry.field.as_slice() else { panic!("a map has keys and values") };
            (type_name(value), format!("map<{},{}>", type_name(key), type_name(value)))
        }
        (None, Label::Repeated) => (type_name(field), "repeated".to_owned()),
        (None, Label::Optional) => (type_name(field), "optional".to_owned()),
        (None, Label::Required) => panic!("proto3 has no required fields"),
    };
    // Descriptors represent `optional` as a oneof of its own, which is not in the list.
    let oneof = field
        .oneof_index
        .filter(|_| !field.proto3_optional())
        .map(|index| message.oneof_decl[usize::try_from(index).unwrap()].name());
    let mut described =
        json!({"number": field.number(), "type": ty, "label": label, "oneof": oneof});
    if field.proto3_optional() {
        described["proto3_optional"] = json!(true);
    }
    described
}

fn is_map_entry(message: &DescriptorProto) -> bool {
    message.options.as_ref().is_some_and(|options| options.map_entry())
}

fn type_name(field: &FieldDescriptorProto) -> String {
    match field.r#type() {
        Type::Message | Type::Enum => absolute(field.type_name()).to_owned(),
        Type::Bool => "bool".to_owned(),
        Type::Bytes => "bytes".to_owned(),
        Type::Int64 => "int64".to_owned(),
        Type::String => "string".to_owned(),
        Type::Uint32 => "uint32".to_owned(),
        other => other.as_str_name().to_owned(),
    }
}

/// Removes the leading dot, which marks absolute names in descriptors.
fn absolute(name: &str) -> &str {
    name.trim_start_matches('.')
}

/// Returns every leaf of a tree by its path. An empty object or list is a leaf, too.
fn leaves(tree: &Value) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    collect_leaves(String::new(), tree, &mut found);
    found
}

fn collect_leaves(path: String, tree: &Value, found: &mut BTreeMap<String, Value>) {
    match tree {
        Value::Object(entries) if !entries.is_empty() => {
            for (key, value) in entries {
                collect_leaves(format!("{path}/{key}"), value, found);
            }
        }
        leaf => {
            found.insert(path, leaf.clone());
        }
    }
}
