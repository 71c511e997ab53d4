//! Requests, time and memory of fleets: real Terraform with the simulated cloud.
//!
//! `cargo bench --bench fleet -- --help` lists the arguments. Each size is measured in four runs: an
//! apply that starts all instances, a refresh, an apply after a tenth of the instances was
//! stopped, and a destroy that stops all. The largest size has two more variants:
//!
//! - *without latency*: the apply with an API that responds at once. Its time is that of the instances
//!   and of Terraform, to which the wall time is compared;
//! - *throttled*: some requests, at random, are refused with "too many requests".
//!
//! `poll_interval` has its default. `max_concurrent_requests` is as high as Terraform's parallelism
//! can use, so that this limit does not determine the time.
//!
//! `--commands` measures the share of the provider in the time of a command instead.
//!
//! - `fleet`: sizes, runs and variants;
//! - `cloud`: the simulator, the throttling proxy, and counts of the requests;
//! - `terraform`: a Terraform command and its cost;
//! - `life`: the runs of a fleet;
//! - `commands`: the share of the provider in a command;
//! - `report`: the table and the limits.

#![cfg_attr(
    target_os = "linux",
    expect(clippy::unwrap_used, reason = "a failed measurement panics")
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
mod fleet;
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

/// CPU time and memory are read from `/proc`.
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
        fleet::{Fleet, Run, Variant},
        life::{self, Measured},
        report::{self, Report},
        terraform::Terraform,
    };

    /// Requests, time and memory of fleets of instances.
    #[derive(Debug, Parser)]
    struct Arguments {
        /// Numbers of instances.
        #[arg(long, value_name = "LIST", value_delimiter = ',', default_values_t = [10, 100, 1000])]
        instances: Vec<usize>,
        /// Values of Terraform's `-parallelism`.
        #[arg(long, value_name = "LIST", value_delimiter = ',', default_values_t = [10, 100])]
        parallelism: Vec<usize>,
        /// Latency of the API.
        #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "100ms")]
        latency: Duration,
        /// Duration of a start.
        #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "5s")]
        start_time: Duration,
        /// Duration of a stop.
        #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "5s")]
        stop_time: Duration,
        /// Measure only these runs.
        #[arg(long, value_name = "LIST", value_enum, value_delimiter = ',')]
        only: Vec<Run>,
        /// Percentage of throttled requests in the throttled variant; 0 omits it.
        #[arg(long, value_name = "PERCENT", default_value_t = 5)]
        throttle: u8,
        /// Measure the variants of a size concurrently. Saves time at a low parallelism, where runs
        /// mostly wait; at a high one the variants slow each other down.
        #[arg(long)]
        together: bool,
        /// Measure the share of the provider in `validate`, `plan` and `apply` instead.
        #[arg(long)]
        commands: bool,
        /// Measure at most 100 instances, with starts and stops of one second.
        #[arg(long)]
        quick: bool,
        /// Append the output to this file, too.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Argument that `cargo bench` passes.
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
        // Short measurements first.
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
                let measured = measure(&terraform, &fleets, arguments.together);
                let all: Vec<(Variant, Vec<Measured>)> =
                    fleets.iter().map(|fleet| fleet.variant).zip(measured).collect();
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
                    variant: Variant::WithoutLatency,
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

    /// The variants of this size.
    fn fleets(arguments: &Arguments, instances: usize, parallelism: usize) -> Vec<Fleet> {
        let chosen = |run: &Run| arguments.only.is_empty() || arguments.only.contains(run);
        let fleet = |variant| Fleet {
            variant,
            instances,
            parallelism,
            latency: arguments.latency,
            start_time: arguments.start_time,
            stop_time: arguments.stop_time,
            throttle: 0,
            runs: Run::ALL.into_iter().filter(chosen).collect(),
        };
        let mut fleets = vec![fleet(Variant::Plain)];
        if arguments.instances.last() == Some(&instances) {
            if chosen(&Run::Apply) {
                fleets.push(Fleet {
                    latency: Duration::ZERO,
                    runs: vec![Run::Apply],
                    ..fleet(Variant::WithoutLatency)
                });
            }
            if arguments.throttle > 0 {
                fleets.push(Fleet { throttle: arguments.throttle, ..fleet(Variant::Throttled) });
            }
        }
        fleets
    }

    fn measure(terraform: &Terraform, fleets: &[Fleet], together: bool) -> Vec<Vec<Measured>> {
        if !together {
            return fleets.iter().map(|fleet| life::measure(terraform, fleet)).collect();
        }
        thread::scope(|scope| {
            let threads: Vec<_> = fleets
                .iter()
                .map(|fleet| scope.spawn(move || life::measure(terraform, fleet)))
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        })
    }
}
