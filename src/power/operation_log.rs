//! What one operation did and saw, for the message if it fails.

use std::sync::Arc;

use tokio::sync::mpsc::UnboundedSender;

use crate::compshare::{self, Instance};

/// What happens in an operation, while it happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The instance was seen in this state, for the first time since it was seen in another.
    State(String),
    /// The cloud is being asked for this API action.
    CallSent(&'static str),
    /// What came of that.
    CallEnded(&'static str, CallOutcome),
}

/// What came of one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallOutcome {
    /// It was under way when the operation ended.
    Pending,
    /// The cloud took it.
    Accepted,
    /// The cloud refused it, in these words.
    Refused(String),
    /// Whether the cloud took it is not known, for this reason.
    Lost(String),
}

/// One call that changes something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedCall {
    /// The API action.
    pub action: &'static str,
    /// What came of it.
    pub outcome: CallOutcome,
}

/// All an operation did and saw.
#[derive(Debug)]
pub struct OperationLog {
    /// The instance.
    pub instance_id: String,
    /// How it looked the last time it was seen.
    pub last_seen: Option<Arc<Instance>>,
    /// The states it was seen in, in order, each once per change.
    pub states: Vec<String>,
    /// The calls that change something, in order.
    pub calls: Vec<LoggedCall>,
    /// The refusal of the last call, where it was refused for the moment and was to be sent again.
    pub last_refusal: Option<compshare::Error>,
    /// The last answer that was lost, or look that failed, if there was one.
    pub last_error: Option<compshare::Error>,
    /// Whether a start without a GPU was seen to get one all the same, and was to be undone.
    pub unexpected_gpu: bool,
    /// Whoever wants to know at once.
    watcher: Option<UnboundedSender<Event>>,
}

impl OperationLog {
    pub(super) fn new(instance_id: &str, watcher: Option<UnboundedSender<Event>>) -> Self {
        Self {
            instance_id: instance_id.to_owned(),
            last_seen: None,
            states: Vec::new(),
            calls: Vec::new(),
            last_refusal: None,
            last_error: None,
            unexpected_gpu: false,
            watcher,
        }
    }

    fn tell(&self, event: Event) {
        if let Some(watcher) = &self.watcher {
            // An error here says that nobody wants to know any more.
            let _ = watcher.send(event);
        }
    }

    /// Whether the cloud was asked for `action` and may have taken it.
    pub fn may_have_executed(&self, action: &str) -> bool {
        let taken = |call: &LoggedCall| !matches!(call.outcome, CallOutcome::Refused(_));
        self.calls.iter().any(|call| call.action == action && taken(call))
    }

    pub(super) fn saw(&mut self, instance: &Arc<Instance>) {
        let state = instance.state.as_str();
        if self.states.last().map(String::as_str) != Some(state) {
            let before = self.states.last().map_or("", String::as_str);
            tracing::info!(instance = %self.instance_id, from = before, to = state, "instance state");
            self.states.push(state.to_owned());
            self.tell(Event::State(state.to_owned()));
        }
        self.last_seen = Some(Arc::clone(instance));
    }

    pub(super) fn ask(&mut self, action: &'static str) {
        tracing::info!(instance = %self.instance_id, call = action, "asking the cloud");
        self.calls.push(LoggedCall { action, outcome: CallOutcome::Pending });
        self.tell(Event::CallSent(action));
    }

    /// Notes what came of the call asked last.
    pub(super) fn answered(&mut self, outcome: CallOutcome) {
        let Some(call) = self.calls.last_mut() else { return };
        let action = call.action;
        tracing::info!(instance = %self.instance_id, call = action, outcome = ?outcome, "call ended");
        call.outcome = outcome.clone();
        self.tell(Event::CallEnded(action, outcome));
    }
}
