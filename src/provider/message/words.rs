//! What a message is made of before its facts are added.

use crate::cty::Path;

/// One message without its facts.
pub(crate) struct Words {
    pub(crate) summary: String,
    pub(crate) what: String,
    pub(crate) todo: String,
    pub(crate) path: Option<Path>,
}

impl Words {
    pub(crate) fn new(summary: &str, what: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { summary: summary.to_owned(), what: what.into(), todo: todo.into(), path: None }
    }

    pub(crate) fn at(self, attribute: &str) -> Self {
        Self { path: Some(Path::root().attribute(attribute)), ..self }
    }
}
