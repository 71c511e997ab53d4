//! What is printed: a table in Markdown, and whether the limits hold.

use std::{fs::File, io::Write, path::PathBuf, time::Duration};

use crate::{
    cloud::{DESCRIBE, POLL_INTERVAL, START, STOP},
    life::{Measured, Run, Way, mebibytes},
};

/// Head of the table.
pub(crate) const HEADING: &str = "\
| instances | parallelism | run | describes | starts | stops | wall time, s | CPU, s | peak memory, MiB | longest operation, s |
|---|---|---|---|---|---|---|---|---|---|";

/// Standard output, and a file if one is wanted.
pub(crate) struct Report(Option<PathBuf>);

impl Report {
    pub(crate) fn new(file: Option<PathBuf>) -> Self {
        Self(file)
    }

    /// Says a line at once.
    pub(crate) fn line(&self, line: &str) {
        println!("{line}");
        if let Some(path) = &self.0 {
            let mut file = File::options().create(true).append(true).open(path).unwrap();
            writeln!(file, "{line}").unwrap();
        }
    }
}

/// The rows of one size at one parallelism.
pub(crate) fn rows(
    instances: usize,
    parallelism: usize,
    all: &[(Way, Vec<Measured>)],
) -> Vec<String> {
    let rows = of(all, Way::Shared).iter().map(|measured| {
        let requests = |action| measured.asked.of(action).to_string();
        let cost = &measured.cost;
        [
            instances.to_string(),
            parallelism.to_string(),
            measured.run.to_string(),
            requests(DESCRIBE),
            requests(START),
            requests(STOP),
            format!("{:.1}", cost.wall.as_secs_f64()),
            format!("{:.2}", cost.cpu.as_secs_f64()),
            format!("{:.1}", mebibytes(cost)),
            format!("{:.1}", cost.longest.as_secs_f64()),
        ]
    });
    rows.map(|cells| format!("| {} |", cells.join(" | "))).collect()
}

fn of(all: &[(Way, Vec<Measured>)], way: Way) -> &[Measured] {
    all.iter().find(|(measured, _)| *measured == way).map_or(&[], |(_, runs)| runs)
}

/// Whether what is promised holds, line by line, as far as it was measured.
pub(crate) fn limits(
    instances: usize,
    parallelism: usize,
    all: &[(Way, Vec<Measured>)],
) -> Vec<String> {
    let run = |way: Way, wanted: Run| of(all, way).iter().find(|measured| measured.run == wanted);
    let mut limits = Vec::new();
    let mut limit = |what: String, most: f64, measured: f64, digits: usize| {
        let verdict = if measured <= most { "ok" } else { "missed" };
        limits.push(format!(
            "limit: {instances} at parallelism {parallelism}, {what}: at most {most:.digits$}; measured {measured:.digits$}; \
             {verdict}"
        ));
    };

    if let Some(refresh) = run(Way::Shared, Run::Refresh) {
        // A hundredth of the instances where a hundred are read at once; 30 % more at a parallelism of 10, half as many again
        // at 100, for those that do not come together.
        let rounds = instances.div_ceil(parallelism.min(100)) as f64;
        let most = if parallelism < 100 { rounds * 1.3 } else { rounds * 1.5 };
        limit(
            "describes of a refresh".to_owned(),
            most.ceil(),
            refresh.asked.of(DESCRIBE) as f64,
            0,
        );
    }
    if let Some(apply) = run(Way::Shared, Run::Apply) {
        let starts = apply.asked.of(START).abs_diff(instances) as f64;
        limit("starts too many or too few".to_owned(), 0.0, starts, 0);
        let busiest = apply.asked.busiest_interval as f64;
        limit("describes for waits in the busiest poll interval".to_owned(), 12.0, busiest, 0);
        let intervals = seconds(apply.cost.wall) / seconds(POLL_INTERVAL);
        let all = apply.asked.of(DESCRIBE) as f64 / intervals;
        limit("describes per poll interval, reads included".to_owned(), 12.0, all, 1);
        limit("provider's CPU time for the apply, s".to_owned(), 2.0, seconds(apply.cost.cpu), 2);
    }
    let peak = of(all, Way::Shared).iter().map(|run| mebibytes(&run.cost)).fold(0.0, f64::max);
    limit("provider's peak memory, MiB".to_owned(), 32.0, peak, 1);
    if let (Some(apply), Some(ideal)) =
        (run(Way::Shared, Run::Apply), run(Way::WithoutLatency, Run::Apply))
    {
        let ratio = seconds(apply.cost.wall) / seconds(ideal.cost.wall);
        limit("times the wall time without latency".to_owned(), 1.15, ratio, 2);
    }
    for run in of(all, Way::Throttled) {
        let twice = run.asked.started_twice.len() as f64;
        limit(format!("instances started twice while throttled, {}", run.run), 0.0, twice, 0);
        let wanted = match run.run {
            Run::Apply => instances,
            Run::Drift => instances.div_ceil(10),
            Run::Refresh | Run::Destroy => 0,
        };
        let off = run.asked.accepted(START).abs_diff(wanted) as f64;
        limit(format!("starts too many or too few while throttled, {}", run.run), 0.0, off, 0);
    }
    limits
}

fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}
