//! Durations in the configuration and in messages.

use std::time::Duration;

use jiff::{
    SignedDuration,
    fmt::friendly::{Spacing, SpanPrinter},
};

use crate::{
    cty::Path,
    framework::{Attr, Diagnostic, parse_duration},
};

/// Default timeout of an operation on an instance.
pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(20 * 60);

/// Returns the duration in the attribute `name`. Its rule has refused other text, but not every
/// host validates.
pub(crate) fn duration(
    attr: &Attr<String>,
    name: &str,
    default: Duration,
) -> Result<Duration, Diagnostic> {
    let Some(text) = attr.text() else { return Ok(default) };
    let path = || name.split('.').fold(Path::root(), Path::attribute);
    parse_duration(text).map_err(|error| Diagnostic::invalid_value(path(), error))
}

/// Formats a duration as in a configuration: `20m`, `1h30m`, `50ms`.
pub(crate) fn format_duration(duration: Duration) -> String {
    let duration = SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX);
    SpanPrinter::new().spacing(Spacing::None).duration_to_string(&duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_formatted_as_configured() {
        for text in ["20m", "1h30m", "90ms", "1s500ms", "24h"] {
            assert_eq!(format_duration(parse_duration(text).unwrap()), text);
        }
    }
}
