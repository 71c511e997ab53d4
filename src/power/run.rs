//! The loop around the decision: look, decide, act, wait; and what ends it.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::mpsc::UnboundedSender,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use super::{
    CallOutcome, Event, GpuMode, Operation, OperationLog, Power, Target,
    decide::{self, Step},
    failure::{Failure, Reason, Verb},
    history::{History, Sent},
};
use crate::compshare::{
    self, ErrorKind, Instance, OnRefusal, PowerAction, PowerCall, Resend, Scope, WithoutGpu,
};

/// How often a call may be refused because of the state the instance is in, while the cloud reports the right state.
const MOST_STATE_REFUSALS: u32 = 3;

impl Power {
    /// Brings the instance to its target, and returns it as it was seen there; `None` if it is gone, which only
    /// [`Target::NotRunning`] takes for a success.
    ///
    /// Ends at the order's timeout, and at once when `stop` is cancelled, wherever it is then.
    ///
    /// # Errors
    /// The instance is not as wanted; the failure says why, and what was done.
    pub async fn run(
        &self,
        operation: &Operation,
        stop: &CancellationToken,
    ) -> Result<Option<Arc<Instance>>, Failure> {
        self.run_with_events(operation, stop, None).await
    }

    /// The same, telling `watcher` what happens.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub async fn run_with_events(
        &self,
        operation: &Operation,
        stop: &CancellationToken,
        watcher: Option<UnboundedSender<Event>>,
    ) -> Result<Option<Arc<Instance>>, Failure> {
        let mut log = OperationLog::new(&operation.instance.id, watcher);
        let result = tokio::select! {
            biased;
            () = stop.cancelled() => Err(Reason::Interrupted),
            result = self.drive(operation, &mut log) => result,
            () = sleep(operation.timeout) => Err(Reason::TimedOut(operation.timeout)),
        };
        result.map_err(|reason| Failure { reason, log: Box::new(log) })
    }

    async fn drive(
        &self,
        operation: &Operation,
        log: &mut OperationLog,
    ) -> Result<Option<Arc<Instance>>, Reason> {
        let turn = self.turn(&operation.instance.id);
        // Whoever only looks on must not keep the one away that it is waiting for.
        let _turn = if operation.target.is_passive() { None } else { Some(turn.lock().await) };
        let mut history = History::default();
        let mut changed = Instant::now();
        let mut delay = Duration::ZERO;
        loop {
            let changes = log.states.len();
            let found = self.look_for(operation, delay, &mut history, log).await?;
            let step = match &found {
                Some(seen) => self.next(seen, operation, &mut history, log)?,
                None => decide::absent(operation.target, &history),
            };
            if log.states.len() != changes {
                changed = Instant::now();
                history.refusals = 0;
            }
            delay = match (step, found) {
                (Step::Done, found) => return Ok(found),
                (Step::Fail(reason), _) => return Err(reason),
                (Step::Confirm, _) => self.pace.confirm,
                (Step::Call(verb), Some(seen)) => {
                    self.act(verb, &seen, operation, &mut history, log).await?;
                    changed = Instant::now();
                    self.delay(changed, &history)
                }
                (Step::Wait | Step::Call(_), _) => self.delay(changed, &history),
            };
        }
    }

    /// Looks once, after `delay` at the latest. Not finding the instance is noted, and a failure is passed over if
    /// something is under way that has to be followed.
    async fn look_for(
        &self,
        operation: &Operation,
        mut delay: Duration,
        history: &mut History,
        log: &mut OperationLog,
    ) -> Result<Option<Arc<Instance>>, Reason> {
        let id = &operation.instance.id;
        loop {
            let looked = match history.absences {
                0 => self.look_there(id, &operation.instance.scope, delay).await,
                _ => self.look_everywhere(id, &operation.instance.scope, delay).await,
            };
            match looked {
                Ok(Some(instance)) => return Ok(Some(instance)),
                Ok(None) => {
                    history.absences += 1;
                    return Ok(None);
                }
                Err(error) if log.calls.is_empty() || !is_passing(&error) => {
                    return Err(Reason::Call(error));
                }
                Err(error) => {
                    log.last_error = Some(error);
                    delay = self.pace.poll_pause(Duration::MAX / 8);
                    // A cloud that fails at once must not be asked at once again, whoever else is asking.
                    sleep(delay).await;
                }
            }
        }
    }

    fn next(
        &self,
        seen: &Arc<Instance>,
        operation: &Operation,
        history: &mut History,
        log: &mut OperationLog,
    ) -> Result<Step, Reason> {
        if log.last_seen.is_none() {
            operation.instance.check_location(seen).map_err(Reason::Location)?;
        }
        log.saw(seen);
        history.observe(&seen.state);
        history.compare(seen, operation.target);
        let step = decide::decide(seen, operation.target, history, &self.pace, Instant::now());
        // A stop of what this operation started without its GPU is the undoing of that start.
        if matches!(step, Step::Call(Verb::Stop)) && history.start != Sent::Not {
            history.undoing = true;
            log.unexpected_gpu = true;
        }
        Ok(step)
    }

    /// Sends one call, and notes what came of it.
    async fn act(
        &self,
        verb: Verb,
        seen: &Instance,
        operation: &Operation,
        history: &mut History,
        log: &mut OperationLog,
    ) -> Result<(), Reason> {
        let action = match verb {
            Verb::Start => {
                history.found_stopped |= history.stop == Sent::Not;
                let without_gpu = without_gpu(operation.target, history.spec_alone);
                PowerAction::Start { without_gpu }
            }
            Verb::Stop => PowerAction::Stop { force: operation.force_stop },
            Verb::Reboot => {
                history.started_before = seen.start_time;
                PowerAction::Reboot
            }
        };
        let call = PowerCall {
            instance_id: operation.instance.id.clone(),
            scope: scope_of(seen, &operation.instance.scope),
            action,
        };
        log.ask(action.name());
        let result = self.client.client().call(&call).await;
        let since = Instant::now();
        let Err(error) = result else {
            log.answered(CallOutcome::Accepted);
            log.last_refusal = None;
            *sent(history, verb) = Sent::Accepted { since, left: false };
            return Ok(());
        };
        let outcome = self.after_error(&error, verb, operation, history, since);
        let in_doubt = matches!(sent(history, verb), Sent::InDoubt { .. });
        let words = error.kind().to_string();
        log.answered(if in_doubt { CallOutcome::Lost(words) } else { CallOutcome::Refused(words) });
        if outcome == Outcome::GiveUp {
            return Err(Reason::Call(error));
        }
        if in_doubt {
            log.last_error = Some(error);
        } else {
            log.last_refusal = Some(error);
        }
        Ok(())
    }

    /// What a failed call means for the operation.
    fn after_error(
        &self,
        error: &compshare::Error,
        verb: Verb,
        operation: &Operation,
        history: &mut History,
        since: Instant,
    ) -> Outcome {
        if error.may_have_happened() {
            *sent(history, verb) = Sent::InDoubt { since };
            history.doubts += 1;
            return Outcome::GoOn;
        }
        *sent(history, verb) = Sent::Not;
        let pause = match error.class().map(|class| class.behavior().operation) {
            Some(OnRefusal::Retry) => self.pace.lock_pause(history.refusals),
            Some(OnRefusal::RetryFewTimes) if history.refusals < MOST_STATE_REFUSALS => {
                self.pace.lock_pause(history.refusals)
            }
            Some(OnRefusal::RetryForCapacity) if operation.wait_for_capacity => {
                self.pace.capacity_pause()
            }
            Some(OnRefusal::RetryWithoutParameter)
                if verb == Verb::Start && refuses_flag(error, operation, history) =>
            {
                history.spec_alone = true;
                Duration::ZERO
            }
            Some(
                OnRefusal::RetryFewTimes
                | OnRefusal::RetryForCapacity
                | OnRefusal::RetryWithoutParameter
                | OnRefusal::InDoubt
                | OnRefusal::Fail,
            )
            | None => return Outcome::GiveUp,
        };
        history.refusals += 1;
        history.not_before = Some(since + pause);
        Outcome::GoOn
    }

    /// Until the next look: a poll interval, or less if a call may be sent again before that.
    fn delay(&self, changed: Instant, history: &History) -> Duration {
        let now = Instant::now();
        let pause = match history.reboot {
            Sent::InDoubt { .. } | Sent::Accepted { left: false, .. } => {
                self.pace.glimpse_pause(now - changed)
            }
            Sent::Not | Sent::Accepted { .. } => self.pace.poll_pause(now - changed),
        };
        match history.not_before {
            Some(then) if then > now => pause.min(then - now),
            _ => pause,
        }
    }
}

/// Whether an operation goes on after a failed call, or ends with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    GoOn,
    GiveUp,
}

fn sent(history: &mut History, verb: Verb) -> &mut Sent {
    match verb {
        Verb::Start => &mut history.start,
        Verb::Stop => &mut history.stop,
        Verb::Reboot => &mut history.reboot,
    }
}

/// Whether looking again may well succeed.
fn is_passing(error: &compshare::Error) -> bool {
    match (error.kind(), error.class()) {
        (ErrorKind::Unsent { permanent, .. }, _) => !permanent,
        (_, Some(class)) => class.behavior().resend != Resend::Never,
        (_, None) => true,
    }
}

/// Whether a start was refused because the cloud does not know the flag `WithoutGpu` any more. `WithoutGpuSpec` has it as
/// its beginning, and is another parameter.
fn refuses_flag(error: &compshare::Error, operation: &Operation, history: &History) -> bool {
    let names_flag = |message: &str| {
        message
            .match_indices("WithoutGpu")
            .any(|(at, flag)| !message[at + flag.len()..].starts_with("Spec"))
    };
    let sent = without_gpu(operation.target, history.spec_alone).is_some_and(|sent| sent.send_flag);
    // 8442 speaks of the instance, not of the parameter.
    sent && error.ret_code() != Some(8442) && error.message().is_some_and(names_flag)
}

fn without_gpu(target: Target, spec_alone: bool) -> Option<WithoutGpu> {
    match target {
        Target::Running { mode: GpuMode::WithoutGpu(spec), .. } => {
            Some(WithoutGpu { spec, send_flag: !spec_alone })
        }
        _ => None,
    }
}

/// Where the call goes: to where the instance was seen.
fn scope_of(seen: &Instance, scope: &Scope) -> Scope {
    Scope {
        region: seen.region.clone().or_else(|| scope.region.clone()),
        zone: seen.zone.clone().or_else(|| scope.zone.clone()),
        project_id: scope.project_id.clone(),
    }
}
