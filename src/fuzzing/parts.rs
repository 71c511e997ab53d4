//! One input in several parts. Any bytes are an input: a part that announces more than there is gets what there is.

/// What is left of an input.
pub(super) struct Parts<'a>(&'a [u8]);

impl<'a> Parts<'a> {
    pub(super) fn of(input: &'a [u8]) -> Self {
        Self(input)
    }

    /// The next part, which its length in two bytes precedes.
    pub(super) fn next(&mut self) -> &'a [u8] {
        let length = usize::from(u16::from_be_bytes([self.byte(), self.byte()]));
        let (part, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        part
    }

    /// The next byte; zero at the end.
    pub(super) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// Everything else.
    pub(super) fn rest(self) -> &'a [u8] {
        self.0
    }
}

/// An input of these parts.
pub(super) fn join(parts: &[&[u8]], rest: &[u8]) -> Vec<u8> {
    let mut input = Vec::new();
    for part in parts {
        let length = u16::try_from(part.len()).expect("a seed is short");
        input.extend(length.to_be_bytes());
        input.extend_from_slice(part);
    }
    input.extend_from_slice(rest);
    input
}
