//! Markdown as plain text, for the front matter of a page.

/// What changes its meaning in Markdown, and for which there is no rule here.
const UNSUPPORTED: [&str; 8] = ["*", "_", "<", "\\", "![", "~", "@", "\n"];

/// The words of one paragraph: code without its marks, and a link as its text and its address.
///
/// # Errors
/// There is something in it that is neither text, code nor a link.
pub(super) fn plain_text(markdown: &str) -> Result<String, String> {
    let mut plain = String::new();
    let mut rest = markdown.trim();
    if !rest.starts_with(|first: char| first.is_alphabetic() || first == '`' || first == '[') {
        return Err(format!("a description has to begin with a word, so this cannot: {markdown}"));
    }
    while let Some(at) = rest.find(['`', '[']) {
        let (text, marked) = rest.split_at(at);
        plain.push_str(checked(text)?);
        let unclosed = || format!("code or a link is not closed in: {markdown}");
        if let Some(code) = marked.strip_prefix('`') {
            let (code, after) = code.split_once('`').ok_or_else(unclosed)?;
            plain.push_str(code);
            rest = after;
        } else {
            let (link, after) = marked[1..].split_once(')').ok_or_else(unclosed)?;
            let (text, address) = link.split_once("](").ok_or_else(unclosed)?;
            plain.push_str(checked(text)?);
            plain.push(' ');
            plain.push_str(address);
            rest = after;
        }
    }
    plain.push_str(checked(rest)?);
    Ok(plain)
}

/// Text that is nothing but text, and that nobody would make a link of by themselves.
fn checked(text: &str) -> Result<&str, String> {
    let mut meaning = UNSUPPORTED.iter().chain(&["`", "[", "://", "www."]);
    match meaning.find(|mark| text.contains(**mark)) {
        None => Ok(text),
        Some(mark) => Err(format!("`{mark}` cannot be made plain text in: {text}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_and_links_lose_their_marks() {
        for (markdown, plain) in [
            (" One, two (three). ", "One, two (three)."),
            ("The `a_b` of `*`.", "The a_b of *."),
            (
                "See [there](https://example.com/a_b) first.",
                "See there https://example.com/a_b first.",
            ),
            ("`x`", "x"),
            ("第一 `y`，[二](../z)。", "第一 y，二 ../z。"),
        ] {
            assert_eq!(plain_text(markdown).unwrap(), plain);
        }
    }

    #[test]
    fn what_is_more_than_that_is_an_error() {
        for markdown in [
            "",
            "# One",
            "- One",
            "*One*",
            "A_b",
            "One\ntwo",
            "An `open",
            "A [link]",
            "A [`link`](x)",
            "<b>",
            "a@b.example",
            "At https://example.com",
            "![one](two)",
            "A \\` b",
        ] {
            assert!(plain_text(markdown).is_err(), "{markdown:?}");
        }
    }
}
