//! Diagnostics of the provider, checked against the rules for all messages.

use std::fmt;

use terraform_provider_compshare::protocol::tfplugin5::{
    self as wire, attribute_path::step::Selector, diagnostic::Severity,
};

use super::schema::Block;

/// Words that stay in lower case in a title.
const LOWERCASE_WORDS: [&str; 15] = [
    "a", "an", "and", "by", "for", "from", "in", "into", "not", "of", "on", "or", "the", "to",
    "with",
];

/// One decoded diagnostic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Diagnostic {
    pub(crate) is_error: bool,
    pub(crate) summary: String,
    pub(crate) detail: String,
    /// The attribute at fault, for example `timeouts.create`; empty without an attribute path.
    pub(crate) path: String,
}

/// The errors of an operation, at least one.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Errors(Vec<Diagnostic>);

impl Diagnostic {
    /// Decodes a diagnostic and checks its severity, title, detail and path, and that it contains
    /// no secret.
    #[track_caller]
    pub(crate) fn read(diagnostic: &wire::Diagnostic, block: &Block, secrets: &[String]) -> Self {
        let severity = diagnostic.severity();
        assert_ne!(severity, Severity::Invalid, "{diagnostic:?}");
        let wire::Diagnostic { summary, detail, .. } = diagnostic;
        check_title(summary);
        assert!(!detail.trim().is_empty(), "empty detail: {summary}");
        assert_eq!(detail.trim(), detail, "white space around the detail of: {summary}");
        for secret in secrets {
            assert!(
                !summary.contains(secret) && !detail.contains(secret),
                "the message contains a secret: {detail}"
            );
        }
        let steps = diagnostic.attribute.as_ref().map(attribute_names).unwrap_or_default();
        assert!(steps.is_empty() || block.has(&steps), "no such attribute: {steps:?} in {summary}");
        Self {
            is_error: severity == Severity::Error,
            summary: summary.clone(),
            detail: detail.clone(),
            path: steps.join("."),
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.is_error { "Error" } else { "Warning" };
        write!(formatter, "{kind}: {}", self.summary)?;
        if !self.path.is_empty() {
            write!(formatter, " (at `{}`)", self.path)?;
        }
        write!(formatter, "\n\n{}", self.detail)
    }
}

#[track_caller]
fn check_title(summary: &str) {
    assert!(
        !summary.is_empty() && summary.len() <= 60,
        "empty, or longer than 60 characters: {summary:?}"
    );
    assert!(
        !summary.ends_with('.') && !summary.contains(['`', '\n', '"']),
        "not a plain title: {summary:?}"
    );
    assert!(
        !summary.contains("uhost-") && !summary.contains("cpod-"),
        "the title contains an ID: {summary:?}"
    );
    for (position, word) in summary.split(' ').enumerate() {
        let titled = word.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit());
        assert!(
            titled || position > 0 && LOWERCASE_WORDS.contains(&word),
            "not in title case: {summary:?}"
        );
    }
}

#[track_caller]
fn attribute_names(path: &wire::AttributePath) -> Vec<String> {
    let name = |step: &wire::attribute_path::Step| match &step.selector {
        Some(Selector::AttributeName(name)) => name.clone(),
        other => panic!("these schemas have no lists or maps: {other:?}"),
    };
    path.steps.iter().map(name).collect()
}

impl Errors {
    /// Returns the errors, or the warnings if there is no error.
    pub(crate) fn or_warnings(diagnostics: Vec<Diagnostic>) -> Result<Vec<Diagnostic>, Self> {
        let (errors, warnings): (Vec<_>, _) = diagnostics.into_iter().partition(|d| d.is_error);
        if errors.is_empty() { Ok(warnings) } else { Err(Self(errors)) }
    }

    /// An error of core itself.
    pub(crate) fn of_core(summary: &str) -> Self {
        let summary = summary.to_owned();
        Self(vec![Diagnostic {
            is_error: true,
            summary,
            detail: String::new(),
            path: String::new(),
        }])
    }

    /// The only error; panics if there are several.
    #[track_caller]
    pub(crate) fn only(&self) -> &Diagnostic {
        assert_eq!(self.0.len(), 1, "{self:?}");
        &self.0[0]
    }

    /// Checks that the only error has this title, and that its detail contains each of `parts`.
    #[track_caller]
    pub(crate) fn says(&self, summary: &str, parts: &[&str]) -> &Self {
        let error = self.only();
        assert_eq!(error.summary, summary, "{self:?}");
        for part in parts {
            assert!(error.detail.contains(part), "{part:?} is not in: {self:?}");
        }
        self
    }

    /// Checks the attribute path of the only error.
    #[track_caller]
    pub(crate) fn at(&self, path: &str) {
        assert_eq!(self.only().path, path, "{self:?}");
    }

    /// Checks that the detail of the only error contains none of `parts`.
    #[track_caller]
    pub(crate) fn omits(&self, parts: &[&str]) -> &Self {
        for part in parts {
            assert!(!self.only().detail.contains(part), "{part:?} is in: {self:?}");
        }
        self
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.0.iter()
    }
}

/// In the form that Terraform prints.
impl fmt::Debug for Errors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for diagnostic in &self.0 {
            write!(formatter, "\n{diagnostic}\n")?;
        }
        Ok(())
    }
}
