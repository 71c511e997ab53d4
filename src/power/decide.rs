//! The one decision: what to do next, given what was seen and what was done. Pure, so that the whole table can be tested.

use tokio::time::Instant;

use super::{
    GpuMode, Pace, Target,
    failure::{NoGpuRefusal, Reason, Verb},
    history::{History, Sent},
};
use crate::compshare::{Instance, Spec, State};

/// How often a call whose answer is lost is sent in all.
const MOST_DOUBTS: u32 = 3;

/// The next step of an operation.
#[derive(Debug)]
pub(super) enum Step {
    /// The instance is as wanted.
    Done,
    /// Ask the cloud to start or stop it.
    Call(Verb),
    /// Look again after a poll interval.
    Wait,
    /// Look again, everywhere, before believing that it is gone.
    Confirm,
    /// Give up.
    Fail(Reason),
}

/// What comes next for an instance that was seen.
pub(super) fn decide(
    seen: &Instance,
    target: Target,
    history: &History,
    pace: &Pace,
    now: Instant,
) -> Step {
    match &seen.state {
        // Whatever is wanted: these say nothing yet, or are on their way to somewhere.
        State::Unknown
        | State::Initializing
        | State::Starting
        | State::Stopping
        | State::Rebooting
        | State::Resizing
        | State::Reinstalling
        | State::Install
        | State::Pending => Step::Wait,
        State::Running => running(seen, target, history, pace, now),
        State::Stopped => stopped(seen, target, history, pace, now),
        failed if failed.is_failed() => match target {
            Target::NotRunning => Step::Done,
            _ => Step::Fail(Reason::FailedState(failed.as_str().to_owned())),
        },
        // A word nobody listed: most likely on its way to a state that somebody did.
        _ => Step::Wait,
    }
}

/// What comes next for an instance that was looked for and not found.
pub(super) fn absent(target: Target, history: &History) -> Step {
    if history.absences < 2 {
        return Step::Confirm;
    }
    match target {
        Target::NotRunning => Step::Done,
        _ if history.seen => Step::Fail(Reason::Vanished),
        _ => Step::Fail(Reason::NotFound),
    }
}

fn running(seen: &Instance, target: Target, history: &History, pace: &Pace, now: Instant) -> Step {
    let (mode, may_restart) = match target {
        Target::Running { mode, may_restart } => (mode, may_restart),
        Target::Awaited => return Step::Done,
        Target::Rebooted => return rebooted(seen, history, pace, now),
        Target::Stopped | Target::NotRunning => {
            return call(Verb::Stop, history.stop, history, pace, now);
        }
    };
    if history.undoing {
        return call(Verb::Stop, history.stop, history, pace, now);
    }
    if mode.matches(seen.gpu) {
        return Step::Done;
    }
    match (history.start, mode) {
        (Sent::Not, _) if history.stop != Sent::Not || may_restart => feasible(seen, target)
            .map_or_else(Step::Fail, |()| call(Verb::Stop, history.stop, history, pace, now)),
        (Sent::Not, mode) => {
            let without_gpu = matches!(mode, GpuMode::WithoutGpu(_));
            Step::Fail(Reason::RestartNotAllowed { without_gpu })
        }
        // What was just started is judged by two looks: its state and its GPU need not be reported from one moment.
        _ if history.mismatches < 2 => Step::Wait,
        (_, GpuMode::WithGpu) => Step::Fail(Reason::GpuMissing),
        (_, GpuMode::WithoutGpu(_)) if history.found_stopped => {
            call(Verb::Stop, Sent::Not, history, pace, now)
        }
        (_, GpuMode::WithoutGpu(_)) => Step::Fail(Reason::GpuAllocated { stopped_again: false }),
    }
}

/// What comes next for an instance that is to be rebooted and runs. A reboot is sent once and never again: done twice it
/// would end twice whatever runs there.
fn rebooted(seen: &Instance, history: &History, pace: &Pace, now: Instant) -> Step {
    match history.reboot {
        Sent::Not => call(Verb::Reboot, Sent::Not, history, pace, now),
        Sent::Accepted { left: true, .. } => Step::Done,
        _ if history.has_restarted(seen) => Step::Done,
        Sent::InDoubt { since } | Sent::Accepted { since, .. } if now - since < pace.settle => {
            Step::Wait
        }
        Sent::InDoubt { .. } => Step::Fail(Reason::ResponseLost(Verb::Reboot)),
        Sent::Accepted { .. } => Step::Fail(Reason::NoEffect(Verb::Reboot)),
    }
}

fn stopped(seen: &Instance, target: Target, history: &History, pace: &Pace, now: Instant) -> Step {
    if history.undoing {
        return Step::Fail(Reason::GpuAllocated { stopped_again: true });
    }
    match target {
        Target::Running { .. } => {}
        Target::Stopped | Target::NotRunning => return Step::Done,
        Target::Awaited => return Step::Wait,
        Target::Rebooted if history.reboot == Sent::Not => return Step::Fail(Reason::NotRunning),
        Target::Rebooted => return Step::Fail(Reason::FellBack(Verb::Reboot)),
    }
    match feasible(seen, target) {
        Ok(()) => call(Verb::Start, history.start, history, pace, now),
        Err(reason) => Step::Fail(reason),
    }
}

/// Whether a call is due that would take the instance out of the state it is in.
fn call(verb: Verb, sent: Sent, history: &History, pace: &Pace, now: Instant) -> Step {
    match sent {
        Sent::Not if history.not_before.is_some_and(|then| now < then) => Step::Wait,
        Sent::Not => Step::Call(verb),
        Sent::InDoubt { since } if now - since < pace.doubt => Step::Wait,
        Sent::InDoubt { .. } if history.doubts < MOST_DOUBTS => Step::Call(verb),
        Sent::InDoubt { .. } => Step::Fail(Reason::ResponseLost(verb)),
        Sent::Accepted { left: true, .. } => Step::Fail(Reason::FellBack(verb)),
        Sent::Accepted { since, .. } if now - since < pace.settle => Step::Wait,
        Sent::Accepted { .. } => Step::Fail(Reason::NoEffect(verb)),
    }
}

/// Whether the API already says that it cannot become what is wanted.
pub(super) fn feasible(seen: &Instance, target: Target) -> Result<(), Reason> {
    if seen.state.is_failed() && target != Target::NotRunning {
        return Err(Reason::FailedState(seen.state.as_str().to_owned()));
    }
    let Target::Running { mode, may_restart } = target else { return Ok(()) };
    if seen.state == State::Running {
        if mode.matches(seen.gpu) {
            return Ok(());
        }
        if !may_restart {
            let without_gpu = matches!(mode, GpuMode::WithoutGpu(_));
            return Err(Reason::RestartNotAllowed { without_gpu });
        }
    }
    match mode {
        GpuMode::WithGpu => Ok(()),
        GpuMode::WithoutGpu(spec) => without_gpu(seen, spec).map_err(Reason::NoGpu),
    }
}

fn without_gpu(seen: &Instance, spec: Spec) -> Result<(), NoGpuRefusal> {
    if seen.supports_without_gpu_start == Some(false) {
        return Err(NoGpuRefusal::Model);
    }
    if let Some(charge) = seen.charge_type.as_deref()
        && ["Day", "Month", "Year"].contains(&charge)
    {
        return Err(NoGpuRefusal::ChargeType(charge.to_owned()));
    }
    let container =
        seen.instance_type.as_deref() == Some("Container") || seen.id.starts_with("cpod-");
    if container && spec == Spec::B {
        return Err(NoGpuRefusal::ContainerSpec);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;
    use tokio::time::advance;

    use super::*;

    const PACE: Pace = Pace::new(Duration::from_secs(3));

    fn instance(state: &str, gpus: u32) -> Instance {
        let fields = json!({"UHostId": "uhost-1", "State": state, "GPU": gpus, "Region": "cn-wlcb", "Zone": "cn-wlcb-01"});
        serde_json::from_value(fields).unwrap()
    }

    const fn running(mode: GpuMode, may_restart: bool) -> Target {
        Target::Running { mode, may_restart }
    }

    const WITH_GPU: Target = running(GpuMode::WithGpu, false);
    const WITHOUT_GPU: Target = running(GpuMode::WithoutGpu(Spec::A), false);

    /// A step in one word.
    fn word(step: &Step) -> String {
        match step {
            Step::Done => "done".into(),
            Step::Call(Verb::Start) => "start".into(),
            Step::Call(Verb::Stop) => "stop".into(),
            Step::Call(Verb::Reboot) => "reboot".into(),
            Step::Wait => "wait".into(),
            Step::Confirm => "confirm".into(),
            Step::Fail(reason) => {
                let name = format!("{reason:?}");
                name.split(|c: char| !c.is_alphanumeric()).next().unwrap().to_owned()
            }
        }
    }

    #[track_caller]
    fn check(seen: &Instance, target: Target, history: &History, expected: &str) {
        let step = decide(seen, target, history, &PACE, Instant::now());
        assert_eq!(word(&step), expected, "{:?} for {target:?} after {history:?}", seen.state);
    }

    fn accepted(left: bool) -> Sent {
        Sent::Accepted { since: Instant::now(), left }
    }

    fn in_doubt() -> Sent {
        Sent::InDoubt { since: Instant::now() }
    }

    #[test]
    fn an_operation_that_has_done_nothing_yet_goes_by_the_table() {
        // The state, and what comes of it for: running, stopped, at rest, rebooted.
        for (state, to_run, to_stop, to_rest, to_reboot) in [
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
            let seen = instance(state, 1);
            let history = History::default();
            check(&seen, WITH_GPU, &history, to_run);
            check(&seen, Target::Stopped, &history, to_stop);
            check(&seen, Target::NotRunning, &history, to_rest);
            check(&seen, Target::Rebooted, &history, to_reboot);
            // Who only looks on comes to the same, but never to a call.
            let awaited = if to_run == "start" { "wait" } else { to_run };
            check(&seen, Target::Awaited, &history, awaited);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_reboot_is_done_when_it_was_seen_to_happen_or_the_start_time_says_so() {
        let started = |seconds| Instance { start_time: Some(seconds), ..instance("Running", 1) };
        let mut history =
            History { reboot: accepted(false), started_before: Some(1), ..History::default() };
        check(&started(1), Target::Rebooted, &history, "wait");
        check(&instance("Running", 1), Target::Rebooted, &history, "wait");
        check(&started(2), Target::Rebooted, &history, "done");
        history.observe(&State::Unknown);
        check(&started(1), Target::Rebooted, &history, "wait");
        history.observe(&State::Rebooting);
        check(&instance("Rebooting", 1), Target::Rebooted, &history, "wait");
        check(&started(1), Target::Rebooted, &history, "done");
        check(&instance("Stopped", 1), Target::Rebooted, &history, "FellBack");
    }

    #[tokio::test(start_paused = true)]
    async fn a_reboot_is_never_sent_again() {
        for (lost, expected) in [(false, "NoEffect"), (true, "ResponseLost")] {
            let reboot = if lost { in_doubt() } else { accepted(false) };
            let history = History { reboot, doubts: 1, ..History::default() };
            let seen = instance("Running", 1);
            advance(PACE.settle - Duration::from_millis(1)).await;
            check(&seen, Target::Rebooted, &history, "wait");
            advance(Duration::from_millis(1)).await;
            check(&seen, Target::Rebooted, &history, expected);
            // Seen to happen, it was taken, whatever became of the answer.
            let mut history = history;
            history.observe(&State::Rebooting);
            check(&seen, Target::Rebooted, &history, "done");
        }
    }

    #[test]
    fn an_instance_in_the_other_mode_is_restarted_only_if_that_is_allowed() {
        for (gpus, target, expected) in [
            (0, WITH_GPU, "RestartNotAllowed"),
            (1, WITHOUT_GPU, "RestartNotAllowed"),
            (0, running(GpuMode::WithGpu, true), "stop"),
            (1, running(GpuMode::WithoutGpu(Spec::A), true), "stop"),
            (0, WITHOUT_GPU, "done"),
            (2, WITH_GPU, "done"),
        ] {
            check(&instance("Running", gpus), target, &History::default(), expected);
        }
        // An answer that does not say how many GPUs there are is nothing to act on.
        let silent = Instance { gpu: None, ..instance("Running", 0) };
        check(&silent, WITH_GPU, &History::default(), "done");
        check(&silent, WITHOUT_GPU, &History::default(), "done");
    }

    #[tokio::test(start_paused = true)]
    async fn after_an_accepted_start_stopped_is_on_its_way_for_a_minute() {
        let history = History { start: accepted(false), ..History::default() };
        let stopped = instance("Stopped", 1);
        check(&stopped, WITH_GPU, &history, "wait");
        advance(PACE.settle - Duration::from_millis(1)).await;
        check(&stopped, WITH_GPU, &history, "wait");
        advance(Duration::from_millis(1)).await;
        check(&stopped, WITH_GPU, &history, "NoEffect");
    }

    #[tokio::test(start_paused = true)]
    async fn once_it_was_seen_to_start_falling_back_is_an_error_at_once() {
        let mut history = History { start: accepted(false), ..History::default() };
        history.observe(&State::Unknown);
        check(&instance("Stopped", 1), WITH_GPU, &history, "wait");
        history.observe(&State::Starting);
        check(&instance("Stopped", 1), WITH_GPU, &history, "FellBack");
        let mut history = History { stop: accepted(false), ..History::default() };
        history.observe(&State::Stopping);
        check(&instance("Running", 1), Target::Stopped, &history, "FellBack");
    }

    #[tokio::test(start_paused = true)]
    async fn a_start_in_doubt_is_sent_again_only_after_a_while_and_only_so_often() {
        let stopped = instance("Stopped", 1);
        for (doubts, expected) in [(1, "start"), (2, "start"), (3, "ResponseLost")] {
            let history = History { start: in_doubt(), doubts, ..History::default() };
            check(&stopped, WITH_GPU, &history, "wait");
            advance(PACE.doubt - Duration::from_millis(1)).await;
            check(&stopped, WITH_GPU, &history, "wait");
            advance(Duration::from_millis(1)).await;
            check(&stopped, WITH_GPU, &history, expected);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_start_in_doubt_counts_as_taken_once_it_is_seen_to_start() {
        let mut history = History { start: in_doubt(), doubts: 1, ..History::default() };
        history.observe(&State::Starting);
        assert_eq!(history.start, accepted(true));
        check(&instance("Starting", 1), WITH_GPU, &history, "wait");
        check(&instance("Running", 1), WITH_GPU, &history, "done");
        check(&instance("Stopped", 1), WITH_GPU, &history, "FellBack");
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_refusal_for_the_moment_nothing_is_sent_before_its_time() {
        let pause = Duration::from_secs(5);
        let history = History { not_before: Some(Instant::now() + pause), ..History::default() };
        check(&instance("Stopped", 1), WITH_GPU, &history, "wait");
        check(&instance("Running", 1), Target::Stopped, &history, "wait");
        // What is done already needs no patience.
        check(&instance("Running", 1), WITH_GPU, &history, "done");
        advance(pause).await;
        check(&instance("Stopped", 1), WITH_GPU, &history, "start");
        check(&instance("Running", 1), Target::Stopped, &history, "stop");
    }

    #[tokio::test(start_paused = true)]
    async fn a_restart_stops_then_starts_and_then_is_done() {
        let target = running(GpuMode::WithoutGpu(Spec::A), true);
        let mut history = History { stop: accepted(false), ..History::default() };
        check(&instance("Running", 1), target, &history, "wait");
        history.observe(&State::Stopped);
        check(&instance("Stopped", 1), target, &history, "start");
        history.start = accepted(false);
        check(&instance("Stopped", 1), target, &history, "wait");
        history.observe(&State::Running);
        check(&instance("Running", 0), target, &history, "done");
    }

    #[tokio::test(start_paused = true)]
    async fn a_gpu_nobody_asked_for_is_undone_only_where_the_instance_was_found_stopped() {
        let mut found_running = History { start: accepted(true), ..History::default() };
        let mut found_stopped = History { found_stopped: true, ..found_running };
        // One look may have caught the state and the GPU of different moments.
        for history in [&mut found_running, &mut found_stopped] {
            history.compare(&instance("Running", 1), WITHOUT_GPU);
            check(&instance("Running", 1), WITHOUT_GPU, history, "wait");
            history.compare(&instance("Running", 1), WITHOUT_GPU);
        }
        check(&instance("Running", 1), WITHOUT_GPU, &found_running, "GpuAllocated");
        check(&instance("Running", 1), WITHOUT_GPU, &found_stopped, "stop");
        found_stopped.undoing = true;
        found_stopped.stop = accepted(false);
        check(&instance("Running", 1), WITHOUT_GPU, &found_stopped, "wait");
        check(&instance("Stopped", 1), WITHOUT_GPU, &found_stopped, "GpuAllocated");
    }

    #[tokio::test(start_paused = true)]
    async fn a_gpu_that_is_missing_is_told_when_it_was_missed_twice() {
        let mut history =
            History { start: accepted(true), found_stopped: true, ..History::default() };
        history.compare(&instance("Running", 0), WITH_GPU);
        check(&instance("Running", 0), WITH_GPU, &history, "wait");
        check(&instance("Running", 1), WITH_GPU, &history, "done");
        history.compare(&instance("Running", 0), WITH_GPU);
        check(&instance("Running", 0), WITH_GPU, &history, "GpuMissing");
    }

    #[test]
    fn absence_is_believed_the_second_time() {
        for (absences, seen, to_run, to_rest) in [
            (1, false, "confirm", "confirm"),
            (1, true, "confirm", "confirm"),
            (2, false, "NotFound", "done"),
            (2, true, "Vanished", "done"),
        ] {
            let history = History { absences, seen, ..History::default() };
            assert_eq!(word(&absent(WITH_GPU, &history)), to_run);
            assert_eq!(word(&absent(Target::Stopped, &history)), to_run);
            assert_eq!(word(&absent(Target::NotRunning, &history)), to_rest);
        }
        let mut history = History { absences: 1, ..History::default() };
        history.observe(&State::Stopped);
        assert_eq!(history.absences, 0, "seeing it again starts the count anew");
    }

    #[test]
    fn a_mode_that_cannot_work_is_known_before_anything_is_asked() {
        let prepaid = |charge: &str| Instance {
            charge_type: Some(charge.to_owned()),
            ..instance("Stopped", 1)
        };
        let unsupported =
            Instance { supports_without_gpu_start: Some(false), ..instance("Stopped", 1) };
        let container =
            Instance { instance_type: Some("Container".to_owned()), ..instance("Stopped", 1) };
        let pod = Instance { id: "cpod-1".to_owned(), ..instance("Stopped", 1) };
        let spec_b = running(GpuMode::WithoutGpu(Spec::B), false);
        for (seen, target, expected) in [
            (&unsupported, WITHOUT_GPU, "NoGpu"),
            (&unsupported, WITH_GPU, "start"),
            (&unsupported, Target::Stopped, "done"),
            (&prepaid("Day"), WITHOUT_GPU, "NoGpu"),
            (&prepaid("Month"), WITHOUT_GPU, "NoGpu"),
            (&prepaid("Year"), WITHOUT_GPU, "NoGpu"),
            (&prepaid("Postpay"), WITHOUT_GPU, "start"),
            (&prepaid("Dynamic"), WITHOUT_GPU, "start"),
            (&container, spec_b, "NoGpu"),
            (&container, WITHOUT_GPU, "start"),
            (&pod, spec_b, "NoGpu"),
        ] {
            check(seen, target, &History::default(), expected);
        }
    }
}
