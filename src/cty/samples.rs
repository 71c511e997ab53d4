//! Values for the tests of both encodings: a table of edge cases, and arbitrary ones.

use std::collections::BTreeMap;

use proptest::{collection, prelude::*};

use super::{
    number::Number,
    types::Type,
    value::{Unknown, Value},
};

pub(super) fn number(text: &str) -> Value {
    Value::Number(Number::from_decimal(text).unwrap())
}

pub(super) fn float(float: f64) -> Value {
    Value::Number(Number::from_float(float).unwrap())
}

pub(super) fn list(element: Type) -> Type {
    Type::List(Box::new(element))
}

pub(super) fn set(element: Type) -> Type {
    Type::Set(Box::new(element))
}

pub(super) fn map(element: Type) -> Type {
    Type::Map(Box::new(element))
}

pub(super) fn object<const N: usize>(attributes: [(&str, Type); N]) -> Type {
    Type::Object(attributes.map(|(name, ty)| (name.to_owned(), ty)).into())
}

/// Known values with their types.
pub(super) fn known() -> Vec<(Value, Type)> {
    use Type::{Bool, Number, String};
    vec![
        (number("0.1"), Number),
        (number("9223372036854775808"), Number),
        (Value::Number(9_223_372_036_854_775_808_u64.into()), Number),
        (Value::from(i64::MIN), Number),
        (Value::from(i64::MAX), Number),
        (Value::Number(u64::MAX.into()), Number),
        (number("-9223372036854775809"), Number),
        (number("1e400"), Number),
        (number("-1e-400"), Number),
        (number("-0"), Number),
        (float(-0.0), Number),
        (float(1.5), Number),
        (float(0.1), Number),
        (float(3.0), Number),
        (float(1e23), Number),
        (number("3.14159265358979323846264338327950288419716939937510582097494459"), Number),
        (Value::from(0), Number),
        (Value::from(-1), Number),
        (Value::from(-33), Number),
        (Value::from(65_536), Number),
        (Value::Null, Number),
        (Value::from(""), String),
        (Value::from("é\u{301}\0\u{1f980}"), String),
        (Value::from("x".repeat(70_000)), String),
        (Value::Null, String),
        (Value::from(true), Bool),
        (Value::from(false), Bool),
        (Value::Null, Bool),
        (Value::List(vec![]), list(String)),
        (Value::List(vec![Value::from("a"), Value::Null]), list(String)),
        (Value::List(vec![Value::from(0); 70_000]), list(Number)),
        (Value::List(vec![Value::from("b"), Value::from("c")]), set(String)),
        (Value::List(vec![]), set(String)),
        (Value::map([("a", Value::from(1)), ("", Value::Null)]), map(Number)),
        (Value::Map(BTreeMap::new()), map(String)),
        (Value::Map(BTreeMap::new()), object([])),
        (
            Value::map([("a", Value::from(1)), ("b", Value::Null)]),
            object([("b", String), ("a", Number)]),
        ),
        (Value::Null, object([("a", String)])),
    ]
}

/// Values with unknown parts, which only MessagePack can represent.
pub(super) fn unknown() -> Vec<(Value, Type)> {
    use Type::String;
    vec![
        (Value::unknown(), String),
        (Value::List(vec![Value::unknown(), Value::from("a")]), list(String)),
        (Value::map([("a", Value::unknown())]), object([("a", object([("b", String)]))])),
        (Value::List(vec![Value::unknown(), Value::Null]), set(String)),
    ]
}

/// An arbitrary value with its type; wholly known if `known`.
pub(super) fn typed(known: bool) -> impl Strategy<Value = (Type, Value)> {
    any_type(3).prop_flat_map(move |ty| {
        let value = any_value(&ty, known);
        (Just(ty), value)
    })
}

/// An arbitrary type with up to `depth` levels.
pub(super) fn any_type(depth: u32) -> BoxedStrategy<Type> {
    let leaf = prop_oneof![Just(Type::String), Just(Type::Number), Just(Type::Bool)];
    leaf.prop_recursive(depth, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(list),
            inner.clone().prop_map(set),
            inner.clone().prop_map(map),
            collection::btree_map("[a-z_]{1,3}", inner, 0..3).prop_map(Type::Object),
        ]
    })
    .boxed()
}

fn any_value(ty: &Type, known: bool) -> BoxedStrategy<Value> {
    let value = match ty {
        Type::String => ".{0,6}".prop_map(Value::from).boxed(),
        Type::Number => any_number(),
        Type::Bool => any::<bool>().prop_map(Value::from).boxed(),
        Type::List(element) | Type::Set(element) => {
            any_elements(element, known).prop_map(Value::List).boxed()
        }
        Type::Map(element) => {
            let keys = collection::vec(".{0,3}", 3);
            (keys, any_elements(element, known))
                .prop_map(|(keys, elements)| Value::map(keys.into_iter().zip(elements)))
                .boxed()
        }
        Type::Object(types) => {
            let names: Vec<_> = types.keys().cloned().collect();
            let values: Vec<_> = types.values().map(|ty| any_value(ty, known)).collect();
            values
                .prop_map(move |values| Value::Map(names.iter().cloned().zip(values).collect()))
                .boxed()
        }
    };
    let unknowns = u32::from(!known);
    prop_oneof![6 => value, 1 => Just(Value::Null), unknowns => any_unknown()].boxed()
}

/// Unknown values without refinements, with "not null", and with "not null" and a prefix.
fn any_unknown() -> impl Strategy<Value = Value> {
    let prefix = Unknown::refined(b"\x82\x01\xc2\x02\xa2a-");
    prop_oneof![Just(Unknown::plain()), Just(Unknown::not_null()), Just(prefix)]
        .prop_map(Value::Unknown)
}

fn any_elements(element: &Type, known: bool) -> BoxedStrategy<Vec<Value>> {
    collection::vec(any_value(element, known), 0..=3).boxed()
}

pub(super) fn any_number() -> BoxedStrategy<Value> {
    prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(|whole| Value::Number(whole.into())),
        any::<f64>().prop_filter_map("NaN or infinite", |float| {
            Number::from_float(float).ok().filter(Number::is_finite).map(Value::Number)
        }),
        "-?[0-9]{1,30}(\\.[0-9]{1,20})?(e-?[0-9]{1,3})?".prop_map(|text| number(&text)),
        "[+-]?[0-9]{0,200}\\.[0-9]{1,200}(E[+-]?[0-9]{1,9})?".prop_map(|text| number(&text)),
    ]
    .boxed()
}
