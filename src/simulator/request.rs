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
    DescribeInstanceTypes,
    CheckCapacity,
    DescribeGpuInventory,
    Price(PriceKind),
    UpdateStopScheduler,
    DeleteStopScheduler,
    CreateInstances,
    TerminateInstance,
    ResizeInstance,
    ResizeDisk,
    DescribeDisks,
    RenameInstance,
    DescribePlatformImages,
    DescribeCustomImages,
    DescribeCommunityImages,
}

/// A power operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PowerOperation {
    Start,
    Stop,
    Reboot,
}

/// Price of a new instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PriceKind {
    /// For every account.
    List,
    /// With the discounts of the account.
    User,
}

const ACTIONS: &[Action] = &[
    Action::Power(PowerOperation::Start),
    Action::Power(PowerOperation::Stop),
    Action::Power(PowerOperation::Reboot),
    Action::DescribeInstances,
    Action::DescribeZones,
    Action::ListProjects,
    Action::DescribeInstanceTypes,
    Action::CheckCapacity,
    Action::DescribeGpuInventory,
    Action::Price(PriceKind::List),
    Action::Price(PriceKind::User),
    Action::UpdateStopScheduler,
    Action::DeleteStopScheduler,
    Action::CreateInstances,
    Action::TerminateInstance,
    Action::ResizeInstance,
    Action::ResizeDisk,
    Action::DescribeDisks,
    Action::RenameInstance,
    Action::DescribePlatformImages,
    Action::DescribeCustomImages,
    Action::DescribeCommunityImages,
];

impl Action {
    pub(super) fn from_name(name: &str) -> Option<Self> {
        ACTIONS.iter().copied().find(|action| action.name() == name)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Power(PowerOperation::Start) => "StartCompShareInstance",
            Self::Power(PowerOperation::Stop) => "StopCompShareInstance",
            Self::Power(PowerOperation::Reboot) => "RebootCompShareInstance",
            Self::DescribeInstances => "DescribeCompShareInstance",
            Self::DescribeZones => "DescribeCompShareSupportZone",
            Self::ListProjects => "GetProjectList",
            Self::DescribeInstanceTypes => "DescribeAvailableCompShareInstanceTypes",
            Self::CheckCapacity => "CheckCompShareResourceCapacity",
            Self::DescribeGpuInventory => "DescribeCompShareGpuInventory",
            Self::Price(PriceKind::List) => "GetCompShareInstancePrice",
            Self::Price(PriceKind::User) => "GetCompShareInstanceUserPrice",
            Self::UpdateStopScheduler => "UpdateCompShareStopScheduler",
            Self::DeleteStopScheduler => "DeleteCompShareStopScheduler",
            Self::CreateInstances => "CreateCompShareInstance",
            Self::TerminateInstance => "TerminateCompShareInstance",
            Self::ResizeInstance => "ResizeCompShareInstance",
            Self::ResizeDisk => "ResizeCompShareDisk",
            // The small `s` is the API's.
            Self::DescribeDisks => "DescribeCompshareDisk",
            Self::RenameInstance => "ModifyCompShareInstanceName",
            Self::DescribePlatformImages => "DescribeCompShareImages",
            Self::DescribeCustomImages => "DescribeCompShareCustomImages",
            Self::DescribeCommunityImages => "DescribeCommunityImages",
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
