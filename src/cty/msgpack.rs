//! The MessagePack encoding of values, which the plugin protocol uses, as in go-cty's `msgpack`
//! package.
//!
//! | Type | Encoding |
//! | --- | --- |
//! | string, bool | str, bool |
//! | number | int of any width, float, or str with the decimal text |
//! | list, set | array |
//! | map | map with str keys |
//! | object | map with exactly the attributes of the type |
//! | any, null | nil |
//! | any, unknown | extension 0 (`d4 00 00`), or 12 with refinements |
//!
//! The encoder writes whole numbers of 64 bits as the smallest int, floats that were decoded from
//! floats as floats, and other numbers as text. Keys are written in the order of their bytes, sets
//! in the order of the value with duplicates, which Terraform removes.

use std::{collections::BTreeMap, fmt, str};

use rmp::{Marker, encode};

use super::{
    conform::{check_attributes, conforms, unexpected_attribute},
    error::Error,
    number::{Form, Number},
    path::Step,
    types::Type,
    value::{Unknown, Value},
};

/// Extension type of an unknown value without refinements. Decoded with a payload of 0 or 1 byte,
/// encoded with one zero.
const PLAIN: i8 = 0;

/// Extension type of an unknown value with refinements.
const REFINED: i8 = 12;

/// Maximum size of refinements in bytes, as in Terraform.
const REFINED_MAX: usize = 1024;

/// Decodes one value, which must fill the input. Empty input is an error.
///
/// # Errors
///
/// The input is not MessagePack or not of the type.
pub fn decode(bytes: &[u8], ty: &Type) -> Result<Value, Error> {
    let mut reader = Reader { rest: bytes };
    let value = decode_value(&mut reader, ty)?;
    if !reader.rest.is_empty() {
        return Err(Error::unexpected("the end of the input", "more bytes"));
    }
    Ok(value)
}

/// Encodes a value.
///
/// # Errors
///
/// The value does not [conform](conforms) to the type.
pub fn encode(value: &Value, ty: &Type) -> Result<Vec<u8>, Error> {
    conforms(value, ty)?;
    let mut out = Vec::new();
    encode_value(value, &mut out)?;
    Ok(out)
}

/// The recursion is bounded by the depth of the type: parts that the type lacks are not decoded.
fn decode_value(reader: &mut Reader<'_>, ty: &Type) -> Result<Value, Error> {
    match (ty, reader.token()?) {
        (_, Token::Nil) => Ok(Value::Null),
        (_, Token::Extension(kind, payload)) => decode_unknown(kind, payload),
        (Type::String, Token::Text(text)) => Ok(Value::from(text)),
        (Type::Bool, Token::Bool(truth)) => Ok(Value::Bool(truth)),
        (Type::Number, Token::Signed(whole)) => Ok(Value::from(whole)),
        (Type::Number, Token::Unsigned(whole)) => Ok(Value::Number(whole.into())),
        (Type::Number, Token::Float(float)) => Number::from_float(float).map(Value::Number),
        (Type::Number, Token::Text(text)) => Number::from_decimal(text).map(Value::Number),
        (Type::List(element) | Type::Set(element), Token::Array(length)) => {
            // Not preallocated: the declared length may exceed the elements that were sent.
            let mut elements = Vec::new();
            for index in 0..length {
                let value = decode_value(reader, element);
                elements.push(value.map_err(|error| error.in_element(ty, index))?);
            }
            Ok(Value::List(elements))
        }
        (Type::Map(element), Token::Map(length)) => {
            let entries = decode_entries(reader, length, |reader, key| {
                decode_value(reader, element)
                    .map_err(|error| error.below(Step::Key(key.to_owned())))
            })?;
            Ok(Value::Map(entries))
        }
        (Type::Object(types), Token::Map(length)) => {
            let entries = decode_entries(reader, length, |reader, name| {
                let Some(ty) = types.get(name) else {
                    return Err(unexpected_attribute(name));
                };
                decode_value(reader, ty)
                    .map_err(|error| error.below(Step::Attribute(name.to_owned())))
            })?;
            check_attributes(&entries, types)?;
            Ok(Value::Map(entries))
        }
        (ty, token) => Err(Error::unexpected(ty.noun(), token.noun())),
    }
}

fn decode_entries<'a>(
    reader: &mut Reader<'a>,
    length: usize,
    mut decode_entry: impl FnMut(&mut Reader<'a>, &str) -> Result<Value, Error>,
) -> Result<BTreeMap<String, Value>, Error> {
    let mut entries = BTreeMap::new();
    for _ in 0..length {
        let key = match reader.token()? {
            Token::Text(key) => key,
            token => return Err(Error::unexpected("a string as key", token.noun())),
        };
        let value = decode_entry(reader, key)?;
        if entries.insert(key.to_owned(), value).is_some() {
            return Err(Error::new(format!("duplicate key `{key}`")));
        }
    }
    Ok(entries)
}

fn decode_unknown(kind: i8, payload: &[u8]) -> Result<Value, Error> {
    match payload.len() {
        0 | 1 => Ok(Value::unknown()),
        2..=REFINED_MAX if kind == REFINED => Ok(Value::Unknown(Unknown::refined(payload))),
        length => Err(Error::unexpected(
            "an unknown value",
            &format!("extension type {kind} of {length} bytes"),
        )),
    }
}

/// Encodes a value that conforms to its type, so that the type is not needed.
fn encode_value(value: &Value, out: &mut Vec<u8>) -> Result<(), Error> {
    match value {
        Value::Null => written(encode::write_nil(out)),
        Value::Unknown(unknown) => encode_unknown(unknown, out)?,
        Value::String(text) => encode_text(text, out)?,
        Value::Number(number) => encode_number(number, out)?,
        Value::Bool(truth) => written(encode::write_bool(out, *truth)),
        Value::List(elements) => {
            written(encode::write_array_len(out, count(elements.len())?));
            for element in elements {
                encode_value(element, out)?;
            }
        }
        Value::Map(entries) => {
            written(encode::write_map_len(out, count(entries.len())?));
            for (key, value) in entries {
                encode_text(key, out)?;
                encode_value(value, out)?;
            }
        }
    }
    Ok(())
}

fn encode_unknown(unknown: &Unknown, out: &mut Vec<u8>) -> Result<(), Error> {
    let (kind, payload) = match unknown.refinements() {
        Some(payload) => (REFINED, payload),
        None => (PLAIN, [0].as_slice()),
    };
    written(encode::write_ext_meta(out, count(payload.len())?, kind));
    out.extend_from_slice(payload);
    Ok(())
}

/// Encodes whole numbers as ints, whichever form they have.
fn encode_number(number: &Number, out: &mut Vec<u8>) -> Result<(), Error> {
    match (number.form(), number.as_i64()) {
        (Form::Unsigned(whole), _) => {
            written(encode::write_uint(out, *whole));
        }
        (Form::Signed(whole), _) => {
            written(encode::write_sint(out, *whole));
        }
        (_, Some(whole)) => {
            written(encode::write_sint(out, whole));
        }
        (Form::Float(float), None) => written(encode::write_f64(out, *float)),
        (Form::Decimal(text), None) => encode_text(text, out)?,
    }
    Ok(())
}

fn encode_text(text: &str, out: &mut Vec<u8>) -> Result<(), Error> {
    written(encode::write_str_len(out, count(text.len())?));
    out.extend_from_slice(text.as_bytes());
    Ok(())
}

fn count(length: usize) -> Result<u32, Error> {
    u32::try_from(length).map_err(|_| Error::new("too long to encode"))
}

/// Unwraps the result of a write to a `Vec`, which cannot fail.
fn written<T, E: fmt::Debug>(result: Result<T, E>) -> T {
    result.expect("a Vec takes every write")
}

/// The rest of the input.
struct Reader<'a> {
    rest: &'a [u8],
}

/// A scalar, or the header of an array or map whose elements follow.
enum Token<'a> {
    Nil,
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Float(f64),
    Text(&'a str),
    /// Of no type, so the content is skipped.
    Bytes,
    Array(usize),
    Map(usize),
    Extension(i8, &'a [u8]),
}

impl<'a> Reader<'a> {
    fn token(&mut self) -> Result<Token<'a>, Error> {
        let [marker] = self.array()?;
        Ok(match Marker::from_u8(marker) {
            Marker::Null => Token::Nil,
            Marker::True => Token::Bool(true),
            Marker::False => Token::Bool(false),
            Marker::FixPos(number) => Token::Unsigned(number.into()),
            Marker::FixNeg(number) => Token::Signed(number.into()),
            Marker::U8 => Token::Unsigned(u8::from_be_bytes(self.array()?).into()),
            Marker::U16 => Token::Unsigned(u16::from_be_bytes(self.array()?).into()),
            Marker::U32 => Token::Unsigned(u32::from_be_bytes(self.array()?).into()),
            Marker::U64 => Token::Unsigned(u64::from_be_bytes(self.array()?)),
            Marker::I8 => Token::Signed(i8::from_be_bytes(self.array()?).into()),
            Marker::I16 => Token::Signed(i16::from_be_bytes(self.array()?).into()),
            Marker::I32 => Token::Signed(i32::from_be_bytes(self.array()?).into()),
            Marker::I64 => Token::Signed(i64::from_be_bytes(self.array()?)),
            Marker::F32 => Token::Float(f32::from_be_bytes(self.array()?).into()),
            Marker::F64 => Token::Float(f64::from_be_bytes(self.array()?)),
            Marker::FixStr(length) => self.text(length.into())?,
            Marker::Str8 => self.length8().and_then(|length| self.text(length))?,
            Marker::Str16 => self.length16().and_then(|length| self.text(length))?,
            Marker::Str32 => self.length32().and_then(|length| self.text(length))?,
            Marker::Bin8 => self.length8().and_then(|length| self.bytes(length))?,
            Marker::Bin16 => self.length16().and_then(|length| self.bytes(length))?,
            Marker::Bin32 => self.length32().and_then(|length| self.bytes(length))?,
            Marker::FixArray(length) => Token::Array(length.into()),
            Marker::Array16 => Token::Array(self.length16()?),
            Marker::Array32 => Token::Array(self.length32()?),
            Marker::FixMap(length) => Token::Map(length.into()),
            Marker::Map16 => Token::Map(self.length16()?),
            Marker::Map32 => Token::Map(self.length32()?),
            Marker::FixExt1 => self.extension(1)?,
            Marker::FixExt2 => self.extension(2)?,
            Marker::FixExt4 => self.extension(4)?,
            Marker::FixExt8 => self.extension(8)?,
            Marker::FixExt16 => self.extension(16)?,
            Marker::Ext8 => self.length8().and_then(|length| self.extension(length))?,
            Marker::Ext16 => self.length16().and_then(|length| self.extension(length))?,
            Marker::Ext32 => self.length32().and_then(|length| self.extension(length))?,
            Marker::Reserved => {
                return Err(Error::unexpected("a MessagePack value", "the reserved marker"));
            }
        })
    }

    fn text(&mut self, length: usize) -> Result<Token<'a>, Error> {
        let text = str::from_utf8(self.take(length)?);
        text.map(Token::Text).map_err(|_| Error::unexpected("UTF-8", "other bytes"))
    }

    fn bytes(&mut self, length: usize) -> Result<Token<'a>, Error> {
        self.take(length)?;
        Ok(Token::Bytes)
    }

    fn extension(&mut self, length: usize) -> Result<Token<'a>, Error> {
        let kind = i8::from_be_bytes(self.array()?);
        Ok(Token::Extension(kind, self.take(length)?))
    }

    fn length8(&mut self) -> Result<usize, Error> {
        Ok(u8::from_be_bytes(self.array()?).into())
    }

    fn length16(&mut self) -> Result<usize, Error> {
        Ok(u16::from_be_bytes(self.array()?).into())
    }

    fn length32(&mut self) -> Result<usize, Error> {
        // A length beyond usize exceeds any input.
        Ok(usize::try_from(u32::from_be_bytes(self.array()?)).unwrap_or(usize::MAX))
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or_else(truncated)?;
        self.rest = rest;
        Ok(*taken)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Error> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or_else(truncated)?;
        self.rest = rest;
        Ok(taken)
    }
}

fn truncated() -> Error {
    Error::unexpected("more bytes", "the end of the input")
}

impl Token<'_> {
    /// Noun for error messages, with its article.
    fn noun(&self) -> &'static str {
        match self {
            Token::Nil => "nil",
            Token::Bool(_) => "a bool",
            Token::Signed(_) | Token::Unsigned(_) => "an integer",
            Token::Float(_) => "a float",
            Token::Text(_) => "a string",
            Token::Bytes => "bytes",
            Token::Array(_) => "an array",
            Token::Map(_) => "a map",
            Token::Extension(..) => "an extension",
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cty::samples::{self, float, list, map, number, object, set};

    #[track_caller]
    fn round_trips(value: &Value, ty: &Type) {
        let bytes = encode(value, ty).unwrap();
        assert_eq!(&decode(&bytes, ty).unwrap(), value, "{ty:?}");
    }

    #[track_caller]
    fn encodes_to(value: Value, ty: Type, golden: &str) {
        assert_eq!(hex(&encode(&value, &ty).unwrap()), golden.replace(' ', ""), "{value:?}");
    }

    #[track_caller]
    fn decodes(golden: &str, ty: Type, value: Value) {
        assert_eq!(decode(&unhex(golden), &ty).unwrap(), value, "{golden}");
    }

    #[track_caller]
    fn refuses(golden: &str, ty: Type, message: &str) {
        assert_eq!(decode(&unhex(golden), &ty).unwrap_err().to_string(), message, "{golden}");
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn unhex(text: &str) -> Vec<u8> {
        let digits: Vec<_> = text.chars().filter(|c| !c.is_whitespace()).collect();
        digits
            .chunks(2)
            .map(|pair| u8::from_str_radix(&String::from_iter(pair), 16).unwrap())
            .collect()
    }

    #[test]
    fn awkward_values_survive() {
        for (value, ty) in samples::known().into_iter().chain(samples::unknown()) {
            round_trips(&value, &ty);
        }
        round_trips(&float(f64::NEG_INFINITY), &Type::Number);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_value_survives((ty, value) in samples::typed(false)) {
            let bytes = encode(&value, &ty).unwrap();
            let again = decode(&bytes, &ty).unwrap();
            prop_assert_eq!(&again, &value);
            // Beyond equality: the form of numbers and the refinements of unknowns are kept.
            prop_assert_eq!(encode(&again, &ty).unwrap(), &bytes[..]);
            // A truncated value is refused.
            for end in 0..bytes.len() {
                prop_assert!(decode(&bytes[..end], &ty).is_err());
            }
        }

        #[test]
        fn only_conforming_values_are_encoded(
            (own, value) in samples::typed(false),
            other in samples::any_type(3),
        ) {
            for ty in [own, other] {
                prop_assert_eq!(encode(&value, &ty).is_ok(), conforms(&value, &ty).is_ok());
            }
        }

        #[test]
        fn value_decoded_as_another_type_conforms_to_it(
            (own, value) in samples::typed(false),
            other in samples::any_type(3),
        ) {
            if let Ok(read) = decode(&encode(&value, &own).unwrap(), &other) {
                prop_assert!(conforms(&read, &other).is_ok());
            }
        }

        #[test]
        fn any_bytes_are_decoded_or_refused((ty, _) in samples::typed(false), bytes in any::<Vec<u8>>()) {
            if let Ok(value) = decode(&bytes, &ty) {
                prop_assert_eq!(decode(&encode(&value, &ty).unwrap(), &ty).unwrap(), value);
            }
        }
    }

    /// A configuration as sent by Terraform 1.11, without its attribute of a dynamic type.
    #[test]
    fn bytes_of_terraform_round_trip() {
        let golden = "87a26964c0\
            a36e756da3302e31a46e756d32b339323233333732303336383534373735383038a46e756d3303a36f626a82a161cb3ff8\
            000000000000a162a171a373657492a161a162a3737472a2c3a9";
        let ty = object([
            ("id", Type::String),
            ("num", Type::Number),
            ("num2", Type::Number),
            ("num3", Type::Number),
            ("obj", object([("a", Type::Number), ("b", Type::String)])),
            ("set", set(Type::String)),
            ("str", Type::String),
        ]);
        let value = Value::map([
            ("id", Value::Null),
            ("num", float(0.1)),
            ("num2", Value::Number(9_223_372_036_854_775_808_u64.into())),
            ("num3", Value::from(3)),
            ("obj", Value::map([("a", number("1.5")), ("b", Value::from("q"))])),
            ("set", Value::List(vec![Value::from("a"), Value::from("b")])),
            ("str", Value::from("é")),
        ]);
        let decoded = decode(&unhex(golden), &ty).unwrap();
        assert_eq!(decoded, value);
        encodes_to(decoded, ty, golden);
    }

    #[test]
    fn each_kind_of_value_has_its_encoding() {
        use Type::{Bool, Number, String};
        encodes_to(Value::unknown(), String, "d40000");
        encodes_to(Value::Null, String, "c0");
        encodes_to(Value::from(true), Bool, "c3");
        encodes_to(Value::from(-1), Number, "ff");
        encodes_to(Value::from(128), Number, "cc80");
        encodes_to(Value::from(i64::MIN), Number, "d38000000000000000");
        encodes_to(Value::Number(u64::MAX.into()), Number, "cfffffffffffffffff");
        encodes_to(float(-0.0), Number, "00");
        encodes_to(float(3.0), Number, "03");
        encodes_to(float(0.1), Number, "cb3fb999999999999a");
        encodes_to(number("0.1"), Number, "a3302e31");
        encodes_to(number("1e2"), Number, "64");
        encodes_to(
            Value::map([("b", Value::Null), ("B", Value::Null)]),
            map(Bool),
            "82 a142c0 a162c0",
        );
    }

    #[test]
    fn encodings_of_other_senders_are_decoded() {
        use Type::{Number, String};
        for golden in [
            "03",
            "cc03",
            "cd0003",
            "ce00000003",
            "cf0000000000000003",
            "d003",
            "d10003",
            "d200000003",
        ] {
            decodes(golden, Number, Value::from(3));
        }
        decodes("d30000000000000003", Number, Value::from(3));
        decodes("ca40400000", Number, Value::from(3));
        decodes("cb4008000000000000", Number, Value::from(3));
        decodes("a133", Number, Value::from(3));
        decodes("d0ff", Number, Value::from(-1));
        decodes("cb7ff0000000000000", Number, float(f64::INFINITY));
        decodes("d90161", String, Value::from("a"));
        decodes("da000161", String, Value::from("a"));
        decodes("db0000000161", String, Value::from("a"));
        decodes("dc0001c0", list(String), Value::List(vec![Value::Null]));
        decodes("dd00000001c0", set(String), Value::List(vec![Value::Null]));
        decodes("de0001a161c0", map(String), Value::map([("a", Value::Null)]));
        decodes("df00000001a161c0", map(String), Value::map([("a", Value::Null)]));
        decodes(
            "82 a162c0 a161c0",
            object([("a", String), ("b", String)]),
            Value::map([("a", Value::Null), ("b", Value::Null)]),
        );
        for unknown in
            ["d40000", "d40c00", "d4ff05", "c70000", "c70100 00", "c7020c 0102", "d50c0102"]
        {
            decodes(unknown, list(String), Value::unknown());
        }
    }

    #[test]
    fn refinements_are_passed_through() {
        // Not null; with a prefix, in an uncommon encoding; and as long as possible.
        for golden in ["c7030c 8101c2", "c7080c 8201c202a3612d62", "c900000400 0c"] {
            let mut bytes = unhex(golden);
            if golden.starts_with("c9") {
                bytes.extend([0; REFINED_MAX]);
            }
            let value = decode(&bytes, &Type::String).unwrap();
            let again = encode(&value, &Type::String).unwrap();
            assert_eq!(decode(&again, &Type::String).unwrap(), value);
            let Value::Unknown(unknown) = value else { panic!("not unknown") };
            assert!(bytes.ends_with(unknown.refinements().unwrap()));
            assert!(again.ends_with(unknown.refinements().unwrap()));
        }
        let value = decode(&unhex("c7030c8101c2"), &Type::String).unwrap();
        encodes_to(value, Type::String, "c7030c8101c2");
    }

    #[test]
    fn errors_name_the_part_at_fault() {
        use Type::{Bool, Number, String};
        let early = "expected more bytes, found the end of the input";
        let attributes = || object([("a", String), ("b", list(Number))]);
        for (golden, ty, message) in [
            ("", String, early),
            ("a2 61", String, early),
            ("cd00", Number, early),
            ("d4", String, early),
            ("92c0", list(String), "[1]: expected more bytes, found the end of the input"),
            ("c0c0", String, "expected the end of the input, found more bytes"),
            ("c1", String, "expected a MessagePack value, found the reserved marker"),
            ("a1ff", String, "expected UTF-8, found other bytes"),
            // Declared lengths beyond the input.
            ("dbffffffff", String, early),
            ("c6ffffffff", String, early),
            ("ddffffffff", list(String), "[0]: expected more bytes, found the end of the input"),
            ("dfffffffff", map(String), early),
            ("c9ffffffff0c", String, early),
            // Numbers.
            ("cb7ff8000000000000", Number, "expected a number, found NaN"),
            ("ca7fc00000", Number, "expected a number, found NaN"),
            ("a3696e66", Number, "expected a decimal number, found other text"),
            ("a0", Number, "expected a decimal number, found other text"),
            ("c3", Number, "expected a number, found a bool"),
            // Other types.
            ("01", String, "expected a string, found an integer"),
            ("c40161", String, "expected a string, found bytes"),
            ("a474727565", Bool, "expected a bool, found a string"),
            ("80", list(String), "expected a list, found a map"),
            ("90", map(String), "expected a map, found an array"),
            ("81a16101", map(String), r#"["a"]: expected a string, found an integer"#),
            ("8101c0", map(String), "expected a string as key, found an integer"),
            ("82a161c0a161c0", map(String), "duplicate key `a`"),
            // Objects.
            ("81a161c0", attributes(), "missing attribute `b`"),
            ("83a161c0a162c0a163c0", attributes(), "unexpected attribute `c`"),
            ("82a161c0a161c0", attributes(), "duplicate key `a`"),
            ("82a161c0a16291c3", attributes(), "b[0]: expected a number, found a bool"),
            ("9181a161c3", set(object([("a", String)])), "expected a string, found a bool"),
            // Unknown.
            ("d50b0102", String, "expected an unknown value, found extension type 11 of 2 bytes"),
        ] {
            refuses(golden, ty, message);
        }
        let mut long = unhex("c804010c");
        long.extend([0; REFINED_MAX + 1]);
        let refused = decode(&long, &String).unwrap_err().to_string();
        assert!(refused.ends_with("extension type 12 of 1025 bytes"), "{refused}");
    }

    #[test]
    fn input_deeper_than_its_type_is_refused() {
        for ty in [Type::String, list(Type::Number), map(Type::Bool)] {
            decode(&[0x91; 100_000], &ty).unwrap_err();
            decode(&b"\x81\xa1a".repeat(100_000), &ty).unwrap_err();
        }
        let refinements = [&[0xc9, 0, 1, 0x86, 0xa0, 0x0c][..], &[0x91; 100_000]].concat();
        decode(&refinements, &Type::String).unwrap_err();
    }
}
