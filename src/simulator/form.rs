//! Parameters of a request.

use std::collections::{BTreeMap, BTreeSet};

use url::form_urlencoded;

use super::refusal::Refusal;

/// Form of a request, including `Action` and keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Form(BTreeMap<String, String>);

impl Form {
    pub(super) fn parse(body: &[u8]) -> Self {
        Self(form_urlencoded::parse(body).into_owned().collect())
    }

    /// Parameters in the byte order of their names.
    pub(super) fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(super) fn contains(&self, parameter: &str) -> bool {
        self.0.contains_key(parameter)
    }

    /// Returns the value of a parameter. An empty value counts as absent.
    pub(super) fn get(&self, parameter: &str) -> Option<&str> {
        self.0.get(parameter).map(String::as_str).filter(|value| !value.is_empty())
    }

    pub(super) fn required(&self, parameter: &str) -> Result<&str, Refusal> {
        self.get(parameter).ok_or_else(|| Refusal::missing(parameter))
    }

    pub(super) fn flag(&self, parameter: &str) -> Result<bool, Refusal> {
        match self.get(parameter) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(Refusal::malformed(parameter)),
        }
    }

    pub(super) fn number(&self, parameter: &str) -> Result<Option<usize>, Refusal> {
        let value = self.get(parameter);
        value.map(|value| value.parse().map_err(|_| Refusal::malformed(parameter))).transpose()
    }

    /// Returns the names `parameter.0`, `parameter.1` and so on that occur before a further dot.
    pub(super) fn objects(&self, parameter: &str) -> Result<Vec<String>, Refusal> {
        let mut indices = BTreeSet::new();
        for name in self.0.keys() {
            let rest = name.strip_prefix(parameter).and_then(|rest| rest.strip_prefix('.'));
            let Some((index, _)) = rest.and_then(|rest| rest.split_once('.')) else { continue };
            indices.insert(index.parse::<usize>().map_err(|_| Refusal::malformed(name))?);
        }
        Ok(indices.into_iter().map(|index| format!("{parameter}.{index}")).collect())
    }

    /// Returns the values of `parameter.0`, `parameter.1` and so on.
    pub(super) fn list(&self, parameter: &str) -> Result<Vec<String>, Refusal> {
        let mut values = BTreeMap::new();
        for (name, value) in &self.0 {
            let index = name.strip_prefix(parameter).and_then(|rest| rest.strip_prefix('.'));
            let Some(index) = index else { continue };
            let index: usize = index.parse().map_err(|_| Refusal::malformed(name))?;
            values.insert(index, value.clone());
        }
        Ok(values.into_values().collect())
    }
}
