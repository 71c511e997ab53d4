//! Delete of an instance.

use crate::compshare::{
    call::{Call, Scope},
    calls::power::Accepted,
    form::Form,
};

/// Request to delete a stopped instance, with its system disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TerminateInstance {
    pub instance_id: String,
    /// Location of the instance. The API requires region and zone.
    pub scope: Scope,
    /// Also deletes its data disks, which are detached and billed otherwise.
    pub release_data_disks: bool,
}

impl TerminateInstance {
    pub const ACTION: &'static str = "TerminateCompShareInstance";
}

impl Call for TerminateInstance {
    const REPEATABLE: bool = false;
    type Reply = Accepted;

    fn action(&self) -> &'static str {
        Self::ACTION
    }

    fn form(&self, form: &mut Form) {
        self.scope.put_into(form);
        form.put("UHostId", self.instance_id.as_str());
        form.put("ReleaseUDisk", self.release_data_disks);
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
    fn terminate_sends_the_documented_parameters() {
        let terminate = TerminateInstance {
            instance_id: "uhost-1".to_owned(),
            scope: Scope {
                region: Some("cn-wlcb".to_owned()),
                zone: Some("cn-wlcb-01".to_owned()),
                project_id: Some("org-1".to_owned()),
            },
            release_data_disks: false,
        };
        let expected = "ProjectId=org-1 Region=cn-wlcb ReleaseUDisk=false UHostId=uhost-1 \
                        Zone=cn-wlcb-01";
        assert_sends(&terminate, expected);
    }
}
