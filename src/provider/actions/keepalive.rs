//! The action `compshare_instance_keepalive`: a short start in no-GPU mode, after which CompShare
//! counts the 7 days until the deletion of a stopped instance from the beginning.

use super::progress::Reporter;
use crate::{
    compshare::{Spec, State},
    framework::{Action, Attr, Context, Definition, Diagnostics, Progress, Rule, model},
    operation::Location,
    power::{GpuMode, InOtherMode, Operation, Target},
    provider::{
        instance::identity::InstanceIdentity,
        message,
        session::Session,
        timeouts::{DEFAULT_TIMEOUT, duration},
    },
};

model! {
    /// Arguments of the keepalive.
    pub(crate) struct KeepaliveModel {
        pub(crate) instance: InstanceIdentity = flattened(),

        /// Timeout of the start, and of the stop after it, for example `"90s"` or `"1h30m"`.
        /// Defaults to `"20m"`. Requests that were already accepted are not canceled.
        pub(crate) timeout: Attr<String> = optional().rule(Rule::Duration),
    }
}

/// An instance that is found running in either mode is left unchanged.
const STARTED: Target =
    Target::Running { mode: GpuMode::WithoutGpu(Spec::A), in_other_mode: InOtherMode::Keep };

#[derive(Debug)]
pub(crate) struct KeepaliveAction;

impl Definition for KeepaliveAction {
    type Model = KeepaliveModel;
    type Session = Session;

    fn type_name(&self) -> &'static str {
        "compshare_instance_keepalive"
    }

    fn description(&self) -> &'static str {
        "Keeps a stopped pay-as-you-go instance from being deleted by CompShare, which deletes it \
         after 7 days: starts it in no-GPU mode, which is cheapest, and stops it again once it is \
         running. The 7 days then begin again. Does nothing if the instance is already running. The \
         instance keeps its no-GPU size until it is started with its GPU."
    }
}

impl Action for KeepaliveAction {
    async fn invoke(
        &self,
        context: &Context<Session>,
        config: KeepaliveModel,
        progress: &Progress,
    ) -> Result<(), Diagnostics> {
        let session = context.session()?;
        let KeepaliveModel { instance, timeout } = &config;
        let id = instance.instance_id.text().unwrap_or_default();
        let timeout = duration(timeout, "timeout", DEFAULT_TIMEOUT)?;
        let instance = session.instance(id, &instance.project_id, Location::default());
        let operations = &session.clients(&context.stop).await?.operations;
        let run = async |doing, operation: &Operation| {
            let mut reporter = Reporter::start(doing, id, progress);
            let interval = session.pace().report;
            let run = reporter.run(operations, operation, &context.stop, interval).await;
            run.map_err(|failure| message::keepalive(operation, &failure))?;
            Ok::<_, Diagnostics>(reporter)
        };
        let start = Operation::new(instance.clone(), STARTED, timeout);
        let started = run("Starting", &start).await?;
        if !started.has_sent() {
            started.finish();
            return Ok(());
        }
        let stop = Operation {
            // One describe that shows `Stopped` must not leave it running.
            known_state: Some(State::Running),
            ..Operation::new(instance, Target::Stopped, timeout)
        };
        run("Stopping", &stop).await?;
        Ok(())
    }
}
