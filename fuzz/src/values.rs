//! Types and values of Terraform, for the targets that decode them.

use std::sync::OnceLock;

use terraform_provider_compshare::{
    cty::{Number, Type, Value},
    environment::Environment,
    framework::Provider as _,
    provider::CompshareProvider,
};

/// Type names of the provider with the types of their schemas; the provider block comes first,
/// under an empty name.
pub(crate) fn schema_types() -> &'static [(String, Type)] {
    static TYPES: OnceLock<Vec<(String, Type)>> = OnceLock::new();
    TYPES.get_or_init(|| {
        let provider = CompshareProvider::new(Environment::default());
        let mut types = vec![("", provider.schema().block.ty())];
        let resources = provider.resources();
        types.extend(resources.iter().map(|one| (one.type_name(), one.schema().block.ty())));
        types.extend(resources.iter().map(|one| (one.type_name(), one.identity_schema().ty())));
        let data_sources = provider.data_sources();
        types.extend(data_sources.iter().map(|one| (one.type_name(), one.schema().block.ty())));
        let ephemeral = provider.ephemeral_resources();
        types.extend(ephemeral.iter().map(|one| (one.type_name(), one.schema().block.ty())));
        let lists = provider.list_resources();
        types.extend(lists.iter().map(|one| (one.type_name(), one.schema().block.ty())));
        let actions = provider.actions();
        types.extend(actions.iter().map(|one| (one.type_name(), one.schema().block.ty())));
        types.into_iter().map(|(name, ty)| (name.to_owned(), ty)).collect()
    })
}

/// The types of the provider, then some that nest what its schemas do not.
pub(crate) fn types() -> Vec<Type> {
    let list = |element| Type::List(Box::new(element));
    let set = |element| Type::Set(Box::new(element));
    let map = |element| Type::Map(Box::new(element));
    let object = |fields: &[(&str, Type)]| {
        Type::Object(fields.iter().map(|(name, ty)| ((*name).to_owned(), ty.clone())).collect())
    };
    let nested = object(&[("d", Type::Bool)]);
    let mut types: Vec<_> = schema_types().iter().map(|(_, ty)| ty.clone()).collect();
    types.extend([
        list(Type::Number),
        map(set(Type::Bool)),
        object(&[("a", Type::String), ("b", list(Type::String)), ("c", nested)]),
        list(object(&[("a", map(Type::String)), ("b", Type::Number)])),
        set(list(object(&[]))),
    ]);
    types
}

/// Returns the type with that number, modulo the number of types.
pub(crate) fn type_of(number: u8) -> Type {
    let mut types = types();
    types.swap_remove(usize::from(number) % types.len())
}

/// A value with all its parts. A leaf is `fill` if it is a string, or if `fill` is null or unknown.
pub(crate) fn filled(ty: &Type, fill: &Value) -> Value {
    let leaf = |value: Value| if fill.as_str().is_some() { value } else { fill.clone() };
    match ty {
        Type::String => fill.clone(),
        Type::Bool => leaf(Value::from(true)),
        Type::Number => leaf(Value::Number(Number::from_decimal("-12.5e3").unwrap())),
        Type::List(element) | Type::Set(element) => {
            Value::List(vec![filled(element, fill), filled(element, fill)])
        }
        Type::Map(element) => {
            Value::map([("a", filled(element, fill)), ("é", filled(element, fill))])
        }
        Type::Object(types) => Value::map(types.iter().map(|(name, ty)| (name, filled(ty, fill)))),
    }
}

/// Values with the number of their type.
pub(crate) fn numbered_values() -> Vec<(u8, Type, Value)> {
    let fills = [Value::Null, Value::unknown(), Value::from("uhost-1")];
    let values = (0..).zip(types()).flat_map(|(number, ty)| {
        fills.each_ref().map(|fill| (number, ty.clone(), filled(&ty, fill)))
    });
    values.collect()
}
