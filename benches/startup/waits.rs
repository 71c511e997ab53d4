//! Memory of the provider for each instance that it polls.

use std::{fmt, path::Path, time::Duration};

use serde_json::json;
use terraform_provider_compshare::{
    protocol::tfplugin5::provider_client::ProviderClient,
    simulator::{DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY, Options, Simulator},
};
use tokio::{task::JoinSet, time::sleep};

use crate::{
    life::{Host, resident},
    terraform_core::Terraform,
};

/// Duration of a start, longer than the measurement.
const START_TIME: Duration = Duration::from_secs(60 * 60);
/// Duration of two polls of each instance.
const POLLS: Duration = Duration::from_secs(9);

/// Resident memory of a process before and during its waits, in KiB.
pub(crate) struct Waits {
    instances: usize,
    before: u64,
    during: u64,
}

impl Waits {
    /// Starts this many instances concurrently by the provider in `binary`.
    pub(crate) fn measure(host: &Host, binary: &Path, instances: usize) -> Self {
        host.with(binary, async |pid, channel| {
            let id = |number: usize| format!("uhost-{number:06}");
            let stopped =
                (0..instances).map(|number| json!({"UHostId": id(number), "State": "Stopped"}));
            let options = Options {
                instances: stopped.collect(),
                start_time: START_TIME,
                ..Options::default()
            };
            let cloud = Simulator::start(options).await.unwrap();
            let terraform = Terraform::on(ProviderClient::new(channel)).await;
            let account = json!({
                "base_url": cloud.url(),
                "public_key": DEMO_PUBLIC_KEY,
                "private_key": DEMO_PRIVATE_KEY,
            });
            terraform.configure(account).await.unwrap();
            let mut requests = Vec::new();
            for number in 0..instances {
                requests.push(terraform.creation(json!({"instance_id": id(number)})).await);
            }
            let before = resident(pid);
            let mut applies = JoinSet::new();
            for request in requests {
                let mut client = terraform.client();
                applies.spawn(async move { client.apply_resource_change(request).await });
            }
            while cloud.count("StartCompShareInstance") < instances {
                sleep(Duration::from_millis(100)).await;
            }
            sleep(POLLS).await;
            let during = resident(pid);
            assert!(applies.try_join_next().is_none(), "an apply has ended");
            terraform.stop().await;
            while applies.join_next().await.is_some() {}
            Self { instances, before, during }
        })
    }
}

impl fmt::Display for Waits {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { instances, before, during } = self;
        let each = during.saturating_sub(*before) as f64 / *instances as f64;
        write!(
            formatter,
            "Polling {instances} instances: {before} KiB before, {during} during, {each:.1} each."
        )
    }
}
