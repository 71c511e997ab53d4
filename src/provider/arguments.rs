//! Arguments that several things have, and that mean the same in each.

use crate::{
    cty::Type,
    framework::{Attribute, Mode, Rule},
};

/// Which instance is meant.
pub(crate) fn instance_id() -> Attribute {
    let description = "The instance, such as `uhost-1a2b3c4d` or `cpod-1a2b3c4d`.";
    Attribute::new("instance_id", Type::String, Mode::Required, description).rule(Rule::NotEmpty)
}

/// Whose instance that is.
pub(crate) fn project_id() -> Attribute {
    let description = "The project the instance belongs to. Default: the provider's, else the account's default project.";
    Attribute::new("project_id", Type::String, Mode::Optional, description).rule(Rule::NotEmpty)
}

/// How long it may take.
pub(crate) fn timeout(description: &'static str) -> Attribute {
    Attribute::new("timeout", Type::String, Mode::Optional, description).rule(Rule::Duration)
}
