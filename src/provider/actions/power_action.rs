//! One power operation on demand, with the same logic as the resource. The actions differ in data.

use super::progress::Reporter;
use crate::{
    framework::{Action, Attr, Context, Definition, Diagnostics, Model, Progress, Rule, model},
    operation::Location,
    power::{InOtherMode, Operation, Target},
    provider::{
        gpu_mode::running,
        instance::identity::InstanceIdentity,
        message,
        session::Session,
        timeouts::{DEFAULT_TIMEOUT, duration},
    },
};

/// One of the actions.
#[derive(Debug)]
pub(crate) struct PowerAction<M> {
    type_name: &'static str,
    description: &'static str,
    validate: fn(&M) -> Diagnostics,
    request: fn(M) -> Request,
    /// Gerund for progress messages: "Starting".
    doing: &'static str,
}

/// The configuration of any action.
struct Request {
    arguments: ActionArguments,
    target: Target,
    wait_for_capacity: bool,
    force_stop: bool,
}

model! {
    /// Arguments of all actions; the model of the reboot.
    pub(crate) struct ActionArguments {
        pub(crate) instance: InstanceIdentity = flattened(),

        /// Timeout of the action, for example `"90s"` or `"1h30m"`. Defaults to `"20m"`. Requests
        /// that were already accepted are not canceled.
        pub(crate) timeout: Attr<String> = optional().rule(Rule::Duration),
    }
}

model! {
    /// Arguments of the start.
    pub(crate) struct StartModel {
        pub(crate) arguments: ActionArguments = flattened(),

        /// Run the instance in no-GPU mode, which is cheaper, for example to prepare data. Defaults
        /// to `false`. Supported only for pay-as-you-go instances of certain GPU models, one per
        /// account at a time. If CompShare allocates a GPU nevertheless, the action fails.
        pub(crate) without_gpu: Attr<bool> = optional(),

        /// Machine size in no-GPU mode: `A` (2 cores, 4 GiB) or `B` (8 cores, 16 GiB; not available
        /// for containers). Defaults to `A`. Requires `without_gpu = true`.
        pub(crate) without_gpu_spec: Attr<String> = optional().rule(Rule::OneOf(&["A", "B"])),

        /// Allow the action to stop and restart a running instance to change its GPU mode. All
        /// processes on it are terminated. Defaults to `false`: the action fails.
        pub(crate) allow_stopping_for_update: Attr<bool> = optional(),

        /// Retry while the zone is sold out, about every 30 seconds until the timeout. Defaults to
        /// `false`: the action fails immediately.
        pub(crate) wait_for_capacity: Attr<bool> = optional(),
    }
}

model! {
    /// Arguments of the stop.
    pub(crate) struct StopModel {
        pub(crate) arguments: ActionArguments = flattened(),

        /// Force the stop, if CompShare refuses it otherwise. Spot instances are always stopped by
        /// force. Defaults to `false`.
        pub(crate) force_stop: Attr<bool> = optional(),
    }
}

impl PowerAction<StartModel> {
    pub(crate) const fn start() -> Self {
        Self {
            type_name: "compshare_instance_start",
            description: "Starts an instance and waits until it is running. Does nothing if the \
                          instance is already running. The instance is billed until it is stopped; \
                          actions have no state and are not reverted by Terraform.",
            validate: |config| {
                message::spec_without_mode(&config.without_gpu, &config.without_gpu_spec)
            },
            request: |config| Request {
                target: running(
                    &config.without_gpu,
                    &config.without_gpu_spec,
                    &config.allow_stopping_for_update,
                ),
                wait_for_capacity: config.wait_for_capacity.is_true(),
                force_stop: false,
                arguments: config.arguments,
            },
            doing: "Starting",
        }
    }
}

impl PowerAction<StopModel> {
    pub(crate) const fn stop() -> Self {
        Self {
            type_name: "compshare_instance_stop",
            description: "Stops an instance and waits until it is stopped. Does nothing if the \
                          instance is already stopped. If a `compshare_instance_power` resource \
                          has `state = \"Running\"` for this instance, the next apply starts it \
                          again.",
            validate: |_| Diagnostics::new(),
            request: |config| Request {
                target: Target::Stopped,
                wait_for_capacity: false,
                force_stop: config.force_stop.is_true(),
                arguments: config.arguments,
            },
            doing: "Stopping",
        }
    }
}

impl PowerAction<ActionArguments> {
    pub(crate) const fn reboot() -> Self {
        Self {
            type_name: "compshare_instance_reboot",
            description: "Reboots a running instance and waits until it is running again. All \
                          processes on it are terminated. The request is sent only once; if the \
                          response is lost and no reboot is observed, the action fails.",
            validate: |_| Diagnostics::new(),
            request: |arguments| Request {
                target: Target::Rebooted,
                wait_for_capacity: false,
                force_stop: false,
                arguments,
            },
            doing: "Rebooting",
        }
    }
}

impl<M: Model> Definition for PowerAction<M> {
    type Model = M;
    type Session = Session;

    fn type_name(&self) -> &'static str {
        self.type_name
    }

    fn description(&self) -> &'static str {
        self.description
    }

    fn validate(&self, config: &M) -> Diagnostics {
        (self.validate)(config)
    }
}

impl<M: Model> Action for PowerAction<M> {
    async fn invoke(
        &self,
        context: &Context<Session>,
        config: M,
        progress: &Progress,
    ) -> Result<(), Diagnostics> {
        let session = context.session()?;
        let request = (self.request)(config);
        let ActionArguments { instance, timeout } = &request.arguments;
        let id = instance.instance_id.text().unwrap_or_default();
        let operation = Operation {
            instance: session.instance(id, &instance.project_id, Location::default()),
            target: request.target,
            known_state: None,
            force_stop: request.force_stop,
            wait_for_capacity: request.wait_for_capacity,
            keep_running: false,
            timeout: duration(timeout, "timeout", DEFAULT_TIMEOUT)?,
        };
        let operations = &session.clients(&context.stop).await?.operations;
        let mut reporter = Reporter::start(self.doing, id, progress);
        let success = reporter
            .run(operations, &operation, &context.stop, session.pace().report)
            .await
            .map_err(|failure| message::operation(&operation, &failure))?;
        if let Some(caveat) = success.caveat {
            context.warn(message::caveat(id, caveat));
        }
        if let Target::Running { in_other_mode: InOtherMode::Keep, .. } = request.target
            && success.instance.is_some_and(|seen| seen.runs_without_gpu() == Some(true))
        {
            context.warn(message::runs_without_gpu(id));
        }
        reporter.finish();
        Ok(())
    }
}
