//! Timeouts of operations.

use std::time::Duration;

use crate::{
    cty::Path,
    framework::{Attr, Diagnostic, parse_duration},
};

/// How long an operation on an instance may take, unless configured otherwise.
pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(20 * 60);

/// A duration that is set and known; what is no duration was refused by its rule before.
pub(crate) fn duration(
    attr: &Attr<String>,
    name: &str,
    default: Duration,
) -> Result<Duration, Diagnostic> {
    let Some(text) = attr.text() else { return Ok(default) };
    parse_duration(text).map_err(|error| {
        Diagnostic::error(
            "Invalid Attribute Value",
            format!("The value of `{name}` is not valid: {error}."),
        )
        .at(name.split('.').fold(Path::root(), Path::attribute))
    })
}
