//! Work that takes an hour, and the end of a process that is in the middle of it.

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
/// After this a host kills the process.
const HOST_WAITS: Duration = Duration::from_secs(2);

const ID: &str = "uhost-1";

/// What a host may be waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// An apply whose instance does not come up.
    Apply,
    /// An action, which tells its progress in a stream.
    Action,
    /// A query, whose stream has nothing in it yet.
    Query,
}

impl Work {
    pub(super) const ALL: [Self; 3] = [Self::Apply, Self::Action, Self::Query];
}

/// Work that has been begun.
pub(super) struct UnderWay {
    /// Ends with this.
    _cloud: Simulator,
    /// What the host waits for.
    call: JoinHandle<Result<(), Status>>,
}

impl UnderWay {
    /// Begins `work` through `channel`, in a cloud of its own that takes an hour for it, and waits until the cloud knows.
    pub(super) async fn begin(work: Work, channel: Channel) -> Self {
        let instances = vec![json!({"UHostId": ID})];
        let options = Options { instances, start_time: AN_HOUR, ..Options::default() };
        let cloud = Simulator::start(options).await.unwrap();
        let terraform = Terraform::on(provider(channel)).await;
        terraform.configure(account(&cloud.url())).await.unwrap();
        let this = json!({"instance_id": ID});
        let mut client = terraform.client();
        let call = match work {
            Work::Apply => {
                let request = terraform.creation(this).await;
                tokio::spawn(async move { client.apply_resource_change(request).await.map(drop) })
            }
            Work::Action => {
                let request = terraform.invocation("compshare_instance_start", &this);
                tokio::spawn(async move {
                    let mut events = client.invoke_action(request).await?.into_inner();
                    while let Some(event) = events.next().await {
                        event?;
                    }
                    Ok(())
                })
            }
            Work::Query => {
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
        let asked = if work == Work::Query { DESCRIBE } else { START };
        until(|| cloud.count(asked) == 1).await;
        assert!(!call.is_finished(), "{work:?}: {:?}", call.await);
        Self { _cloud: cloud, call }
    }

    /// What the host gets instead of an answer.
    pub(super) async fn cut_off(self) -> Status {
        let call = timeout(LIMIT, self.call).await.expect("it does not end");
        call.unwrap().expect_err("it came to its end")
    }
}

#[tokio::test]
async fn shutdown_ends_it_in_time_whatever_is_under_way() {
    for work in Work::ALL {
        let host = Launch::new().start().await;
        let channel = host.connect().await;
        let under_way = UnderWay::begin(work, channel.clone()).await;
        shut_down(&channel).await.unwrap();
        let ended = host.process.ended().await;
        assert_eq!(ended.status.code(), Some(0), "{work:?}");
        assert!(ended.took < HOST_WAITS, "{work:?}: {:?}", ended.took);
        assert!(ended.left.is_empty(), "{work:?}: {:?}", ended.left);
        under_way.cut_off().await;
        println!("shutdown with a wait under way ({work:?}): ended after {:.2?}", ended.took);
    }
}
