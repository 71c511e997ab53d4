//! Durations in arguments, such as `500ms` or `1h30m`.

use std::time::Duration;

use jiff::fmt::friendly::SpanParser;

/// Parses a duration in jiff's friendly format. The JSON of faults and control requests has the
/// same format.
///
/// # Errors
/// The text is malformed, without a unit, or negative.
pub fn parse_duration(text: &str) -> Result<Duration, jiff::Error> {
    SpanParser::new().parse_unsigned_duration(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_parsed() {
        let cases = [
            ("500ms", 500),
            ("2s", 2_000),
            ("1.5s", 1_500),
            ("10m", 600_000),
            ("1h", 3_600_000),
            ("1h30m", 5_400_000),
            ("0s", 0),
        ];
        for (text, milliseconds) in cases {
            assert_eq!(
                parse_duration(text).unwrap(),
                Duration::from_millis(milliseconds),
                "{text}"
            );
        }
        for text in ["", "2", "s", "-1s", "1d", "infs", "NaNs"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
