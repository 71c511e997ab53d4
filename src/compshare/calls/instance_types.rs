//! GPU models on sale, with their legal sizes.

use serde::{Deserialize, de::Deserializer};

use crate::compshare::{
    call::{Call, Scope},
    form::Form,
    lenient,
    size::Size,
};

/// Request for the GPU models of a region. Without a zone, it covers all zones of the region.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct DescribeInstanceTypes {
    /// The API requires the region.
    pub scope: Scope,
}

impl Call for DescribeInstanceTypes {
    const REPEATABLE: bool = true;
    type Reply = InstanceTypes;

    fn action(&self) -> &'static str {
        "DescribeAvailableCompShareInstanceTypes"
    }

    fn form(&self, form: &mut Form) {
        self.scope.put_into(form);
    }
}

/// Response to [`DescribeInstanceTypes`].
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct InstanceTypes {
    #[serde(rename = "AvailableInstanceTypes", deserialize_with = "lenient::array")]
    pub types: Vec<InstanceType>,
}

/// GPU model in one zone.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct InstanceType {
    /// For example `4090`.
    #[serde(rename = "Name", deserialize_with = "lenient::required_text")]
    pub name: String,
    #[serde(rename = "Zone", default, deserialize_with = "lenient::text")]
    pub zone: Option<String>,
    /// For example `Normal`, which means on sale and not in stock, or `SoldOut`.
    #[serde(rename = "Status", default, deserialize_with = "lenient::text")]
    pub status: Option<String>,
    /// Legal sizes, sorted and without duplicates.
    #[serde(rename = "MachineSizes", default, deserialize_with = "sizes")]
    pub sizes: Vec<Size>,
    #[serde(rename = "GraphicsMemory", default, deserialize_with = "lenient::rated")]
    pub gpu_memory_gb: Option<u32>,
    /// Computing power of one GPU.
    #[serde(rename = "Performance", default, deserialize_with = "lenient::rated")]
    pub performance_tflops: Option<f64>,
    /// Disks that an instance of this type can have.
    #[serde(rename = "Disks", default, deserialize_with = "disks")]
    pub disks: Vec<DiskType>,
}

/// Type of disk that a GPU model can have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskType {
    /// For example `CLOUD_SSD`.
    pub kind: String,
    /// `true` for a system disk, `false` for a data disk.
    pub is_boot: bool,
    pub min_size_gb: Option<u32>,
    pub max_size_gb: Option<u32>,
}

impl InstanceType {
    /// Returns the smallest legal size that `is_wanted` accepts.
    pub fn smallest(&self, is_wanted: impl Fn(&Size) -> bool) -> Option<Size> {
        self.sizes.iter().copied().find(is_wanted)
    }

    /// Returns the usual type of the system disk.
    pub fn boot_disk_kind(&self) -> &str {
        const USUAL: &str = "CLOUD_SSD";
        let boot = self.disks.iter().filter(|disk| disk.is_boot);
        let mut kinds = boot.map(|disk| disk.kind.as_str());
        let first = kinds.next().unwrap_or(USUAL);
        if kinds.any(|kind| kind == USUAL) { USUAL } else { first }
    }
}

/// Deserializes the legal sizes, which the API groups by GPUs and CPU.
fn sizes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Size>, D::Error> {
    #[derive(Deserialize)]
    struct OfGpus {
        #[serde(rename = "Gpu", default, deserialize_with = "lenient::number")]
        gpu_count: Option<u32>,
        #[serde(rename = "Collection", default, deserialize_with = "lenient::array")]
        groups: Vec<OfCpu>,
    }
    #[derive(Deserialize)]
    struct OfCpu {
        #[serde(rename = "Cpu", default, deserialize_with = "lenient::number")]
        cpu: Option<u32>,
        #[serde(rename = "Memory", default, deserialize_with = "lenient::numbers")]
        memory_gb: Vec<u32>,
    }
    let mut sizes = Vec::new();
    for OfGpus { gpu_count, groups } in lenient::array::<_, OfGpus>(deserializer)? {
        for OfCpu { cpu, memory_gb } in groups {
            let (Some(gpu_count), Some(cpu)) = (gpu_count, cpu) else { continue };
            sizes.extend(memory_gb.into_iter().map(|memory_gb| Size { gpu_count, cpu, memory_gb }));
        }
    }
    sizes.sort_unstable();
    sizes.dedup();
    Ok(sizes)
}

/// Deserializes the disks, which the API groups by storage class and use.
fn disks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<DiskType>, D::Error> {
    #[derive(Deserialize)]
    struct Class {
        #[serde(rename = "BootDisk", default, deserialize_with = "lenient::array")]
        boot: Vec<Disk>,
        #[serde(rename = "DataDisk", default, deserialize_with = "lenient::array")]
        data: Vec<Disk>,
    }
    #[derive(Deserialize)]
    struct Disk {
        #[serde(rename = "Name", deserialize_with = "lenient::required_text")]
        kind: String,
        #[serde(rename = "MinimalSize", default, deserialize_with = "lenient::number")]
        min_size_gb: Option<u32>,
        #[serde(rename = "MaximalSize", default, deserialize_with = "lenient::number")]
        max_size_gb: Option<u32>,
    }
    let mut disks = Vec::new();
    for Class { boot, data } in lenient::array::<_, Class>(deserializer)? {
        for (is_boot, group) in [(true, boot), (false, data)] {
            disks.extend(group.into_iter().map(|disk| {
                let Disk { kind, min_size_gb, max_size_gb } = disk;
                DiskType { kind, is_boot, min_size_gb, max_size_gb }
            }));
        }
    }
    Ok(disks)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::compshare::calls::assert_sends;

    fn read(entry: Value) -> InstanceType {
        let response = json!({"AvailableInstanceTypes": [7, {"Zone": "cn-wlcb-01"}, entry]});
        let mut read: InstanceTypes = serde_json::from_value(response).unwrap();
        assert_eq!(read.types.len(), 1, "an entry without a name is skipped");
        read.types.remove(0)
    }

    fn size(gpu_count: u32, cpu: u32, memory_gb: u32) -> Size {
        Size { gpu_count, cpu, memory_gb }
    }

    #[test]
    fn type_list_sends_its_scope() {
        let scope = Scope { region: Some("cn-wlcb".to_owned()), ..Scope::default() };
        assert_sends(&DescribeInstanceTypes { scope }, "Region=cn-wlcb");
    }

    #[test]
    fn sizes_and_disks_are_flattened() {
        let read = read(json!({
            "Name": 4090, "Zone": "cn-wlcb-01", "Status": "Normal",
            "GraphicsMemory": {"Value": 24, "Rate": 3}, "Performance": {"Value": "82.6"},
            "MachineSizes": [
                {"Gpu": 2, "Collection": [{"Cpu": 32, "Memory": [128]}]},
                {"Gpu": "1", "Collection": [
                    {"Cpu": 16, "Memory": ["94", 64, 64, null]}, {"Cpu": 8, "Memory": 32},
                ]},
            ],
            "Disks": [{"Name": "cloudDisk",
                "BootDisk": [{"Name": "CLOUD_RSSD"}, {"Name": "CLOUD_SSD", "MaximalSize": 500}],
                "DataDisk": [{"Name": "CLOUD_SSD", "MinimalSize": 10}, {}],
            }],
        }));
        assert_eq!((read.name.as_str(), read.gpu_memory_gb), ("4090", Some(24)));
        assert_eq!(read.performance_tflops, Some(82.6));
        let sizes = [size(1, 8, 32), size(1, 16, 64), size(1, 16, 94), size(2, 32, 128)];
        assert_eq!(read.sizes, sizes);
        assert_eq!(read.smallest(|size| size.gpu_count == 2), Some(size(2, 32, 128)));
        assert_eq!(read.smallest(|size| size.gpu_count == 3), None);
        assert_eq!(read.disks.len(), 3);
        assert_eq!(read.boot_disk_kind(), "CLOUD_SSD");
    }

    #[test]
    fn missing_parts_are_empty() {
        for parts in [
            json!({}),
            json!({"MachineSizes": null, "Disks": null, "GraphicsMemory": null}),
            json!({"MachineSizes": {}, "Disks": [null, {"BootDisk": null}], "Performance": 8}),
            json!({"MachineSizes": [{"Gpu": 1, "Collection": null}, {"Collection": [{}]}]}),
            json!({"MachineSizes": [{"Gpu": 1, "Collection": [{"Cpu": 8, "Memory": null}]}]}),
        ] {
            let mut entry = parts.clone();
            entry["Name"] = json!("4090");
            let read = read(entry);
            assert_eq!((read.sizes.len(), read.disks.len()), (0, 0), "{parts}");
            assert_eq!((read.gpu_memory_gb, read.performance_tflops), (None, None), "{parts}");
            assert_eq!(read.boot_disk_kind(), "CLOUD_SSD");
        }
        let none: InstanceTypes =
            serde_json::from_value(json!({"AvailableInstanceTypes": null})).unwrap();
        assert_eq!(none.types, []);
        serde_json::from_value::<InstanceTypes>(json!({})).unwrap_err();
    }

    #[test]
    fn only_boot_disk_of_a_type_is_its_usual_one() {
        let disks = json!([{"BootDisk": [{"Name": "CLOUD_RSSD"}], "DataDisk": [
            {"Name": "CLOUD_SSD"},
        ]}]);
        assert_eq!(read(json!({"Name": "A800", "Disks": disks})).boot_disk_kind(), "CLOUD_RSSD");
    }
}
