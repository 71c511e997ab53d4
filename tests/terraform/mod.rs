//! Stories told with real Terraform, the provider's own process and a cloud in this process, each in every version of
//! [`terraform`](crate::support::terraform).
//!
//! What the provider answers to single requests is tested in `protocol`; here it is what a person at a terminal sees.

#![cfg(unix)]

mod actions;
mod data_sources;
mod debug;
mod ephemeral;
mod examples;
mod guides;
mod identity;
mod interrupt;
mod kill;
mod lifecycle;
mod log;
mod oldest;
mod package;
mod power;
mod query;
mod refusals;
mod secrets;
mod states;

use std::time::Duration;

use serde_json::Value;
use terraform_provider_compshare::simulator::{Options, Simulator};

use crate::support::terraform::{Terraform, Workspace};

/// Where the resource of most stories is.
const ADDRESS: &str = "compshare_instance_power.this";

/// What every configuration begins with.
const PROVIDER: &str = r#"
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

/// The keys of the account, distinctive enough to be found wherever they leak to.
const PUBLIC_KEY: &str = "canary-public-6f1d2c";
const PRIVATE_KEY: &str = "canary-private-93ab07";

/// A cloud with these instances, in which a start or stop takes `moment`, and a workspace whose provider finds it and its
/// keys in the environment.
async fn stage(
    terraform: &Terraform,
    instances: &[Value],
    moment: Duration,
) -> (Simulator, Workspace) {
    let cloud = Simulator::start(Options {
        public_key: PUBLIC_KEY.to_owned(),
        private_key: PRIVATE_KEY.to_owned(),
        instances: instances.to_vec(),
        start_time: moment,
        stop_time: moment,
        ..Default::default()
    })
    .await
    .unwrap();
    let workspace = workspace_at(terraform, &cloud);
    (cloud, workspace)
}

/// Another workspace for the same account of `cloud`.
fn workspace_at(terraform: &Terraform, cloud: &Simulator) -> Workspace {
    let mut workspace = Workspace::new(terraform);
    workspace.set("COMPSHARE_BASE_URL", cloud.url());
    workspace.set("COMPSHARE_PUBLIC_KEY", PUBLIC_KEY);
    workspace.set("COMPSHARE_PRIVATE_KEY", PRIVATE_KEY);
    workspace.write("provider.tf", PROVIDER);
    workspace
}

/// A moment of the cloud's that is no more than a few polls.
const SHORT: Duration = Duration::from_millis(150);

/// What has been asked of the cloud that changes something, in order.
fn changes(cloud: &Simulator) -> Vec<String> {
    let actions = cloud.calls().into_iter().map(|call| call.action);
    actions.filter(|action| !action.starts_with("Describe") && !action.starts_with("Get")).collect()
}
