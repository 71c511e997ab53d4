//! The vendor's own clients, unmodified, against the simulator: they prove that it simulates the
//! API, and not the assumptions of this project's client.

mod gateway;

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Output,
    time::Duration,
};

use serde_json::{Value, json};
use terraform_provider_compshare::simulator::{
    Clock, DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY, Options, Simulator,
};
use tokio::process::Command;

use self::gateway::Gateway;
use crate::support::{actions::START, python};

/// Versions that are known to work.
const PACKAGES: [&str; 2] = ["ucloud-sdk-python3==0.11.150", "compshare-cli==0.5.6"];

/// Version of the SDK that was published half a year earlier.
const OLDER_SDK: [&str; 1] = ["ucloud-sdk-python3==0.11.100"];

async fn simulator(operation_time: Duration) -> Simulator {
    let options = Options {
        instances: vec![
            json!({"UHostId": "uhost-1"}),
            json!({"UHostId": "cpod-1", "State": "Running", "Zone": "cn-sh2-02"}),
        ],
        start_time: operation_time,
        stop_time: operation_time,
        clock: Clock::Stepped,
        ..Options::default()
    };
    Simulator::start(options).await.unwrap()
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
async fn cli_adapter_accepts_all_responses() {
    let simulator = simulator(Duration::from_secs(30)).await;
    check_script("cli_adapter.py", &interpreter().await, &simulator).await;
}

/// The `compshare` program; the gateway redirects its requests to the simulator.
struct Cli {
    program: PathBuf,
    gateway: Gateway,
    home: tempfile::TempDir,
}

impl Cli {
    async fn new(simulator: &Simulator) -> Self {
        let program = interpreter().await.with_file_name("compshare");
        let home = tempfile::tempdir().unwrap();
        let gateway = Gateway::start(simulator.url(), home.path()).await;
        Self { program, gateway, home }
    }

    /// Returns whether the program succeeded, and the JSON that it printed.
    async fn run(
        &self,
        (public_key, private_key): (&str, &str),
        arguments: &[&str],
    ) -> (bool, Value) {
        let proxy = self.gateway.proxy();
        let environment: [(&str, &OsStr); 6] = [
            ("HOME", self.home.path().as_ref()),
            ("HTTPS_PROXY", proxy.as_ref()),
            ("REQUESTS_CA_BUNDLE", self.gateway.certificate().as_ref()),
            // Otherwise it reports each command to the vendor.
            ("COMPSHARE_INSIGHTS_URL", "".as_ref()),
            ("COMPSHARE_PUBLIC_KEY", public_key.as_ref()),
            ("COMPSHARE_PRIVATE_KEY", private_key.as_ref()),
        ];
        let arguments: Vec<&OsStr> = ["--json"].iter().chain(arguments).map(OsStr::new).collect();
        let output = run(&self.program, &arguments, &environment).await;
        let stdout = String::from_utf8_lossy(&output.stdout);
        let stderr = String::from_utf8_lossy(&output.stderr);
        let text = if stdout.trim().is_empty() { &stderr } else { &stdout };
        let printed = serde_json::from_str(text)
            .unwrap_or_else(|error| panic!("{arguments:?}: {error}\n{stdout}\n{stderr}"));
        (output.status.success(), printed)
    }
}

#[tokio::test]
async fn compshare_program_accepts_all_responses() {
    let simulator = simulator(Duration::ZERO).await;
    let cli = Cli::new(&simulator).await;
    let keys = (DEMO_PUBLIC_KEY, DEMO_PRIVATE_KEY);

    let (ok, list) = cli.run(keys, &["instance", "list"]).await;
    assert!(ok, "{list:#}");
    assert_eq!(list.pointer("/data/items/1/UHostId"), Some(&json!("uhost-1")));
    assert_eq!(list.pointer("/data/items/1/State"), Some(&json!("Stopped")));
    assert_eq!(list.pointer("/meta/regions"), Some(&json!(["cn-sh2", "cn-wlcb"])));
    let (ok, zones) = cli.run(keys, &["instance", "zones", "--region", "cn-wlcb"]).await;
    assert!(ok, "{zones:#}");
    assert_eq!(zones.pointer("/data/items/0/Zone"), Some(&json!("cn-wlcb-01")));
    let (ok, shown) = cli.run(keys, &["instance", "show", "uhost-1"]).await;
    assert!(ok, "{shown:#}");
    assert_eq!(shown.pointer("/data/UHostSet/0/Name"), Some(&json!("训练 uhost-1")));

    let final_state = "/data/succeeded/0/final/UHostSet/0/State";
    let start = ["instance", "start", "uhost-1", "--without-gpu", "A", "--wait"];
    let (ok, started) = cli.run(keys, &start).await;
    assert!(ok, "{started:#}");
    assert_eq!(started.pointer(final_state), Some(&json!("Running")));
    assert_eq!(started.pointer("/data/succeeded/0/final/UHostSet/0/GPU"), Some(&json!(0)));
    let sent = simulator.calls().into_iter().find(|call| call.action == START).unwrap();
    assert_eq!(sent.parameters["WithoutGpuSpec"], "A");
    assert_eq!(sent.parameters.get("WithoutGpu"), None);
    let (ok, rebooted) = cli.run(keys, &["instance", "reboot", "uhost-1", "-y", "--wait"]).await;
    assert!(ok, "{rebooted:#}");
    assert_eq!(rebooted.pointer(final_state), Some(&json!("Running")));
    let (ok, stopped) = cli.run(keys, &["instance", "stop", "uhost-1", "-y", "--wait"]).await;
    assert!(ok, "{stopped:#}");
    assert_eq!(stopped.pointer(final_state), Some(&json!("Stopped")));

    let (ok, again) = cli.run(keys, &["instance", "stop", "uhost-1", "-y", "--no-wait"]).await;
    assert!(!ok);
    assert_eq!(again.pointer("/error/details/failed/0/error/ret_code"), Some(&json!(8905)));
    for (wrong_keys, ret_code) in [((DEMO_PUBLIC_KEY, "x"), 171), (("x", DEMO_PRIVATE_KEY), 172)] {
        let (ok, refused) = cli.run(wrong_keys, &["instance", "list"]).await;
        assert!(!ok);
        assert_eq!(refused.pointer("/error/details/ret_code"), Some(&json!(ret_code)));
    }
}
