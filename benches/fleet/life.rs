//! The life of a fleet: the runs that are measured, one after the other.

use std::{fmt, time::Duration};

use clap::ValueEnum;

use crate::{
    cloud::{Cloud, DESCRIBE, START, STOP, Tally},
    terraform::{Cost, Terraform, Workspace},
};

/// A run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Run {
    /// Everything is stopped, and is to run.
    Apply,
    /// Everything is as it should be.
    Refresh,
    /// A tenth was stopped, and is to run again.
    Drift,
    /// Everything is to be stopped.
    Destroy,
}

impl Run {
    /// In the order in which they happen.
    pub(crate) const ALL: [Self; 4] = [Self::Apply, Self::Refresh, Self::Drift, Self::Destroy];
}

impl fmt::Display for Run {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Apply => "apply, all stopped",
            Self::Refresh => "refresh",
            Self::Drift => "apply, 10 % stopped",
            Self::Destroy => "destroy, with stop",
        })
    }
}

/// How a fleet is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// As it is.
    Shared,
    /// A cloud that answers at once.
    WithoutLatency,
    /// A cloud that says "too many requests" at random.
    Throttled,
}

/// A fleet to be measured.
#[derive(Clone, Debug)]
pub(crate) struct Fleet {
    pub(crate) way: Way,
    pub(crate) instances: usize,
    /// Terraform's.
    pub(crate) parallelism: usize,
    /// Of each answer.
    pub(crate) latency: Duration,
    pub(crate) start_time: Duration,
    pub(crate) stop_time: Duration,
    /// How many of a hundred answers are "too many requests".
    pub(crate) throttle: u8,
    /// What is measured; the first begins with whatever it needs.
    pub(crate) runs: Vec<Run>,
}

/// What a run has cost.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) run: Run,
    pub(crate) asked: Tally,
    pub(crate) cost: Cost,
}

/// Leads `fleet` through its runs. Each has to bring about what it is for.
pub(crate) fn live(terraform: &Terraform, fleet: &Fleet) -> Vec<Measured> {
    let applies = fleet.runs.contains(&Run::Apply);
    let cloud = Cloud::new(fleet, if applies { "Stopped" } else { "Running" });
    let workspace = Workspace::new(terraform, &configuration(fleet), cloud.url());
    let parallelism = format!("-parallelism={}", fleet.parallelism);
    if !applies {
        workspace.run(&["apply", "-auto-approve", &parallelism]);
        cloud.take_tally();
    }
    let mut measured = Vec::new();
    for run in fleet.runs.iter().copied() {
        let (arguments, state): (&[&str], _) = match run {
            Run::Apply | Run::Drift => (&["apply", "-auto-approve", &parallelism], "Running"),
            Run::Refresh => (&["plan", "-refresh-only", &parallelism], "Running"),
            Run::Destroy => (&["destroy", "-auto-approve", &parallelism], "Stopped"),
        };
        if run == Run::Drift {
            cloud.drift(fleet);
        }
        let cost = workspace.run(arguments);
        let others = cloud.others_than(fleet, state);
        assert_eq!(others, 0, "{others} instances are not {state} after {run}");
        let asked = cloud.take_tally();
        tell(fleet, run, &asked, &cost);
        measured.push(Measured { run, asked, cost });
    }
    measured
}

/// Of all instances of the fleet.
pub(crate) fn configuration(fleet: &Fleet) -> String {
    // More than that is not under way at once, so it is never what is waited for.
    let most = fleet.parallelism.clamp(10, 1000);
    // Not `for_each`: with that, Terraform itself needs time that grows with the square of the number of instances.
    format!(
        r#"terraform {{
  required_providers {{
    compshare = {{
      source = "compshare/compshare"
    }}
  }}
}}

provider "compshare" {{
  max_concurrent_requests = {most}
}}

resource "compshare_instance_power" "fleet" {{
  count           = {}
  instance_id     = format("uhost-%06d", count.index)
  stop_on_destroy = true
}}
"#,
        fleet.instances
    )
}

/// Progress.
fn tell(fleet: &Fleet, run: Run, asked: &Tally, cost: &Cost) {
    eprintln!(
        "{:?} {} at {}: {run}: {} describes ({} in the busiest poll interval), {} starts, {} stops, refused {:?}; {:.1} s, \
         CPU {:.2} s, {:.1} MiB, longest {:.1} s",
        fleet.way,
        fleet.instances,
        fleet.parallelism,
        asked.of(DESCRIBE),
        asked.busiest_interval,
        asked.of(START),
        asked.of(STOP),
        asked.refused(),
        cost.wall.as_secs_f64(),
        cost.cpu.as_secs_f64(),
        mebibytes(cost),
        cost.longest.as_secs_f64(),
    );
}

/// The peak memory of a run.
pub(crate) fn mebibytes(cost: &Cost) -> f64 {
    cost.peak_memory as f64 / (1024.0 * 1024.0)
}
