//! The log: one line of JSON on stderr per event, in the form go-plugin's hosts read.
//!
//! The form is that of HashiCorp's hclog: `@level`, `@message`, `@timestamp`, `@module`, `@caller`,
//! and the event's fields as further keys. A host parses it (go-plugin's `log_entry.go`), filters
//! by level and shows the rest to the practitioner. It takes a wrong form ill: a timestamp without
//! exactly six fraction digits makes the line plain text, and an `@` key that is no string ends the
//! host.
//!
//! Only events of this crate pass at the level that is wanted. Dependencies pass from WARN on,
//! since at lower levels they may show what they send and receive, and that has secrets in it.

use std::{
    any::Any,
    backtrace::Backtrace,
    error::Error,
    fmt::{self, Write as _},
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

use crate::panics;

/// The crate whose events are logged at the level that is wanted.
const OURS: &str = env!("CARGO_CRATE_NAME");

/// The name of the logger, as the SDKs in Go call it.
const MODULE: &str = "provider";

/// The host reads up to 64 KiB as one line. Each value may have this much of it.
const LONGEST_VALUE: usize = 8 * 1024;

/// The level of this crate's events.
///
/// `own` is what a practitioner set for this plugin alone; `host` is what the host logs its plugins at. Values are the
/// host's: `TRACE`, `DEBUG`, `INFO`, `WARN`, `ERROR`, `OFF`, in any case; anything else (`JSON`
/// among it) means all. Without either, or where the host drops everything, nobody reads the log
/// but for what went wrong.
pub fn wanted_level(own: Option<&str>, host: Option<&str>) -> LevelFilter {
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

/// Sends all events of this process from `level` on to stderr, and panics too. To be called once; a
/// second call does nothing.
pub fn install(level: LevelFilter) {
    let subscriber = tracing_subscriber::registry().with(Hclog { level, write: write_to_stderr });
    // An error means that there is a subscriber already.
    let _ = tracing::subscriber::set_global_default(subscriber);
    panic::set_hook(Box::new(|panic| {
        panics::remember(panic.location());
        write_to_stderr(panic_line(panic.payload(), panic.location()).as_bytes());
    }));
}

/// Whole lines, under the lock of stderr. A host that is gone leaves a broken pipe; then there is
/// nobody to tell.
fn write_to_stderr(lines: &[u8]) {
    let _ = io::stderr().lock().write_all(lines);
}

/// A panic, as a line of the log that is written whatever level is wanted. It begins as in Go, by which hosts know a crash.
fn panic_line(payload: &(dyn Any + Send), location: Option<&Location<'_>>) -> String {
    let text = panics::fixed_text(payload).unwrap_or("(a message with values in it)");
    let place = location.map(|location| format!(" at {location}")).unwrap_or_default();
    let line = json!({
        "@level": level_name(Level::ERROR),
        "@message": format!("panic: {text}{place}"),
        "@module": MODULE,
        "@timestamp": timestamp(Timestamp::now()),
        "backtrace": shortened(&Backtrace::force_capture().to_string()),
    });
    format!("{line}\n")
}

/// Turns events into lines and hands them to `write`, each with its line break in one call.
struct Hclog<W> {
    /// Of this crate's events.
    level: LevelFilter,
    write: W,
}

impl<W> Hclog<W> {
    fn is_wanted(&self, metadata: &Metadata<'_>) -> bool {
        let target = metadata.target();
        let is_ours =
            target.strip_prefix(OURS).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
        let limit = if is_ours { self.level } else { self.level.min(LevelFilter::WARN) };
        *metadata.level() <= limit
    }
}

impl<S, W> Layer<S> for Hclog<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: Fn(&[u8]) + 'static,
{
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.is_wanted(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        self.is_wanted(metadata)
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
        // From the outermost span inwards, so that the nearest word for a thing wins.
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
    // Always a string, else the host would end; a number may have been recorded under this name.
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

/// In hclog's layout, whose number of fraction digits is fixed.
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
        // Names with `@` are hclog's own.
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
        self.insert(field, shortened(value).into());
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let mut text = value.to_string();
        let mut cause = value.source();
        while let Some(error) = cause {
            let _ = write!(text, ": {error}");
            cause = error.source();
        }
        self.insert(field, shortened(&text).into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.insert(field, shortened(&format!("{value:?}")).into());
    }
}

/// `text`, or as much of it as a line has room for.
fn shortened(text: &str) -> String {
    if text.len() <= LONGEST_VALUE {
        return text.to_owned();
    }
    let kept = &text[..text.floor_char_boundary(LONGEST_VALUE)];
    format!("{kept}… ({} bytes in all)", text.len())
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
    fn the_level_is_our_own_else_what_the_host_lets_through() {
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
            assert_eq!(wanted_level(own, host), expected, "{own:?}, {host:?}");
        }
    }

    #[test]
    fn an_event_becomes_one_line_with_its_fields_and_those_of_its_spans() {
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
    fn each_level_has_hclogs_name() {
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
    fn the_timestamp_has_six_fraction_digits_whatever_the_time() {
        for (second, nanosecond, expected) in [
            (0, 0, "1970-01-01T00:00:00.000000Z"),
            (1_700_000_000, 120_000_000, "2023-11-14T22:13:20.120000Z"),
            (1_700_000_000, 999_999_999, "2023-11-14T22:13:20.999999Z"),
        ] {
            assert_eq!(timestamp(Timestamp::new(second, nanosecond).unwrap()), expected);
        }
    }

    #[test]
    fn a_panic_is_an_error_that_begins_as_in_go_and_says_where_but_no_value() {
        let told = |payload: &(dyn Any + Send)| {
            let text = panic_line(payload, Some(Location::caller()));
            assert_eq!(text.matches('\n').count(), 1, "not one line: {text:?}");
            let line: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(line["@level"], "error");
            assert!(line["backtrace"].as_str().is_some_and(|stack| !stack.is_empty()), "{line}");
            line["@message"].as_str().unwrap().to_owned()
        };
        let fixed = told(&"index out of range");
        assert!(fixed.starts_with("panic: index out of range at src/plugin/log.rs:"), "{fixed}");
        let formatted = told(&format!("not a number: {}", "canary"));
        assert!(
            formatted.starts_with("panic: (a message with values in it) at src/"),
            "{formatted}"
        );
        assert!(!formatted.contains("canary"), "{formatted}");
    }

    #[test]
    fn what_hclog_needs_as_a_string_is_one_whatever_was_recorded() {
        let lines = logged(LevelFilter::TRACE, || {
            tracing::info!(message = 7, "@level" = 8, "@extra" = "x");
            tracing::info!(only = "a field");
        });
        assert_eq!((&lines[0]["@message"], &lines[0]["@level"]), (&json!("7"), &json!("info")));
        assert_eq!(lines[0].get("@extra"), None);
        assert_eq!(lines[1]["@message"], "");
    }

    #[test]
    fn dependencies_are_heard_only_from_warn_on() {
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
    fn nothing_is_logged_when_logging_is_off() {
        let lines = logged(LevelFilter::OFF, || {
            tracing::error!(target: "h2", "trouble");
            tracing::error!("ours");
        });
        assert!(lines.is_empty(), "{lines:?}");
    }

    #[test]
    fn a_long_value_is_cut_between_characters() {
        let text = "é".repeat(LONGEST_VALUE);
        let short = shortened(&text);
        assert!(short.len() < LONGEST_VALUE + 40);
        assert!(short.ends_with("é… (16384 bytes in all)"), "{}", &short[short.len() - 40..]);
        assert_eq!(shortened("short"), "short");
    }

    #[test]
    fn errors_are_logged_with_their_causes() {
        let cause = io::Error::other("cause");
        let error = crate::plugin::Error::Signals(cause);
        let lines = logged(LevelFilter::TRACE, || {
            tracing::error!(error = &error as &(dyn Error + 'static), "failed");
        });
        assert_eq!(lines[0]["error"], "cannot install signal handlers: cause");
    }
}
