//! The runs of a fleet, one after the other, and their measurements.

use crate::{
    cloud::{Cloud, DESCRIBE, START, STOP, Tally},
    fleet::{Fleet, Run},
    terraform::{Cost, Terraform, Workspace},
};

#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) run: Run,
    pub(crate) requests: Tally,
    pub(crate) cost: Cost,
}

/// Executes the runs of `fleet`; checks the state of the instances after each.
pub(crate) fn measure(terraform: &Terraform, fleet: &Fleet) -> Vec<Measured> {
    let applies = fleet.runs.contains(&Run::Apply);
    let cloud = Cloud::new(fleet, if applies { "Stopped" } else { "Running" });
    let workspace = Workspace::new(terraform, &fleet.configuration(), cloud.url());
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
            cloud.stop_every_tenth(fleet);
        }
        let cost = workspace.run(arguments);
        let others = cloud.count_not_in(fleet, state);
        assert_eq!(others, 0, "{others} instances are not {state} after {run}");
        let requests = cloud.take_tally();
        print_progress(fleet, run, &requests, &cost);
        measured.push(Measured { run, requests, cost });
    }
    measured
}

fn print_progress(fleet: &Fleet, run: Run, requests: &Tally, cost: &Cost) {
    eprintln!(
        "{:?} {} at {}: {run}: {} describes ({} in the busiest poll interval), {} starts, \
         {} stops, refused {:?}; {:.1} s, CPU {:.2} s, {:.1} MiB, longest {:.1} s",
        fleet.variant,
        fleet.instances,
        fleet.parallelism,
        requests.of(DESCRIBE),
        requests.busiest_interval,
        requests.of(START),
        requests.of(STOP),
        requests.refused(),
        cost.wall.as_secs_f64(),
        cost.cpu.as_secs_f64(),
        mebibytes(cost),
        cost.longest.as_secs_f64(),
    );
}

/// Peak memory of a run.
pub(crate) fn mebibytes(cost: &Cost) -> f64 {
    cost.peak_memory as f64 / (1024.0 * 1024.0)
}
