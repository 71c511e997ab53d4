//! Resource identity: the attributes that identify the remote object of a resource throughout its
//! life.

use super::{
    attr::Convert,
    diagnostics::{Diagnostic, Diagnostics},
    model::Model,
    schema::{Attribute, Block, Mode},
};
use crate::cty::{Error, Type, Value};

/// The identity of a resource without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoIdentity;

impl<M> From<&M> for NoIdentity {
    fn from(_model: &M) -> Self {
        Self
    }
}

impl Model for NoIdentity {
    fn block() -> Block {
        Block::default()
    }

    fn fill_unknown(&mut self, _other: &Self) {}
}

/// Hosts store no identity, which is null.
impl Convert for NoIdentity {
    const EXPECTED: &'static str = "no identity";

    fn ty() -> Type {
        Self::block().ty()
    }

    fn from_known(_value: &Value) -> Result<Self, Error> {
        Ok(Self)
    }

    fn into_value(self) -> Value {
        Value::Null
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct IdentitySchema {
    /// Version of the stored identity's shape; raised when a stored identity has to be upgraded.
    pub version: i64,
    /// An import must set the required attributes. Empty for a resource without identity.
    pub attributes: Vec<Attribute>,
}

impl IdentitySchema {
    /// Version 0 of the identity schema that the fields of a model declare.
    pub fn of<M: Model>() -> Self {
        Self { version: 0, attributes: M::block().attributes }
    }

    pub fn ty(&self) -> Type {
        Type::Object(self.attributes.iter().map(|a| (a.name.to_owned(), a.ty.clone())).collect())
    }

    /// The identity to return for an object with the identity `stored`, whose state yields
    /// `derived`.
    ///
    /// An identity never changes. The stored one is kept as a whole, even if it lacks an optional
    /// attribute that is known by now; the derived one is used only if nothing is stored.
    ///
    /// # Errors
    /// An attribute that an import requires differs, so the two identify different objects.
    pub(super) fn reconcile(&self, stored: Value, derived: Value) -> Result<Value, Diagnostics> {
        let is_stored = |name: &str| !stored.attribute(name).is_null();
        if !self.attributes.iter().any(|attribute| is_stored(attribute.name)) {
            return Ok(derived);
        }
        let differs = |name: &str| stored.attribute(name) != derived.attribute(name);
        let changed = self.attributes.iter().find(|a| a.mode == Mode::Required && differs(a.name));
        match changed {
            None => Ok(stored),
            Some(attribute) => Err(Diagnostic::error(
                "Unexpected Identity Change",
                format!(
                    "The stored identity of this resource and its state differ in `{}`. One of them \
                     was changed outside of Terraform. Remove the resource from the state with \
                     `terraform state rm`, and import it again.",
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
    use crate::framework::{attr::Attr, model::model};

    model! {
        struct Identity {
            /// ID.
            id: Attr<String> = required(),
            /// Project.
            project: Attr<String> = optional(),
        }
    }

    fn schema() -> IdentitySchema {
        IdentitySchema::of::<Identity>()
    }

    fn identity(id: &str, project: Option<&str>) -> Value {
        let project = project.map_or(Value::Null, Value::from);
        Value::map([("id", Value::from(id)), ("project", project)])
    }

    #[test]
    fn stored_identity_is_kept_and_a_missing_one_derived() {
        let derived = || identity("a", Some("p"));
        let nothing = Value::map([("id", Value::Null), ("project", Value::Null)]);
        for (stored, kept) in [
            (Value::Null, derived()),
            (nothing, derived()),
            (identity("a", None), identity("a", None)),
            (identity("a", Some("q")), identity("a", Some("q"))),
        ] {
            assert_eq!(schema().reconcile(stored, derived()).unwrap(), kept);
        }
    }

    #[test]
    fn identity_of_another_object_is_refused() {
        let error = schema().reconcile(identity("a", None), identity("b", None)).unwrap_err();
        assert!(error.iter().next().unwrap().detail.contains("`id`"));
    }
}
