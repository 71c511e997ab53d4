//! The pages of the Terraform Registry: `docs/`, made of the schemas, of `templates/` and of `examples/`.
//!
//! Layout, template language and output are those of the ecosystem's generator, tfplugindocs, byte for byte; `.ci/compare-docs`
//! holds that. Of its template language there is what the templates here use, and anything else is an error. It has templates
//! of its own for pages without any; here each kind has one in `templates/`, and a page without a template is an error.
//!
//! Never in here: the provider or its cloud. What is documented is handed in, and what is run is `src/bin/generate-docs.rs`.

mod example;
mod kind;
mod pages;
mod plain_text;
mod schema_markdown;
mod template;

use std::{io, path::PathBuf};

pub use self::pages::{Pages, Stale};

/// Why there are no pages.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A template cannot be rendered.
    #[error("{}:{line}: {reason}", path.display())]
    Template {
        /// Which one.
        path: PathBuf,
        /// Where in it, from 1.
        line: usize,
        /// Why.
        reason: String,
    },
    /// Something that is offered has no template, neither its own nor its kind's.
    #[error("`{type_name}` has no template: there is neither {} nor {}", own.display(), of_kind.display())]
    NoTemplate {
        /// What it is.
        type_name: String,
        /// The template for it alone.
        own: PathBuf,
        /// The template for all of its kind.
        of_kind: PathBuf,
    },
    /// A template is for something that is not offered.
    #[error("{}: the provider has no {kind} `{type_name}`", path.display())]
    NotOffered {
        /// The template.
        path: PathBuf,
        /// Of what kind the thing would be.
        kind: &'static str,
        /// What it would be called.
        type_name: String,
    },
}
