//! Rename of an instance.

use crate::compshare::{
    call::{Call, Scope},
    calls::power::Accepted,
    form::Form,
};

/// Request to change the name of an instance, in any state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenameInstance {
    pub instance_id: String,
    /// Location of the instance. The API requires the region.
    pub scope: Scope,
    pub name: String,
}

impl Call for RenameInstance {
    const REPEATABLE: bool = true;
    type Reply = Accepted;

    fn action(&self) -> &'static str {
        "ModifyCompShareInstanceName"
    }

    fn form(&self, form: &mut Form) {
        self.scope.put_into(form);
        form.put("UHostId", self.instance_id.as_str());
        form.put("Name", self.name.as_str());
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
    fn rename_sends_the_documented_parameters() {
        let rename = RenameInstance {
            instance_id: "uhost-1".to_owned(),
            scope: Scope { region: Some("cn-wlcb".to_owned()), ..Scope::default() },
            name: "训练".to_owned(),
        };
        assert_sends(&rename, "Name=训练 Region=cn-wlcb UHostId=uhost-1");
    }
}
