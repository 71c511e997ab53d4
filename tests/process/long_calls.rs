//! Calls that take an hour, and the shutdown of a process during such a call.

use std::time::Duration;

use serde_json::json;
use terraform_provider_compshare::{
    protocol::tfplugin5 as wire,
    simulator::{Effect, Fault, Options, Simulator},
};
use tokio::{task::JoinHandle, time::timeout};
use tokio_stream::StreamExt as _;
use tonic::{Status, transport::Channel};

use super::{account, until};
use crate::support::{
    actions::{DESCRIBE, START},
    host::{LIMIT, Launch, provider, shut_down},
    terraform_core::Terraform,
};

const AN_HOUR: Duration = Duration::from_secs(60 * 60);
/// Time after which a host kills the process.
const KILL_TIMEOUT: Duration = Duration::from_secs(2);

const ID: &str = "uhost-1";

/// A call that takes an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LongCall {
    /// An apply that waits for its instance.
    Apply,
    /// An action, which reports progress in a stream.
    Action,
    /// A query whose stream is still empty.
    Query,
}

impl LongCall {
    pub(super) const ALL: [Self; 3] = [Self::Apply, Self::Action, Self::Query];
}

/// A running call.
pub(super) struct RunningCall {
    _cloud: Simulator,
    task: JoinHandle<Result<(), Status>>,
}

impl RunningCall {
    /// Starts `call` through `channel`, with a simulator of its own, and waits until the simulator
    /// has received its request.
    pub(super) async fn start(call: LongCall, channel: Channel) -> Self {
        let instances = vec![json!({"UHostId": ID})];
        let options = Options { instances, start_time: AN_HOUR, ..Options::default() };
        let cloud = Simulator::start(options).await.unwrap();
        let terraform = Terraform::on(provider(channel)).await;
        terraform.configure(account(&cloud.url())).await.unwrap();
        let this = json!({"instance_id": ID});
        let mut client = terraform.client();
        let task = match call {
            LongCall::Apply => {
                let request = terraform.creation(this).await;
                tokio::spawn(async move { client.apply_resource_change(request).await.map(drop) })
            }
            LongCall::Action => {
                let request = terraform.invocation("compshare_instance_start", &this);
                tokio::spawn(async move {
                    let mut events = client.invoke_action(request).await?.into_inner();
                    while let Some(event) = events.next().await {
                        event?;
                    }
                    Ok(())
                })
            }
            LongCall::Query => {
                let slow = Fault::new(Effect::Delay { by: AN_HOUR }).on_action(DESCRIBE);
                cloud.add_fault(slow);
                let request = wire::list_resource::Request {
                    type_name: "compshare_instance_power".to_owned(),
                    config: Some(terraform.empty_list_config()),
                    limit: 100,
                    ..Default::default()
                };
                tokio::spawn(async move {
                    let mut events = client.list_resource(request).await?.into_inner();
                    while let Some(event) = events.next().await {
                        event?;
                    }
                    Ok(())
                })
            }
        };
        let action = if call == LongCall::Query { DESCRIBE } else { START };
        until(|| cloud.count(action) == 1).await;
        assert!(!task.is_finished(), "{call:?}: {:?}", task.await);
        Self { _cloud: cloud, task }
    }

    /// Returns the error with which the call ends.
    pub(super) async fn error(self) -> Status {
        let result = timeout(LIMIT, self.task).await.expect("the call does not end");
        result.unwrap().expect_err("the call succeeded")
    }
}

#[tokio::test]
async fn shutdown_during_long_call_ends_in_time() {
    for call in LongCall::ALL {
        let host = Launch::new().start().await;
        let channel = host.connect().await;
        let running = RunningCall::start(call, channel.clone()).await;
        shut_down(&channel).await.unwrap();
        let ended = host.process.ended().await;
        assert_eq!(ended.status.code(), Some(0), "{call:?}");
        assert!(ended.took < KILL_TIMEOUT, "{call:?}: {:?}", ended.took);
        assert!(ended.left.is_empty(), "{call:?}: {:?}", ended.left);
        running.error().await;
        println!("shutdown during a call ({call:?}): ended after {:.2?}", ended.took);
    }
}
