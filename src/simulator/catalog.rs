//! GPU types on sale, with their zones, legal sizes and prices. The real catalog changes often; this
//! one has the shape and the order of magnitude of its prices.

/// A GPU type.
#[derive(Debug, PartialEq)]
pub(super) struct GpuType {
    pub(super) name: &'static str,
    pub(super) zones: &'static [&'static str],
    /// As listed; the real API also leaves it out.
    pub(super) status: Option<Status>,
    pub(super) graphics_memory_gb: usize,
    pub(super) teraflops: f64,
    pub(super) cpu_platforms: &'static [&'static str],
    pub(super) sizes: &'static [Sizes],
    /// List price of one GPU with its share of CPU and memory, in CNY per hour.
    pub(super) list_price: f64,
    pub(super) supports_spot: bool,
    /// Type of its disks.
    pub(super) disk_type: &'static str,
}

/// Status in the list of GPU types. It is no statement about capacity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Normal,
    SoldOut,
}

/// Sizes that differ in their memory.
#[derive(Debug, PartialEq)]
pub(super) struct Sizes {
    pub(super) gpu: usize,
    pub(super) cpu: usize,
    pub(super) memory_gb: &'static [usize],
}

/// A legal size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) gpu: usize,
    pub(super) cpu: usize,
    pub(super) memory_gb: usize,
}

const ANY_CPU: &[&str] = &["Amd/Epyc2", "Amd/Epyc3", "Intel/IceLake"];
const INTEL: &[&str] = &["Intel/IceLake"];

const GPU_TYPES: [GpuType; 8] = [
    GpuType {
        name: "4090",
        zones: &["cn-wlcb-01", "cn-sh2-02", "us-den-01"],
        status: Some(Status::Normal),
        graphics_memory_gb: 24,
        teraflops: 83.0,
        cpu_platforms: ANY_CPU,
        sizes: &[
            sizes(1, 16, &[64, 94]),
            sizes(2, 32, &[128, 192]),
            sizes(4, 64, &[256, 384]),
            sizes(8, 124, &[512, 768]),
        ],
        list_price: 2.2,
        supports_spot: true,
        disk_type: "CLOUD_SSD",
    },
    GpuType {
        name: "4090_48G",
        zones: &["cn-wlcb-01"],
        status: Some(Status::Normal),
        graphics_memory_gb: 48,
        teraflops: 83.0,
        cpu_platforms: INTEL,
        sizes: &[sizes(1, 16, &[96]), sizes(2, 32, &[192])],
        list_price: 3.5,
        supports_spot: false,
        disk_type: "CLOUD_SSD",
    },
    GpuType {
        name: "5090",
        zones: &["cn-wlcb-01", "cn-wlcb-03", "cn-bj2-03"],
        status: Some(Status::Normal),
        graphics_memory_gb: 32,
        teraflops: 104.8,
        cpu_platforms: ANY_CPU,
        sizes: &[sizes(1, 16, &[96]), sizes(2, 32, &[192]), sizes(4, 64, &[384])],
        list_price: 3.5,
        supports_spot: true,
        disk_type: "CLOUD_SSD",
    },
    GpuType {
        name: "3090",
        zones: &["cn-wlcb-01", "cn-sh2-03"],
        status: Some(Status::Normal),
        graphics_memory_gb: 24,
        teraflops: 35.6,
        cpu_platforms: ANY_CPU,
        sizes: &[sizes(1, 8, &[32]), sizes(1, 16, &[64]), sizes(2, 32, &[128])],
        list_price: 1.25,
        supports_spot: true,
        disk_type: "CLOUD_SSD",
    },
    GpuType {
        name: "P40",
        zones: &["cn-gd-02"],
        status: None,
        graphics_memory_gb: 24,
        teraflops: 11.8,
        cpu_platforms: INTEL,
        sizes: &[sizes(1, 8, &[32]), sizes(2, 16, &[64])],
        list_price: 0.4,
        supports_spot: false,
        disk_type: "CLOUD_SSD",
    },
    GpuType {
        name: "A800",
        zones: &["cn-wlcb-01", "cn-bj2-02"],
        status: Some(Status::Normal),
        graphics_memory_gb: 80,
        teraflops: 19.5,
        cpu_platforms: INTEL,
        sizes: &[sizes(1, 14, &[120]), sizes(4, 56, &[480]), sizes(8, 112, &[960])],
        list_price: 7.8,
        supports_spot: false,
        disk_type: "CLOUD_RSSD",
    },
    GpuType {
        name: "H20",
        zones: &["cn-bj2-02"],
        status: Some(Status::Normal),
        graphics_memory_gb: 96,
        teraflops: 44.0,
        cpu_platforms: INTEL,
        sizes: &[sizes(1, 20, &[180]), sizes(8, 160, &[1440])],
        list_price: 8.0,
        supports_spot: false,
        disk_type: "CLOUD_SSD",
    },
    GpuType {
        name: "A100",
        zones: &["cn-sh2-02"],
        status: Some(Status::SoldOut),
        graphics_memory_gb: 80,
        teraflops: 19.5,
        cpu_platforms: INTEL,
        sizes: &[sizes(1, 14, &[120])],
        list_price: 11.4,
        supports_spot: true,
        disk_type: "CLOUD_SSD",
    },
];

const fn sizes(gpu: usize, cpu: usize, memory_gb: &'static [usize]) -> Sizes {
    Sizes { gpu, cpu, memory_gb }
}

impl GpuType {
    pub(super) fn is_sold_in(&self, zone: &str) -> bool {
        self.zones.contains(&zone)
    }

    pub(super) fn is_on_sale(&self) -> bool {
        self.status != Some(Status::SoldOut)
    }

    /// Legal sizes, from the smallest.
    pub(super) fn legal_sizes(&self) -> impl Iterator<Item = Size> {
        self.sizes.iter().flat_map(|&Sizes { gpu, cpu, memory_gb }| {
            memory_gb.iter().map(move |&memory_gb| Size { gpu, cpu, memory_gb })
        })
    }

    pub(super) fn has_size(&self, size: Size) -> bool {
        self.legal_sizes().any(|legal| legal == size)
    }
}

/// Returns all GPU types.
pub(super) fn gpu_types() -> impl Iterator<Item = &'static GpuType> {
    GPU_TYPES.iter()
}

/// Returns a GPU type that is sold in `zone`.
pub(super) fn find(zone: &str, name: &str) -> Option<&'static GpuType> {
    gpu_types().find(|gpu_type| gpu_type.name == name && gpu_type.is_sold_in(zone))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::zones;

    #[test]
    fn gpu_types_are_found_by_zone_and_name() {
        let gpu_type = find("cn-wlcb-01", "4090").unwrap();
        assert!(gpu_type.has_size(Size { gpu: 2, cpu: 32, memory_gb: 192 }));
        assert!(!gpu_type.has_size(Size { gpu: 2, cpu: 16, memory_gb: 64 }));
        assert_eq!(find("cn-gd-02", "4090"), None);
        assert_eq!(find("cn-wlcb-01", "9090"), None);
    }

    #[test]
    fn gpu_types_are_sold_in_known_zones() {
        for gpu_type in gpu_types() {
            for zone in gpu_type.zones {
                let is_known = zones::in_region(None).any(|known| known.name == *zone);
                assert!(is_known, "{} in {zone}", gpu_type.name);
            }
        }
    }
}
