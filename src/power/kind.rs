//! Power operations as a kind of operation.

use std::time::Duration;

use super::{
    decide::{decide, refuses_flag},
    operation::{Operation, REBOOT, Target},
    reason::PowerReason,
};
use crate::{
    compshare::{Error, PowerAction, PowerCall, State, WithoutGpu},
    operation::{CallStatus, InstanceRef, Kind, OperationLog, Pace, Situation, Step},
};

impl Kind for Operation {
    type Call = PowerCall;
    type Reason = PowerReason;

    fn instance(&self) -> &InstanceRef {
        &self.instance
    }

    fn known_state(&self) -> Option<&State> {
        self.known_state.as_ref()
    }

    fn timeout(&self) -> Duration {
        self.timeout
    }

    fn decide(&self, situation: &Situation<'_>) -> Step<PowerCall, PowerReason> {
        decide(self, situation)
    }

    fn accepts_absence(&self) -> bool {
        self.target == Target::NotRunning
    }

    fn is_passive(&self) -> bool {
        self.target == Target::Awaited
    }

    fn keeps_running(&self) -> bool {
        self.keep_running
    }

    fn ends_with_object(&self) -> bool {
        self.target == Target::NotRunning
    }

    fn waits_for_capacity(&self) -> bool {
        self.wait_for_capacity
    }

    /// A start is refused unless the instance is stopped.
    fn is_checked_by_api(&self, call: &PowerCall) -> bool {
        matches!(call.action, PowerAction::Start { .. })
    }

    fn can_omit_parameter(&self, call: &PowerCall, error: &Error) -> bool {
        let has_flag = |without_gpu: WithoutGpu| without_gpu.send_flag;
        match call.action {
            PowerAction::Start { without_gpu } => {
                without_gpu.is_some_and(has_flag) && refuses_flag(error)
            }
            PowerAction::Stop { .. } | PowerAction::Reboot => false,
        }
    }

    /// A reboot may be over before the next regular poll.
    fn poll_pause(&self, pace: &Pace, log: &OperationLog, unchanged: Duration) -> Duration {
        match log.status(REBOOT) {
            CallStatus::Lost { .. } | CallStatus::Accepted { state_left: false, .. } => {
                pace.short_poll_pause(unchanged)
            }
            CallStatus::NotSent | CallStatus::Accepted { .. } => pace.poll_pause(unchanged),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::power::operation::{GpuMode, InOtherMode};

    fn operation(target: Target) -> Operation {
        Operation::new(InstanceRef::default(), target, Duration::MAX)
    }

    #[test]
    fn only_target_not_running_accepts_absence() {
        let running =
            Target::Running { mode: GpuMode::WithGpu, in_other_mode: InOtherMode::Restart };
        for target in [running, Target::Stopped, Target::Awaited, Target::Rebooted] {
            assert!(!operation(target).accepts_absence(), "{target:?}");
        }
        assert!(operation(Target::NotRunning).accepts_absence());
    }
}
