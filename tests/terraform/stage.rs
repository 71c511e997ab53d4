//! The stage of a story: the simulated cloud, and a folder with a configuration for Terraform.

use std::time::Duration;

use serde_json::{Value, json};
use terraform_provider_compshare::simulator::{Options, Simulator};

use crate::support::{
    calls::Calls as _,
    terraform::{Plan, Run, Terraform, Workspace},
};

/// Address of the resource of most stories.
pub(crate) const ADDRESS: &str = "compshare_instance_power.this";

/// Beginning of each configuration.
pub(crate) const PROVIDER: &str = r#"
terraform {
  required_providers {
    compshare = {
      source = "compshare/compshare"
    }
  }
}

provider "compshare" {
  poll_interval = "50ms"
}
"#;

/// API keys of the account, unusual enough to be found in any output that leaks them.
pub(crate) const PUBLIC_KEY: &str = "canary-public-6f1d2c";
pub(crate) const PRIVATE_KEY: &str = "canary-private-93ab07";

/// Duration of a start or stop of a few polls.
pub(crate) const SHORT: Duration = Duration::from_millis(150);

/// Duration of a start or stop that no story waits for.
pub(crate) const FOREVER: Duration = Duration::from_secs(3600);

pub(crate) struct Stage {
    pub(crate) cloud: Simulator,
    pub(crate) workspace: Workspace,
}

/// Instance `uhost-a` of most stories.
pub(crate) fn instance(state: &str) -> Value {
    json!({"UHostId": "uhost-a", "State": state})
}

/// Resource for `uhost-a`, with more lines in its block.
pub(crate) fn resource(lines: &str) -> String {
    format!(
        "resource \"compshare_instance_power\" \"this\" {{\n  \
         instance_id = \"uhost-a\"\n{lines}\n}}\n"
    )
}

impl Stage {
    /// A stage with these instances. The provider has the address of the simulator and the keys in
    /// its environment.
    pub(crate) async fn new(terraform: &Terraform, instances: &[Value]) -> Self {
        Self::with_transitions(terraform, instances, SHORT).await
    }

    /// The same, where each start or stop takes `duration`.
    pub(crate) async fn with_transitions(
        terraform: &Terraform,
        instances: &[Value],
        duration: Duration,
    ) -> Self {
        let cloud = Simulator::start(Options {
            public_key: PUBLIC_KEY.to_owned(),
            private_key: PRIVATE_KEY.to_owned(),
            instances: instances.to_vec(),
            start_time: duration,
            stop_time: duration,
            ..Default::default()
        })
        .await
        .unwrap();
        let workspace = workspace_at(terraform, &cloud);
        Self { cloud, workspace }
    }

    /// Replaces the configuration beside the provider block.
    pub(crate) fn configure(&self, text: &str) -> &Self {
        self.workspace.write("main.tf", text);
        self
    }

    /// Replaces the configuration by the resource for `uhost-a`, with more lines in its block.
    pub(crate) fn configure_resource(&self, lines: &str) -> &Self {
        self.configure(&resource(lines))
    }

    pub(crate) fn apply(&self) -> Run {
        self.workspace.apply()
    }

    pub(crate) fn plan(&self) -> Plan {
        self.workspace.plan()
    }

    #[track_caller]
    pub(crate) fn assert_empty_plan(&self) {
        self.plan().assert_empty();
    }

    /// Actions received since the start or the last `clear_calls` that change something.
    pub(crate) fn changes(&self) -> Vec<String> {
        self.cloud.mutating_calls()
    }

    #[track_caller]
    pub(crate) fn assert_no_changes(&self) {
        self.cloud.assert_no_mutating_calls();
    }

    /// State of an instance as the API reports it.
    pub(crate) fn reported(&self, id: &str) -> Value {
        self.cloud.instance(id).unwrap()["State"].clone()
    }

    /// Changes the state of `uhost-a` without Terraform.
    pub(crate) fn set_state(&self, state: &str) {
        self.cloud.patch("uhost-a", json!({"State": state}));
    }

    /// Lets the time of a scheduled stop pass: the instance is stopped, and the time in Terraform's
    /// state is a minute ago. Waiting for it would take hours.
    pub(crate) fn pass_scheduled_stop(&self, address: &str, instance: &str) {
        let schedule = self.workspace.state_of(address).unwrap();
        let past = jiff::Timestamp::from_second(jiff::Timestamp::now().as_second() - 60).unwrap();
        let state = self.workspace.read("terraform.tfstate");
        let time = schedule["stop_at"].as_str().unwrap();
        self.workspace.write("terraform.tfstate", &state.replace(time, &past.to_string()));
        let stopped = json!({"State": "Stopped", "SchedulerStopTime": past.as_second()});
        self.cloud.patch(instance, stopped);
        // Start times have whole seconds; the next start must have another one than the last.
        let elapsed = u64::try_from(jiff::Timestamp::now().subsec_millisecond()).unwrap_or(0);
        std::thread::sleep(Duration::from_millis(1000 - elapsed));
    }

    /// Attributes of the resource for `uhost-a` in Terraform's state, if it is there.
    pub(crate) fn stored(&self) -> Option<Value> {
        self.workspace.state_of(ADDRESS)
    }

    /// Removes the API keys from the environment of the provider.
    pub(crate) fn unset_keys(&mut self) {
        self.workspace.unset("COMPSHARE_PUBLIC_KEY");
        self.workspace.unset("COMPSHARE_PRIVATE_KEY");
    }
}

/// Another workspace for the same account of `cloud`.
pub(crate) fn workspace_at(terraform: &Terraform, cloud: &Simulator) -> Workspace {
    let mut workspace = Workspace::new(terraform);
    workspace.set("COMPSHARE_BASE_URL", cloud.url());
    workspace.set("COMPSHARE_PUBLIC_KEY", PUBLIC_KEY);
    workspace.set("COMPSHARE_PRIVATE_KEY", PRIVATE_KEY);
    workspace.write("provider.tf", PROVIDER);
    workspace
}
