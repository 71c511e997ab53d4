//! Progress lines of an action.

use std::{future::Future, pin::pin, time::Duration};

use tokio::{
    sync::mpsc::{self, UnboundedReceiver},
    time::{Instant, MissedTickBehavior, interval_at},
};
use tokio_util::sync::CancellationToken;

use crate::{
    framework::Progress,
    operation::{CallOutcome, Event, Operations, Success},
    power::{Failure, Operation, REBOOT, START, STOP},
    provider::timeouts::format_duration,
};

/// Reports the progress of one operation.
pub(super) struct Reporter<'a> {
    progress: &'a Progress,
    id: &'a str,
    started: Instant,
    /// Last observed state.
    state: Option<String>,
    /// `true` once a request was sent that changes the instance.
    has_sent: bool,
}

impl<'a> Reporter<'a> {
    /// Reports the begin. `doing` is a gerund, such as "Starting".
    pub(super) fn start(doing: &str, id: &'a str, progress: &'a Progress) -> Self {
        progress.send(format!("{doing} instance {id}"));
        Self { progress, id, started: Instant::now(), state: None, has_sent: false }
    }

    /// Runs `operation`, and reports its events, and one line per `interval`.
    pub(super) async fn run(
        &mut self,
        operations: &Operations,
        operation: &Operation,
        stop: &CancellationToken,
        interval: Duration,
    ) -> Result<Success, Failure> {
        let (sender, events) = mpsc::unbounded_channel();
        let work = operations.run_with_events(operation, stop, Some(sender));
        self.report_until(work, events, interval).await
    }

    /// Returns `true` if a request was sent that changes the instance.
    pub(super) const fn has_sent(&self) -> bool {
        self.has_sent
    }

    /// Reports `events`, and one line per `interval`, until `work` is done.
    async fn report_until<T>(
        &mut self,
        work: impl Future<Output = T>,
        mut events: UnboundedReceiver<Event>,
        interval: Duration,
    ) -> T {
        let mut work = pin!(work);
        let mut timer = interval_at(Instant::now() + interval, interval);
        timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let output = loop {
            tokio::select! {
                biased;
                Some(event) = events.recv() => self.report(event),
                output = &mut work => break output,
                _ = timer.tick() => self.report_unchanged(),
            }
        };
        while let Ok(event) = events.try_recv() {
            self.report(event);
        }
        output
    }

    /// Reports the end of a successful operation that had nothing to do.
    pub(super) fn finish(&self) {
        if !self.has_sent {
            let state = self.state.as_deref().unwrap_or_default();
            self.send(&format!("already {state}, nothing to do"));
        }
    }

    fn report(&mut self, event: Event) {
        match event {
            Event::State(state) => self.report_state(state),
            Event::CallSent => self.has_sent = true,
            Event::CallEnded(action, CallOutcome::Accepted) => {
                self.send(&format!("{} accepted", request(action)));
            }
            Event::CallEnded(action, CallOutcome::Refused(error) | CallOutcome::Lost(error)) => {
                self.send(&format!("{} failed ({})", request(action), error.kind));
            }
            Event::CallEnded(_, CallOutcome::Pending) => {}
        }
    }

    fn report_state(&mut self, state: String) {
        let state = if state.is_empty() { "state not reported".to_owned() } else { state };
        match &self.state {
            None => self.send(&state),
            Some(before) => self.send(&format!("{before} -> {state}")),
        }
        self.state = Some(state);
    }

    fn report_unchanged(&self) {
        let seconds = self.started.elapsed().as_secs();
        let elapsed = format_duration(Duration::from_secs(seconds));
        match &self.state {
            None => self.send(&format!("no state reported yet ({elapsed} elapsed)")),
            Some(state) => self.send(&format!("still {state} ({elapsed} elapsed)")),
        }
    }

    fn send(&self, text: &str) {
        self.progress.send(format!("{}: {text}", self.id));
    }
}

fn request(action: &str) -> &str {
    match action {
        START => "start request",
        STOP => "stop request",
        REBOOT => "reboot request",
        other => other,
    }
}
