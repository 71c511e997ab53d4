//! GPU mode of a configuration.

use crate::{compshare::Spec, framework::Attr, power::GpuMode};

/// Returns the GPU mode that `without_gpu` and `without_gpu_spec` select.
pub(crate) fn gpu_mode(without_gpu: &Attr<bool>, without_gpu_spec: &Attr<String>) -> GpuMode {
    match (without_gpu.is_true(), without_gpu_spec.text()) {
        (false, _) => GpuMode::WithGpu,
        (true, Some("B")) => GpuMode::WithoutGpu(Spec::B),
        (true, _) => GpuMode::WithoutGpu(Spec::A),
    }
}
