//! Names of API actions, as in the `Action` parameter of a request.

pub(crate) const START: &str = "StartCompShareInstance";
pub(crate) const STOP: &str = "StopCompShareInstance";
pub(crate) const REBOOT: &str = "RebootCompShareInstance";
pub(crate) const DESCRIBE: &str = "DescribeCompShareInstance";
pub(crate) const DESCRIBE_ZONES: &str = "DescribeCompShareSupportZone";

/// Actions that change the power state of an instance.
pub(crate) const POWER_CALLS: [&str; 3] = [START, STOP, REBOOT];
