//! Durations in configurations, such as `20m` or `1h30m`.

use std::time::Duration;

use jiff::{SignedDuration, fmt::friendly::SpanParser};

/// An invalid duration. The messages complete "The value of `name` is not valid: …".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    #[error(
        "it must be a number with a unit, such as \"90s\", \"20m\" or \"1h30m\"; the units are h, \
         m, s, ms, us and ns"
    )]
    Malformed,
    #[error("it must be longer than zero")]
    NotPositive,
    /// Longer than 292 years.
    #[error("it is too long")]
    TooLong,
}

/// The longest duration of Go. The limit also keeps the sum of an instant and a duration valid.
const MAX: SignedDuration = SignedDuration::from_nanos(i64::MAX);

/// Parses a positive duration in jiff's friendly format.
///
/// It covers what users write in the syntax of Go's `time.ParseDuration`, which other providers
/// accept. Go also accepts a number without a digit before the point (`.5h`), units in any order
/// (`30m1h`), a fraction in any number (`1.5h30m`), and the Greek letter mu in `μs`; Go prints none
/// of these. Further spellings are accepted in addition, such as `1h 30m` and `90 minutes`.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let duration = SpanParser::new().parse_duration(text).map_err(|_| DurationError::Malformed)?;
    if duration > MAX {
        return Err(DurationError::TooLong);
    }
    if !duration.is_positive() {
        return Err(DurationError::NotPositive);
    }
    Ok(duration.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_durations_are_parsed() {
        for (text, milliseconds) in [
            ("20m", 1_200_000),
            ("1h30m", 5_400_000),
            ("1h0m30.5s", 3_630_500),
            ("1.5h", 5_400_000),
            ("+90s", 90_000),
            ("300ms", 300),
            ("0.5s", 500),
            ("2000us", 2),
            ("2000\u{b5}s", 2),
            ("1000000ns", 1),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
    }

    #[test]
    fn spellings_beyond_go_are_parsed() {
        for text in ["1h 30m", "1 hour 30 minutes", "90 min", "01:30:00"] {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(5400)), "{text}");
        }
    }

    #[test]
    fn invalid_durations_are_refused_with_a_reason() {
        for (text, error) in [
            ("", DurationError::Malformed),
            (" ", DurationError::Malformed),
            ("20", DurationError::Malformed),
            ("m", DurationError::Malformed),
            ("1.2.3s", DurationError::Malformed),
            ("soon", DurationError::Malformed),
            ("PT20M", DurationError::Malformed),
            ("1d", DurationError::Malformed),
            // Valid in Go.
            (".5s", DurationError::Malformed),
            ("30m1h", DurationError::Malformed),
            ("1.5h30m", DurationError::Malformed),
            ("2000\u{3bc}s", DurationError::Malformed),
            ("0s", DurationError::NotPositive),
            ("0", DurationError::Malformed),
            ("0.4ns", DurationError::Malformed),
            ("-5m", DurationError::NotPositive),
            ("5m ago", DurationError::NotPositive),
            ("9999999999h", DurationError::TooLong),
        ] {
            assert_eq!(parse_duration(text), Err(error), "{text:?}");
        }
    }
}
