//! A value in JSON, after the number of its type.

use terraform_provider_compshare::cty::{conforms, json, msgpack};

use super::{DEPTH, values};

pub fn run(input: &[u8]) {
    let Some((number, input)) = input.split_first() else { return };
    let ty = values::type_of(*number);
    let (strict, lenient) = (json::decode(input, &ty), json::decode_state(input, &ty));
    if let Ok(value) = &strict {
        assert!(lenient.as_ref() == Ok(value), "decode_state changes a valid value");
    }
    let Ok(value) = lenient else { return };
    conforms(&value, &ty).unwrap();
    let encoded = json::encode(&value, &ty).unwrap();
    assert!(json::decode(&encoded, &ty).unwrap() == value, "a round trip changes the value");
    let packed = msgpack::encode(&value, &ty).unwrap();
    assert!(msgpack::decode(&packed, &ty).unwrap() == value, "MessagePack changes the value");
}

pub fn seeds() -> Vec<Vec<u8>> {
    let deep = [&[0][..], &b"{\"a\":".repeat(DEPTH)].concat();
    let known = values::numbered_values().into_iter().filter(|(.., value)| value.is_wholly_known());
    let valid = known
        .map(|(number, ty, value)| [vec![number], json::encode(&value, &ty).unwrap()].concat());
    valid.chain([deep]).collect()
}
