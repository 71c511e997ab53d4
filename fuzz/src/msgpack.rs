//! A value in MessagePack, after the number of its type.

use terraform_provider_compshare::cty::{conforms, json, msgpack};

use super::{DEPTH, values};

pub fn run(input: &[u8]) {
    let Some((number, input)) = input.split_first() else { return };
    let ty = values::type_of(*number);
    let Ok(value) = msgpack::decode(input, &ty) else { return };
    conforms(&value, &ty).unwrap();
    let encoded = msgpack::encode(&value, &ty).unwrap();
    let decoded = msgpack::decode(&encoded, &ty).unwrap();
    assert!(decoded == value, "a round trip changes the value");
    assert!(msgpack::encode(&decoded, &ty).unwrap() == encoded, "two encodings of one value");
    if let Ok(json) = json::encode(&value, &ty) {
        assert!(json::decode(&json, &ty).unwrap() == value, "JSON changes the value");
    }
}

pub fn seeds() -> Vec<Vec<u8>> {
    let deep = [&[0][..], &[0x91].repeat(DEPTH)].concat();
    let valid = values::numbered_values()
        .into_iter()
        .map(|(number, ty, value)| [vec![number], msgpack::encode(&value, &ty).unwrap()].concat());
    valid.chain([deep]).collect()
}
