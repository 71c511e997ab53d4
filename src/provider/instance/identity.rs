//! The attributes that identify an instance.

use crate::framework::{Attr, Rule, model};

model! {
    /// Identity of an instance, for resources and actions that refer to an existing one.
    pub(crate) struct InstanceIdentity {
        /// ID of the instance, for example `uhost-1a2b3c4d` or `cpod-1a2b3c4d`.
        pub(crate) instance_id: Attr<String> = required().rule(Rule::NotEmpty),

        /// Project of the instance. Defaults to the provider's `project_id`, otherwise to the
        /// account's default project.
        pub(crate) project_id: Attr<String> = optional().rule(Rule::NotEmpty),
    }
}
