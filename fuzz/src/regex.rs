//! A `name_regex`, validated by the provider and then matched against the name of an instance.

use terraform_provider_compshare::{
    cty::{Value, msgpack},
    protocol::tfplugin5::{DynamicValue, validate_data_source_config::Request},
};

use super::{rpc, values};

pub fn run(input: &[u8]) {
    let pattern = String::from_utf8_lossy(input).into_owned();
    let type_name = "compshare_instances";
    let (_, ty) = values::schema_types().iter().find(|(name, _)| name == type_name).unwrap();
    let Value::Map(mut config) = values::filled(ty, &Value::Null) else { unreachable!() };
    config.insert("name_regex".to_owned(), Value::from(pattern.as_str()));
    let msgpack = msgpack::encode(&Value::Map(config), ty).unwrap();
    let config = Some(DynamicValue { msgpack, json: Vec::new() });
    if rpc::validate_data_source(Request { type_name: type_name.to_owned(), config }).is_empty() {
        let regex = regex_lite::Regex::new(&pattern).unwrap();
        regex.is_match("train-0123456789-训练-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    }
}

pub fn seeds() -> Vec<Vec<u8>> {
    let patterns = [
        "^train-[0-9]+$",
        "(a*)*b",
        "(?:(?:a{50}){50}){50}",
        "(?:){4294967295}",
        "x{0}{4294967295}",
        r"[\w--[:alpha:]]{1,9}|(?i:é)\b",
        "((((((((((a?){3}){3}){3}){3}){3}){3}){3}){3}){3}){3}",
        r"(?P<name>.+?)(?x) # comment",
        r"\x{10FFFF}\u00e9[^\x00-\x7f]",
    ];
    patterns.map(|pattern| pattern.as_bytes().to_vec()).into()
}
