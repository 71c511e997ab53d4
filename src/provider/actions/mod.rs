//! The actions `compshare_instance_start`, `compshare_instance_stop` and `compshare_instance_reboot`: the same power logic as
//! the resource, asked for once. They differ in data.

use std::{future::Future, pin::pin, time::Duration};

use tokio::{
    sync::mpsc::{self, UnboundedReceiver},
    time::{Instant, MissedTickBehavior, interval_at},
};

use crate::{
    cty::Type,
    framework::{
        Action, Attribute, Block, Context, Definition, Diagnostics, Mode, Progress, Rule, Schema,
        model,
    },
    power::{Answer, Event, Operation, Target},
    provider::{
        arguments,
        gpu_mode::gpu_mode,
        message,
        session::{NotReady, Session},
        timeouts::{DEFAULT_TIMEOUT, duration},
    },
};

/// One of the actions.
#[derive(Debug)]
pub(crate) struct PowerAction {
    type_name: &'static str,
    description: &'static str,
    /// Its attributes beside those that all have.
    attributes: fn() -> Vec<Attribute>,
    target: fn(&PowerActionModel) -> Target,
    /// What it is doing, as in "Starting instance …".
    doing: &'static str,
}

model! {
    /// The configuration of all of them; each has its part of it.
    pub(crate) struct PowerActionModel {
        pub(crate) instance_id: Attr<String>,
        pub(crate) project_id: Attr<String>,
        pub(crate) timeout: Attr<String>,
        pub(crate) without_gpu: Attr<bool>,
        pub(crate) without_gpu_spec: Attr<String>,
        pub(crate) allow_stopping_for_update: Attr<bool>,
        pub(crate) wait_for_capacity: Attr<bool>,
        pub(crate) force_stop: Attr<bool>,
    }
}

impl PowerAction {
    /// Starts an instance.
    pub(crate) const fn start() -> Self {
        Self {
            type_name: "compshare_instance_start",
            description: "Starts an instance and waits until it runs. One that runs already is left alone. From then on it is \
                          billed as any other that runs, until somebody stops it: an action has no state and undoes nothing.",
            attributes: start_attributes,
            target: |config| Target::Running {
                mode: gpu_mode(&config.without_gpu, &config.without_gpu_spec),
                may_restart: config.allow_stopping_for_update.is_true(),
            },
            doing: "Starting",
        }
    }

    /// Stops an instance.
    pub(crate) const fn stop() -> Self {
        Self {
            type_name: "compshare_instance_stop",
            description: "Stops an instance and waits until it has stopped. One that is stopped already is left alone. A \
                          `compshare_instance_power` that wants it to run starts it again at the next apply.",
            attributes: stop_attributes,
            target: |_| Target::Stopped,
            doing: "Stopping",
        }
    }

    /// Reboots an instance.
    pub(crate) const fn reboot() -> Self {
        Self {
            type_name: "compshare_instance_reboot",
            description: "Reboots an instance that runs, and waits until it runs again. Whatever runs on it ends. The reboot is \
                          asked for once: if the cloud's answer is lost and no reboot is seen, that is an error.",
            attributes: Vec::new,
            target: |_| Target::Rebooted,
            doing: "Rebooting",
        }
    }
}

impl Definition for PowerAction {
    type Model = PowerActionModel;
    type Session = Session;

    fn type_name(&self) -> &'static str {
        self.type_name
    }

    fn schema(&self) -> Schema {
        let timeout = "How long it may take in all, such as `\"90s\"` or `\"1h30m\"`. Default: `\"20m\"`. It ends the waiting, and not what the cloud \
                       has accepted.";
        let mut attributes =
            vec![arguments::instance_id(), arguments::project_id(), arguments::timeout(timeout)];
        attributes.extend((self.attributes)());
        let block = Block { description: self.description, attributes, blocks: Vec::new() };
        Schema { version: 0, block }
    }

    fn validate(&self, config: &PowerActionModel) -> Diagnostics {
        message::spec_without_mode(&config.without_gpu, &config.without_gpu_spec)
            .into_iter()
            .collect()
    }
}

impl Action for PowerAction {
    async fn invoke(
        &self,
        context: &Context<Session>,
        config: PowerActionModel,
        progress: &Progress,
    ) -> Result<(), Diagnostics> {
        let session = context.session()?;
        let power = session.power().map_err(NotReady::into_diagnostics)?;
        let id = config.instance_id.text().unwrap_or_default();
        let operation = Operation {
            force_stop: config.force_stop.is_true(),
            wait_for_capacity: config.wait_for_capacity.is_true(),
            timeout: duration(&config.timeout, "timeout", DEFAULT_TIMEOUT)?,
            ..session.operation(id, &config.project_id, (self.target)(&config))
        };
        let mut story = Story::begin(self.doing, id, progress);
        let (events, happening) = mpsc::unbounded_channel();
        let reached = power.reach_watched(&operation, &context.stop, Some(events));
        let reached = story.tell_until(reached, happening, session.pace().report).await;
        reached.map_err(|failure| {
            message::operation(&operation, &message::Failed::Operation(failure))
        })?;
        story.end();
        Ok(())
    }
}

/// What the practitioner is told while an action goes on.
struct Story<'a> {
    progress: &'a Progress,
    doing: &'static str,
    id: &'a str,
    began: Instant,
    /// The state it was last seen in, and since when.
    state: Option<(String, Instant)>,
    /// Whether anything was asked of the cloud.
    asked: bool,
}

impl<'a> Story<'a> {
    fn begin(doing: &'static str, id: &'a str, progress: &'a Progress) -> Self {
        progress.tell(format!("{doing} instance {id}"));
        Self { progress, doing, id, began: Instant::now(), state: None, asked: false }
    }

    /// Tells what happens, and from time to time that nothing does, until `work` is done.
    async fn tell_until<T>(
        &mut self,
        work: impl Future<Output = T>,
        mut happening: UnboundedReceiver<Event>,
        report: Duration,
    ) -> T {
        let mut work = pin!(work);
        let mut reminder = interval_at(Instant::now() + report, report);
        reminder.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let done = loop {
            tokio::select! {
                biased;
                Some(event) = happening.recv() => self.tell(&event),
                done = &mut work => break done,
                _ = reminder.tick() => self.remind(),
            }
        };
        while let Ok(event) = happening.try_recv() {
            self.tell(&event);
        }
        done
    }

    fn tell(&mut self, event: &Event) {
        let id = self.id;
        match event {
            Event::State(word) => {
                let word =
                    if word.is_empty() { "in no state that the cloud can name" } else { word };
                let text = match &self.state {
                    None => format!("Instance {id} is {word}"),
                    Some((before, _)) => format!("Instance {id} was {before} and is {word} now"),
                };
                self.state = Some((word.to_owned(), Instant::now()));
                self.progress.tell(text);
            }
            Event::Asked(_) => self.asked = true,
            Event::Answered(action, Answer::Accepted) => {
                self.progress.tell(format!("The cloud accepted {action} for instance {id}"));
            }
            Event::Answered(action, Answer::Refused(words) | Answer::Lost(words)) => {
                self.progress.tell(format!("{action} for instance {id}: {words}"));
            }
            Event::Answered(_, Answer::Awaited) => {}
        }
    }

    /// A sign of life while nothing changes.
    fn remind(&self) {
        let (id, doing) = (self.id, self.doing);
        let in_all = message::span(seconds(self.began.elapsed()));
        self.progress.tell(match &self.state {
            // Another operation on it may be under way, or the cloud takes its time.
            None => format!("{doing} instance {id}: not seen yet after {in_all}"),
            Some((word, since)) => {
                let unchanged = message::span(seconds(since.elapsed()));
                format!("{doing} instance {id}: {word} for {unchanged}, {in_all} in all")
            }
        });
    }

    fn end(&self) {
        let (id, word) = (self.id, self.state.as_ref().map_or("", |(word, _)| word));
        if !self.asked {
            self.progress.tell(format!("Nothing was asked of the cloud: instance {id} is {word}"));
        }
    }
}

const fn seconds(duration: Duration) -> Duration {
    Duration::from_secs(duration.as_secs())
}

fn start_attributes() -> Vec<Attribute> {
    let flag = |name, description: &'static str| {
        Attribute::new(name, Type::Bool, Mode::Optional, description)
    };
    vec![
        flag(
            "without_gpu",
            "Whether the instance is to run without its GPU, which is cheaper; to prepare data, say. Default: `false`. Only \
             pay-as-you-go instances of some GPU models can, and one per account at a time. If the cloud allocates a GPU all \
             the same, that is an error.",
        ),
        Attribute::new(
            "without_gpu_spec",
            Type::String,
            Mode::Optional,
            "What the instance runs on without its GPU: `A`, which is the default, has 2 cores and 4 GiB; `B` has 8 cores and \
             16 GiB, and is not for containers. Only with `without_gpu = true`.",
        )
        .rule(Rule::OneOf(&["A", "B"])),
        flag(
            "allow_stopping_for_update",
            "Whether an instance that runs, but not as `without_gpu` says, may be stopped and started again, which ends whatever \
             runs on it. Default: `false`, and that is an error.",
        ),
        flag(
            "wait_for_capacity",
            "Whether to keep trying while the zone is sold out, about every 30 seconds until the timeout. Default: `false`, and \
             that is an error at once.",
        ),
    ]
}

fn stop_attributes() -> Vec<Attribute> {
    let description = "Whether the stop is forced, which spot instances need. Default: `false`.";
    vec![Attribute::new("force_stop", Type::Bool, Mode::Optional, description)]
}
