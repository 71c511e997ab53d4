//! What of the time of a Terraform command is the provider's: `validate`, `plan` and `apply` of a configuration, over a cloud
//! that answers at once and whose instances are all as they should be. What is left is Terraform, the provider, and nothing to
//! wait for.

use std::time::Duration;

use crate::{
    cloud::Cloud,
    life::{Fleet, configuration},
    terraform::{Terraform, Workspace},
};

/// The beginning of the table.
pub(crate) const HEADING: &str = "\
| instances | command | wall time, s | provider's CPU, s | of the wall time | provider at work, s | of the wall time |
|---|---|---|---|---|---|---|";

/// The rows for one size.
pub(crate) fn rows(terraform: &Terraform, fleet: &Fleet) -> Vec<String> {
    let parallelism = format!("-parallelism={}", fleet.parallelism);
    let commands: [(&str, &[&str]); 3] = [
        ("validate", &["validate"]),
        ("plan", &["plan", &parallelism]),
        ("apply", &["apply", "-auto-approve", &parallelism]),
    ];
    let cloud = Cloud::new(fleet, "Running");
    let configuration = configuration(fleet);
    // Each measured by itself, and once more with the log, which costs time of its own.
    let workspace = Workspace::new(terraform, &configuration, cloud.url());
    let mut logging = Workspace::new(terraform, &configuration, cloud.url());
    logging.keep_log();
    commands
        .into_iter()
        .map(|(command, arguments)| {
            let cost = workspace.run(arguments);
            let logged = logging.run(arguments);
            let at_work = at_work(&logging.take_log());
            let share = |part: Duration, whole: Duration| {
                format!("{:.1} %", 100.0 * part.as_secs_f64() / whole.as_secs_f64())
            };
            let cells = [
                fleet.instances.to_string(),
                format!("`{command}`"),
                format!("{:.2}", cost.wall.as_secs_f64()),
                format!("{:.2}", cost.cpu.as_secs_f64()),
                share(cost.cpu, cost.wall),
                format!("{:.2}", at_work.as_secs_f64()),
                share(at_work, logged.wall),
            ];
            format!("| {} |", cells.join(" | "))
        })
        .collect()
}

/// For how long at least one call was under way, by the provider's own log as Terraform wrote it.
fn at_work(log: &str) -> Duration {
    let (mut under_way, mut since, mut total) = (0_u32, None, Duration::ZERO);
    for line in log.lines() {
        let begins = line.contains("request received");
        if !begins && !line.contains("response sent") {
            continue;
        }
        let Some(at) = moment(line) else { continue };
        if begins {
            under_way += 1;
            since = since.or(Some(at));
            continue;
        }
        under_way = under_way.saturating_sub(1);
        if under_way == 0 {
            let took = since.take().map(|since| at.duration_since(since)).unwrap_or_default();
            total += Duration::try_from(took).unwrap_or_default();
        }
    }
    total
}

/// When the provider wrote the line, as far as Terraform passes it on, which is to the millisecond.
fn moment(line: &str) -> Option<jiff::Timestamp> {
    let (_, rest) = line.rsplit_once("timestamp=")?;
    let text = rest.trim_start_matches('"').split(['"', ' ']).next()?;
    text.parse().ok()
}
