//! The vendor's own clients, unmodified, against the simulator: they prove that it simulates the
//! API, and not the assumptions of this project's client.

mod catalog;
mod cli;
mod gateway;
mod lifecycle;
mod power;
mod schedule;

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Output,
    time::Duration,
};

use serde_json::json;
use terraform_provider_compshare::simulator::{
    Clock, DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY, Options, Simulator,
};
use tokio::process::Command;

use crate::support::{actions::START, python};

/// Versions that are known to work.
pub(crate) const PACKAGES: [&str; 2] = ["ucloud-sdk-python3==0.11.150", "compshare-cli==0.5.6"];

/// Version of the SDK that was published half a year earlier.
const OLDER_SDK: [&str; 1] = ["ucloud-sdk-python3==0.11.100"];

async fn simulator(operation_time: Duration) -> Simulator {
    Simulator::start(options(operation_time)).await.unwrap()
}

fn options(operation_time: Duration) -> Options {
    Options {
        instances: vec![
            json!({"UHostId": "uhost-1"}),
            json!({"UHostId": "cpod-1", "State": "Running", "Zone": "cn-sh2-02"}),
        ],
        start_time: operation_time,
        stop_time: operation_time,
        clock: Clock::Stepped,
        ..Options::default()
    }
}

/// Python interpreter of the environment with the vendor's packages.
async fn interpreter() -> PathBuf {
    environment("vendor", &PACKAGES).await
}

async fn environment(name: &'static str, packages: &'static [&str]) -> PathBuf {
    tokio::task::spawn_blocking(|| python::environment(name, packages)).await.unwrap()
}

/// Runs `program` without the environment of this process.
async fn run(program: &Path, arguments: &[&OsStr], environment: &[(&str, &OsStr)]) -> Output {
    let mut command = Command::new(program);
    command.env_clear().envs(environment.iter().copied()).args(arguments).kill_on_drop(true);
    tokio::time::timeout(Duration::from_secs(120), command.output()).await.unwrap().unwrap()
}

async fn check_script(name: &str, interpreter: &Path, simulator: &Simulator) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vendor").join(name);
    let url = simulator.url();
    let arguments =
        [script.as_os_str(), url.as_ref(), DEMO_PUBLIC_KEY.as_ref(), DEMO_PRIVATE_KEY.as_ref()];
    let output = run(interpreter, &arguments, &[]).await;
    assert!(
        output.status.success(),
        "{name}: {}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
}

#[tokio::test]
async fn python_sdk_accepts_all_responses() {
    for interpreter in [interpreter().await, environment("vendor-older", &OLDER_SDK).await] {
        let simulator = simulator(Duration::from_secs(30)).await;
        check_script("sdk.py", &interpreter, &simulator).await;
        assert_eq!(simulator.count(START), 4);
        assert_eq!(simulator.calls()[1].parameters["WithoutGpu"], "false");
    }
}

#[tokio::test]
async fn python_sdk_schedules_stops_and_lists_gpu_types() {
    let options = Options { sdk_field_names: true, ..options(Duration::ZERO) };
    let simulator = Simulator::start(options).await.unwrap();
    check_script("sdk_catalog.py", &interpreter().await, &simulator).await;
}

#[tokio::test]
async fn cli_adapter_accepts_all_responses() {
    let simulator = simulator(Duration::from_secs(30)).await;
    check_script("cli_adapter.py", &interpreter().await, &simulator).await;
}
