//! Refusals of the API: a RetCode and a message, under HTTP status 200.

/// A refused call, which has no effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) ret_code: i64,
    pub(super) message: String,
}

impl Refusal {
    pub(super) fn new(ret_code: i64, message: impl Into<String>) -> Self {
        Self { ret_code, message: message.into() }
    }

    pub(super) fn missing_action() -> Self {
        Self::new(160, "Missing Action")
    }

    pub(super) fn unknown_action(action: &str) -> Self {
        Self::new(161, format!("Action [{action}] not found"))
    }

    pub(super) fn missing_signature() -> Self {
        Self::new(170, "Missing Signature")
    }

    pub(super) fn wrong_signature() -> Self {
        Self::new(171, "Signature VerifyAC Error")
    }

    pub(super) fn unknown_public_key() -> Self {
        Self::new(172, "User Not Exists")
    }

    pub(super) fn missing(parameter: &str) -> Self {
        Self::new(210, format!("Missing params [{parameter}]"))
    }

    pub(super) fn out_of_range(parameter: &str) -> Self {
        Self::new(220, format!("Params [{parameter}] out of range"))
    }

    pub(super) fn unavailable(parameter: &str) -> Self {
        Self::new(230, format!("Params [{parameter}] not available"))
    }

    pub(super) fn malformed(parameter: &str) -> Self {
        Self::new(280, format!("Params [{parameter}] malformed"))
    }

    pub(super) fn unknown_project(project: &str) -> Self {
        Self::new(292, format!("Project [{project}] not exist"))
    }

    pub(super) fn spot_not_scheduled() -> Self {
        Self::new(230, "Spot instance does not support stop scheduler")
    }

    pub(super) fn not_stopped(state: &str) -> Self {
        Self::new(8010, format!("Instance is not stopped, state [{state}]"))
    }

    pub(super) fn not_found(instance: &str) -> Self {
        Self::new(8039, format!("Resource [{instance}] not exist"))
    }

    pub(super) fn charge_type_unsupported() -> Self {
        Self::new(8116, "Charge type not supported")
    }

    pub(super) fn illegal_size() -> Self {
        Self::new(8333, "Illegal combination of CPU and memory")
    }

    pub(super) fn sold_out() -> Self {
        Self::new(8357, "Resource sold out")
    }

    pub(super) fn without_gpu_unsupported() -> Self {
        Self::new(8442, "Instance does not support start without gpu")
    }

    pub(super) fn without_gpu_taken() -> Self {
        Self::new(8445, "Instance without gpu already running")
    }

    pub(super) fn locked() -> Self {
        Self::new(8903, "InstanceOperationInProgress")
    }

    pub(super) fn past_the_end() -> Self {
        Self::new(8401, "Offset beyond the total")
    }

    pub(super) fn power_state(state: &str) -> Self {
        Self::new(8905, format!("Operation not allowed in state [{state}]"))
    }

    pub(super) fn out_of_resources() -> Self {
        Self::new(226_604, "Currently out of resources")
    }

    pub(super) fn conflict() -> Self {
        Self::new(230, "Params conflict")
    }

    pub(super) fn image_unusable(image: &str) -> Self {
        Self::new(8017, format!("Image [{image}] not available"))
    }

    pub(super) fn disk_size() -> Self {
        Self::new(8067, "Illegal disk size")
    }

    pub(super) fn disk_smaller_than_image() -> Self {
        Self::new(8315, "Boot disk smaller than image")
    }

    pub(super) fn other_disk_kind() -> Self {
        Self::new(8360, "Disk of this kind is resized otherwise")
    }

    pub(super) fn cpu_platform() -> Self {
        Self::new(8374, "Cpu platform not supported by GPU type")
    }

    pub(super) fn image_excludes_gpu_type() -> Self {
        Self::new(226_603, "Image does not support GPU type")
    }

    pub(super) fn instance_quota() -> Self {
        Self::new(226_608, "Instance quota exceeded")
    }

    /// Community images have a RetCode of their own.
    pub(super) fn image_syncing(kind: &str) -> Self {
        let ret_code = if kind == "Community" { 226_628 } else { 226_620 };
        Self::new(ret_code, "Image is being synchronized to the zone")
    }

    pub(super) fn image_type_unsupported() -> Self {
        Self::new(226_637, "Zone does not support image type")
    }

    pub(super) fn starting() -> Self {
        Self::new(226_622, "Instance is starting")
    }
}
