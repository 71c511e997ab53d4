//! Parts of a message.

use std::{
    borrow::Cow,
    fmt::{self, Write as _},
};

use crate::{
    cty::Path,
    framework::{Diagnostic, Diagnostics, Severity},
    operation::Location,
};

/// A message without its facts.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) title: String,
    /// One or two sentences about the failure.
    pub(super) what: Cow<'static, str>,
    /// The remedy.
    pub(super) todo: Cow<'static, str>,
    /// The attribute at fault.
    pub(super) attribute: Option<&'static str>,
}

impl Text {
    pub(super) fn new(
        title: impl Into<String>,
        what: impl Into<Cow<'static, str>>,
        todo: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { title: title.into(), what: what.into(), todo: todo.into(), attribute: None }
    }

    /// A text with the title "Unable to `attempt`: `reason`".
    pub(super) fn unable(
        attempt: impl fmt::Display,
        reason: impl fmt::Display,
        what: impl Into<Cow<'static, str>>,
        todo: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::new(format!("Unable to {attempt}: {reason}"), what, todo)
    }

    pub(super) fn no_response(attempt: &str) -> Self {
        Self::unable(
            attempt,
            "No Response",
            "The CompShare API did not respond in time.",
            "Try again. If this recurs, increase `request_timeout` of the provider.",
        )
    }

    pub(super) fn at(self, attribute: &'static str) -> Self {
        Self { attribute: Some(attribute), ..self }
    }

    /// Omits the attributes of a location that is not configured.
    pub(super) fn in_location(self, location: &Location) -> Self {
        let attribute = self.attribute.filter(|attribute| match *attribute {
            "region" => location.region.is_some(),
            "zone" => location.zone.is_some(),
            _ => true,
        });
        Self { attribute, ..self }
    }

    /// Appends a sentence about the failure.
    pub(super) fn and(self, sentence: &str) -> Self {
        Self { what: format!("{} {sentence}", self.what).into(), ..self }
    }

    pub(super) fn with_todo(self, todo: &'static str) -> Self {
        Self { todo: todo.into(), ..self }
    }

    /// The error with its paragraphs: the failure, `effect`, the remedy, `facts`. An empty one is
    /// omitted.
    pub(super) fn into_error(self, effect: &str, facts: &Facts) -> Diagnostics {
        self.into_diagnostic(Severity::Error, effect, facts).into()
    }

    pub(super) fn into_warning(self, effect: &str, facts: &Facts) -> Diagnostic {
        self.into_diagnostic(Severity::Warning, effect, facts)
    }

    pub(super) fn into_diagnostic(
        self,
        severity: Severity,
        effect: &str,
        facts: &Facts,
    ) -> Diagnostic {
        let paragraphs = [&self.what, effect, &self.todo, &facts.0];
        let paragraphs: Vec<_> = paragraphs.into_iter().filter(|text| !text.is_empty()).collect();
        let path = self.attribute.map(|attribute| Path::root().attribute(attribute));
        Diagnostic { severity, summary: self.title, detail: paragraphs.join("\n\n"), path }
    }
}

/// Facts at the end of a message, one per line.
#[derive(Debug, Default)]
pub(super) struct Facts(String);

impl Facts {
    pub(super) fn add(&mut self, name: &str, value: impl fmt::Display) {
        if !self.0.is_empty() {
            self.0.push('\n');
        }
        // Writing to a string cannot fail.
        let _ = write!(self.0, "{name}: {value}");
    }
}

impl fmt::Display for Facts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
