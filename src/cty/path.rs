//! Paths to parts of values.

use std::fmt;

/// The path from the root of a value to a part of it. Elements of a set have no address: a path
/// ends at the set.
///
/// ```
/// use terraform_provider_compshare::cty::Path;
///
/// let path = Path::root().attribute("timeouts").attribute("create");
/// assert_eq!(path.to_string(), "timeouts.create");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Path(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// An attribute of an object, or a nested block.
    Attribute(String),
    /// An element of a list, counted from 0.
    Index(i64),
    /// An element of a map.
    Key(String),
}

impl Path {
    pub const fn root() -> Self {
        Self(Vec::new())
    }

    #[must_use]
    pub fn attribute(mut self, name: impl Into<String>) -> Self {
        self.0.push(Step::Attribute(name.into()));
        self
    }

    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Prepends a step, for an error that is returned through an enclosing value.
    pub(super) fn below(mut self, step: Step) -> Self {
        self.0.insert(0, step);
        self
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Attribute(name) if position == 0 => f.write_str(name)?,
                Step::Attribute(name) => write!(f, ".{name}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) => write!(f, "[{key:?}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_print_like_expressions() {
        let steps = [
            Step::Attribute("a".into()),
            Step::Index(2),
            Step::Key("k\"".into()),
            Step::Attribute("b".into()),
        ];
        let path = steps.into_iter().rev().fold(Path::root(), Path::below);
        assert_eq!(path.to_string(), r#"a[2]["k\""].b"#);
        assert_eq!(Path::root().to_string(), "");
        assert_eq!(Path::root().attribute("x").below(Step::Index(1)).to_string(), "[1].x");
    }
}
