//! Names of API actions, as in the `Action` parameter of a request.

pub(crate) const START: &str = "StartCompShareInstance";
pub(crate) const STOP: &str = "StopCompShareInstance";
pub(crate) const REBOOT: &str = "RebootCompShareInstance";
pub(crate) const DESCRIBE: &str = "DescribeCompShareInstance";
pub(crate) const CREATE: &str = "CreateCompShareInstance";
pub(crate) const TERMINATE: &str = "TerminateCompShareInstance";
pub(crate) const RESIZE: &str = "ResizeCompShareInstance";
pub(crate) const RESIZE_DISK: &str = "ResizeCompShareDisk";
pub(crate) const DESCRIBE_DISKS: &str = "DescribeCompshareDisk";
pub(crate) const RENAME: &str = "ModifyCompShareInstanceName";
pub(crate) const DESCRIBE_IMAGES: &str = "DescribeCompShareImages";
pub(crate) const DESCRIBE_CUSTOM_IMAGES: &str = "DescribeCompShareCustomImages";
pub(crate) const DESCRIBE_COMMUNITY_IMAGES: &str = "DescribeCommunityImages";
pub(crate) const SCHEDULE_STOP: &str = "UpdateCompShareStopScheduler";
pub(crate) const CANCEL_STOP: &str = "DeleteCompShareStopScheduler";
pub(crate) const GET_PROJECTS: &str = "GetProjectList";
pub(crate) const DESCRIBE_ZONES: &str = "DescribeCompShareSupportZone";
pub(crate) const DESCRIBE_TYPES: &str = "DescribeAvailableCompShareInstanceTypes";
pub(crate) const CHECK_CAPACITY: &str = "CheckCompShareResourceCapacity";
pub(crate) const GET_PRICE: &str = "GetCompShareInstanceUserPrice";

/// Actions that change an instance and that the fault matrix covers.
pub(crate) const CHANGES: [&str; 5] = [START, STOP, REBOOT, SCHEDULE_STOP, CANCEL_STOP];
