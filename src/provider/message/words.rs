//! What a message is made of before its facts are added.

use crate::cty::Path;

/// One message without its facts.
pub(super) struct Words {
    pub(super) summary: String,
    pub(super) what: String,
    pub(super) todo: String,
    pub(super) path: Option<Path>,
}

impl Words {
    pub(super) fn new(summary: &str, what: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { summary: summary.to_owned(), what: what.into(), todo: todo.into(), path: None }
    }

    pub(super) fn at(self, attribute: &str) -> Self {
        Self { path: Some(Path::root().attribute(attribute)), ..self }
    }
}
