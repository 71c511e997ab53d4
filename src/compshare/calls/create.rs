//! Create of an instance.

use serde::{Deserialize, de::Deserializer};

use crate::compshare::{
    call::{Call, Scope},
    error::ErrorKind,
    form::Form,
    lenient,
    size::{BootDisk, Size},
};

/// Request for a new instance. It is never resent on a guess: each one that the API accepts is
/// billed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateInstance {
    /// Location of the instance. The API requires region and zone.
    pub scope: Scope,
    pub name: String,
    /// The API has no request that changes it later.
    pub remark: String,
    pub gpu_type: String,
    pub size: Size,
    pub image_id: String,
    pub boot_disk: BootDisk,
    /// Always sent, because the API's default buys a month.
    pub charge_type: String,
    /// Sent as `SecurityGroupId`. Without it, the API creates a firewall for the image.
    pub firewall_id: Option<String>,
}

/// Response to [`CreateInstance`]: the instance exists, but may be missing from lists for some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Created {
    /// ID of the new instance; empty if the response lacks it.
    pub instance_id: String,
}

impl Call for CreateInstance {
    const REPEATABLE: bool = false;
    type Reply = Created;

    fn action(&self) -> &'static str {
        Self::ACTION
    }

    fn form(&self, form: &mut Form) {
        self.scope.put_into(form);
        form.put("Name", self.name.as_str());
        form.put("Remark", self.remark.as_str());
        form.put("MachineType", "G");
        form.put("MinimalCpuPlatform", "Auto");
        form.put("GpuType", self.gpu_type.as_str());
        form.put("GPU", self.size.gpu_count);
        form.put("CPU", self.size.cpu);
        form.put("Memory", self.size.memory_mb());
        form.put("CompShareImageId", self.image_id.as_str());
        self.boot_disk.put_into(form);
        form.put("ChargeType", self.charge_type.as_str());
        // One unit of the charge type.
        form.put("Quantity", 1);
        form.put("SecurityGroupId", self.firewall_id.as_deref());
    }

    /// Without an ID, the instance may exist nevertheless.
    fn check(&self, created: &Created) -> Result<(), ErrorKind> {
        if created.instance_id.is_empty() {
            let gap = "the ID of the new instance is missing";
            return Err(ErrorKind::Incomplete(gap.to_owned()));
        }
        Ok(())
    }
}

impl CreateInstance {
    pub const ACTION: &'static str = "CreateCompShareInstance";
}

impl<'de> Deserialize<'de> for Created {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Reply {
            #[serde(rename = "UHostIds", default, deserialize_with = "lenient::array")]
            ids: Vec<String>,
            #[serde(rename = "UHostId", default, deserialize_with = "lenient::text")]
            id: Option<String>,
        }
        let Reply { ids, id } = Reply::deserialize(deserializer)?;
        let instance_id = ids.into_iter().chain(id).find(|id| !id.trim().is_empty());
        Ok(Self { instance_id: instance_id.unwrap_or_default() })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::compshare::calls::assert_sends;

    fn create() -> CreateInstance {
        CreateInstance {
            scope: Scope {
                region: Some("cn-wlcb".to_owned()),
                zone: Some("cn-wlcb-01".to_owned()),
                project_id: None,
            },
            name: "训练".to_owned(),
            remark: "[terraform:1]".to_owned(),
            gpu_type: "4090".to_owned(),
            size: Size { gpu_count: 2, cpu: 32, memory_gb: 128 },
            image_id: "compshareImage-1".to_owned(),
            boot_disk: BootDisk { kind: "CLOUD_SSD".to_owned(), size_gb: 100 },
            charge_type: "Postpay".to_owned(),
            firewall_id: None,
        }
    }

    #[test]
    fn create_sends_the_documented_parameters() {
        assert_sends(
            &create(),
            "CPU=32 ChargeType=Postpay CompShareImageId=compshareImage-1 Disks.0.IsBoot=true \
             Disks.0.Size=100 Disks.0.Type=CLOUD_SSD GPU=2 GpuType=4090 MachineType=G \
             Memory=131072 MinimalCpuPlatform=Auto Name=训练 Quantity=1 Region=cn-wlcb \
             Remark=[terraform:1] Zone=cn-wlcb-01",
        );
    }

    #[test]
    fn response_without_an_id_is_incomplete() {
        let checked = |response: Value| {
            let created: Created = serde_json::from_value(response).unwrap();
            create().check(&created).map(|()| created.instance_id)
        };
        for response in [
            json!({"UHostIds": ["uhost-1"]}),
            json!({"UHostId": "uhost-1"}),
            json!({"UHostIds": [null, "", "uhost-1"]}),
        ] {
            assert_eq!(checked(response).unwrap(), "uhost-1");
        }
        for response in [json!({}), json!({"UHostIds": null}), json!({"UHostIds": [7]})] {
            checked(response).unwrap_err();
        }
    }
}
