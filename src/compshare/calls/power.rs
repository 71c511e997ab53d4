//! Start, stop and reboot of an instance.

use serde::Deserialize;

use crate::compshare::{
    call::{Call, Scope},
    form::Form,
    instance::Spec,
};

/// Request to start, stop or reboot an instance. It is never resent on a guess: a second start may
/// be billed, and a second reboot interrupts the instance again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PowerCall {
    pub instance_id: String,
    /// Location of the instance. The API requires region and zone.
    pub scope: Scope,
    pub action: PowerAction,
}

/// Action of a [`PowerCall`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PowerAction {
    /// Start of a stopped instance, which becomes `Starting` and then `Running`.
    Start {
        /// Parameters of a start in no-GPU mode; `None` for a start with GPU.
        without_gpu: Option<WithoutGpu>,
    },
    /// Stop of a running instance, which becomes `Stopping` and then `Stopped`.
    Stop {
        /// Sends `Force=true`, which spot instances require.
        force: bool,
    },
    /// Restart of a running instance, which becomes `Rebooting` and then `Running`.
    Reboot,
}

/// Parameters of a start in no-GPU mode.
///
/// The API documentation has a boolean, `WithoutGpu`; CompShare's own programs now send
/// `WithoutGpuSpec`. The API ignores unknown parameters and would then start a *billed* GPU, so
/// both are sent where the API accepts both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WithoutGpu {
    /// Size of the instance, sent as `WithoutGpuSpec`.
    pub spec: Spec,
    /// Also sends the documented `WithoutGpu=true`.
    pub send_flag: bool,
}

impl PowerAction {
    /// Name of the action in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Start { .. } => "StartCompShareInstance",
            Self::Stop { .. } => "StopCompShareInstance",
            Self::Reboot => "RebootCompShareInstance",
        }
    }
}

/// Response to a [`PowerCall`]: the API has accepted the operation, which has only begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Accepted {}

impl Call for PowerCall {
    const REPEATABLE: bool = false;
    type Reply = Accepted;

    fn action(&self) -> &'static str {
        self.action.name()
    }

    fn form(&self, form: &mut Form) {
        self.scope.put_into(form);
        form.put("UHostId", self.instance_id.as_str());
        match self.action {
            PowerAction::Start { without_gpu: Some(WithoutGpu { spec, send_flag }) } => {
                form.put("WithoutGpuSpec", spec.as_str());
                form.put("WithoutGpu", send_flag.then_some(true));
            }
            PowerAction::Stop { force: true } => form.put("Force", true),
            PowerAction::Start { without_gpu: None }
            | PowerAction::Stop { force: false }
            | PowerAction::Reboot => {}
        }
    }

    fn instance_id(&self) -> Option<&str> {
        Some(&self.instance_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compshare::calls::assert_sends;

    #[test]
    fn power_calls_send_the_documented_parameters() {
        let scope = Scope {
            region: Some("cn-wlcb".to_owned()),
            zone: Some("cn-wlcb-01".to_owned()),
            project_id: None,
        };
        let call =
            |action| PowerCall { instance_id: "uhost-1".to_owned(), scope: scope.clone(), action };
        let start = |without_gpu| call(PowerAction::Start { without_gpu });
        let common = "Region=cn-wlcb UHostId=uhost-1";
        let located = &format!("{common} Zone=cn-wlcb-01");
        assert_sends(&start(None), located);
        assert_sends(
            &start(Some(WithoutGpu { spec: Spec::A, send_flag: true })),
            &format!("{common} WithoutGpu=true WithoutGpuSpec=A Zone=cn-wlcb-01"),
        );
        assert_sends(
            &start(Some(WithoutGpu { spec: Spec::B, send_flag: false })),
            &format!("{common} WithoutGpuSpec=B Zone=cn-wlcb-01"),
        );
        assert_sends(&call(PowerAction::Stop { force: false }), located);
        assert_sends(&call(PowerAction::Stop { force: true }), &format!("Force=true {located}"));
        assert_sends(&call(PowerAction::Reboot), located);
        let project = Scope { project_id: Some("org-1".to_owned()), ..scope.clone() };
        let stop = PowerCall { scope: project, ..call(PowerAction::Stop { force: false }) };
        assert_sends(&stop, &format!("ProjectId=org-1 {located}"));
    }
}
