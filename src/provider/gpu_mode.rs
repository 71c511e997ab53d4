//! GPU mode of a configuration.

use crate::{
    compshare::Spec,
    framework::Attr,
    power::{GpuMode, InOtherMode, Target},
};

/// Returns the target that `without_gpu` and the arguments beside it configure.
pub(crate) fn running(
    without_gpu: &Attr<bool>,
    without_gpu_spec: &Attr<String>,
    allow_stopping_for_update: &Attr<bool>,
) -> Target {
    let mode = match (without_gpu.is_true(), without_gpu_spec.text()) {
        (false, _) => GpuMode::WithGpu,
        (true, Some("B")) => GpuMode::WithoutGpu(Spec::B),
        (true, _) => GpuMode::WithoutGpu(Spec::A),
    };
    let in_other_mode = match (allow_stopping_for_update.is_true(), without_gpu.known()) {
        (true, _) => InOtherMode::Restart,
        (false, None) => InOtherMode::Keep,
        (false, Some(_)) => InOtherMode::Refuse,
    };
    Target::Running { mode, in_other_mode }
}
