//! Values of `name_regex`.

use regex_lite::{Regex, RegexBuilder};

use crate::{
    cty::Path,
    framework::{Diagnostic, Diagnostics},
};

pub(crate) fn check(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("it must not be empty".to_owned());
    }
    compiled(text).map(drop).map_err(|error| error.to_string())
}

/// Compiles with a tenth of the library's size limit, which is ample for names. Counted repetitions
/// multiply (`(a{99}){99}`), and matching a name takes time proportional to the compiled size.
fn compiled(text: &str) -> Result<Regex, regex_lite::Error> {
    RegexBuilder::new(text).size_limit(1 << 20).build()
}

/// Compiles the value of `name_regex`. Its rule has refused other text, but not every host
/// validates.
pub(crate) fn compile(text: &str) -> Result<Regex, Diagnostics> {
    let path = || Path::root().attribute("name_regex");
    compiled(text).map_err(|error| Diagnostic::invalid_value(path(), error).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oversized_name_regex_is_refused() {
        check("^(train|test)-[0-9]{1,200}-[^-]{0,200}$").unwrap();
        for text in ["(?:a{99}){999}", "(?:){4294967295}", "((((a{9}){9}){9}){9}){99}"] {
            let refused = check(text).unwrap_err();
            assert!(refused.contains("limit"), "{refused}");
        }
        assert!(check(&"(".repeat(100_000)).is_err());
    }
}
