//! Text of an error with its causes.

use std::error::Error;

/// Returns the message of `error` and of each of its causes, separated by `: `. A cause that the
/// message before it already ends with is left out.
pub fn error_chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let message = cause.to_string();
        if !text.ends_with(&message) {
            text = format!("{text}: {message}");
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{message}")]
    struct Link {
        message: &'static str,
        source: Option<Box<Self>>,
    }

    fn link(message: &'static str, source: Option<Link>) -> Link {
        Link { message, source: source.map(Box::new) }
    }

    #[test]
    fn causes_follow_the_error_without_repetition() {
        assert_eq!(error_chain(&link("alone", None)), "alone");
        let inner = link("reset by peer", None);
        let middle = link("read failed: reset by peer", Some(inner));
        let outer = link("request failed", Some(middle));
        assert_eq!(error_chain(&outer), "request failed: read failed: reset by peer");
    }
}
