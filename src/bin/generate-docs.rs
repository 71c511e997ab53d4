//! Writes the provider's pages for the Terraform Registry: `docs/`, from the schemas, `templates/` and `examples/`.
//!
//! For those who work on the provider: `cargo run --bin generate-docs`.

use std::{
    error::Error,
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
};

use clap::Parser;
use terraform_provider_compshare::{
    documentation::Pages, environment::Environment, provider::CompshareProvider,
};

/// Writes docs/ from the schemas, templates/ and examples/.
#[derive(Debug, Parser)]
struct Arguments {
    /// Write nothing, and fail if a page is not as it would be written.
    #[arg(long)]
    check: bool,
    /// The folder that holds docs, templates and examples.
    #[arg(default_value = ".")]
    folder: PathBuf,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            // Nobody is left to tell if stderr is closed.
            let _ = writeln!(io::stderr(), "generate-docs: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<ExitCode, Box<dyn Error>> {
    // No schema depends on the environment.
    let provider = CompshareProvider::new(Environment::default());
    let pages = Pages::of(&provider, env!("CARGO_PKG_NAME"), &arguments.folder)?;
    let stale = if arguments.check {
        pages.stale(&arguments.folder)?
    } else {
        pages.write(&arguments.folder)?
    };
    let mut stdout = io::stdout();
    for page in &stale {
        writeln!(stdout, "{page}")?;
    }
    let (count, stale) = (pages.iter().count(), stale.len());
    if arguments.check && stale > 0 {
        writeln!(
            io::stderr(),
            "{stale} files are stale; `cargo run --bin generate-docs` puts that right"
        )?;
        return Ok(ExitCode::FAILURE);
    }
    let done = if arguments.check { "up to date" } else { "written" };
    writeln!(stdout, "{count} pages are {done}")?;
    Ok(ExitCode::SUCCESS)
}
