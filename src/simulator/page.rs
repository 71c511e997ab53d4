//! Paging: `Limit` and `Offset`.

use super::{form::Form, refusal::Refusal};

/// Maximum of `Limit`, and of the IDs in one request.
pub(super) const MAX_PAGE: usize = 100;
const DEFAULT_PAGE: usize = 20;

/// Part of a list that a request selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) offset: usize,
    limit: usize,
}

impl Page {
    pub(super) fn of(form: &Form) -> Result<Self, Refusal> {
        let limit = form.number("Limit")?.unwrap_or(DEFAULT_PAGE);
        if !(1..=MAX_PAGE).contains(&limit) {
            return Err(Refusal::out_of_range("Limit"));
        }
        Ok(Self { offset: form.number("Offset")?.unwrap_or(0), limit })
    }

    pub(super) fn cut<T>(self, list: Vec<T>) -> impl Iterator<Item = T> {
        list.into_iter().skip(self.offset).take(self.limit)
    }
}
