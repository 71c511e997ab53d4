//! Resource identity: the few attributes that say which remote object a resource stands for, for its whole life.

use super::{Diagnostic, Diagnostics};
use crate::cty::{Type, Value};

/// The schema of a resource's identity.
#[derive(Debug, Clone, PartialEq)]
pub struct IdentitySchema {
    /// Version of the stored identity's shape; raised when it has to be upgraded.
    pub version: i64,
    /// The attributes, in the order they are to be documented.
    pub attributes: Vec<IdentityAttribute>,
}

/// One attribute of an identity.
#[derive(Debug, Clone, PartialEq)]
pub struct IdentityAttribute {
    /// Its name.
    pub name: &'static str,
    /// Its type: a primitive, or a list of one.
    pub ty: Type,
    /// What it means.
    pub description: &'static str,
    /// Whether an import by identity has to give it.
    pub required_for_import: bool,
}

impl IdentitySchema {
    /// The type of an identity.
    pub fn ty(&self) -> Type {
        Type::Object(self.attributes.iter().map(|a| (a.name.to_owned(), a.ty.clone())).collect())
    }

    /// The identity to give back for an object that has `stored` so far and is found to have `derived`.
    ///
    /// An identity never changes. What was stored stays, also where it leaves an optional attribute open that is known by
    /// now; only where nothing was stored yet, it is filled in.
    ///
    /// # Errors
    /// What an import has to give, and what therefore says which object it is, differs.
    pub(super) fn kept(&self, stored: Value, derived: Value) -> Result<Value, Diagnostics> {
        let is_stored = |name: &str| !stored.attribute(name).is_null();
        if !self.attributes.iter().any(|attribute| is_stored(attribute.name)) {
            return Ok(derived);
        }
        let differs = |name: &str| stored.attribute(name) != derived.attribute(name);
        let changed = self.attributes.iter().find(|a| a.required_for_import && differs(a.name));
        match changed {
            None => Ok(stored),
            Some(attribute) => Err(Diagnostic::error(
                "Unexpected Identity Change",
                format!(
                    "The stored identity of this resource has another `{}` than its state. One of them was changed outside \
                     of Terraform. Remove the resource from the state with `terraform state rm`, and import it again.",
                    attribute.name
                ),
            )
            .into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> IdentitySchema {
        let attribute = |name, required_for_import| IdentityAttribute {
            name,
            ty: Type::String,
            description: "",
            required_for_import,
        };
        IdentitySchema {
            version: 0,
            attributes: vec![attribute("id", true), attribute("project", false)],
        }
    }

    fn identity(id: &str, project: Option<&str>) -> Value {
        let project = project.map_or(Value::Null, Value::from);
        Value::map([("id", Value::from(id)), ("project", project)])
    }

    #[test]
    fn what_is_stored_stays_and_what_is_not_is_filled_in() {
        let derived = || identity("a", Some("p"));
        let nothing = Value::map([("id", Value::Null), ("project", Value::Null)]);
        for (stored, kept) in [
            (Value::Null, derived()),
            (nothing, derived()),
            (identity("a", None), identity("a", None)),
            (identity("a", Some("q")), identity("a", Some("q"))),
        ] {
            assert_eq!(schema().kept(stored, derived()).unwrap(), kept);
        }
    }

    #[test]
    fn another_object_is_an_error() {
        let error = schema().kept(identity("a", None), identity("b", None)).unwrap_err();
        assert!(error.iter().next().unwrap().detail.contains("`id`"));
    }
}
