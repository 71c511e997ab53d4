//! Size and system disk of an instance, in the units of this crate.

use serde_json::json;

use super::form::Form;

/// Size of an instance. Each GPU model has a list of legal sizes. Ordered by GPUs, then CPU, then
/// memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Size {
    pub gpu_count: u32,
    pub cpu: u32,
    pub memory_gb: u32,
}

impl Size {
    /// Memory in the unit of most requests.
    pub(super) const fn memory_mb(self) -> u64 {
        self.memory_gb as u64 * 1024
    }
}

/// System disk of a new instance.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BootDisk {
    /// For example `CLOUD_SSD`.
    pub kind: String,
    pub size_gb: u32,
}

impl BootDisk {
    pub(super) fn put_into(&self, form: &mut Form) {
        let Self { kind, size_gb } = self;
        form.put("Disks", json!([{"IsBoot": true, "Type": kind, "Size": size_gb}]));
    }
}
