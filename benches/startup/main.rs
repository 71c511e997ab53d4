//! What a host waits for each time it starts a provider, and what the provider holds in memory then. Whole processes, as a host
//! starts them, with mutual TLS.
//!
//! `cargo bench --bench startup -- --help` lists the arguments. Given the binary of another provider, in whatever language and
//! with protocol 5 or 6, it prints the same figures for that one, and how many times ours they are. All of them take turns, so
//! that what else the machine does is in all figures alike; what is printed is medians.
//!
//! - `host`: one process, from its start to its end, by a host that does what Terraform does;
//! - `command`: `terraform providers schema`, for which Terraform starts a provider, asks for its schemas and ends it;
//! - `waits`: the memory of a process that waits for many instances, ours only;
//! - `table`: medians and ratios.

#![cfg_attr(
    target_os = "linux",
    expect(clippy::unwrap_used, reason = "a measurement that cannot go on says so by panicking")
)]
#![cfg_attr(
    target_os = "linux",
    expect(clippy::print_stdout, reason = "a benchmark prints what it finds")
)]
#![cfg_attr(
    not(target_os = "linux"),
    expect(clippy::print_stderr, reason = "there is nothing else to do")
)]

#[cfg(target_os = "linux")]
mod command;
#[cfg(target_os = "linux")]
mod host;
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
#[expect(dead_code, unused_imports, reason = "most of it is for tests")]
mod terraform_core;
#[cfg(target_os = "linux")]
mod waits;

#[cfg(target_os = "linux")]
fn main() {
    measure::main();
}

/// What a process holds is read from `/proc`.
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
        host::{Host, bare_process},
        packaged::Packaged,
        table::{Column, Table},
        waits::Waits,
    };

    const OURS: &str = env!("CARGO_BIN_EXE_terraform-provider-compshare");

    /// What starting a provider costs, in time and memory.
    #[derive(Debug, Parser)]
    struct Arguments {
        /// How often each provider is started.
        #[arg(long, value_name = "NUMBER", default_value_t = 50)]
        runs: usize,
        /// How often Terraform is asked for each provider's schemas; 0: not at all.
        #[arg(long, value_name = "NUMBER", default_value_t = 10)]
        commands: usize,
        /// For how many instances at once ours is to wait; 0: for none.
        #[arg(long, value_name = "NUMBER", default_value_t = 1000)]
        waits: usize,
        /// The binary of another provider, to compare with: terraform-provider-NAME, which may be followed by `_` and anything.
        #[arg(long, value_name = "PATH")]
        other: Vec<PathBuf>,
        /// What `cargo bench` says to every benchmark.
        #[arg(long, hide = true)]
        bench: bool,
    }

    pub(crate) fn main() {
        let arguments = Arguments::parse();
        let mut columns = vec![Column::new(OURS.into())];
        columns.extend(arguments.other.iter().cloned().map(Column::new));

        let host = Host::new();
        let mut bare = Vec::new();
        // The first one is for the page cache.
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
