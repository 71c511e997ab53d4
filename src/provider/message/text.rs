//! Parts of a message.

use std::fmt::{self, Write as _};

use crate::{
    cty::Path,
    framework::{Diagnostic, Diagnostics, Severity},
};

/// A message without its facts.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) title: String,
    /// One or two sentences about the failure.
    pub(super) what: String,
    /// The remedy.
    pub(super) todo: String,
    pub(super) attribute: Option<&'static str>,
}

impl Text {
    pub(super) fn new(
        title: impl Into<String>,
        what: impl Into<String>,
        todo: impl Into<String>,
    ) -> Self {
        Self { title: title.into(), what: what.into(), todo: todo.into(), attribute: None }
    }

    /// The same, about `attribute`.
    pub(super) fn at(self, attribute: &'static str) -> Self {
        Self { attribute: Some(attribute), ..self }
    }

    /// The error with its paragraphs: the failure, `effect`, the remedy, `facts`. An empty one is
    /// omitted.
    pub(super) fn into_error(self, effect: &str, facts: &Facts) -> Diagnostics {
        self.into_diagnostic(Severity::Error, effect, facts).into()
    }

    /// The warning with the same paragraphs.
    pub(super) fn into_warning(self, effect: &str, facts: &Facts) -> Diagnostic {
        self.into_diagnostic(Severity::Warning, effect, facts)
    }

    fn into_diagnostic(self, severity: Severity, effect: &str, facts: &Facts) -> Diagnostic {
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
