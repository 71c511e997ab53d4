//! The attributes that identify an instance.

use crate::{
    framework::{Attr, Diagnostics, ImportBy, Rule, model},
    provider::message,
};

model! {
    /// Identity of an instance, for resources and actions that refer to an existing one.
    pub(crate) struct InstanceIdentity {
        /// ID of the instance, for example `uhost-1a2b3c4d` or `cpod-1a2b3c4d`.
        pub(crate) instance_id: Attr<String> = required().rule(Rule::Code),

        /// Project of the instance. Defaults to the provider's `project_id`, otherwise to the
        /// account's default project.
        pub(crate) project_id: Attr<String> = optional().rule(Rule::Code),
    }
}

impl InstanceIdentity {
    /// Returns the identity in an import of the resource `type_name`.
    ///
    /// # Errors
    /// The import ID is malformed, or a value of the identity is empty.
    pub(crate) fn imported(type_name: &str, by: ImportBy<Self>) -> Result<Self, Diagnostics> {
        let identity = match by {
            ImportBy::Id(id) => {
                return parse(id.trim()).ok_or_else(|| message::import_id(type_name, &id));
            }
            ImportBy::Identity(identity) => identity,
        };
        let is_no_code = |text: &str| text.is_empty() || text.trim() != text;
        if identity.instance_id.text().is_none_or(is_no_code) {
            return Err(message::import_identity(type_name, "instance_id"));
        }
        if identity.project_id.text().is_some_and(is_no_code) {
            return Err(message::import_identity(type_name, "project_id"));
        }
        Ok(identity)
    }
}

/// Parses `ID` or `PROJECT/ID`.
fn parse(id: &str) -> Option<InstanceIdentity> {
    let (project, instance) = match id.split_once('/') {
        Some((project, instance)) => (Some(project), instance),
        None => (None, id),
    };
    let malformed =
        |part: &str| part.is_empty() || part.contains(|c: char| c == '/' || c.is_whitespace());
    if malformed(instance) || project.is_some_and(malformed) {
        return None;
    }
    let project_id = project.map(str::to_owned).into();
    Some(InstanceIdentity { instance_id: instance.into(), project_id })
}
