//! Templates: the part of Go's `text/template`, with the functions of tfplugindocs, that the pages need.
//!
//! There are fields (`.Name`), texts (`"…"` and `` `…` ``), functions, pipelines, comments, and `-` for trimming. There is
//! nothing that decides or repeats: what a page says can be read off its template.

use std::path::Path;

use super::{example, plain_text::plain_text};

/// What Go's templates take for white space.
const SPACE: [char; 4] = [' ', '\t', '\r', '\n'];

/// What a template can refer to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope<'a> {
    /// The folder that the paths of files in a template begin from.
    pub(super) root: &'a Path,
    /// The fields, by their names.
    pub(super) fields: &'a [(&'a str, String)],
}

/// Why a template cannot be rendered, and in which line of it, from 1.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) line: usize,
    pub(super) reason: String,
}

/// One word of an action.
#[derive(Debug, PartialEq, Eq)]
enum Word {
    Field(String),
    Function(String),
    Text(String),
    Pipe,
}

/// The page that a template makes.
pub(super) fn render(template: &str, scope: Scope<'_>) -> Result<String, Problem> {
    let mut page = String::new();
    let mut rest = template;
    while let Some(at) = rest.find("{{") {
        let (text, action) = (&rest[..at], &rest[at + 2..]);
        let problem = |reason| {
            let before = &template[..template.len() - action.len()];
            Problem { line: before.matches('\n').count() + 1, reason }
        };
        let (text, action) = match action.strip_prefix('-') {
            Some(trimming) if trimming.starts_with(SPACE) => {
                (text.trim_end_matches(SPACE), trimming)
            }
            _ => (text, action),
        };
        page.push_str(text);
        let (words, after) = words(action).map_err(problem)?;
        if !words.is_empty() {
            page.push_str(&evaluate(&words, scope).map_err(problem)?);
        }
        rest = after;
    }
    page.push_str(rest);
    Ok(page)
}

/// The words of the action that begins here, and what comes after it. A comment is an action without words.
fn words(action: &str) -> Result<(Vec<Word>, &str), String> {
    let mut words = Vec::new();
    let mut rest = action;
    if let Some(comment) = rest.trim_start_matches(SPACE).strip_prefix("/*") {
        (_, rest) = comment.split_once("*/").ok_or("a comment is not closed")?;
    } else if rest.trim_start_matches(SPACE).starts_with("}}") {
        return Err("there is nothing between `{{` and `}}`".into());
    }
    loop {
        let trimmed = rest.trim_start_matches(SPACE);
        if let Some(after) = trimmed.strip_prefix("}}") {
            return Ok((words, after));
        }
        if let (Some(after), true) = (trimmed.strip_prefix("-}}"), trimmed.len() < rest.len()) {
            return Ok((words, after.trim_start_matches(SPACE)));
        }
        let word;
        (word, rest) = next_word(trimmed)?;
        words.push(word);
    }
}

fn next_word(text: &str) -> Result<(Word, &str), String> {
    if let Some(rest) = text.strip_prefix('|') {
        return Ok((Word::Pipe, rest));
    }
    if let Some(raw) = text.strip_prefix('`') {
        let (raw, rest) = raw.split_once('`').ok_or("a text is not closed")?;
        return Ok((Word::Text(raw.to_owned()), rest));
    }
    if let Some(quoted) = text.strip_prefix('"') {
        return quoted_text(quoted);
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let (kind, name): (fn(String) -> Word, _) = match text.strip_prefix('.') {
        Some(field) => (Word::Field, field),
        None => (Word::Function, text),
    };
    let end = name.find(|c| !is_name(c)).unwrap_or(name.len());
    if end == 0 {
        let line = text.lines().next().unwrap_or_default();
        return Err(format!("this is not understood, or is not closed: {line}"));
    }
    Ok((kind(name[..end].to_owned()), &name[end..]))
}

fn quoted_text(quoted: &str) -> Result<(Word, &str), String> {
    let mut text = String::new();
    let mut characters = quoted.chars();
    loop {
        match characters.next() {
            Some('"') => return Ok((Word::Text(text), characters.as_str())),
            Some('\\') => text.push(match characters.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                Some(itself @ ('"' | '\\')) => itself,
                _ => return Err("of escapes there are `\\n`, `\\t`, `\\\"` and `\\\\`".into()),
            }),
            Some('\n') | None => return Err("a text is not closed".into()),
            Some(character) => text.push(character),
        }
    }
}

/// The value of a pipeline: each command has that of the one before as its last argument.
fn evaluate(words: &[Word], scope: Scope<'_>) -> Result<String, String> {
    let mut value = None;
    for command in words.split(|word| *word == Word::Pipe) {
        value = Some(run(command, value, scope)?);
    }
    value.ok_or_else(|| "there is nothing to show".into())
}

fn run(command: &[Word], piped: Option<String>, scope: Scope<'_>) -> Result<String, String> {
    let (first, rest) = command.split_first().ok_or("a pipeline lacks a part")?;
    let mut arguments =
        rest.iter().map(|word| operand(word, scope)).collect::<Result<Vec<_>, _>>()?;
    arguments.extend(piped);
    if let Word::Function(name) = first {
        return call(name, &arguments, scope.root);
    }
    if !arguments.is_empty() {
        return Err("only a function takes arguments".into());
    }
    operand(first, scope)
}

fn operand(word: &Word, scope: Scope<'_>) -> Result<String, String> {
    match word {
        Word::Text(text) => Ok(text.clone()),
        Word::Field(name) => {
            let field = scope.fields.iter().find(|(field, _)| field == name);
            let names = || scope.fields.iter().map(|(name, _)| *name).collect::<Vec<_>>();
            field
                .map(|(_, value)| value.clone())
                .ok_or_else(|| format!("`.{name}` is none of the fields here: {:?}", names()))
        }
        Word::Function(name) => Err(format!("`{name}` cannot be an argument")),
        Word::Pipe => Err("a pipe cannot be an argument".into()),
    }
}

fn call(name: &str, arguments: &[String], root: &Path) -> Result<String, String> {
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match (name, arguments.as_slice()) {
        ("codefile", [language, file]) => example::block(language, root, file),
        ("tffile", [file]) => example::block("terraform", root, file),
        ("plainmarkdown", [markdown]) => plain_text(markdown),
        ("prefixlines", [prefix, text]) => {
            Ok(format!("{prefix}{}", text.replace('\n', &format!("\n{prefix}"))))
        }
        ("trimspace", [text]) => Ok(text.trim().to_owned()),
        ("codefile" | "tffile" | "plainmarkdown" | "prefixlines" | "trimspace", _) => {
            Err(format!("`{name}` does not take {} arguments", arguments.len()))
        }
        _ => Err(format!("there is no function `{name}` here")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(template: &str) -> Result<String, Problem> {
        let fields = [("Name", "a_b".to_owned()), ("Lines", "\n one\n\ntwo \n".to_owned())];
        render(template, Scope { root: Path::new(env!("CARGO_MANIFEST_DIR")), fields: &fields })
    }

    /// What Go's `text/template` makes of each.
    #[test]
    fn actions_become_their_values() {
        for (template, page) in [
            ("", ""),
            ("no } action { here }}", "no } action { here }}"),
            ("{{.Name}} and {{ .Name }}", "a_b and a_b"),
            ("a \n {{- .Name -}} \n\t b", "aa_bb"),
            ("a {{- /* a comment }} */ -}} b{{/* and */}}c", "abc"),
            ("{{ \"{{\" }}x{{`}}\\n`}}{{\"\\\"\\\\\\t\"}}", "{{x}}\\n\"\\\t"),
            (
                "{{ .Lines | trimspace | prefixlines \"> \" }}",
                ">  one\n> \n> two".replace(">  one", "> one").as_str(),
            ),
            ("{{prefixlines \"-\" `x`}}{{ trimspace\n\" y \" }}", "-xy"),
            (
                "{{ codefile \"toml\" \".rustfmt.toml\" }}",
                "```toml\nuse_small_heuristics = \"Max\"\n```",
            ),
        ] {
            assert_eq!(rendered(template).as_deref(), Ok(page), "{template:?}");
        }
    }

    #[test]
    fn what_cannot_be_rendered_is_told_with_its_line() {
        for (template, line, part) in [
            ("one\ntwo {{ .Nme }}", 2, "`.Nme` is none of the fields here: [\"Name\", \"Lines\"]"),
            ("{{ .Name", 1, "not closed"),
            ("{{ \"open }}", 1, "not closed"),
            ("{{ /* open }}", 1, "not closed"),
            ("{{ }}", 1, "nothing between"),
            ("\n\n{{ if .Name }}x{{ end }}", 3, "there is no function `if` here"),
            ("{{ .Name .Lines }}", 1, "only a function takes arguments"),
            ("{{ .Name | }}", 1, "lacks a part"),
            ("{{ tffile }}", 1, "does not take 0 arguments"),
            ("{{ tffile trimspace }}", 1, "cannot be an argument"),
            ("{{ tffile \"examples/none.tf\" }}", 1, "`examples/none.tf`"),
            ("{{ \"\\x41\" }}", 1, "escapes"),
            ("{{ (.Name) }}", 1, "not understood"),
        ] {
            let problem = rendered(template).unwrap_err();
            assert_eq!(problem.line, line, "{template:?}");
            assert!(problem.reason.contains(part), "{template:?}: {}", problem.reason);
        }
    }
}
