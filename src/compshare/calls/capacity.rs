//! Check of the free capacity of a zone.

use serde::{Deserialize, de::Deserializer};

use crate::compshare::{
    call::{Call, Scope},
    form::Form,
    lenient,
    size::{BootDisk, Size},
};

/// Request for the sizes of a GPU model that the zone could create now. Nothing is reserved.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CheckCapacity {
    /// The API requires region and zone.
    pub scope: Scope,
    pub gpu_type: String,
    /// For example `Postpay` or `Spot`.
    pub charge_type: String,
    /// The result depends on the kind of the image: VM or container.
    pub image_id: String,
    pub boot_disk: BootDisk,
}

impl Call for CheckCapacity {
    const REPEATABLE: bool = true;
    type Reply = Capacity;

    fn action(&self) -> &'static str {
        "CheckCompShareResourceCapacity"
    }

    fn form(&self, form: &mut Form) {
        self.scope.put_into(form);
        form.put("MachineType", "G");
        form.put("MinimalCpuPlatform", "Auto");
        form.put("GpuType", self.gpu_type.as_str());
        form.put("ChargeType", self.charge_type.as_str());
        form.put("CompShareImageId", self.image_id.as_str());
        self.boot_disk.put_into(form);
    }
}

/// Response to [`CheckCapacity`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Capacity {
    /// Checked sizes. The capacity for a size that is absent is not known.
    #[serde(rename = "Specs", deserialize_with = "lenient::array")]
    pub offers: Vec<Offer>,
}

/// Size of an instance, with the result of the check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    pub size: Size,
    pub available: bool,
}

/// An entry without its size or its result is an error, and therefore absent from the list.
impl<'de> Deserialize<'de> for Offer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Entry {
            #[serde(rename = "Gpu", default, deserialize_with = "lenient::number")]
            gpu_count: Option<u32>,
            #[serde(rename = "Cpu", default, deserialize_with = "lenient::number")]
            cpu: Option<u32>,
            #[serde(rename = "Mem", default, deserialize_with = "lenient::number")]
            memory_gb: Option<u32>,
            #[serde(rename = "ResourceEnough", default, deserialize_with = "lenient::flag")]
            available: Option<bool>,
        }
        let entry = Entry::deserialize(deserializer)?;
        let missing = serde::de::Error::missing_field;
        Ok(Self {
            size: Size {
                gpu_count: entry.gpu_count.ok_or_else(|| missing("Gpu"))?,
                cpu: entry.cpu.ok_or_else(|| missing("Cpu"))?,
                memory_gb: entry.memory_gb.ok_or_else(|| missing("Mem"))?,
            },
            available: entry.available.ok_or_else(|| missing("ResourceEnough"))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::compshare::calls::assert_sends;

    #[test]
    fn capacity_check_sends_the_documented_parameters() {
        let call = CheckCapacity {
            scope: Scope {
                region: Some("cn-wlcb".to_owned()),
                zone: Some("cn-wlcb-01".to_owned()),
                project_id: None,
            },
            gpu_type: "4090".to_owned(),
            charge_type: "Postpay".to_owned(),
            image_id: "compshareImage-1".to_owned(),
            boot_disk: BootDisk { kind: "CLOUD_SSD".to_owned(), size_gb: 100 },
        };
        assert_sends(
            &call,
            "ChargeType=Postpay CompShareImageId=compshareImage-1 Disks.0.IsBoot=true \
             Disks.0.Size=100 Disks.0.Type=CLOUD_SSD GpuType=4090 MachineType=G \
             MinimalCpuPlatform=Auto Region=cn-wlcb Zone=cn-wlcb-01",
        );
    }

    #[test]
    fn incomplete_entries_are_absent() {
        let read =
            |specs: Value| -> Capacity { serde_json::from_value(json!({"Specs": specs})).unwrap() };
        let size = Size { gpu_count: 1, cpu: 16, memory_gb: 64 };
        for (enough, available) in [(json!(true), true), (json!("False"), false)] {
            let entry = json!({"Gpu": "1", "Cpu": 16, "Mem": 64, "ResourceEnough": enough});
            let mut specs = vec![entry.clone(), json!(7)];
            for field in ["Gpu", "Cpu", "Mem", "ResourceEnough"] {
                let mut without = entry.clone();
                without[field] = Value::Null;
                specs.push(without);
            }
            assert_eq!(read(specs.into()).offers, [Offer { size, available }]);
        }
        assert_eq!(read(Value::Null).offers, []);
        serde_json::from_value::<Capacity>(json!({})).unwrap_err();
    }
}
