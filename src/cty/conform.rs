//! Whether a value has the shape that a type asks for.

use std::collections::BTreeMap;

use super::{Error, ErrorKind, MAX_DEPTH, Step, Type, Value};

/// Checks that a value has the shape of a type: what the encoders need, and what Terraform refuses otherwise.
///
/// Null and unknown have every type. An object has exactly its attributes, null ones included. Values in place of a dynamic
/// type bring their own, and have that one's shape; inside one list, set or map they must all have chosen the same.
///
/// # Errors
///
/// The first part that does not fit, with its path. Paths end at sets.
pub fn conforms(value: &Value, ty: &Type) -> Result<(), Error> {
    check(value, ty, &|_| Ok(()))
}

/// [`conforms`], with a further condition on each value that has no parts: null, unknown, string, number, bool.
pub(super) fn check(
    value: &Value,
    ty: &Type,
    leaf: &impl Fn(&Value) -> Result<(), ErrorKind>,
) -> Result<(), Error> {
    check_at(value, ty, leaf, 0)
}

fn check_at(
    value: &Value,
    ty: &Type,
    leaf: &impl Fn(&Value) -> Result<(), ErrorKind>,
    depth: usize,
) -> Result<(), Error> {
    if depth > MAX_DEPTH {
        return Err(ErrorKind::TooDeep.into());
    }
    let part = |value: &Value, ty: &Type| check_at(value, ty, leaf, depth + 1);
    match (value, ty) {
        (Value::Null | Value::Unknown(_), _)
        | (Value::String(_), Type::String)
        | (Value::Number(_), Type::Number)
        | (Value::Bool(_), Type::Bool) => Ok(leaf(value)?),
        (Value::List(elements), Type::List(element)) => {
            for (index, value) in elements.iter().enumerate() {
                part(value, element).map_err(|error| error.below(index_step(index)))?;
            }
            check_elements(elements, element)
        }
        (Value::List(elements), Type::Set(element)) => {
            for value in elements {
                part(value, element).map_err(Error::in_set)?;
            }
            check_elements(elements, element)
        }
        (Value::List(elements), Type::Tuple(types)) => {
            check_length(types.len(), elements.len())?;
            for (index, (value, ty)) in elements.iter().zip(types).enumerate() {
                part(value, ty).map_err(|error| error.below(index_step(index)))?;
            }
            Ok(())
        }
        (Value::Map(entries), Type::Map(element)) => {
            for (key, value) in entries {
                part(value, element).map_err(|error| error.below(Step::Key(key.clone())))?;
            }
            check_elements(entries.values(), element)
        }
        (Value::Map(entries), Type::Object(types)) => {
            check_attributes(entries, types)?;
            for (value, (name, ty)) in entries.values().zip(types) {
                part(value, ty).map_err(|error| error.below(Step::Attribute(name.clone())))?;
            }
            Ok(())
        }
        (Value::Dynamic(typed), Type::Dynamic) => part(&typed.1, &typed.0),
        _ => Err(ErrorKind::Unexpected { expected: ty.noun(), found: value.noun() }.into()),
    }
}

/// The step to the element of a sequence in memory, of which there are never 2^63.
pub(super) fn index_step(index: usize) -> Step {
    Step::Index(i64::try_from(index).unwrap_or(i64::MAX))
}

/// A tuple has as many elements as its type.
pub(super) fn check_length(expected: usize, found: usize) -> Result<(), Error> {
    if expected != found {
        return Err(ErrorKind::Length { expected, found }.into());
    }
    Ok(())
}

/// An object has the attributes of its type, and no others.
pub(super) fn check_attributes(
    entries: &BTreeMap<String, Value>,
    types: &BTreeMap<String, Type>,
) -> Result<(), Error> {
    if let Some(name) = entries.keys().find(|name| !types.contains_key(*name)) {
        return Err(ErrorKind::UnexpectedAttribute(name.clone()).into());
    }
    if let Some(name) = types.keys().find(|name| !entries.contains_key(*name)) {
        return Err(ErrorKind::MissingAttribute(name.clone()).into());
    }
    Ok(())
}

/// The elements of one collection have one type, also where the schema leaves it open: go-cty panics otherwise
/// (`cty.ListVal`, "inconsistent list element types").
pub(super) fn check_elements<'a>(
    elements: impl IntoIterator<Item = &'a Value>,
    element: &Type,
) -> Result<(), Error> {
    let mut chosen = elements
        .into_iter()
        .map(|value| chosen_type(value, element))
        .filter(|chosen| is_settled(chosen.as_ref(), element));
    let Some(first) = chosen.next() else { return Ok(()) };
    if chosen.any(|ty| ty != first) {
        return Err(ErrorKind::MixedElements.into());
    }
    Ok(())
}

/// The type that a value has once the dynamic parts of its constraint are replaced by what it chose; `None` if it chose
/// nothing, and so has the type as it stands.
///
/// That one is not copied: a type may be long and the nulls that have it many, and then the copies would be far more than was
/// sent. What is copied here is never more than the value.
fn chosen_type(value: &Value, ty: &Type) -> Option<Type> {
    match (value, ty) {
        (Value::Dynamic(typed), Type::Dynamic) => {
            let chosen = chosen_type(&typed.1, &typed.0).unwrap_or_else(|| typed.0.clone());
            (chosen != Type::Dynamic).then_some(chosen)
        }
        (Value::List(elements), Type::List(element)) => {
            chosen_element(elements, element).map(|chosen| Type::List(Box::new(chosen)))
        }
        (Value::List(elements), Type::Set(element)) => {
            chosen_element(elements, element).map(|chosen| Type::Set(Box::new(chosen)))
        }
        (Value::Map(entries), Type::Map(element)) => {
            chosen_element(entries.values(), element).map(|chosen| Type::Map(Box::new(chosen)))
        }
        (Value::List(elements), Type::Tuple(types)) => {
            chosen_parts(elements.iter().zip(types)).map(Type::Tuple)
        }
        (Value::Map(_), Type::Object(types)) => {
            let parts = types.iter().map(|(name, ty)| (value.attribute(name), ty));
            let chosen = chosen_parts(parts)?;
            Some(Type::Object(types.keys().cloned().zip(chosen).collect()))
        }
        _ => None,
    }
}

fn chosen_element<'a>(
    elements: impl IntoIterator<Item = &'a Value>,
    element: &Type,
) -> Option<Type> {
    elements
        .into_iter()
        .map(|value| chosen_type(value, element))
        .find(|chosen| is_settled(chosen.as_ref(), element))
        .flatten()
}

/// The types of all parts, if any of them chose one.
fn chosen_parts<'a>(parts: impl Iterator<Item = (&'a Value, &'a Type)>) -> Option<Vec<Type>> {
    let chosen: Vec<_> = parts.map(|(value, ty)| (chosen_type(value, ty), ty)).collect();
    if chosen.iter().all(|(chosen, _)| chosen.is_none()) {
        return None;
    }
    Some(chosen.into_iter().map(|(chosen, ty)| chosen.unwrap_or_else(|| ty.clone())).collect())
}

/// Null and unknown of no particular type agree with every other element.
fn is_settled(chosen: Option<&Type>, element: &Type) -> bool {
    chosen.is_some() || *element != Type::Dynamic
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cty::samples::{dynamic, list, map, object, set};

    #[track_caller]
    fn refuses(value: Value, ty: Type, message: &str) {
        assert_eq!(conforms(&value, &ty).unwrap_err().to_string(), message);
    }

    #[test]
    fn what_does_not_conform_is_named_with_its_path() {
        use Type::{Dynamic, Number, String, Tuple};
        let text = || Value::from("secret");
        refuses(text(), Number, "expected a number, found a string");
        refuses(text(), Dynamic, "expected a value with its type, found a string");
        refuses(dynamic(String, text()), String, "expected a string, found a value with its type");
        refuses(dynamic(Number, text()), Dynamic, "expected a number, found a string");
        refuses(Value::List(vec![text()]), list(Number), "[0]: expected a number, found a string");
        refuses(
            Value::map([("k", Value::List(vec![Value::Null, text()]))]),
            object([("k", list(Number))]),
            "k[1]: expected a number, found a string",
        );
        refuses(
            Value::map([("k", text())]),
            map(Number),
            r#"["k"]: expected a number, found a string"#,
        );
        refuses(
            Value::map([("s", Value::List(vec![Value::map([("a", text())])]))]),
            object([("s", set(object([("a", Number)])))]),
            "s: expected a number, found a string",
        );
        refuses(Value::List(vec![text()]), Tuple(vec![]), "expected 0 elements, found 1");
        refuses(
            Value::map([("a", Value::Map(BTreeMap::new()))]),
            object([("a", object([("b", String)]))]),
            "a: missing attribute `b`",
        );
        refuses(Value::map([("b", text())]), object([]), "unexpected attribute `b`");
    }

    #[test]
    fn elements_choose_one_type() {
        use Type::{Bool, Dynamic, String};
        let one = dynamic(String, Value::from("a"));
        let other = dynamic(Bool, Value::from(true));
        let message = "expected elements of one type, found different types";
        let mixed = || vec![one.clone(), Value::Null, other.clone()];
        refuses(Value::List(mixed()), list(Dynamic), message);
        refuses(Value::List(mixed()), set(Dynamic), message);
        refuses(Value::map(["a", "b", "c"].into_iter().zip(mixed())), map(Dynamic), message);
        let wrapped = |value: &Value| Value::map([("x", value.clone())]);
        let ty = list(object([("x", Dynamic)]));
        refuses(Value::List(vec![wrapped(&one), wrapped(&other)]), ty.clone(), message);
        // Inside an object, null of no type is a choice of its own.
        refuses(Value::List(vec![wrapped(&one), wrapped(&Value::Null)]), ty.clone(), message);
        conforms(&Value::List(vec![wrapped(&one), wrapped(&one), Value::Null]), &ty).unwrap_err();
        conforms(&Value::List(vec![wrapped(&one), wrapped(&one)]), &ty).unwrap();
        conforms(&Value::List(mixed()), &Type::Tuple(vec![Dynamic; 3])).unwrap();
    }

    #[test]
    fn depth_is_limited() {
        let nest = |depth| {
            (0..depth).fold((Value::Null, Type::String), |(value, ty), _| {
                (Value::List(vec![value]), list(ty))
            })
        };
        let (value, ty) = nest(MAX_DEPTH);
        conforms(&value, &ty).unwrap();
        let (value, ty) = nest(MAX_DEPTH + 1);
        assert_eq!(conforms(&value, &ty).unwrap_err().kind, ErrorKind::TooDeep);
    }
}
