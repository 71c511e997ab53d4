//! Dispatch of the API actions.

use serde_json::Value;

use super::{
    account::Account,
    describe::describe_instances,
    power::operate,
    projects::{check_project, list_projects},
    refusal::Refusal,
    request::{Action, Request},
    zones::{check_location, describe_zones},
};

/// Carries out a request. Returns the fields of the response.
pub(super) fn process(account: &mut Account, request: &Request<'_>) -> Result<Value, Refusal> {
    account.settle(request.now);
    check_location(account, request.form)?;
    check_project(account, request.form)?;
    match request.action {
        Action::Power(operation) => operate(account, operation, request),
        Action::DescribeInstances => describe_instances(account, request),
        Action::DescribeZones => Ok(describe_zones(request.form)),
        Action::ListProjects => Ok(list_projects(account)),
    }
}
