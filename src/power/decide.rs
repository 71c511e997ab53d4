//! Decision on the next step of a power operation, as a pure function. Its tests are the table of
//! all states, targets and earlier calls.

use std::time::Duration;

use super::{
    operation::{GpuMode, InOtherMode, Operation, REBOOT, START, STOP, Target},
    preflight::feasible,
    reason::{PowerReason, Reason},
};
use crate::{
    compshare::{Error, Instance, OnRefusal, PowerAction, PowerCall, State, WithoutGpu},
    operation::{self, CallOutcome, CallStatus, Caveat, OperationLog, Situation},
};

type Step = operation::Step<PowerCall, PowerReason>;

/// Returns the next step of `operation`.
pub(super) fn decide(operation: &Operation, situation: &Situation<'_>) -> Step {
    Decision { operation, situation }.step()
}

/// Returns true if the operation has sent a stop to undo its own start, which was to be in no-GPU
/// mode and got a GPU. There is no other reason for a stop after a start.
pub(crate) fn undoes_start(log: &OperationLog) -> bool {
    log.statuses_at(STOP, START).iter().any(|start| *start != CallStatus::NotSent)
}

/// Returns true if a start was refused because the API does not accept the flag `WithoutGpu`.
pub(super) fn refuses_flag(error: &Error) -> bool {
    // `WithoutGpuSpec` is another parameter.
    let names_flag = |message: &str| {
        let mut matches = message.match_indices("WithoutGpu");
        matches.any(|(at, flag)| !message[at + flag.len()..].starts_with("Spec"))
    };
    let behavior = error.class().map(|class| class.behavior().operation);
    behavior == Some(OnRefusal::RetryWithoutParameter)
        // This code is about the instance, not about the parameter.
        && error.ret_code() != Some(8442)
        && error.message().is_some_and(names_flag)
}

/// Operation and situation that a decision depends on.
struct Decision<'a> {
    operation: &'a Operation,
    situation: &'a Situation<'a>,
}

impl Decision<'_> {
    fn step(&self) -> Step {
        match &self.seen().state {
            State::Running => self.running(),
            State::Stopped => self.stopped(),
            State::Initializing | State::Starting => self.starting(),
            // Transitional, or not reported: the instance will change its state by itself.
            State::Unknown
            | State::Stopping
            | State::Rebooting
            | State::Resizing
            | State::Reinstalling
            | State::Install
            | State::Pending => Step::Wait,
            failed if failed.is_failed() => self.if_feasible(|_| Step::Done),
            State::InstallFail | State::Other(_) => self.unlisted(),
        }
    }

    fn running(&self) -> Step {
        let (mode, in_other_mode) = match self.operation.target {
            Target::Running { mode, in_other_mode } => (mode, in_other_mode),
            Target::Awaited => return Step::Done,
            Target::Rebooted => return self.running_to_reboot(),
            Target::Stopped | Target::NotRunning => return self.stop(),
        };
        if undoes_start(self.log()) {
            return self.stop();
        }
        if mode.matches(self.seen()) {
            return Step::Done;
        }
        // State and GPU of one describe need not be from the same moment.
        if !self.log().seen_twice(|seen| seen.state == State::Running && !mode.matches(seen)) {
            return Step::Confirm;
        }
        match mode {
            _ if self.log().status(START) == CallStatus::NotSent => match in_other_mode {
                InOtherMode::Keep => Step::Done,
                InOtherMode::Refuse | InOtherMode::Restart => self.if_feasible(Self::stop),
            },
            GpuMode::WithGpu => Step::Fail(Reason::Kind(PowerReason::GpuMissing)),
            GpuMode::WithoutGpu(_) if self.was_found_stopped() => {
                self.situation.send_now(self.stop_call())
            }
            GpuMode::WithoutGpu(_) => self.gpu_allocated(false),
        }
    }

    /// A reboot is not resent after a lost response: a second one would interrupt the instance
    /// again.
    fn running_to_reboot(&self) -> Step {
        let is_recent = |since| self.situation.now - since < self.situation.pace.reboot;
        match self.log().status(REBOOT) {
            CallStatus::NotSent => self.situation.send_now(self.call(PowerAction::Reboot)),
            CallStatus::Accepted { state_left: true, .. } => Step::Done,
            _ if self.has_restarted() => Step::Done,
            CallStatus::Lost { since } | CallStatus::Accepted { since, .. } if is_recent(since) => {
                Step::Wait
            }
            CallStatus::Lost { .. } => Step::Fail(Reason::ResponseLost(REBOOT)),
            CallStatus::Accepted { .. } => Step::DoneWith(Caveat::NotObserved(REBOOT)),
        }
    }

    fn stopped(&self) -> Step {
        if undoes_start(self.log()) {
            return self.gpu_allocated(true);
        }
        match self.operation.target {
            Target::Running { .. } => self.if_feasible(Self::start),
            Target::Stopped | Target::NotRunning => Step::Done,
            Target::Awaited => Step::Wait,
            Target::Rebooted if self.log().status(REBOOT) == CallStatus::NotSent => {
                Step::Fail(Reason::Kind(PowerReason::NotRunning))
            }
            Target::Rebooted if self.log().seen_twice(|seen| seen.state == State::Stopped) => {
                Step::Fail(Reason::FellBack(REBOOT))
            }
            Target::Rebooted => Step::Confirm,
        }
    }

    /// An instance can get stuck in its start. A stop usually frees it.
    fn starting(&self) -> Step {
        match self.operation.target {
            Target::Stopped | Target::NotRunning
                if self.is_unchanged_for(self.situation.pace.stuck) =>
            {
                self.situation.try_once(self.stop_call())
            }
            _ => Step::Wait,
        }
    }

    /// An undocumented state is probably transitional. If it does not change, the instance may rest
    /// in it, as a spot instance does that CompShare has interrupted.
    fn unlisted(&self) -> Step {
        if !self.is_unchanged_for(self.situation.pace.unlisted) {
            return Step::Wait;
        }
        match self.operation.target {
            Target::Running { .. } => {
                self.if_feasible(|decision| decision.situation.try_once(decision.start_call()))
            }
            Target::Stopped | Target::NotRunning => self.situation.try_once(self.stop_call()),
            Target::Rebooted => self.situation.try_once(self.call(PowerAction::Reboot)),
            Target::Awaited => Step::Wait,
        }
    }

    fn is_unchanged_for(&self, time: Duration) -> bool {
        self.situation.now - self.log().changed() >= time
    }

    fn if_feasible(&self, step: fn(&Self) -> Step) -> Step {
        match feasible(self.operation.target, self.seen()) {
            Ok(()) => step(self),
            Err(reason) => Step::Fail(reason),
        }
    }

    fn start(&self) -> Step {
        self.situation.send(self.start_call())
    }

    fn start_call(&self) -> PowerCall {
        let without_gpu = match self.operation.target {
            Target::Running { mode: GpuMode::WithoutGpu(spec), .. } => {
                Some(WithoutGpu { spec, send_flag: !self.was_flag_refused() })
            }
            _ => None,
        };
        self.call(PowerAction::Start { without_gpu })
    }

    fn stop(&self) -> Step {
        let last = self.log().last_call(STOP);
        // A stop during a start has no effect if the start ends nevertheless.
        if last.is_some_and(|stop| stop.before.state != State::Running) {
            return self.situation.send_now(self.stop_call());
        }
        self.situation.send(self.stop_call())
    }

    fn stop_call(&self) -> PowerCall {
        let force = self.operation.force_stop || self.seen().is_spot == Some(true);
        self.call(PowerAction::Stop { force })
    }

    fn call(&self, action: PowerAction) -> PowerCall {
        let instance = &self.operation.instance;
        PowerCall {
            instance_id: instance.id.clone(),
            scope: instance.scope_at(self.seen()),
            action,
        }
    }

    /// Returns true if this operation has sent a start that no stop of its own came before.
    fn was_found_stopped(&self) -> bool {
        self.log().statuses_at(START, STOP).contains(&CallStatus::NotSent)
    }

    fn was_flag_refused(&self) -> bool {
        self.log().calls.iter().filter(|call| call.action == START).any(
            |start| matches!(&start.outcome, CallOutcome::Refused(error) if refuses_flag(error)),
        )
    }

    /// Returns true if the start time has changed since the reboot was sent.
    fn has_restarted(&self) -> bool {
        let started = self.seen().start_time;
        let reboot = self.log().last_call(REBOOT);
        started.is_some() && reboot.is_some_and(|call| call.before.start_time != started)
    }

    fn gpu_allocated(&self, stopped_again: bool) -> Step {
        Step::Fail(Reason::Kind(PowerReason::GpuAllocated { stopped_again }))
    }

    fn seen(&self) -> &Instance {
        self.situation.seen
    }

    fn log(&self) -> &OperationLog {
        self.situation.log
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use serde_json::json;
    use tokio::time::{Instant, advance};

    use super::*;
    use crate::{
        compshare::{ErrorKind, Lost, Spec},
        operation::{InstanceRef, Pace},
        power::reason::NoGpuRefusal,
    };

    const PACE: Pace = Pace::new(Duration::from_secs(3));
    const MILLISECOND: Duration = Duration::from_millis(1);

    const fn running(mode: GpuMode, in_other_mode: InOtherMode) -> Target {
        Target::Running { mode, in_other_mode }
    }

    const WITH_GPU: Target = running(GpuMode::WithGpu, InOtherMode::Refuse);
    const WITHOUT_GPU: Target = running(GpuMode::WithoutGpu(Spec::A), InOtherMode::Refuse);

    fn instance(state: &str, gpus: u32) -> Instance {
        let fields = json!({"UHostId": "uhost-1", "State": state, "GPU": gpus});
        serde_json::from_value(fields).unwrap()
    }

    /// An operation in progress.
    struct Progress {
        operation: Operation,
        log: OperationLog,
    }

    impl Progress {
        fn new(target: Target) -> Self {
            let operation = Operation::new(InstanceRef::default(), target, Duration::MAX);
            Self { operation, log: OperationLog::new("uhost-1", None) }
        }

        /// Records a describe without a decision.
        fn sees(&mut self, state: &str) {
            self.log.found(&Arc::new(instance(state, 1)));
        }

        /// Records a call that was sent in the state `before`.
        fn called(&mut self, action: &'static str, before: Instance, outcome: CallOutcome) {
            self.log.call_sent(action, &Arc::new(before));
            self.log.call_ended(outcome);
        }

        fn accepted(mut self, action: &'static str, before: &str) -> Self {
            self.called(action, instance(before, 1), CallOutcome::Accepted);
            self
        }

        fn lost(mut self, action: &'static str, before: &str) -> Self {
            self.called(action, instance(before, 1), lost(action));
            self
        }

        /// Checks the decision after a describe.
        #[track_caller]
        fn check(&mut self, seen: &Instance, expected: &str) {
            let step = self.decide(seen);
            let target = self.operation.target;
            assert_eq!(word(&step), expected, "{:?} for {target:?}: {:?}", seen.state, self.log);
        }

        fn decide(&mut self, seen: &Instance) -> Step {
            let seen = Arc::new(seen.clone());
            self.log.found(&seen);
            if self.log.is_contradictory() {
                return Step::Confirm;
            }
            let now = Instant::now();
            decide(&self.operation, &Situation { seen: &seen, log: &self.log, pace: &PACE, now })
        }
    }

    fn lost(action: &'static str) -> CallOutcome {
        let kind = ErrorKind::MaybeSent(Lost::TimedOut);
        CallOutcome::Lost(Error { action, attempts: 1, request_id: None, kind })
    }

    fn refused(action: &'static str, code: i64, message: &str) -> CallOutcome {
        let kind = ErrorKind::Refused { code, message: message.to_owned() };
        CallOutcome::Refused(Error { action, attempts: 1, request_id: None, kind })
    }

    /// Returns a step in one word.
    fn word(step: &Step) -> String {
        match step {
            Step::Done => "done".into(),
            Step::DoneWith(_) => "done with a caveat".into(),
            Step::Confirm => "confirm".into(),
            Step::Wait => "wait".into(),
            Step::Call(call) => match call.action {
                PowerAction::Start { .. } => "start".into(),
                PowerAction::Stop { .. } => "stop".into(),
                PowerAction::Reboot => "reboot".into(),
            },
            Step::Fail(reason) => {
                let name = format!("{reason:?}").replace("Kind(", "");
                name.split(|c: char| !c.is_alphanumeric()).next().unwrap().to_owned()
            }
        }
    }

    #[test]
    fn first_step_follows_from_state_and_target() {
        // State, and the step to: run, stop, not run, reboot.
        for (state, to_run, to_stop, to_not_run, to_reboot) in [
            ("Running", "done", "stop", "stop", "reboot"),
            ("Stopped", "start", "done", "done", "NotRunning"),
            ("Initializing", "wait", "wait", "wait", "wait"),
            ("Starting", "wait", "wait", "wait", "wait"),
            ("Stopping", "wait", "wait", "wait", "wait"),
            ("Rebooting", "wait", "wait", "wait", "wait"),
            ("Resizing", "wait", "wait", "wait", "wait"),
            ("Reinstalling", "wait", "wait", "wait", "wait"),
            ("Install", "wait", "wait", "wait", "wait"),
            ("Pending", "wait", "wait", "wait", "wait"),
            ("", "wait", "wait", "wait", "wait"),
            ("running", "wait", "wait", "wait", "wait"),
            ("中断", "wait", "wait", "wait", "wait"),
            ("Install Fail", "FailedState", "FailedState", "done", "FailedState"),
            ("StartFailed", "FailedState", "FailedState", "done", "FailedState"),
        ] {
            // A passive operation reaches the same end, but makes no call.
            let awaited = if to_run == "start" { "wait" } else { to_run };
            for (target, expected) in [
                (WITH_GPU, to_run),
                (Target::Stopped, to_stop),
                (Target::NotRunning, to_not_run),
                (Target::Rebooted, to_reboot),
                (Target::Awaited, awaited),
            ] {
                Progress::new(target).check(&instance(state, 1), expected);
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn reboot_is_done_when_state_or_start_time_changed() {
        let started = |seconds| Instance { start_time: Some(seconds), ..instance("Running", 1) };
        let sent = || {
            let mut progress = Progress::new(Target::Rebooted);
            progress.called(REBOOT, started(1), CallOutcome::Accepted);
            progress
        };
        let mut by_time = sent();
        by_time.check(&started(1), "wait");
        by_time.check(&instance("Running", 1), "wait");
        by_time.check(&started(2), "done");
        let mut by_state = sent();
        by_state.sees("");
        by_state.check(&started(1), "wait");
        by_state.check(&instance("Rebooting", 1), "wait");
        by_state.check(&started(1), "done");
        by_state.check(&instance("Stopped", 1), "confirm");
        by_state.check(&instance("Stopped", 1), "FellBack");
    }

    #[tokio::test(start_paused = true)]
    async fn unobserved_reboot_is_never_resent() {
        for (outcome, expected) in
            [(CallOutcome::Accepted, "done with a caveat"), (lost(REBOOT), "ResponseLost")]
        {
            let mut progress = Progress::new(Target::Rebooted);
            progress.called(REBOOT, instance("Running", 1), outcome);
            let seen = instance("Running", 1);
            advance(PACE.reboot - MILLISECOND).await;
            progress.check(&seen, "wait");
            advance(MILLISECOND).await;
            progress.check(&seen, expected);
            // A changed state proves that the reboot was carried out.
            progress.sees("Rebooting");
            progress.check(&seen, "done");
        }
    }

    #[test]
    fn running_instance_changes_mode_only_if_allowed() {
        for (gpus, target, expected) in [
            (0, WITH_GPU, "RestartNotAllowed"),
            (1, WITHOUT_GPU, "RestartNotAllowed"),
            (0, running(GpuMode::WithGpu, InOtherMode::Restart), "stop"),
            (1, running(GpuMode::WithoutGpu(Spec::A), InOtherMode::Restart), "stop"),
            (0, running(GpuMode::WithGpu, InOtherMode::Keep), "done"),
        ] {
            let mut progress = Progress::new(target);
            progress.check(&instance("Running", gpus), "confirm");
            progress.check(&instance("Running", 1 - gpus), "done");
            progress.check(&instance("Running", gpus), "confirm");
            progress.check(&instance("Running", gpus), expected);
        }
        Progress::new(WITHOUT_GPU).check(&instance("Running", 0), "done");
        Progress::new(WITH_GPU).check(&instance("Running", 2), "done");
        // An unreported number of GPUs is no reason for a restart.
        let unreported = Instance { gpu: None, ..instance("Running", 0) };
        Progress::new(WITH_GPU).check(&unreported, "done");
        Progress::new(WITHOUT_GPU).check(&unreported, "done");
    }

    #[tokio::test(start_paused = true)]
    async fn accepted_start_may_take_minutes_to_begin() {
        let mut progress = Progress::new(WITH_GPU).accepted(START, "Stopped");
        let stopped = instance("Stopped", 1);
        progress.check(&stopped, "wait");
        let minutes = Duration::from_secs(4 * 60);
        advance(minutes).await;
        progress.check(&stopped, "wait");
        advance(PACE.settle - minutes).await;
        progress.check(&stopped, "NoEffect");
    }

    #[tokio::test(start_paused = true)]
    async fn effect_of_a_call_is_judged_by_two_describes() {
        let stopped = instance("Stopped", 1);
        let accepted = || Progress::new(WITH_GPU).accepted(START, "Stopped");
        let lost = || Progress::new(WITH_GPU).lost(START, "Stopped");
        for (mut progress, expected) in [(accepted(), "NoEffect"), (lost(), "start")] {
            // The poll interval is longer than the time that the call may take.
            advance(PACE.settle).await;
            progress.check(&stopped, "confirm");
            progress.check(&stopped, expected);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn contradictory_state_decides_nothing_before_it_is_repeated() {
        let start = || Progress::new(WITH_GPU).accepted(START, "Stopped");
        let stop = || Progress::new(Target::Stopped).accepted(STOP, "Running");
        let run = || Progress::new(WITH_GPU);
        let rest = || Progress::new(Target::Stopped);
        for (mut progress, before, contradictory, expected) in [
            (start(), "Starting", "Stopped", "FellBack"),
            (start(), "Starting", "Install Fail", "FailedState"),
            (stop(), "Stopping", "Running", "FellBack"),
            // The transition is not from this operation.
            (run(), "Starting", "Stopped", "start"),
            (run(), "Initializing", "Stopped", "start"),
            (run(), "Stopping", "Running", "done"),
            (rest(), "Starting", "Stopped", "done"),
            (rest(), "Stopping", "Running", "stop"),
            (rest(), "Pending", "Install Fail", "FailedState"),
            (Progress::new(Target::Rebooted), "Rebooting", "Stopped", "NotRunning"),
        ] {
            progress.check(&instance(before, 1), "wait");
            progress.check(&instance(contradictory, 1), "confirm");
            progress.check(&instance(before, 1), "wait");
            progress.check(&instance(contradictory, 1), "confirm");
            progress.check(&instance("", 1), "wait");
            progress.check(&instance(contradictory, 1), "confirm");
            progress.check(&instance(contradictory, 1), expected);
        }
        // States that follow from the one before.
        for (mut progress, before, state, expected) in [
            (run(), "Stopping", "Stopped", "start"),
            (run(), "Starting", "Running", "done"),
            (rest(), "Starting", "Running", "stop"),
            (rest(), "Rebooting", "Running", "stop"),
            (rest(), "Stopping", "Stopped", "done"),
            (start(), "Stopped", "Running", "done"),
        ] {
            progress.check(&instance(before, 1), "wait");
            progress.check(&instance(state, 1), expected);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn unlisted_state_is_acted_on_once_if_unchanged() {
        for (target, expected) in [
            (WITH_GPU, "start"),
            (Target::Stopped, "stop"),
            (Target::NotRunning, "stop"),
            (Target::Rebooted, "reboot"),
            (Target::Awaited, "wait"),
        ] {
            let interrupted = instance("Interrupted", 1);
            let mut progress = Progress::new(target);
            progress.check(&interrupted, "wait");
            advance(PACE.unlisted - MILLISECOND).await;
            progress.check(&interrupted, "wait");
            // An unreported state is no change.
            progress.check(&instance("", 1), "wait");
            advance(MILLISECOND).await;
            progress.check(&interrupted, expected);
            let action = match expected {
                "start" => START,
                "stop" => STOP,
                _ => REBOOT,
            };
            for outcome in [refused(action, 8905, ""), CallOutcome::Accepted, lost(action)] {
                progress.called(action, interrupted.clone(), outcome);
                advance(PACE.settle).await;
                progress.check(&interrupted, "wait");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn interrupted_instance_waits_for_capacity() {
        let interrupted = instance("Interrupted", 1);
        let mut progress = Progress::new(WITH_GPU);
        progress.check(&interrupted, "wait");
        advance(PACE.unlisted).await;
        for _ in 0..3 {
            progress.check(&interrupted, "start");
            progress.called(START, interrupted.clone(), refused(START, 8357, "sold out"));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn instance_stuck_in_its_start_is_stopped() {
        for state in ["Starting", "Initializing"] {
            for (target, expected) in [
                (Target::Stopped, "stop"),
                (Target::NotRunning, "stop"),
                (WITH_GPU, "wait"),
                (Target::Rebooted, "wait"),
            ] {
                let mut progress = Progress::new(target);
                progress.check(&instance(state, 1), "wait");
                advance(PACE.stuck - MILLISECOND).await;
                progress.check(&instance(state, 1), "wait");
                advance(MILLISECOND).await;
                progress.check(&instance(state, 1), expected);
            }
        }
        let stuck = || {
            let mut progress = Progress::new(Target::Stopped);
            progress.sees("Starting");
            progress
        };
        let mut freed = stuck().accepted(STOP, "Starting");
        freed.check(&instance("Starting", 1), "wait");
        freed.check(&instance("Stopped", 1), "done");
        // The start has ended nevertheless.
        let mut running = stuck().accepted(STOP, "Starting");
        running.check(&instance("Running", 1), "stop");
        running.accepted(STOP, "Running").check(&instance("Running", 1), "wait");
    }

    #[test]
    fn stop_of_a_spot_instance_is_forced() {
        for (is_spot, force_stop, expected) in [
            (Some(true), false, true),
            (Some(false), false, false),
            (Some(false), true, true),
            (None, false, false),
            (None, true, true),
        ] {
            let mut progress = Progress::new(Target::NotRunning);
            progress.operation.force_stop = force_stop;
            match progress.decide(&Instance { is_spot, ..instance("Running", 1) }) {
                Step::Call(PowerCall { action: PowerAction::Stop { force }, .. }) => {
                    assert_eq!(force, expected, "{is_spot:?}");
                }
                step => panic!("{step:?}"),
            }
        }
    }

    /// An instance with one GPU whose size of no-GPU mode is still in effect.
    fn in_no_gpu_size(state: &str) -> Instance {
        let fields = json!({
            "UHostId": "uhost-1", "State": state, "GPU": 0, "MachineType": "O",
            "SrcInstanceConfig": {"Cpu": 16, "Memory": 65536, "Gpu": 1},
        });
        serde_json::from_value(fields).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn size_of_a_stopped_instance_is_no_mode() {
        let restart = running(GpuMode::WithGpu, InOtherMode::Restart);
        for target in [WITH_GPU, restart, WITHOUT_GPU] {
            Progress::new(target).check(&in_no_gpu_size("Stopped"), "start");
            // The GPU was restored, and the boot failed.
            Progress::new(target).check(&instance("Stopped", 1), "start");
        }
        // A refused start that has restored the GPU is sent again, and one that has booted ends.
        let mut progress = Progress::new(WITH_GPU);
        progress.called(START, in_no_gpu_size("Stopped"), refused(START, 8357, "sold out"));
        progress.check(&instance("Stopped", 1), "start");
        progress.check(&instance("Running", 1), "confirm");
        progress.check(&instance("Running", 1), "done");
    }

    #[tokio::test(start_paused = true)]
    async fn lost_start_that_changed_the_size_is_not_resent() {
        for (target, before, after) in [
            (WITH_GPU, in_no_gpu_size("Stopped"), instance("Stopped", 1)),
            (WITHOUT_GPU, instance("Stopped", 1), in_no_gpu_size("Stopped")),
        ] {
            let mut progress = Progress::new(target);
            progress.called(START, before.clone(), lost(START));
            progress.check(&after, "wait");
            progress.check(&after, "wait");
            advance(PACE.resend).await;
            progress.check(&after, "wait");
            advance(PACE.settle).await;
            progress.check(&after, "NoEffect");
            // One describe with another size proves nothing.
            let mut progress = Progress::new(target);
            progress.called(START, before.clone(), lost(START));
            progress.check(&after, "wait");
            progress.check(&before, "wait");
            advance(PACE.resend).await;
            progress.check(&before, "start");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn mode_is_compared_with_the_gpu_that_the_instance_has() {
        let fields = json!({"UHostId": "uhost-1", "GPU": 0, "SupportWithoutGpuStart": false});
        let in_state = |state: &str| {
            let instance: Instance = serde_json::from_value(fields.clone()).unwrap();
            Instance { state: State::from(state.to_owned()), ..instance }
        };
        for in_other_mode in [InOtherMode::Keep, InOtherMode::Refuse, InOtherMode::Restart] {
            let target = running(GpuMode::WithGpu, in_other_mode);
            Progress::new(target).check(&in_state("Running"), "done");
            let mut started = Progress::new(target).accepted(START, "Stopped");
            started.check(&in_state("Running"), "done");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn lost_start_is_resent_twice_each_time_after_a_pause() {
        let stopped = instance("Stopped", 1);
        let mut progress = Progress::new(WITH_GPU);
        for expected in ["start", "start", "ResponseLost"] {
            progress = progress.lost(START, "Stopped");
            progress.check(&stopped, "wait");
            advance(PACE.resend - MILLISECOND).await;
            progress.check(&stopped, "wait");
            advance(MILLISECOND).await;
            progress.check(&stopped, expected);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn lost_start_is_accepted_once_the_state_changes() {
        let mut progress = Progress::new(WITH_GPU).lost(START, "Stopped");
        progress.check(&instance("Starting", 1), "wait");
        let since = Instant::now();
        assert_eq!(progress.log.status(START), CallStatus::Accepted { since, state_left: true });
        progress.check(&instance("Running", 1), "done");
        progress.check(&instance("Stopped", 1), "confirm");
        progress.check(&instance("Stopped", 1), "FellBack");
    }

    #[tokio::test(start_paused = true)]
    async fn no_call_is_sent_before_the_pause_after_a_refusal() {
        let pause = Duration::from_secs(5);
        let refused = |target| {
            let mut progress = Progress::new(target);
            progress.log.delay_calls_until(Instant::now() + pause);
            progress
        };
        let (mut start, mut stop) = (refused(WITH_GPU), refused(Target::Stopped));
        start.check(&instance("Stopped", 1), "wait");
        stop.check(&instance("Running", 1), "wait");
        // Success needs no call.
        start.check(&instance("Starting", 1), "wait");
        start.check(&instance("Running", 1), "done");
        advance(pause).await;
        start.check(&instance("Stopping", 1), "wait");
        start.check(&instance("Stopped", 1), "start");
        stop.check(&instance("Running", 1), "stop");
    }

    #[tokio::test(start_paused = true)]
    async fn restart_stops_and_then_starts() {
        let target = running(GpuMode::WithoutGpu(Spec::A), InOtherMode::Restart);
        let mut progress = Progress::new(target).accepted(STOP, "Running");
        progress.check(&instance("Running", 1), "confirm");
        progress.check(&instance("Running", 1), "wait");
        progress.check(&instance("Stopped", 1), "start");
        progress = progress.accepted(START, "Stopped");
        progress.check(&instance("Stopped", 1), "wait");
        progress.check(&instance("Running", 0), "done");
    }

    #[tokio::test(start_paused = true)]
    async fn unexpected_gpu_is_undone_if_found_stopped() {
        let mut found_stopped = Progress::new(WITHOUT_GPU).accepted(START, "Stopped");
        let mut found_running = Progress::new(WITHOUT_GPU).accepted(STOP, "Running");
        found_running.sees("Stopped");
        found_running = found_running.accepted(START, "Stopped");
        for progress in [&mut found_running, &mut found_stopped] {
            // State and GPU of one describe may be from different moments.
            progress.check(&instance("Running", 1), "confirm");
            assert!(!undoes_start(&progress.log));
        }
        found_running.check(&instance("Running", 1), "GpuAllocated");
        found_stopped.check(&instance("Running", 1), "stop");
        found_stopped = found_stopped.accepted(STOP, "Running");
        assert!(undoes_start(&found_stopped.log));
        found_stopped.check(&instance("Running", 1), "wait");
        found_stopped.check(&instance("Stopped", 1), "GpuAllocated");
    }

    #[tokio::test(start_paused = true)]
    async fn missing_gpu_fails_after_two_describes() {
        let mut progress = Progress::new(WITH_GPU).accepted(START, "Stopped");
        progress.check(&instance("Running", 0), "confirm");
        progress.check(&instance("Running", 1), "done");
        progress.check(&instance("Running", 0), "confirm");
        progress.check(&instance("Running", 0), "GpuMissing");
    }

    #[test]
    fn unsupported_no_gpu_mode_fails_before_any_call() {
        let stopped = || instance("Stopped", 1);
        let charged = |by: &str| Instance { charge_type: Some(by.to_owned()), ..stopped() };
        let unsupported = Instance { supports_without_gpu_start: Some(false), ..stopped() };
        let container = Instance { instance_type: Some("Container".to_owned()), ..stopped() };
        let pod = Instance { id: "cpod-1".to_owned(), ..stopped() };
        let spec_b = running(GpuMode::WithoutGpu(Spec::B), InOtherMode::Refuse);
        for (seen, target, expected) in [
            (&unsupported, WITHOUT_GPU, "NoGpuMode"),
            (&unsupported, WITH_GPU, "start"),
            (&unsupported, Target::Stopped, "done"),
            (&charged("Day"), WITHOUT_GPU, "NoGpuMode"),
            (&charged("Month"), WITHOUT_GPU, "NoGpuMode"),
            (&charged("Year"), WITHOUT_GPU, "NoGpuMode"),
            (&charged("Postpay"), WITHOUT_GPU, "start"),
            (&charged("Dynamic"), WITHOUT_GPU, "start"),
            (&container, spec_b, "NoGpuMode"),
            (&container, WITHOUT_GPU, "start"),
            (&pod, spec_b, "NoGpuMode"),
        ] {
            Progress::new(target).check(seen, expected);
        }
    }

    #[test]
    fn refused_flag_is_left_out_of_the_next_start() {
        let flag_of_next_start = |code, message: &str| {
            let mut progress = Progress::new(WITHOUT_GPU);
            progress.called(START, instance("Stopped", 1), refused(START, code, message));
            match progress.decide(&instance("Stopped", 1)) {
                Step::Call(PowerCall {
                    action: PowerAction::Start { without_gpu: Some(without_gpu) },
                    ..
                }) => without_gpu.send_flag,
                step => panic!("{step:?}"),
            }
        };
        assert!(!flag_of_next_start(230, "Params [WithoutGpu] not available"));
        assert!(flag_of_next_start(230, "Params [WithoutGpuSpec] not available"));
        assert!(flag_of_next_start(230, "Params [Zone] not available"));
        assert!(flag_of_next_start(8442, "WithoutGpu is not supported"), "about the instance");
        assert!(flag_of_next_start(8443, "WithoutGpu start in progress"));
    }

    #[test]
    fn refusal_of_no_gpu_mode_names_its_reason() {
        let seen = Instance { supports_without_gpu_start: Some(false), ..instance("Stopped", 1) };
        let reason = feasible(WITHOUT_GPU, &seen);
        assert!(
            matches!(reason, Err(Reason::Kind(PowerReason::NoGpuMode(NoGpuRefusal::Model)))),
            "{reason:?}"
        );
    }
}
