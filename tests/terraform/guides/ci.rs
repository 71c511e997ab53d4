//! "Running Terraform in CI": exit codes, drift, an interrupt and the log, and the complete files
//! for two CI systems.

use std::{collections::BTreeMap, path::Path, process::Command};

use serde_json::{Value, json};
use terraform_provider_compshare::simulator::{Effect, Fault};

use super::{
    guide::{Guide, LIMIT, TRAINING, instance, python_with_packages, with_newest_terraform},
    page::files_of,
};
use crate::{
    support::actions::{DESCRIBE, START, STOP},
    terraform::stage::{PRIVATE_KEY, PUBLIC_KEY},
};

#[test]
fn commands_and_output_are_correct() {
    with_newest_terraform(async |terraform| {
        let mut guide = Guide::open("ci", terraform, &[instance(TRAINING, "Stopped")]).await;
        guide.put("main.tf", "main.tf");
        guide.put("ci.sh", "ci.sh");
        guide.follow().has_changes();
        guide.assert_no_changes();
        guide.follow().succeed();
        assert_eq!(guide.changes(), [START]);
        let shell = |guide: &Guide, commands: &str| {
            guide.stage.workspace.spawn_shell(commands).finish(LIMIT)
        };
        shell(&guide, "./ci.sh plan").succeed();

        // The instance is stopped elsewhere.
        guide.stage.cloud.patch(TRAINING, json!({"State": "Stopped"}));
        guide.follow().has_changes();

        // An interrupt after the start was accepted.
        guide.stage.cloud.add_fault(Fault::new(Effect::StuckInStarting));
        guide.changes();
        let mut apply = guide.begin();
        // A describe after the start shows that the provider has received the response.
        apply.wait_until(|| {
            let calls = guide.stage.cloud.calls();
            let mut since_start = calls.iter().skip_while(|call| call.action != START);
            since_start.any(|call| call.action == DESCRIBE)
        });
        apply.interrupt();
        let interrupted = guide.finish(apply);
        assert_ne!(interrupted.exit_code, Some(0), "{interrupted}");
        assert_eq!(guide.fact(TRAINING, "State"), "Starting");
        guide.stage.cloud.patch(TRAINING, json!({"State": "Running"}));
        shell(&guide, "./ci.sh plan; ./ci.sh apply").succeed();
        assert_eq!(guide.changes(), [START]);

        guide.follow().succeed();
        let log = guide.stage.workspace.read("debug.log");
        for fact in ["action=DescribeCompShareInstance", "ret_code=0", "request_id="] {
            assert!(log.contains(fact), "no `{fact}` in the log: {log}");
        }
        assert!(!log.contains(PRIVATE_KEY) && !log.contains(PUBLIC_KEY), "{log}");

        guide.stage.workspace.unset("COMPSHARE_PUBLIC_KEY");
        guide.stage.workspace.unset("COMPSHARE_PRIVATE_KEY");
        shell(&guide, "./ci.sh plan").fail().says(&["Missing API Keys"]);
        assert_eq!(shell(&guide, "./ci.sh").exit_code, Some(64));
        guide.end();
    });
}

/// A YAML file of the guide, as JSON.
fn yaml(python: &Path, file: &str) -> Value {
    let script = "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))";
    let output =
        Command::new(python).args(["-c", script]).arg(files_of("ci").join(file)).output().unwrap();
    assert!(output.status.success(), "{file}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Commands of the steps of a GitHub workflow, by name. The first step has none.
fn github_steps(workflow: &Value) -> BTreeMap<String, String> {
    let steps = workflow["jobs"]["terraform"]["steps"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let commands = steps.iter().filter(|step| step["run"].is_string());
    commands.map(|step| (text(&step["name"]), text(&step["run"]))).collect()
}

/// Commands of the jobs of a GitLab pipeline, by name, and those before each job.
fn gitlab_jobs(pipeline: &Value) -> BTreeMap<String, String> {
    let lines = |list: &Value| {
        let lines = list.as_array().unwrap().iter().map(|line| line.as_str().unwrap());
        lines.collect::<Vec<_>>().join("\n")
    };
    let jobs = pipeline.as_object().unwrap().iter().filter(|(_, job)| job["script"].is_array());
    let jobs = jobs.map(|(name, job)| (name.clone(), lines(&job["script"])));
    let before = lines(&pipeline["default"]["before_script"]);
    jobs.chain([(String::new(), before)]).collect()
}

#[test]
fn workflows_apply_report_drift_and_stop() {
    let python = python_with_packages();
    let github = github_steps(&yaml(&python, "github.yml"));
    let gitlab = gitlab_jobs(&yaml(&python, "gitlab.yml"));
    with_newest_terraform(async |terraform| {
        for (commands, [apply, drift, stop]) in [
            (&github, ["Apply", "Report drift", "Stop for the night"]),
            (&gitlab, ["apply", "drift", "stop"]),
        ] {
            let instances = [instance(TRAINING, "Stopped")];
            let mut guide = Guide::open("ci", terraform, &instances).await;
            guide.install_provider();
            guide.put("main.tf", "main.tf");
            guide.put("ci.sh", "ci.sh");
            let run = |guide: &Guide, name: &str| {
                guide.stage.workspace.spawn_shell(&commands[name]).finish(LIMIT)
            };
            run(&guide, "").succeed();
            run(&guide, apply).succeed();
            assert_eq!(guide.changes(), [START]);
            run(&guide, drift).succeed();
            guide.stage.cloud.patch(TRAINING, json!({"State": "Stopped"}));
            run(&guide, drift).has_changes();
            run(&guide, apply).succeed();
            assert_eq!(guide.changes(), [START]);
            run(&guide, stop).succeed();
            assert_eq!(guide.changes(), [STOP]);
        }
    });
}

#[test]
fn github_workflow_handles_each_of_its_events() {
    let workflow = yaml(&python_with_packages(), "github.yml");
    // A YAML 1.1 parser reads the key `on` as true.
    let schedules = workflow["true"]["schedule"].as_array().unwrap();
    let conditions = workflow["jobs"]["terraform"]["steps"].to_string();
    for schedule in schedules {
        let cron = schedule["cron"].as_str().unwrap();
        let condition = format!("github.event.schedule == '{cron}'");
        assert_eq!(conditions.matches(&condition).count(), 1, "{cron}");
    }
    assert_eq!(conditions.matches("\"if\"").count(), schedules.len() + 1);
}
