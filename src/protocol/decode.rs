//! Conversions from the wire's types to the framework's.

use super::tfplugin5 as wire;
use crate::{
    cty::{self, Type, Value},
    framework::{Diagnostic, Diagnostics},
};

/// Decodes a value. An absent or empty one is null.
pub(super) fn value(dynamic: Option<wire::DynamicValue>, ty: &Type) -> Result<Value, Diagnostics> {
    let Some(dynamic) = dynamic else { return Ok(Value::Null) };
    let decoded = if !dynamic.msgpack.is_empty() {
        cty::msgpack::decode(&dynamic.msgpack, ty)
    } else if !dynamic.json.is_empty() {
        cty::json::decode(&dynamic.json, ty)
    } else {
        return Ok(Value::Null);
    };
    decoded.map_err(|error| undecodable(&error).into())
}

/// Decodes an identity; null if there is none.
pub(super) fn identity(
    data: Option<wire::ResourceIdentityData>,
    ty: &Type,
) -> Result<Value, Diagnostics> {
    value(data.and_then(|data| data.identity_data), ty)
}

/// Decodes a stored state or identity: JSON in the shape of the current schema.
pub(super) fn stored(raw: Option<wire::RawState>, ty: &Type) -> Result<Value, Diagnostics> {
    let raw = raw.unwrap_or_default();
    if raw.json.is_empty() {
        return Err(Diagnostic::error(
            "Unsupported State Format",
            "The stored state was written before Terraform 0.12. Run `terraform apply` once with \
             Terraform 0.12 or 0.13, which rewrites it, and then use this version again.",
        )
        .into());
    }
    cty::json::decode_state(&raw.json, ty).map_err(|error| undecodable(&error).into())
}

fn undecodable(error: &cty::Error) -> Diagnostic {
    Diagnostic::error(
        "Unable to Decode Value",
        format!(
            "The host sent a value that does not match the provider's schema: {error}. If the \
             provider has been replaced by another version, run `terraform init -upgrade` and try \
             again; otherwise please report this to the provider developers."
        ),
    )
    .at(error.path.clone())
}
