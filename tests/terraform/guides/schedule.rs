//! "Stopping and starting on a schedule", at chosen times.

use serde_json::json;
use terraform_provider_compshare::simulator::{Effect, Fault};

use super::guide::{Guide, LIMIT, TRAINING, instance, with_newest_terraform};
use crate::support::actions::{SCHEDULE_STOP, START, STOP};

#[test]
fn commands_and_output_are_correct() {
    with_newest_terraform(async |terraform| {
        let mut guide = Guide::open("schedule", terraform, &[instance(TRAINING, "Stopped")]).await;
        stops_after_8_hours(&mut guide);

        guide.start_over();
        guide.stage.cloud.patch(TRAINING, json!({"State": "Stopped"}));
        guide.put("main.tf", "main.tf");
        guide.put("schedule.sh", "schedule.sh");
        guide.follow().succeed();
        assert_eq!(guide.changes(), [START]);
        guide.follow().succeed();
        assert_eq!(guide.changes(), [STOP]);

        let line = guide.next("cron");
        let mut fields = line.splitn(6, ' ');
        assert_eq!(fields.by_ref().take(5).collect::<Vec<_>>(), ["*/15", "*", "*", "*", "*"]);
        let folder = guide.stage.workspace.configuration();
        let command = fields.next().unwrap().replace("/srv/gpu", folder.to_str().unwrap());
        let run_at = |guide: &Guide, time: &str| {
            let seconds = time.parse::<jiff::Timestamp>().unwrap().as_second();
            let script = format!(
                "import sys, time; \
                 print(time.strftime(sys.argv[1][1:], time.localtime({seconds})))"
            );
            let date = format!("exec python3 -c '{script}' \"$@\"");
            guide.stage.workspace.write_program("date", &date);
            guide.stage.workspace.spawn_shell(&command).finish(LIMIT)
        };
        run_at(&guide, "2026-11-23T08:59:00+08:00").succeed();
        guide.assert_no_changes();

        guide.stage.cloud.add_fault(Fault::new(Effect::SoldOut));
        run_at(&guide, "2026-11-23T09:00:00+08:00").fail();
        guide.check_quotation(&guide.stage.workspace.read("schedule.log"));
        assert_eq!(guide.fact(TRAINING, "State"), "Stopped");
        guide.changes();
        run_at(&guide, "2026-11-23T09:15:00+08:00").succeed();
        assert_eq!(guide.changes(), [START]);

        run_at(&guide, "2026-11-23T17:45:00+08:00").succeed();
        guide.assert_no_changes();
        run_at(&guide, "2026-11-23T18:00:00+08:00").succeed();
        assert_eq!(guide.changes(), [STOP]);
        run_at(&guide, "2026-11-28T12:00:00+08:00").succeed();
        guide.assert_no_changes();
        guide.end();
    });
}

fn stops_after_8_hours(guide: &mut Guide) {
    const SCHEDULE: &str = "compshare_instance_stop_schedule.training";
    guide.put("stop.tf", "main.tf");
    guide.follow().succeed();
    assert_eq!(guide.changes(), [START, SCHEDULE_STOP]);
    guide.stage.pass_scheduled_stop(SCHEDULE, TRAINING);
    guide.stage.cloud.clear_calls();
    guide.follow().succeed();
    guide.assert_no_changes();
    guide.follow().succeed();
    assert_eq!(guide.changes(), [START, SCHEDULE_STOP]);

    guide.put("once.tf", "main.tf");
    guide.stage.pass_scheduled_stop(SCHEDULE, TRAINING);
    guide.stage.cloud.clear_calls();
    guide.stage.workspace.apply();
    guide.assert_no_changes();
    guide.follow().succeed();
    assert_eq!(guide.changes(), [START, SCHEDULE_STOP]);
}
