//! Start-up time and memory of provider processes, started as by Terraform, with mutual TLS.
//!
//! `cargo bench --bench startup -- --help` lists the arguments. With the binaries of other providers,
//! in any language and with protocol 5 or 6, it prints the same figures for them, and the ratios.
//! The providers take turns, so that other load on the machine affects all of them; the figures are
//! medians.
//!
//! - `life`: the life of one process, with a host that sends the requests of Terraform;
//! - `command`: `terraform providers schema`, which starts a provider, reads its schemas and ends it;
//! - `waits`: memory of a process that polls many instances, this provider only;
//! - `table`: medians and ratios.

#![cfg_attr(
    target_os = "linux",
    expect(clippy::unwrap_used, reason = "a failed measurement panics")
)]
#![cfg_attr(
    target_os = "linux",
    expect(clippy::print_stdout, reason = "a benchmark prints its results")
)]
#![cfg_attr(not(target_os = "linux"), expect(clippy::print_stderr, reason = "the only output"))]

#[cfg(target_os = "linux")]
mod command;
#[cfg(target_os = "linux")]
#[path = "../../tests/support/host/mod.rs"]
#[expect(dead_code, unused_imports, reason = "shared with the tests, which use more of it")]
mod host;
#[cfg(target_os = "linux")]
mod life;
#[cfg(target_os = "linux")]
#[path = "../packaged.rs"]
mod packaged;
#[cfg(target_os = "linux")]
#[path = "../../tests/support/python.rs"]
mod python;
#[cfg(target_os = "linux")]
mod table;
#[cfg(target_os = "linux")]
#[path = "../../tests/support/terraform_core/mod.rs"]
#[expect(dead_code, unused_imports, reason = "shared with the tests, which use more of it")]
mod terraform_core;
#[cfg(target_os = "linux")]
mod waits;

#[cfg(target_os = "linux")]
fn main() {
    measure::main();
}

/// Memory is read from `/proc`.
#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("this benchmark needs Linux");
}

#[cfg(target_os = "linux")]
mod measure {
    use std::path::PathBuf;

    use clap::Parser;

    use crate::{
        command::providers_schema,
        life::{Host, bare_process},
        packaged::Packaged,
        table::{Column, Table},
        waits::Waits,
    };

    const OURS: &str = env!("CARGO_BIN_EXE_terraform-provider-compshare");

    /// Start-up time and memory of providers.
    #[derive(Debug, Parser)]
    struct Arguments {
        /// Starts of each provider.
        #[arg(long, value_name = "NUMBER", default_value_t = 50)]
        runs: usize,
        /// Runs of `terraform providers schema` for each provider.
        #[arg(long, value_name = "NUMBER", default_value_t = 10)]
        commands: usize,
        /// Instances that this provider polls concurrently.
        #[arg(long, value_name = "NUMBER", default_value_t = 1000)]
        waits: usize,
        /// Binary of another provider to compare with: terraform-provider-NAME or
        /// terraform-provider-NAME_VERSION.
        #[arg(long, value_name = "PATH")]
        other: Vec<PathBuf>,
        /// Argument that `cargo bench` passes.
        #[arg(long, hide = true)]
        bench: bool,
    }

    pub(crate) fn main() {
        let arguments = Arguments::parse();
        let mut columns = vec![Column::new(OURS.into())];
        columns.extend(arguments.other.iter().cloned().map(Column::new));

        let host = Host::new();
        let mut bare = Vec::new();
        // The first round fills the page cache.
        for round in 0..=arguments.runs {
            for column in &mut columns {
                let life = host.live(&column.binary);
                if round > 0 {
                    column.lives.push(life);
                }
            }
            bare.push(bare_process());
        }
        if arguments.commands > 0 {
            let terraform = Packaged::new();
            for round in 0..=arguments.commands {
                for column in &mut columns {
                    let took = providers_schema(&terraform, &column.binary);
                    if round > 0 {
                        column.commands.push(took);
                    }
                }
            }
        }
        print!("{}", Table { bare, columns });
        if arguments.waits > 0 {
            println!("{}", Waits::measure(&host, OURS.as_ref(), arguments.waits));
        }
    }
}
