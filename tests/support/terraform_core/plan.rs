//! Planned changes and stored state.

use serde_json::Value as Json;
use terraform_provider_compshare::cty::Value;

use super::{diagnostic::Diagnostic, value::to_json};

/// State of one resource as core stores it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct State {
    pub(crate) value: Value,
    /// Null if the resource has no identity, or the provider that wrote the state had none.
    pub(crate) identity: Value,
    pub(super) private: Vec<u8>,
    pub(crate) tainted: bool,
}

/// Kind of a planned change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    NoOp,
    Create,
    Update,
    Replace,
    Delete,
}

/// One planned change.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) action: Action,
    pub(crate) planned: Value,
    pub(crate) requires_replace: Vec<String>,
    pub(crate) warnings: Vec<Diagnostic>,
    /// The provider deferred the change to a later run.
    pub(crate) deferred: bool,
    /// Null if the plan contains no identity.
    pub(crate) identity: Value,
    pub(super) config: Json,
    pub(super) private: Vec<u8>,
}

impl Plan {
    /// Planned value of an attribute as JSON, [`UNKNOWN`](super::UNKNOWN) if known after apply.
    pub(crate) fn attribute(&self, name: &str) -> Json {
        to_json(self.planned.attribute(name))
    }

    /// Names of the planned attributes that are known only after apply.
    pub(crate) fn unknown(&self) -> Vec<&str> {
        let attributes = self.planned.as_map().unwrap().iter();
        attributes.filter(|(_, value)| value.is_unknown()).map(|(name, _)| name.as_str()).collect()
    }
}

impl Action {
    /// Derives the kind of a change from prior and planned value, as core does.
    pub(super) fn derive(prior: &Value, planned: &Value, requires_replace: &[String]) -> Self {
        if planned.is_null() {
            return Self::Delete;
        }
        if prior.is_null() {
            return Self::Create;
        }
        let differs = |name: &String| {
            let plan = planned.attribute(name);
            plan.is_unknown() || plan != prior.attribute(name)
        };
        if requires_replace.iter().any(differs) {
            return Self::Replace;
        }
        if planned == prior { Self::NoOp } else { Self::Update }
    }
}
