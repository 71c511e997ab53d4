//! Scheduled stops with the vendor's program.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use terraform_provider_compshare::simulator::{Effect, Fault, Options, Simulator};

use super::cli::Cli;

/// The program compares schedules with the system clock.
async fn simulator() -> Simulator {
    let instances = vec![
        json!({"UHostId": "uhost-1", "State": "Running"}),
        json!({"UHostId": "uhost-2"}),
        json!({"UHostId": "uhost-3", "State": "Running", "IsSpot": true}),
    ];
    Simulator::start(Options { instances, ..Options::default() }).await.unwrap()
}

async fn schedule(cli: &Cli, arguments: &[&str]) -> Value {
    cli.succeeds(&[&["instance", "schedule"], arguments].concat()).await["data"].clone()
}

/// Time of the scheduled stop of `uhost-1`, in seconds from now.
async fn shown(cli: &Cli) -> Option<i64> {
    let shown = schedule(cli, &["show", "uhost-1"]).await;
    assert_eq!(shown["instance"], "uhost-1");
    assert_eq!(shown["scheduled"], !shown["scheduler_stop_time"].is_null());
    Some(shown["scheduler_stop_time"].as_i64()? - Timestamp::now().as_second())
}

#[tokio::test]
async fn compshare_program_schedules_stops() {
    let simulator = simulator().await;
    let cli = Cli::new(&simulator).await;
    let about = |hours: i64| hours * 3600 - 100..=hours * 3600;

    assert_eq!(shown(&cli).await, None);
    let set = schedule(&cli, &["set", "uhost-1", "--at", "2h"]).await;
    assert_eq!(set["UHostId"], "uhost-1");
    assert!(about(2).contains(&shown(&cli).await.unwrap()));
    // It reads the schedule three times, 0.2 s apart.
    let late = Effect::StaleReads { lag: Duration::from_millis(100) };
    simulator.add_fault(Fault::new(late).on_action("UpdateCompShareStopScheduler"));
    let extended = schedule(&cli, &["extend", "uhost-1", "--by", "1h"]).await;
    assert_eq!(extended["operation"]["UHostId"], "uhost-1");
    assert!(about(3).contains(&shown(&cli).await.unwrap()));
    schedule(&cli, &["cancel", "uhost-1", "--yes"]).await;
    assert_eq!(shown(&cli).await, None);
    let nothing = cli.fails(&["instance", "schedule", "extend", "uhost-1", "--by", "1h"]).await;
    assert!(nothing.to_string().contains("has no scheduled shutdown"), "{nothing}");
    // Nothing to cancel is no error.
    schedule(&cli, &["cancel", "uhost-1", "--yes"]).await;

    schedule(&cli, &["set", "uhost-1", "--at", "10m", "--project-id", "org-demo"]).await;
    simulator.advance(Duration::from_secs(11 * 60));
    let instance = cli.succeeds(&["instance", "show", "uhost-1"]).await;
    assert_eq!(instance.pointer("/data/UHostSet/0/State"), Some(&json!("Stopped")));
    // The time remains after the stop.
    assert!(shown(&cli).await.is_some());
    simulator.patch("uhost-1", json!({"SchedulerStopTime": 1}));
    let expired = cli.fails(&["instance", "schedule", "extend", "uhost-1", "--by", "1h"]).await;
    assert!(expired.to_string().contains("has already expired"), "{expired}");
}

#[tokio::test]
async fn compshare_program_reports_refused_schedules() {
    let simulator = simulator().await;
    let cli = Cli::new(&simulator).await;
    for (instance, project, ret_code) in
        [("uhost-2", "org-demo", 8905), ("uhost-3", "org-demo", 230), ("uhost-1", "org-x", 292)]
    {
        let set = ["instance", "schedule", "set", instance, "--at", "2h", "--project-id", project];
        let refused = cli.fails(&set).await;
        assert_eq!(refused.pointer("/details/ret_code"), Some(&json!(ret_code)), "{refused:#}");
    }
}
