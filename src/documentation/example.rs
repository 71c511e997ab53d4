//! Files as blocks of code.

use std::{fs, path::Path};

/// The file as a block of code in `language`, without white space around it.
///
/// # Errors
/// It cannot be read, or is empty: a reader would see nothing.
pub(super) fn block(language: &str, root: &Path, file: &str) -> Result<String, String> {
    let text = fs::read_to_string(root.join(file)).map_err(|error| format!("`{file}`: {error}"))?;
    match text.trim() {
        "" => Err(format!("`{file}` is empty")),
        code => Ok(format!("```{language}\n{code}\n```")),
    }
}
