//! Ephemeral resource with the login data, which must not appear anywhere else.

use std::time::Duration;

use serde_json::{Value as Json, json};
use terraform_provider_compshare::simulator::{Effect, Fault};

use super::setup::{
    ID, cloud_with, configuration, describes, merged, on_start, reporting, starts_and_stops,
    wait_until,
};
use crate::support::{
    actions::{DESCRIBE, START},
    calls::Calls as _,
    terraform_core::{Terraform, UNKNOWN},
};

const LOGIN: &str = "compshare_instance_login";

fn of(more: Json) -> Json {
    merged(json!({"instance_id": ID}), more)
}

#[tokio::test]
async fn login_of_running_instance_is_complete() {
    let (simulator, terraform) = cloud_with(json!({"State": "Running"})).await;
    let (login, warnings) = terraform.open(LOGIN, &of(json!({}))).await.unwrap();
    assert_eq!(
        login,
        json!({
            "instance_id": ID, "project_id": null, "wait_for_running": null, "timeout": null,
            "state": "Running",
            "host": "203.0.113.2", "port": 23, "user": "root", "password": "demo-password",
            "ssh_command": "ssh -p 23 root@203.0.113.2",
            "software_urls": {"JupyterLab": "http://203.0.113.2:8888"},
        })
    );
    assert_eq!((warnings.len(), describes(&simulator)), (0, 1));
}

#[tokio::test]
async fn login_of_stopped_instance_is_null_without_a_wait() {
    for state in ["Stopped", "Starting", "中断"] {
        let (simulator, terraform) = cloud_with(json!({"State": state})).await;
        let (login, _) = terraform.open(LOGIN, &of(json!({}))).await.unwrap();
        for name in ["host", "port", "user", "ssh_command"] {
            assert_eq!(login[name], Json::Null, "{name}");
        }
        assert_eq!((&login["state"], &login["password"]), (&json!(state), &json!("demo-password")));
        assert_eq!((starts_and_stops(&simulator), describes(&simulator)), ((0, 0), 1));
    }
}

#[tokio::test]
async fn wait_for_running_does_not_start_the_instance() {
    let (simulator, terraform) = cloud_with(json!({"State": "Stopped"})).await;
    let somebody_else = async {
        wait_until(|| describes(&simulator) > 3).await;
        simulator.patch(ID, json!({"State": "Running"}));
    };
    let config = of(json!({"wait_for_running": true}));
    let (opened, ()) = tokio::join!(terraform.open(LOGIN, &config), somebody_else);
    let (login, _) = opened.unwrap();
    assert_eq!((&login["state"], &login["port"]), (&json!("Running"), &json!(23)));
    assert_eq!(starts_and_stops(&simulator), (0, 0));
}

#[tokio::test]
async fn waiting_login_does_not_block_a_start() {
    let (simulator, terraform) = cloud_with(json!({})).await;
    let mut power = terraform.another();
    let plan = power.plan(configuration(json!({}))).await.unwrap();
    let start = async {
        wait_until(|| describes(&simulator) > 3).await;
        power.apply(plan).await.unwrap();
    };
    let config = of(json!({"wait_for_running": true, "timeout": "20s"}));
    let (opened, ()) = tokio::join!(terraform.open(LOGIN, &config), start);
    assert_eq!(opened.unwrap().0["state"], "Running");
    assert_eq!(starts_and_stops(&simulator), (1, 0));
}

#[tokio::test]
async fn login_wait_ends_at_its_timeout() {
    let (simulator, terraform) = cloud_with(json!({})).await;
    let config = of(json!({"wait_for_running": true, "timeout": "100ms"}));
    let errors = terraform.open(LOGIN, &config).await.unwrap_err();
    errors.says(
        "Unable to Read Login: Instance Not Running",
        &["not running within 100ms", "does not start it", "No instance was started or stopped"],
    );
    assert_eq!(starts_and_stops(&simulator), (0, 0));
}

#[tokio::test]
async fn login_wait_ends_if_the_instance_fails_or_vanishes() {
    let (simulator, terraform) = cloud_with(json!({"State": "Starting"})).await;
    let config = of(json!({"wait_for_running": true}));
    simulator.add_fault(reporting("Starting", 3));
    simulator.add_fault(reporting("Install Fail", 2));
    let errors = terraform.open(LOGIN, &config).await.unwrap_err();
    errors.says("Unable to Read Instance: Failed State", &["Install Fail"]);
    let remove = async {
        wait_until(|| describes(&simulator) > 6).await;
        simulator.remove(ID);
    };
    let (opened, ()) = tokio::join!(terraform.open(LOGIN, &config), remove);
    opened.unwrap_err().says("Unable to Read Instance: No Longer Exists", &[]);
}

#[tokio::test]
async fn login_of_absent_instance_is_an_error() {
    let (_simulator, terraform) = cloud_with(json!({})).await;
    for more in [json!({}), json!({"wait_for_running": true})] {
        let config = merged(json!({"instance_id": "uhost-2"}), more);
        let errors = terraform.open(LOGIN, &config).await.unwrap_err();
        errors.says("Unable to Read Instance: Instance Not Found", &["uhost-2"]).at("instance_id");
    }
}

#[tokio::test]
async fn login_outside_the_provider_region_is_an_error() {
    let (simulator, _) = cloud_with(json!({"State": "Running", "Region": "cn-sh2"})).await;
    let provider = json!({"region": "cn-wlcb"});
    let terraform = Terraform::with(&simulator.url(), provider).await;
    for more in [json!({}), json!({"wait_for_running": true})] {
        let errors = terraform.open(LOGIN, &of(more)).await.unwrap_err();
        errors
            .says("Unable to Read Instance: Outside the Provider's Region", &["cn-sh2"])
            .at("instance_id");
    }
}

#[tokio::test]
async fn unreadable_password_is_null_with_a_warning() {
    let unreadable = json!({"State": "Running", "Password": "not base64!"});
    let (_simulator, terraform) = cloud_with(unreadable).await;
    let (login, warnings) = terraform.open(LOGIN, &of(json!({}))).await.unwrap();
    assert_eq!((&login["password"], &login["user"]), (&Json::Null, &json!("root")));
    let [warning] = &warnings[..] else { panic!("{warnings:?}") };
    assert_eq!(warning.summary, "Unable to Decode Instance Password");
    assert!(!warning.detail.contains("base64!"), "{warning}");

    for (password, expected) in [(json!("5a+G56CB"), json!("密码")), (Json::Null, Json::Null)] {
        let (_simulator, terraform) =
            cloud_with(json!({"State": "Running", "Password": password})).await;
        let (login, warnings) = terraform.open(LOGIN, &of(json!({}))).await.unwrap();
        assert_eq!((&login["password"], warnings.len()), (&expected, 0));
    }
}

#[tokio::test]
async fn unparsable_ssh_command_is_returned_unchanged() {
    let command = json!({"State": "Running", "SshLoginCommand": "mstsc /v:203.0.113.2"});
    let (_simulator, terraform) = cloud_with(command).await;
    let (login, _) = terraform.open(LOGIN, &of(json!({}))).await.unwrap();
    assert_eq!(
        (&login["host"], &login["port"], &login["user"]),
        (&Json::Null, &Json::Null, &Json::Null)
    );
    assert_eq!(login["ssh_command"], "mstsc /v:203.0.113.2");
}

#[tokio::test]
async fn failed_describe_is_an_error() {
    let (simulator, terraform) = cloud_with(json!({"State": "Running"})).await;
    for more in [json!({}), json!({"wait_for_running": true})] {
        simulator.add_fault(Fault::refuse(299, "IAM permission denied").on_action(DESCRIBE));
        let errors = terraform.open(LOGIN, &of(more)).await.unwrap_err();
        errors.says("Unable to Read Instance: Permission Denied", &["not allowed", "299"]);
    }
}

#[tokio::test]
async fn ctrl_c_ends_a_describe_and_a_wait() {
    for more in [json!({}), json!({"wait_for_running": true})] {
        let (simulator, terraform) = cloud_with(json!({})).await;
        let by = Duration::from_secs(60);
        simulator.add_fault(Fault::new(Effect::Delay { by }).on_action(DESCRIBE));
        let stop = async {
            wait_until(|| describes(&simulator) == 1).await;
            terraform.stop().await;
        };
        let config = of(more);
        let (opened, ()) = tokio::join!(terraform.open(LOGIN, &config), stop);
        let errors = opened.unwrap_err();
        assert!(errors.only().summary.starts_with("Interrupted While "), "{errors:?}");
    }
}

#[tokio::test]
async fn login_config_is_validated() {
    let (simulator, terraform) = cloud_with(json!({})).await;
    for (config, at) in [
        (of(json!({"timeout": "soon"})), "timeout"),
        (of(json!({"timeout": "0s"})), "timeout"),
        (of(json!({"project_id": ""})), "project_id"),
        (json!({"instance_id": ""}), "instance_id"),
    ] {
        let errors = terraform.open(LOGIN, &config).await.unwrap_err();
        errors.says("Invalid Attribute Value", &[]).at(at);
    }
    let unknown = json!({"instance_id": UNKNOWN, "project_id": UNKNOWN, "wait_for_running": UNKNOWN,
    "timeout": UNKNOWN});
    terraform.validate_ephemeral(LOGIN, &unknown).await.unwrap();
    simulator.assert_no_calls();
}

#[tokio::test]
async fn login_waits_for_a_start_in_the_same_process() {
    let (simulator, terraform) = cloud_with(json!({})).await;
    let mut power = terraform.another();
    let plan = power.plan(configuration(json!({"timeouts": {"create": "2s"}}))).await.unwrap();
    simulator.add_fault(on_start(Effect::StuckInStarting));
    let open = async {
        wait_until(|| simulator.count(START) == 1).await;
        let config = of(json!({"wait_for_running": true}));
        let run = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            simulator.patch(ID, json!({"State": "Running"}));
        };
        tokio::join!(terraform.open(LOGIN, &config), run).0
    };
    let (applied, opened) = tokio::join!(power.apply(plan), open);
    applied.unwrap();
    assert_eq!(opened.unwrap().0["state"], "Running");
}
