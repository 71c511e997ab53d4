//! Projects of the account.

use serde::Deserialize;

use crate::compshare::{call::Call, form::Form, lenient};

/// Request for the projects that the keys can use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GetProjectList;

impl Call for GetProjectList {
    const REPEATABLE: bool = true;
    type Reply = Projects;

    fn action(&self) -> &'static str {
        "GetProjectList"
    }

    fn form(&self, _: &mut Form) {}
}

/// Response to [`GetProjectList`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Projects {
    #[serde(rename = "ProjectSet", deserialize_with = "lenient::array")]
    projects: Vec<Project>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Project {
    #[serde(rename = "ProjectId")]
    id: String,
    #[serde(rename = "IsDefault", default, deserialize_with = "lenient::flag")]
    is_default: Option<bool>,
}

impl Projects {
    /// ID of the default project, or of the first one if none is marked as the default.
    pub fn default_id(&self) -> Option<&str> {
        let is_default = |project: &&Project| project.is_default == Some(true);
        let default = self.projects.iter().find(is_default).or_else(|| self.projects.first())?;
        Some(&default.id)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::compshare::calls::assert_sends;

    #[test]
    fn project_list_has_no_parameters() {
        assert_sends(&GetProjectList, "");
    }

    #[test]
    fn default_project_is_marked_or_the_first() {
        let one = json!({"ProjectId": "org-1"});
        let marked = json!({"ProjectId": "org-2", "IsDefault": "true"});
        for (list, expected) in [
            (json!([one, marked]), Some("org-2")),
            (json!([{"ProjectName": "no ID"}, one]), Some("org-1")),
            (json!([]), None),
            (json!(null), None),
        ] {
            let response = json!({"ProjectSet": list});
            let projects: Projects = serde_json::from_value(response).unwrap();
            assert_eq!(projects.default_id(), expected);
        }
        serde_json::from_value::<Projects>(json!({})).unwrap_err();
    }
}
