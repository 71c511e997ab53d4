//! The log: one line of JSON per event on stderr, in the format that go-plugin's hosts read.
//!
//! The format is that of HashiCorp's hclog: `@level`, `@message`, `@timestamp`, `@module`, `@caller`,
//! and the fields of the event as further keys. A host parses it (go-plugin's `log_entry.go`),
//! filters by level and shows the rest to the practitioner. It is strict: a timestamp without
//! exactly six fraction digits makes the line plain text, and an `@` key that is not a string
//! crashes the host.
//!
//! Events of this crate are logged from the configured level on. Events of dependencies are logged
//! from WARN on, since at lower levels they may contain requests and responses, which have secrets.

use std::{
    any::Any,
    backtrace::Backtrace,
    error::Error,
    fmt,
    io::{self, Write as _},
    panic::{self, Location},
};

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
    span::{Attributes, Id, Record},
    subscriber::Interest,
};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt as _},
    registry::LookupSpan,
};

use crate::{error_chain::error_chain, panics};

/// Crate whose events are logged from the configured level on.
const OWN_CRATE: &str = env!("CARGO_CRATE_NAME");

/// Name of the logger, as in the SDKs in Go.
const MODULE: &str = "provider";

/// Maximum length of a value, in bytes. The host reads up to 64 KiB as one line.
const MAX_VALUE_LENGTH: usize = 8 * 1024;

/// Returns the level of this crate's events.
///
/// `own` is the level set for this plugin alone, `host` the level at which the host logs its
/// plugins. Values are the host's: `TRACE`, `DEBUG`, `INFO`, `WARN`, `ERROR`, `OFF`, in any case;
/// any other value, such as `JSON`, means all events. If neither is set, or the host discards the
/// log, only warnings and errors are logged.
pub fn effective_level(own: Option<&str>, host: Option<&str>) -> LevelFilter {
    match (own, host.map(level)) {
        (Some(own), _) => level(own),
        (None, None | Some(LevelFilter::OFF)) => LevelFilter::WARN,
        (None, Some(host)) => host,
    }
}

fn level(text: &str) -> LevelFilter {
    match text.trim().to_ascii_uppercase().as_str() {
        "OFF" => LevelFilter::OFF,
        "ERROR" => LevelFilter::ERROR,
        "WARN" => LevelFilter::WARN,
        "INFO" => LevelFilter::INFO,
        "DEBUG" => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    }
}

/// Logs the events of this process from `level` on, and its panics, to stderr. A second call does
/// nothing.
pub fn install(level: LevelFilter) {
    let subscriber = tracing_subscriber::registry().with(Hclog { level, write: write_to_stderr });
    // An error means that a subscriber is installed.
    let _ = tracing::subscriber::set_global_default(subscriber);
    panic::set_hook(Box::new(|panic| {
        panics::set_location(panic.location());
        write_to_stderr(panic_line(panic.payload(), panic.location()).as_bytes());
    }));
}

/// Writes whole lines under the lock of stderr. Errors are ignored: a host that is gone leaves a
/// broken pipe.
fn write_to_stderr(lines: &[u8]) {
    let _ = io::stderr().lock().write_all(lines);
}

/// Formats a panic as a line of the log, which is written at every level. It begins as a panic of Go
/// does, by which hosts recognize a crash.
fn panic_line(payload: &(dyn Any + Send), location: Option<&Location<'_>>) -> String {
    let text =
        panics::fixed_text(payload).unwrap_or("(message withheld, since it may contain secrets)");
    let at = location.map(|location| format!(" at {location}")).unwrap_or_default();
    let line = json!({
        "@level": level_name(Level::ERROR),
        "@message": format!("panic: {text}{at}"),
        "@module": MODULE,
        "@timestamp": timestamp(Timestamp::now()),
        "backtrace": truncated(&Backtrace::force_capture().to_string()),
    });
    format!("{line}\n")
}

/// Layer that formats events and passes each line, with its line break, to `write`.
struct Hclog<W> {
    /// Level of this crate's events.
    level: LevelFilter,
    write: W,
}

impl<W> Hclog<W> {
    fn is_enabled(&self, metadata: &Metadata<'_>) -> bool {
        let target = metadata.target();
        let is_own = target
            .strip_prefix(OWN_CRATE)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
        let limit = if is_own { self.level } else { self.level.min(LevelFilter::WARN) };
        *metadata.level() <= limit
    }
}

impl<S, W> Layer<S> for Hclog<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: Fn(&[u8]) + 'static,
{
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.is_enabled(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        self.is_enabled(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level)
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        span.extensions_mut().insert(fields);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(fields) = span.extensions_mut().get_mut::<Fields>() {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        // From the outermost span inwards, so that the innermost value of a field wins.
        for span in context.event_scope(event).into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(of_span) = span.extensions().get::<Fields>() {
                fields.0.extend(of_span.0.clone());
            }
        }
        event.record(&mut fields);
        (self.write)(line(event.metadata(), fields).as_bytes());
    }
}

fn line(metadata: &Metadata<'_>, Fields(mut keys): Fields) -> String {
    let message = keys.remove("message").unwrap_or_else(|| Value::from(""));
    // Always a string, else the host would crash; the field may have been recorded as a number.
    let message = message.as_str().map_or_else(|| message.to_string(), str::to_owned);
    keys.insert("@message".to_owned(), message.into());
    keys.insert("@level".to_owned(), level_name(*metadata.level()).into());
    keys.insert("@module".to_owned(), MODULE.into());
    keys.insert("@timestamp".to_owned(), timestamp(Timestamp::now()).into());
    if let (Some(file), Some(number)) = (metadata.file(), metadata.line()) {
        keys.insert("@caller".to_owned(), format!("{file}:{number}").into());
    }
    format!("{}\n", Value::Object(keys))
}

/// Formats a time as hclog does, with exactly six fraction digits.
fn timestamp(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

fn level_name(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}

/// The fields of an event or a span, as JSON.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn insert(&mut self, field: &Field, value: Value) {
        // Names with `@` are reserved by hclog.
        if !field.name().starts_with('@') {
            self.0.insert(field.name().to_owned(), value);
        }
    }
}

impl Visit for Fields {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.insert(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.insert(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.insert(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.insert(field, value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.insert(field, truncated(value).into());
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.insert(field, truncated(&error_chain(value)).into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.insert(field, truncated(&format!("{value:?}")).into());
    }
}

/// Returns `text`, or its first [`MAX_VALUE_LENGTH`] bytes and its length.
fn truncated(text: &str) -> String {
    if text.len() <= MAX_VALUE_LENGTH {
        return text.to_owned();
    }
    let kept = &text[..text.floor_char_boundary(MAX_VALUE_LENGTH)];
    format!("{kept}… ({} bytes in total)", text.len())
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    fn logged(level: LevelFilter, act: impl FnOnce()) -> Vec<Value> {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&lines);
        let write = move |bytes: &[u8]| {
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            assert_eq!(text.matches('\n').count(), 1, "not one line: {text:?}");
            sink.lock().unwrap().push(serde_json::from_str(&text).unwrap());
        };
        let subscriber = tracing_subscriber::registry().with(Hclog { level, write });
        tracing::subscriber::with_default(subscriber, act);
        std::mem::take(&mut *lines.lock().unwrap())
    }

    #[test]
    fn level_is_the_plugins_own_or_else_the_hosts() {
        for (own, host, expected) in [
            (None, None, LevelFilter::WARN),
            (None, Some("OFF"), LevelFilter::WARN),
            (None, Some("off"), LevelFilter::WARN),
            (None, Some("info"), LevelFilter::INFO),
            (None, Some("JSON"), LevelFilter::TRACE),
            (None, Some("everything"), LevelFilter::TRACE),
            (Some("DEBUG"), None, LevelFilter::DEBUG),
            (Some("ERROR"), Some("TRACE"), LevelFilter::ERROR),
            (Some("OFF"), Some("TRACE"), LevelFilter::OFF),
            (Some("nonsense"), Some("OFF"), LevelFilter::TRACE),
        ] {
            assert_eq!(effective_level(own, host), expected, "{own:?}, {host:?}");
        }
    }

    #[test]
    fn event_is_one_line_with_its_fields_and_its_spans_fields() {
        let lines = logged(LevelFilter::TRACE, || {
            let _outer = tracing::info_span!("outer", rpc = "plan", depth = 1).entered();
            let inner = tracing::info_span!("inner", depth = 2, late = tracing::field::Empty);
            let _inner = inner.enter();
            inner.record("late", true);
            tracing::info!(count = 3_u64, ratio = 0.5, who = "a\n\"b\"", "done {}", "well");
        });
        let [line] = &lines[..] else { panic!("{lines:?}") };
        let mut line = line.as_object().unwrap().clone();
        let timestamp = line.remove("@timestamp").unwrap();
        let caller = line.remove("@caller").unwrap();
        assert!(caller.as_str().unwrap().starts_with("src/plugin/log.rs:"), "{caller}");
        assert!(timestamp.as_str().unwrap().parse::<Timestamp>().is_ok(), "{timestamp}");
        let expected = json!({
            "@level": "info", "@message": "done well", "@module": "provider",
            "rpc": "plan", "depth": 2, "late": true, "count": 3, "ratio": 0.5, "who": "a\n\"b\"",
        });
        assert_eq!(Value::Object(line), expected);
    }

    #[test]
    fn levels_have_hclogs_names() {
        let lines = logged(LevelFilter::TRACE, || {
            tracing::error!("e");
            tracing::warn!("w");
            tracing::info!("i");
            tracing::debug!("d");
            tracing::trace!("t");
        });
        let levels: Vec<_> = lines.iter().map(|line| line["@level"].as_str().unwrap()).collect();
        assert_eq!(levels, ["error", "warn", "info", "debug", "trace"]);
    }

    #[test]
    fn timestamp_always_has_six_fraction_digits() {
        for (second, nanosecond, expected) in [
            (0, 0, "1970-01-01T00:00:00.000000Z"),
            (1_700_000_000, 120_000_000, "2023-11-14T22:13:20.120000Z"),
            (1_700_000_000, 999_999_999, "2023-11-14T22:13:20.999999Z"),
        ] {
            assert_eq!(timestamp(Timestamp::new(second, nanosecond).unwrap()), expected);
        }
    }

    #[test]
    fn panic_line_has_the_location_and_no_values() {
        let message_of = |payload: &(dyn Any + Send)| {
            let text = panic_line(payload, Some(Location::caller()));
            assert_eq!(text.matches('\n').count(), 1, "not one line: {text:?}");
            let line: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(line["@level"], "error");
            assert!(line["backtrace"].as_str().is_some_and(|stack| !stack.is_empty()), "{line}");
            line["@message"].as_str().unwrap().to_owned()
        };
        let fixed = message_of(&"index out of range");
        assert!(fixed.starts_with("panic: index out of range at src/plugin/log.rs:"), "{fixed}");
        let formatted = message_of(&format!("not a number: {}", "canary"));
        assert!(
            formatted
                .starts_with("panic: (message withheld, since it may contain secrets) at src/"),
            "{formatted}"
        );
        assert!(!formatted.contains("canary"), "{formatted}");
    }

    #[test]
    fn message_is_a_string_for_every_recorded_type() {
        let lines = logged(LevelFilter::TRACE, || {
            tracing::info!(message = 7, "@level" = 8, "@extra" = "x");
            tracing::info!(only = "a field");
        });
        assert_eq!((&lines[0]["@message"], &lines[0]["@level"]), (&json!("7"), &json!("info")));
        assert_eq!(lines[0].get("@extra"), None);
        assert_eq!(lines[1]["@message"], "");
    }

    #[test]
    fn dependencies_are_logged_from_warn_on() {
        let lines = logged(LevelFilter::TRACE, || {
            tracing::trace!(target: "h2::codec", "secret");
            tracing::info!(target: "terraform_provider_compshare_other", "secret");
            tracing::warn!(target: "h2::codec", "trouble");
            tracing::trace!(target: "terraform_provider_compshare::protocol", "ours");
        });
        let messages: Vec<_> = lines.iter().map(|line| &line["@message"]).collect();
        assert_eq!(messages, ["trouble", "ours"]);
    }

    #[test]
    fn nothing_is_logged_at_level_off() {
        let lines = logged(LevelFilter::OFF, || {
            tracing::error!(target: "h2", "trouble");
            tracing::error!("ours");
        });
        assert!(lines.is_empty(), "{lines:?}");
    }

    #[test]
    fn long_value_is_truncated_between_characters() {
        let text = "é".repeat(MAX_VALUE_LENGTH);
        let short = truncated(&text);
        assert!(short.len() < MAX_VALUE_LENGTH + 40);
        assert!(short.ends_with("é… (16384 bytes in total)"), "{}", &short[short.len() - 40..]);
        assert_eq!(truncated("short"), "short");
    }

    #[test]
    fn errors_are_logged_with_their_causes() {
        #[derive(Debug, thiserror::Error)]
        #[error("effect")]
        struct Effect(#[source] io::Error);
        let error = Effect(io::Error::other("cause"));
        let lines = logged(LevelFilter::TRACE, || {
            tracing::error!(error = &error as &(dyn Error + 'static), "failed");
        });
        assert_eq!(lines[0]["error"], "effect: cause");
    }
}
