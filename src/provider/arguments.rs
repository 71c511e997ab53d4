//! Arguments that several things have, and that mean the same in each.

use crate::{
    compshare::Spec,
    cty::Type,
    framework::{Attr, Attribute, Mode, Rule},
    power::GpuMode,
};

/// Which instance is meant.
pub(super) fn instance_id() -> Attribute {
    let description = "The instance, such as `uhost-1a2b3c4d` or `cpod-1a2b3c4d`.";
    Attribute::new("instance_id", Type::String, Mode::Required, description).rule(Rule::NotEmpty)
}

/// Whose instance that is.
pub(super) fn project_id() -> Attribute {
    let description = "The project the instance belongs to. Default: the provider's, else the account's default project.";
    Attribute::new("project_id", Type::String, Mode::Optional, description).rule(Rule::NotEmpty)
}

/// How long it may take.
pub(super) fn timeout(description: &'static str) -> Attribute {
    Attribute::new("timeout", Type::String, Mode::Optional, description).rule(Rule::Duration)
}

/// What `without_gpu` and `without_gpu_spec` ask for.
pub(super) fn gpu_mode(without_gpu: &Attr<bool>, without_gpu_spec: &Attr<String>) -> GpuMode {
    match (without_gpu.is_true(), without_gpu_spec.text()) {
        (false, _) => GpuMode::WithGpu,
        (true, Some("B")) => GpuMode::WithoutGpu(Spec::B),
        (true, _) => GpuMode::WithoutGpu(Spec::A),
    }
}
