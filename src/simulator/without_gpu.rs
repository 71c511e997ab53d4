//! No-GPU mode: its sizes, and the parameters that select it.

use serde_json::{Map, Value, json};

use super::{form::Form, options::WithoutGpuMode, refusal::Refusal};

/// Size of an instance in no-GPU mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spec {
    A,
    B,
}

impl Spec {
    /// API fields that differ in this size.
    pub(super) fn fields(self) -> Map<String, Value> {
        let (cores, memory, price, letter) = match self {
            Self::A => (2, 4 * 1024, 0.13, "A"),
            Self::B => (8, 16 * 1024, 0.52, "B"),
        };
        let spec = json!({"Cpu": cores, "Memory": memory, "Gpu": 0, "Spec": letter});
        Map::from_iter([
            ("GPU".to_owned(), json!(0)),
            ("CPU".to_owned(), json!(cores)),
            ("Memory".to_owned(), json!(memory)),
            ("InstancePrice".to_owned(), json!(price)),
            ("WithoutGpuSpec".to_owned(), spec),
        ])
    }
}

/// Returns the value of `WithoutGpuSpec`.
pub(super) fn spec(form: &Form) -> Result<Option<Spec>, Refusal> {
    match form.get("WithoutGpuSpec") {
        None => Ok(None),
        Some("A") => Ok(Some(Spec::A)),
        Some("B") => Ok(Some(Spec::B)),
        Some(_) => Err(Refusal::unavailable("WithoutGpuSpec")),
    }
}

/// Returns the size that a start requests; `None` for a start with GPU.
pub(super) fn requested_spec(mode: WithoutGpuMode, form: &Form) -> Result<Option<Spec>, Refusal> {
    let spec = spec(form)?;
    match mode {
        WithoutGpuMode::Any => Ok(spec.or(form.flag("WithoutGpu")?.then_some(Spec::A))),
        WithoutGpuMode::Documented if form.flag("WithoutGpu")? => Ok(Some(spec.unwrap_or(Spec::A))),
        WithoutGpuMode::Documented => Ok(None),
        WithoutGpuMode::Strict if form.contains("WithoutGpu") => {
            Err(Refusal::unavailable("WithoutGpu"))
        }
        WithoutGpuMode::Spec | WithoutGpuMode::Strict => Ok(spec),
    }
}
