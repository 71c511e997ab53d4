//! The table of measurements, and the limits they must meet.

use std::{fs::File, io::Write, path::PathBuf, time::Duration};

use crate::{
    cloud::{DESCRIBE, POLL_INTERVAL, START, STOP},
    fleet::{Run, Variant},
    life::{Measured, mebibytes},
};

pub(crate) const HEADING: &str = "\
| instances | parallelism | run | describes | starts | stops | wall time, s | CPU, s \
| peak memory, MiB | longest operation, s |
|---|---|---|---|---|---|---|---|---|---|";

/// Prints to standard output and, if given, to a file.
pub(crate) struct Report(Option<PathBuf>);

impl Report {
    pub(crate) fn new(file: Option<PathBuf>) -> Self {
        Self(file)
    }

    /// Prints a line at once.
    pub(crate) fn line(&self, line: &str) {
        println!("{line}");
        if let Some(path) = &self.0 {
            let mut file = File::options().create(true).append(true).open(path).unwrap();
            writeln!(file, "{line}").unwrap();
        }
    }
}

/// Rows of one size at one parallelism.
pub(crate) fn rows(
    instances: usize,
    parallelism: usize,
    all: &[(Variant, Vec<Measured>)],
) -> Vec<String> {
    let rows = of(all, Variant::Plain).iter().map(|Measured { run, requests, cost }| {
        [
            instances.to_string(),
            parallelism.to_string(),
            run.to_string(),
            requests.of(DESCRIBE).to_string(),
            requests.of(START).to_string(),
            requests.of(STOP).to_string(),
            format!("{:.1}", seconds(cost.wall)),
            format!("{:.2}", seconds(cost.cpu)),
            format!("{:.1}", mebibytes(cost)),
            format!("{:.1}", seconds(cost.longest)),
        ]
    });
    rows.map(|cells| format!("| {} |", cells.join(" | "))).collect()
}

fn of(all: &[(Variant, Vec<Measured>)], variant: Variant) -> &[Measured] {
    all.iter().find(|(measured, _)| *measured == variant).map_or(&[], |(_, runs)| runs)
}

/// Limits and measurements, a line each.
pub(crate) fn limits(
    instances: usize,
    parallelism: usize,
    all: &[(Variant, Vec<Measured>)],
) -> Vec<String> {
    let run = |variant: Variant, wanted: Run| {
        of(all, variant).iter().find(|measured| measured.run == wanted)
    };
    let mut limits = Vec::new();
    let mut limit = |what: String, max: f64, measured: f64, digits: usize| {
        let verdict = if measured <= max { "ok" } else { "missed" };
        limits.push(format!(
            "limit: {instances} at parallelism {parallelism}, {what}: at most {max:.digits$}; \
             measured {measured:.digits$}; {verdict}"
        ));
    };

    if let Some(refresh) = run(Variant::Plain, Run::Refresh) {
        // One describe for each hundred concurrent reads, with a margin for reads that miss a
        // batch.
        let rounds = instances.div_ceil(parallelism.min(100)) as f64;
        let max = if parallelism < 100 { rounds * 1.3 } else { rounds * 1.5 };
        let describes = refresh.requests.of(DESCRIBE) as f64;
        limit("describes of a refresh".to_owned(), max.ceil(), describes, 0);
    }
    if let Some(apply) = run(Variant::Plain, Run::Apply) {
        let starts = apply.requests.of(START).abs_diff(instances) as f64;
        limit("starts too many or too few".to_owned(), 0.0, starts, 0);
        let busiest = apply.requests.busiest_interval as f64;
        limit("describes for waits in the busiest poll interval".to_owned(), 12.0, busiest, 0);
        let intervals = seconds(apply.cost.wall) / seconds(POLL_INTERVAL);
        let all = apply.requests.of(DESCRIBE) as f64 / intervals;
        // While operations poll, batches with other callers are 100 ms apart.
        limit("describes per poll interval, reads included".to_owned(), 30.0, all, 1);
        limit("provider's CPU time for the apply, s".to_owned(), 2.0, seconds(apply.cost.cpu), 2);
    }
    let peak = of(all, Variant::Plain).iter().map(|run| mebibytes(&run.cost)).fold(0.0, f64::max);
    limit("provider's peak memory, MiB".to_owned(), 32.0, peak, 1);
    if let (Some(apply), Some(ideal)) =
        (run(Variant::Plain, Run::Apply), run(Variant::WithoutLatency, Run::Apply))
    {
        let ratio = seconds(apply.cost.wall) / seconds(ideal.cost.wall);
        limit("times the wall time without latency".to_owned(), 1.15, ratio, 2);
    }
    for run in of(all, Variant::Throttled) {
        let twice = run.requests.started_twice.len() as f64;
        limit(format!("instances started twice while throttled, {}", run.run), 0.0, twice, 0);
        let wanted = match run.run {
            Run::Apply => instances,
            Run::Drift => instances.div_ceil(10),
            Run::Refresh | Run::Destroy => 0,
        };
        let off = run.requests.accepted(START).abs_diff(wanted) as f64;
        limit(format!("starts too many or too few while throttled, {}", run.run), 0.0, off, 0);
    }
    limits
}

fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}
