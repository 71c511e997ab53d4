//! An API request that passed the signature check.

use jiff::Timestamp;

use super::form::Form;

/// An API action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Power(PowerOperation),
    DescribeInstances,
    DescribeZones,
    ListProjects,
}

/// A power operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PowerOperation {
    Start,
    Stop,
    Reboot,
}

const ACTIONS: [Action; 6] = [
    Action::Power(PowerOperation::Start),
    Action::Power(PowerOperation::Stop),
    Action::Power(PowerOperation::Reboot),
    Action::DescribeInstances,
    Action::DescribeZones,
    Action::ListProjects,
];

impl Action {
    pub(super) fn from_name(name: &str) -> Option<Self> {
        ACTIONS.into_iter().find(|action| action.name() == name)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Power(PowerOperation::Start) => "StartCompShareInstance",
            Self::Power(PowerOperation::Stop) => "StopCompShareInstance",
            Self::Power(PowerOperation::Reboot) => "RebootCompShareInstance",
            Self::DescribeInstances => "DescribeCompShareInstance",
            Self::DescribeZones => "DescribeCompShareSupportZone",
            Self::ListProjects => "GetProjectList",
        }
    }
}

/// An API request with a valid signature.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request<'a> {
    pub(super) action: Action,
    pub(super) form: &'a Form,
    /// Instances that the request names; empty for all instances.
    pub(super) instances: &'a [String],
    /// Time of arrival.
    pub(super) now: Timestamp,
}
