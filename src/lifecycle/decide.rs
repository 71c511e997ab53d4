//! Decision on the next step of a lifecycle operation, as a pure function.

use super::{
    operation::{Operation, Target},
    reason::LifecycleReason,
};
use crate::{
    compshare::{
        Call as _, DiskSize, Instance, InstanceChange, PowerAction, PowerCall, Resize,
        ResizeInstance, Size, State, TerminateInstance,
    },
    operation::{self, CallStatus, Reason, Situation},
    power::STOP,
};

type Step = operation::Step<InstanceChange, LifecycleReason>;

/// Returns the next step of `operation`.
pub(super) fn decide(operation: &Operation, situation: &Situation<'_>) -> Step {
    let decision = Decision { operation, situation };
    match operation.target {
        Target::Created => decision.created(),
        Target::Resized { size, boot_disk_gb, may_stop } => {
            decision.resized(size, boot_disk_gb, may_stop)
        }
        Target::Deleted { release_data_disks } => decision.deleted(release_data_disks),
    }
}

/// Returns true if `seen` has this size, and a system disk that is not smaller. A part that is not
/// wanted matches.
fn is_reached(seen: &Instance, size: Option<Size>, boot_disk_gb: Option<u32>) -> bool {
    has_size(seen, size) && has_disk(seen, boot_disk_gb)
}

fn has_size(seen: &Instance, size: Option<Size>) -> bool {
    size.is_none() || seen.own_size() == size
}

fn has_disk(seen: &Instance, wanted_gb: Option<u32>) -> bool {
    let reported = seen.boot_disk().and_then(|disk| disk.size_gb);
    wanted_gb.is_none_or(|wanted| reported >= Some(u64::from(wanted)))
}

/// Operation and situation that a decision depends on.
struct Decision<'a> {
    operation: &'a Operation,
    situation: &'a Situation<'a>,
}

impl Decision<'_> {
    fn created(&self) -> Step {
        match &self.seen().state {
            State::Running | State::Stopped => Step::Done,
            failed if failed.is_failed() => Step::Fail(Reason::FailedState(failed.to_string())),
            _ => Step::Wait,
        }
    }

    fn resized(&self, size: Option<Size>, boot_disk_gb: Option<u32>, may_stop: bool) -> Step {
        let has_other_size = |seen: &Instance| !is_reached(seen, size, boot_disk_gb);
        let is_reached = !has_other_size(self.seen());
        match &self.seen().state {
            State::Running if is_reached => Step::Done,
            // One describe may lack the size, or report an outdated one.
            State::Running if !self.situation.log.seen_twice(has_other_size) => Step::Confirm,
            State::Running | State::Stopped if !is_reached && self.seen().has_no_gpu_size() => {
                Step::Fail(Reason::Kind(LifecycleReason::NoGpuSize))
            }
            State::Running if may_stop => self.stop(),
            State::Running => Step::Fail(Reason::Kind(LifecycleReason::StopNotAllowed)),
            State::Stopped if is_reached && self.situation.log.may_have_executed(STOP) => {
                self.situation.send(self.power(PowerAction::Start { without_gpu: None }))
            }
            State::Stopped if is_reached => Step::Done,
            State::Stopped => self.resize(size, boot_disk_gb),
            failed if failed.is_failed() => Step::Fail(Reason::FailedState(failed.to_string())),
            _ => Step::Wait,
        }
    }

    /// Changes the size first, and then the disk: the API accepts one change at a time.
    fn resize(&self, size: Option<Size>, boot_disk_gb: Option<u32>) -> Step {
        if let Some(new) = size.filter(|_| !has_size(self.seen(), size)) {
            return self.send_resize(Resize::Size(new), |seen| has_size(seen, size));
        }
        let Some(size_gb) = boot_disk_gb else { return Step::Done };
        let disk_id = self.seen().boot_disk().and_then(|disk| disk.id.clone());
        let Some(disk_id) = disk_id else {
            return Step::Fail(Reason::Kind(LifecycleReason::NoBootDisk));
        };
        let disk = DiskSize { disk_id, size_gb };
        if !self.seen().is_container() {
            return self.send_resize(Resize::Disk(disk), |seen| has_disk(seen, boot_disk_gb));
        }
        let last = self.situation.log.last_call(ResizeInstance::ACTION);
        let change = self.resize_call(Resize::ContainerDisk(disk));
        match last {
            // The same action has changed the size.
            Some(call) if !has_size(&call.before, size) => self.situation.send_now(change),
            _ => self.situation.send(change),
        }
    }

    fn send_resize(&self, change: Resize, is_reached: impl Fn(&Instance) -> bool) -> Step {
        let call = self.resize_call(change);
        let log = self.situation.log;
        let ended =
            matches!(log.status(call.action()), CallStatus::Accepted { state_left: true, .. });
        // The size of one describe need not be from the same moment as its state.
        let still = |seen: &Instance| seen.state == State::Stopped && !is_reached(seen);
        if ended && !log.seen_twice(still) {
            return Step::Confirm;
        }
        self.situation.send(call)
    }

    fn deleted(&self, release_data_disks: bool) -> Step {
        let terminate = || {
            InstanceChange::Terminate(TerminateInstance {
                instance_id: self.operation.instance.id.clone(),
                scope: self.operation.instance.scope_at(self.seen()),
                release_data_disks,
            })
        };
        let unchanged = self.situation.now - self.situation.log.changed();
        let pace = self.situation.pace;
        match &self.seen().state {
            State::Running => self.stop(),
            State::Stopped => self.situation.send(terminate()),
            failed if failed.is_failed() => self.situation.send(terminate()),
            // An instance can get stuck in its start. A stop usually frees it.
            State::Initializing | State::Starting if unchanged >= pace.stuck => {
                self.situation.try_once(self.stop_call())
            }
            // An instance may rest in an undocumented state, as an interrupted spot instance does.
            State::Other(_) if unchanged >= pace.unlisted => self.situation.try_once(terminate()),
            _ => Step::Wait,
        }
    }

    fn stop(&self) -> Step {
        let last = self.situation.log.last_call(STOP);
        // A stop during a start has no effect if the start ends nevertheless.
        if last.is_some_and(|stop| stop.before.state != State::Running) {
            return self.situation.send_now(self.stop_call());
        }
        self.situation.send(self.stop_call())
    }

    /// A stop of a spot instance must be forced.
    fn stop_call(&self) -> InstanceChange {
        self.power(PowerAction::Stop { force: self.seen().is_spot == Some(true) })
    }

    fn power(&self, action: PowerAction) -> InstanceChange {
        let instance = &self.operation.instance;
        InstanceChange::Power(PowerCall {
            instance_id: instance.id.clone(),
            scope: instance.scope_at(self.seen()),
            action,
        })
    }

    fn resize_call(&self, change: Resize) -> InstanceChange {
        let instance = &self.operation.instance;
        InstanceChange::Resize(ResizeInstance {
            instance_id: instance.id.clone(),
            scope: instance.scope_at(self.seen()),
            change,
        })
    }

    fn seen(&self) -> &Instance {
        self.situation.seen
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use serde_json::json;
    use tokio::time::Instant;

    use super::*;
    use crate::operation::{InstanceRef, OperationLog, Pace};

    /// The step for an instance that two describes have found with one GPU and a disk of 100 GB.
    fn step(target: Target, state: &str, is_small: bool) -> String {
        step_after(2, target, state, is_small)
    }

    fn step_after(describes: u32, target: Target, state: &str, is_small: bool) -> String {
        let gpus = u32::from(!is_small);
        let seen: Instance = serde_json::from_value(json!({
            "UHostId": "uhost-1", "State": state, "GPU": gpus, "CPU": 16, "Memory": 65536,
            "SrcInstanceConfig": {"Gpu": 1, "Cpu": 16, "Memory": 65536},
            "DiskSet": [{"DiskId": "bsi-1", "IsBoot": "True", "Size": 100}],
        }))
        .unwrap();
        let seen = Arc::new(seen);
        let operation = Operation {
            instance: InstanceRef { id: "uhost-1".to_owned(), ..InstanceRef::default() },
            target,
            known_state: None,
            wait_for_capacity: false,
            timeout: Duration::MAX,
        };
        let mut log = OperationLog::new("uhost-1", None);
        for _ in 0..describes {
            log.found(&seen);
        }
        let pace = Pace::new(Duration::from_secs(3));
        let situation = Situation { seen: &seen, log: &log, pace: &pace, now: Instant::now() };
        match decide(&operation, &situation) {
            Step::Call(call) => call.action().replace("CompShareInstance", ""),
            Step::Fail(Reason::Kind(reason)) => format!("{reason:?}"),
            Step::Fail(_) => "fail".to_owned(),
            Step::Done => "done".to_owned(),
            Step::Wait => "wait".to_owned(),
            other => format!("{other:?}"),
        }
    }

    const fn resized(gpu_count: u32, boot_disk_gb: Option<u32>, may_stop: bool) -> Target {
        let size = Some(Size { gpu_count, cpu: 16, memory_gb: 64 });
        Target::Resized { size, boot_disk_gb, may_stop }
    }

    #[test]
    fn first_step_follows_from_target_and_state() {
        let deleted = Target::Deleted { release_data_disks: false };
        for (target, running, stopped, failed, changing) in [
            (Target::Created, "done", "done", "fail", "wait"),
            (deleted, "Stop", "Terminate", "Terminate", "wait"),
            (resized(1, None, false), "done", "done", "fail", "wait"),
            (resized(1, Some(100), false), "done", "done", "fail", "wait"),
            (resized(2, None, false), "StopNotAllowed", "Resize", "fail", "wait"),
            (resized(2, None, true), "Stop", "Resize", "fail", "wait"),
            (resized(1, Some(200), true), "Stop", "ResizeCompShareDisk", "fail", "wait"),
            (resized(2, Some(200), true), "Stop", "Resize", "fail", "wait"),
        ] {
            assert_eq!(step(target, "Running", false), running, "{target:?}");
            assert_eq!(step(target, "Stopped", false), stopped, "{target:?}");
            assert_eq!(step(target, "Install Fail", false), failed, "{target:?}");
            for state in ["", "Initializing", "Install", "Starting", "Stopping", "Resizing", "New"]
            {
                assert_eq!(step(target, state, false), changing, "{target:?} in {state}");
            }
        }
    }

    #[test]
    fn running_instance_is_not_stopped_after_one_describe() {
        for target in [resized(2, None, true), resized(1, Some(200), true)] {
            assert_eq!(step_after(1, target, "Running", false), "Confirm", "{target:?}");
        }
        assert_eq!(step_after(1, resized(1, None, true), "Running", false), "done");
    }

    #[test]
    fn instance_in_no_gpu_mode_has_its_size_and_is_not_resized() {
        for state in ["Running", "Stopped"] {
            assert_eq!(step(resized(1, None, true), state, true), "done");
            assert_eq!(step(resized(2, None, true), state, true), "NoGpuSize");
        }
    }
}
