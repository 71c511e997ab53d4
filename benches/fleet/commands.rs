//! Share of the provider in the time of `validate`, `plan` and `apply`, with an API that responds
//! at once and instances that are in their desired state.

use std::time::Duration;

use crate::{
    cloud::Cloud,
    fleet::Fleet,
    terraform::{Terraform, Workspace},
};

pub(crate) const HEADING: &str = "\
| instances | command | wall time, s | provider's CPU, s | of the wall time \
| provider busy, s | of the wall time |
|---|---|---|---|---|---|---|";

/// Rows for one size.
pub(crate) fn rows(terraform: &Terraform, fleet: &Fleet) -> Vec<String> {
    let parallelism = format!("-parallelism={}", fleet.parallelism);
    let commands: [(&str, &[&str]); 3] = [
        ("validate", &["validate"]),
        ("plan", &["plan", &parallelism]),
        ("apply", &["apply", "-auto-approve", &parallelism]),
    ];
    let cloud = Cloud::new(fleet, "Running");
    let configuration = fleet.configuration();
    // A second run writes the log, which takes time itself.
    let workspace = Workspace::new(terraform, &configuration, cloud.url());
    let mut logging = Workspace::new(terraform, &configuration, cloud.url());
    logging.keep_log();
    commands
        .into_iter()
        .map(|(command, arguments)| {
            let cost = workspace.run(arguments);
            let logged = logging.run(arguments);
            let busy = busy(&logging.take_log());
            let share = |part: Duration, whole: Duration| {
                format!("{:.1} %", 100.0 * part.as_secs_f64() / whole.as_secs_f64())
            };
            let cells = [
                fleet.instances.to_string(),
                format!("`{command}`"),
                format!("{:.2}", cost.wall.as_secs_f64()),
                format!("{:.2}", cost.cpu.as_secs_f64()),
                share(cost.cpu, cost.wall),
                format!("{:.2}", busy.as_secs_f64()),
                share(busy, logged.wall),
            ];
            format!("| {} |", cells.join(" | "))
        })
        .collect()
}

/// Time during which at least one RPC was running, from the provider's log.
fn busy(log: &str) -> Duration {
    let (mut running, mut since, mut total) = (0_u32, None, Duration::ZERO);
    for line in log.lines() {
        let begins = line.contains("request received");
        if !begins && !line.contains("response sent") {
            continue;
        }
        let Some(at) = timestamp(line) else { continue };
        if begins {
            running += 1;
            since = since.or(Some(at));
            continue;
        }
        running = running.saturating_sub(1);
        if running == 0 {
            let took = since.take().map(|since| at.duration_since(since)).unwrap_or_default();
            total += Duration::try_from(took).unwrap_or_default();
        }
    }
    total
}

/// Timestamp of a log line; Terraform cuts it to milliseconds.
fn timestamp(line: &str) -> Option<jiff::Timestamp> {
    let (_, rest) = line.rsplit_once("timestamp=")?;
    let text = rest.trim_start_matches('"').split(['"', ' ']).next()?;
    text.parse().ok()
}
