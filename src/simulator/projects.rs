//! GetProjectList, and the check of the project in requests.

use serde_json::{Value, json};

use super::{account::Account, form::Form, instance_defaults::DEFAULT_PROJECT, refusal::Refusal};

pub(super) fn list_projects(account: &Account) -> Value {
    let projects: Vec<Value> = account
        .projects()
        .into_iter()
        .map(|project| {
            let instances = account.instances.values();
            let resources = instances.filter(|instance| instance.project() == project).count();
            json!({
                "ProjectId": project,
                "ProjectName": if project == DEFAULT_PROJECT { "默认项目" } else { project },
                "ParentId": "",
                "ParentName": "",
                "IsDefault": project == DEFAULT_PROJECT,
                "CreateTime": 1_700_000_000,
                "ResourceCount": resources,
                "MemberCount": 1,
            })
        })
        .collect();
    json!({"ProjectCount": projects.len(), "ProjectSet": projects})
}

pub(super) fn check_project(account: &Account, form: &Form) -> Result<(), Refusal> {
    match form.get("ProjectId") {
        Some(project) if !account.projects().contains(project) => {
            Err(Refusal::unknown_project(project))
        }
        _ => Ok(()),
    }
}
