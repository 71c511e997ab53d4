//! Validation of a configuration, the same for every kind of definition.

use super::{decode, encode, tfplugin5 as wire};
use crate::{
    cty::Type,
    framework::{Diagnostics, ErasedDefinition},
};

/// Returns the diagnostics of `config`.
pub(super) fn validate_config<T: ErasedDefinition + ?Sized>(
    definition: &T,
    config: Option<wire::DynamicValue>,
    ty: &Type,
) -> Result<Vec<wire::Diagnostic>, Diagnostics> {
    Ok(encode::diagnostics(definition.validate(&decode::value(config, ty)?)))
}
