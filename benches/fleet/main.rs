//! What a fleet costs: real Terraform over the simulated cloud, with shared look-ups.
//!
//! `cargo bench --bench fleet -- --help` lists the arguments. Each size goes through the life of a fleet: an apply that
//! starts everything, a refresh, an apply after a tenth of the instances was stopped behind Terraform's back, a destroy that
//! stops everything. It goes through that several times:
//!
//! - *shared*: the provider as it is;
//! - *without latency*: only the apply, over a cloud that answers at once. What is left is the waiting for instances and
//!   Terraform's own work, which is what the wall time is compared with;
//! - *throttled*: a part of all answers, at random, is "too many requests" instead.
//!
//! The last two are for the greatest size only. `poll_interval` is left at its default. `max_concurrent_requests` is as high as
//! Terraform's parallelism can make use of, since otherwise that limit, not the requests saved, would decide about the time.
//!
//! With `--commands` it is something else that is measured: what of the time of a command is the provider's.
//!
//! - `cloud`: the simulator, the gate that throttles, and what was asked of them;
//! - `terraform`: one Terraform command, and what it and the provider cost;
//! - `life`: the four runs, one after the other;
//! - `commands`: the share of the provider in a command;
//! - `report`: the table and the limits.

#![cfg_attr(
    target_os = "linux",
    expect(clippy::unwrap_used, reason = "a measurement that cannot go on says so by panicking")
)]
#![expect(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "results on stdout, progress on stderr"
)]

#[cfg(target_os = "linux")]
mod cloud;
#[cfg(target_os = "linux")]
mod commands;
#[cfg(target_os = "linux")]
mod life;
#[cfg(target_os = "linux")]
#[path = "../packaged.rs"]
mod packaged;
#[cfg(target_os = "linux")]
#[path = "../../tests/support/python.rs"]
mod python;
#[cfg(target_os = "linux")]
mod report;
#[cfg(target_os = "linux")]
mod terraform;

#[cfg(target_os = "linux")]
fn main() {
    measure::main();
}

/// What a process costs is read from `/proc`.
#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("this benchmark needs Linux");
}

#[cfg(target_os = "linux")]
mod measure {
    use std::{path::PathBuf, thread, time::Duration};

    use clap::Parser;
    use terraform_provider_compshare::simulator::parse_duration;

    use crate::{
        commands,
        life::{self, Fleet, Measured, Run, Way},
        report::{self, Report},
        terraform::Terraform,
    };

    /// What a fleet of instances costs, in requests, time and memory, with look-ups shared and without.
    #[derive(Debug, Parser)]
    struct Arguments {
        /// How many instances.
        #[arg(long, value_name = "LIST", value_delimiter = ',', default_values_t = [10, 100, 1000])]
        instances: Vec<usize>,
        /// Terraform's `-parallelism`.
        #[arg(long, value_name = "LIST", value_delimiter = ',', default_values_t = [10, 100])]
        parallelism: Vec<usize>,
        /// How long the cloud takes for an answer.
        #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "100ms")]
        latency: Duration,
        /// How long a start takes.
        #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "5s")]
        start_time: Duration,
        /// How long a stop takes.
        #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "5s")]
        stop_time: Duration,
        /// Only these runs.
        #[arg(long, value_name = "LIST", value_enum, value_delimiter = ',')]
        only: Vec<Run>,
        /// How many of a hundred answers are "too many requests" in the throttled runs; 0: no such runs.
        #[arg(long, value_name = "PERCENT", default_value_t = 5)]
        throttle: u8,
        /// Run all ways of a size at the same time. Quicker where there is more waiting than work, which is at a low
        /// parallelism; elsewhere they take the processor from each other.
        #[arg(long)]
        together: bool,
        /// Measure what of `validate`, `plan` and `apply` is the provider's time, and nothing else.
        #[arg(long)]
        commands: bool,
        /// No more than 100 instances, which start and stop in a second.
        #[arg(long)]
        quick: bool,
        /// Add what is printed to this file, too.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// What `cargo bench` says to every benchmark.
        #[arg(long, hide = true)]
        bench: bool,
    }

    pub(crate) fn main() {
        let mut arguments = Arguments::parse();
        if arguments.quick {
            arguments.instances.retain(|instances| *instances <= 100);
            arguments.start_time = Duration::from_secs(1);
            arguments.stop_time = Duration::from_secs(1);
        }
        // The cheap ones first.
        arguments.instances.sort_unstable();
        arguments.parallelism.sort_unstable_by(|one, other| other.cmp(one));
        let terraform = Terraform::packaged();
        let report = Report::new(arguments.out.clone());
        if arguments.commands {
            return measure_commands(&arguments, &terraform, &report);
        }
        report.line(report::HEADING);
        let mut limits = Vec::new();
        for &instances in &arguments.instances {
            for &parallelism in &arguments.parallelism {
                let fleets = fleets(&arguments, instances, parallelism);
                let measured = live(&terraform, &fleets, arguments.together);
                let all: Vec<(Way, Vec<Measured>)> =
                    fleets.iter().map(|fleet| fleet.way).zip(measured).collect();
                for row in report::rows(instances, parallelism, &all) {
                    report.line(&row);
                }
                limits.extend(report::limits(instances, parallelism, &all));
            }
        }
        report.line("");
        for limit in limits {
            report.line(&limit);
        }
    }

    fn measure_commands(arguments: &Arguments, terraform: &Terraform, report: &Report) {
        report.line(commands::HEADING);
        for &instances in &arguments.instances {
            for &parallelism in &arguments.parallelism {
                let fleet = Fleet {
                    way: Way::WithoutLatency,
                    instances,
                    parallelism,
                    latency: Duration::ZERO,
                    start_time: Duration::ZERO,
                    stop_time: Duration::ZERO,
                    throttle: 0,
                    runs: Vec::new(),
                };
                for row in commands::rows(terraform, &fleet) {
                    report.line(&row);
                }
            }
        }
    }

    /// One fleet of this size for each way to measure it.
    fn fleets(arguments: &Arguments, instances: usize, parallelism: usize) -> Vec<Fleet> {
        let chosen = |run: &Run| arguments.only.is_empty() || arguments.only.contains(run);
        let fleet = |way| Fleet {
            way,
            instances,
            parallelism,
            latency: arguments.latency,
            start_time: arguments.start_time,
            stop_time: arguments.stop_time,
            throttle: 0,
            runs: Run::ALL.into_iter().filter(chosen).collect(),
        };
        let mut fleets = vec![fleet(Way::Shared)];
        if arguments.instances.last() == Some(&instances) {
            if chosen(&Run::Apply) {
                fleets.push(Fleet {
                    latency: Duration::ZERO,
                    runs: vec![Run::Apply],
                    ..fleet(Way::WithoutLatency)
                });
            }
            if arguments.throttle > 0 {
                fleets.push(Fleet { throttle: arguments.throttle, ..fleet(Way::Throttled) });
            }
        }
        fleets
    }

    fn live(terraform: &Terraform, fleets: &[Fleet], together: bool) -> Vec<Vec<Measured>> {
        if !together {
            return fleets.iter().map(|fleet| life::live(terraform, fleet)).collect();
        }
        thread::scope(|scope| {
            let threads: Vec<_> = fleets
                .iter()
                .map(|fleet| scope.spawn(move || life::live(terraform, fleet)))
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        })
    }
}
