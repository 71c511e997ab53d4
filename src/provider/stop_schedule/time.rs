//! Times of scheduled stops, in Unix seconds.

use std::time::Duration;

use jiff::Timestamp;

use crate::framework::parse_duration;

/// Time that the API requires between a request and the stop.
pub(super) const NOTICE: Duration = Duration::from_secs(5 * 60);

/// Time for the request, so that the shortest `stop_after` is accepted.
const MARGIN: Duration = Duration::from_secs(30);

pub(super) fn now() -> i64 {
    Timestamp::now().as_second()
}

/// Returns true if a stop at `time` can still be scheduled.
pub(super) const fn can_be_scheduled(time: i64, now: i64) -> bool {
    time >= now.saturating_add(NOTICE.as_secs().cast_signed())
}

/// Returns the time of a stop after a valid duration; `None` if it is out of range.
pub(super) fn after(duration: &str, now: i64) -> Option<i64> {
    let seconds = parse_duration(duration).ok()?.max(NOTICE + MARGIN).as_secs();
    now.checked_add_unsigned(seconds)
}

/// Parses a valid `stop_at`.
pub(super) fn parse(time: &str) -> Option<i64> {
    time.parse::<Timestamp>().ok().map(Timestamp::as_second)
}

pub(super) fn check_stop_at(text: &str) -> Result<(), String> {
    parse(text).map(drop).ok_or_else(|| {
        format!(
            "\"{text}\": it must be a time with its offset in RFC 3339 format, such as \
             \"2026-01-31T18:00:00+08:00\""
        )
    })
}

pub(super) fn check_stop_after(text: &str) -> Result<(), String> {
    let duration = parse_duration(text).map_err(|error| format!("\"{text}\": {error}"))?;
    if duration < NOTICE { Err(format!("\"{text}\": it must be at least \"5m\"")) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_parsed_with_their_offset() {
        for (text, time) in [
            ("2026-01-01T00:00:00Z", Some(1_767_225_600)),
            ("2026-01-01T08:00:00+08:00", Some(1_767_225_600)),
            ("2026-01-01T00:00:00.9Z", Some(1_767_225_600)),
            ("2026-01-01T00:00:00", None),
            ("2026-01-01", None),
            ("18:00", None),
            ("1767225600", None),
            ("", None),
        ] {
            assert_eq!(parse(text), time, "{text}");
            assert_eq!(check_stop_at(text).is_ok(), time.is_some(), "{text}");
        }
    }

    #[test]
    fn stop_after_leaves_time_for_the_request() {
        for (text, seconds) in [("8h", 8 * 3600), ("5m", 330), ("331s", 331)] {
            check_stop_after(text).unwrap();
            assert_eq!(after(text, 1000), Some(1000 + seconds), "{text}");
            assert!(can_be_scheduled(1000 + seconds, 1000 + 30));
        }
        for text in ["299s", "1ms", "0s", "-8h", "8", "soon", "", "1d"] {
            assert!(check_stop_after(text).is_err(), "{text}");
        }
    }
}
