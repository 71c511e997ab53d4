//! Durations as practitioners write them: Go's strings, such as `20m` or `1h30m`.

use std::time::Duration;

/// Why a text is no duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// Not a sequence of numbers with units.
    #[error("it must be a number with a unit, such as \"90s\", \"20m\" or \"1h30m\"")]
    Malformed,
    /// A unit that is none of Go's.
    #[error("\"{0}\" is not a unit of time; the units are ns, us, ms, s, m and h")]
    Unit(String),
    /// Zero or below.
    #[error("it must be longer than zero")]
    NotPositive,
    /// Beyond what a duration can hold.
    #[error("it is too long")]
    TooLong,
}

/// Parses a positive duration in the syntax of Go's `time.ParseDuration`: `300ms`, `1.5h`, `2h45m`.
///
/// # Errors
/// The text is malformed, zero, negative or too large.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    if text.starts_with('-') {
        return Err(DurationError::NotPositive);
    }
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest.is_empty() {
        return Err(DurationError::Malformed);
    }
    let mut seconds = 0.0_f64;
    while !rest.is_empty() {
        let (number, after) = split(rest, |c| c.is_ascii_digit() || c == '.');
        let (unit, after) = split(after, |c| !c.is_ascii_digit() && c != '.');
        let number: f64 = number.parse().map_err(|_| DurationError::Malformed)?;
        seconds += number * unit_seconds(unit)?;
        rest = after;
    }
    // Go's own durations end at 2^63 ns; staying below also keeps every later sum of an instant and a duration valid.
    if seconds > i64::MAX as f64 / 1e9 {
        return Err(DurationError::TooLong);
    }
    let duration = Duration::try_from_secs_f64(seconds).map_err(|_| DurationError::TooLong)?;
    // Asked of the result: a part of a nanosecond is zero as well.
    if duration.is_zero() { Err(DurationError::NotPositive) } else { Ok(duration) }
}

fn split(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text.find(|c| !belongs(c)).unwrap_or(text.len());
    text.split_at(end)
}

fn unit_seconds(unit: &str) -> Result<f64, DurationError> {
    match unit {
        "ns" => Ok(1e-9),
        // The micro sign and the Greek letter, as Go takes both.
        "us" | "\u{b5}s" | "\u{3bc}s" => Ok(1e-6),
        "ms" => Ok(1e-3),
        "s" => Ok(1.0),
        "m" => Ok(60.0),
        "h" => Ok(3600.0),
        "" => Err(DurationError::Malformed),
        other => Err(DurationError::Unit(other.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_durations_are_understood() {
        for (text, milliseconds) in [
            ("20m", 1_200_000),
            ("1h30m", 5_400_000),
            ("1.5h", 5_400_000),
            ("+90s", 90_000),
            ("300ms", 300),
            (".5s", 500),
            ("2000us", 2),
            ("2000\u{b5}s", 2),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused_with_the_reason() {
        for (text, error) in [
            ("", DurationError::Malformed),
            ("20", DurationError::Malformed),
            ("m", DurationError::Malformed),
            ("1.2.3s", DurationError::Malformed),
            ("soon", DurationError::Malformed),
            ("20 m", DurationError::Unit(" m".into())),
            ("1d", DurationError::Unit("d".into())),
            ("0s", DurationError::NotPositive),
            ("0.4ns", DurationError::NotPositive),
            ("-5m", DurationError::NotPositive),
            ("9999999999h", DurationError::TooLong),
        ] {
            assert_eq!(parse_duration(text), Err(error), "{text:?}");
        }
    }
}
