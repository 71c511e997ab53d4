//! A scheduled stop beside the power of the same instance: start, stop, second start, drift.

use serde_json::json;

use super::stage::{ADDRESS, Stage, instance, resource};
use crate::support::{
    actions::{CANCEL_STOP, SCHEDULE_STOP, START},
    terraform::with_each_terraform,
};

const SCHEDULE: &str = "compshare_instance_stop_schedule.this";

/// The power of `uhost-a`, and its stop 8 hours after each start.
fn started_for_8_hours() -> String {
    let schedule = "resource \"compshare_instance_stop_schedule\" \"this\" {\n  \
                    instance_id = compshare_instance_power.this.id\n  stop_after = \"8h\"\n  \
                    triggers = { started = compshare_instance_power.this.started_at }\n}\n";
    resource("") + schedule
}

#[test]
fn instance_is_stopped_8_hours_after_each_start() {
    with_each_terraform(async |terraform| {
        let stage = Stage::new(terraform, &[instance("Stopped")]).await;
        stage.configure(&started_for_8_hours()).apply();
        assert_eq!(stage.changes(), [START, SCHEDULE_STOP]);
        stage.assert_empty_plan();

        stage.pass_scheduled_stop(SCHEDULE, "uhost-a");
        stage.cloud.clear_calls();
        stage.workspace.refresh();
        let stored = stage.workspace.state_of(SCHEDULE).unwrap();
        assert_eq!(stored["status"], "expired");
        let plan = stage.plan();
        assert_eq!(plan.actions()[ADDRESS], "update");
        assert_eq!(plan.actions()[SCHEDULE], "update");
        stage.apply();
        assert_eq!(stage.changes(), [START, SCHEDULE_STOP]);
        let stored = stage.workspace.state_of(SCHEDULE).unwrap();
        assert_eq!(stored["status"], "scheduled");
        assert_eq!(stored["stop_at"], stored["scheduled_stop_at"]);
        stage.assert_empty_plan();

        // Canceled in the console.
        stage.cloud.patch("uhost-a", json!({"SchedulerStopTime": 0}));
        stage.cloud.clear_calls();
        let plan = stage.plan();
        assert_eq!(plan.actions()[SCHEDULE], "update");
        assert_eq!(plan.change(SCHEDULE, "status"), (&json!("missing"), &json!("scheduled")));
        stage.apply();
        assert_eq!(stage.changes(), [SCHEDULE_STOP]);
        stage.assert_empty_plan();

        stage.configure_resource("").apply();
        assert_eq!(stage.changes(), [SCHEDULE_STOP, CANCEL_STOP]);
    });
}

#[test]
fn fired_stop_leaves_a_stopped_instance_unchanged() {
    with_each_terraform(async |terraform| {
        let stage = Stage::new(terraform, &[instance("Running")]).await;
        let ignoring = "  lifecycle {\n    ignore_changes = [state]\n  }\n";
        let text = started_for_8_hours().replace(
            "instance_id = \"uhost-a\"\n",
            &format!("instance_id = \"uhost-a\"\n{ignoring}"),
        );
        stage.configure(&text).apply();
        stage.pass_scheduled_stop(SCHEDULE, "uhost-a");
        stage.cloud.clear_calls();
        stage.apply();
        stage.assert_no_changes();
        stage.assert_empty_plan();
    });
}
