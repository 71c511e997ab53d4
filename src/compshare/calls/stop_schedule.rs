//! Scheduled stop of an instance.

use crate::compshare::{
    call::{Call, Scope},
    calls::power::Accepted,
    form::Form,
};

/// Request to set or to cancel the scheduled stop of an instance. There is at most one per
/// instance.
///
/// A second request with the same time would change nothing, but the operation lock may refuse it.
/// After a lost response, a describe shows the result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StopScheduleCall {
    pub instance_id: String,
    /// Location and project of the instance. The API requires all three.
    pub scope: Scope,
    /// Time of the stop in Unix seconds; `None` cancels the stop.
    pub stop_time: Option<i64>,
}

impl StopScheduleCall {
    pub const SET: &'static str = "UpdateCompShareStopScheduler";
    pub const CANCEL: &'static str = "DeleteCompShareStopScheduler";
}

impl Call for StopScheduleCall {
    const REPEATABLE: bool = false;
    type Reply = Accepted;

    fn action(&self) -> &'static str {
        if self.stop_time.is_some() { Self::SET } else { Self::CANCEL }
    }

    fn form(&self, form: &mut Form) {
        self.scope.put_into(form);
        form.put("UHostId", self.instance_id.as_str());
        // The generated clients call it `StopTime`, which the API ignores.
        form.put("SchedulerStopTime", self.stop_time);
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
    fn stop_schedule_sends_the_documented_parameters() {
        let text = |text: &str| Some(text.to_owned());
        let scope =
            Scope { region: text("cn-wlcb"), zone: text("cn-wlcb-01"), project_id: text("org-1") };
        let set = StopScheduleCall {
            instance_id: "uhost-1".to_owned(),
            scope,
            stop_time: Some(1_767_254_400),
        };
        assert_eq!(set.action(), "UpdateCompShareStopScheduler");
        assert_sends(
            &set,
            "ProjectId=org-1 Region=cn-wlcb SchedulerStopTime=1767254400 UHostId=uhost-1 \
             Zone=cn-wlcb-01",
        );
        let cancel = StopScheduleCall { stop_time: None, ..set };
        assert_eq!(cancel.action(), "DeleteCompShareStopScheduler");
        assert_sends(&cancel, "ProjectId=org-1 Region=cn-wlcb UHostId=uhost-1 Zone=cn-wlcb-01");
    }
}
