//! Price of a new instance.

use serde::{Deserialize, de::Deserializer};

use crate::compshare::{
    call::{Call, Scope},
    form::Form,
    lenient,
    size::{BootDisk, Size},
};

/// Request for the price that this account pays for a new instance.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GetPrice {
    /// The API requires region and zone.
    pub scope: Scope,
    pub gpu_type: String,
    pub size: Size,
    /// For example `Postpay` or `Month`.
    pub charge_type: String,
    /// Some images of the community have a price.
    pub image_id: Option<String>,
    pub boot_disk: BootDisk,
}

impl Call for GetPrice {
    const REPEATABLE: bool = true;
    type Reply = Prices;

    fn action(&self) -> &'static str {
        "GetCompShareInstanceUserPrice"
    }

    /// The API documentation and the vendor's SDK spell GPUs and CPU differently, and the API
    /// ignores unknown parameters.
    fn form(&self, form: &mut Form) {
        self.scope.put_into(form);
        form.put("GpuType", self.gpu_type.as_str());
        for key in ["GPU", "Gpu"] {
            form.put(key, self.size.gpu_count);
        }
        for key in ["CPU", "Cpu"] {
            form.put(key, self.size.cpu);
        }
        form.put("Memory", self.size.memory_mb());
        form.put("ChargeType", self.charge_type.as_str());
        form.put("CompShareImageId", self.image_id.as_deref());
        self.boot_disk.put_into(form);
    }
}

/// Response to [`GetPrice`].
#[derive(Clone, Debug, PartialEq)]
pub struct Prices {
    account: Vec<Price>,
    list: Vec<Price>,
}

/// Price of an instance in CNY per unit of the charge type, by part. A part that the API does not
/// report is `None`, which does not mean free.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Price {
    #[serde(rename = "ChargeType", default, deserialize_with = "lenient::text")]
    charge_type: Option<String>,
    /// GPU, CPU and memory.
    #[serde(rename = "Instance", default, deserialize_with = "amount")]
    pub instance: Option<f64>,
    #[serde(rename = "SystemDisks", default, deserialize_with = "amount")]
    pub boot_disk: Option<f64>,
    #[serde(rename = "Disks", default, deserialize_with = "amount")]
    pub data_disks: Option<f64>,
    #[serde(rename = "CompShareImage", default, deserialize_with = "amount")]
    pub image: Option<f64>,
}

impl Prices {
    /// Price with the discounts of this account.
    pub fn account(&self, charge_type: &str) -> Option<&Price> {
        find(&self.account, charge_type)
    }

    /// Price without discounts.
    pub fn list(&self, charge_type: &str) -> Option<&Price> {
        find(&self.list, charge_type)
    }
}

/// Returns the price for `charge_type`. An only price without a charge type is the requested one.
fn find<'a>(prices: &'a [Price], charge_type: &str) -> Option<&'a Price> {
    match prices {
        [only] if only.charge_type.is_none() => Some(only),
        _ => prices.iter().find(|price| price.charge_type.as_deref() == Some(charge_type)),
    }
}

impl Price {
    /// Sum of the reported parts, as in the vendor's CLI; `None` without the part of the instance.
    pub fn total(&self) -> Option<f64> {
        let others = [self.boot_disk, self.data_disks, self.image].into_iter().flatten();
        let sum = self.instance? + others.sum::<f64>();
        // Prices have two to four decimals. A sum of floats has an error in the sixteenth.
        Some((sum * 1e6).round() / 1e6)
    }
}

/// The API documentation has `PriceDetails`, the vendor's SDK `PriceDetail`.
impl<'de> Deserialize<'de> for Prices {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Reply {
            #[serde(rename = "PriceDetails", default, deserialize_with = "lenient::array")]
            account: Vec<Price>,
            #[serde(rename = "PriceDetail", default, deserialize_with = "lenient::array")]
            account_in_sdk: Vec<Price>,
            #[serde(rename = "ListPriceDetails", default, deserialize_with = "lenient::array")]
            list: Vec<Price>,
            #[serde(rename = "ListPriceDetail", default, deserialize_with = "lenient::array")]
            list_in_sdk: Vec<Price>,
        }
        let reply = Reply::deserialize(deserializer)?;
        let joined = |mut first: Vec<Price>, second| {
            first.extend(second);
            first
        };
        Ok(Self {
            account: joined(reply.account, reply.account_in_sdk),
            list: joined(reply.list, reply.list_in_sdk),
        })
    }
}

/// Deserializes an amount of money. A negative one is no price.
fn amount<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    Ok(lenient::number(deserializer)?.filter(|amount: &f64| *amount >= 0.0))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::compshare::calls::assert_sends;

    #[test]
    fn price_request_sends_both_spellings() {
        let call = GetPrice {
            scope: Scope {
                region: Some("cn-wlcb".to_owned()),
                zone: Some("cn-wlcb-01".to_owned()),
                project_id: None,
            },
            gpu_type: "4090".to_owned(),
            size: Size { gpu_count: 2, cpu: 32, memory_gb: 128 },
            charge_type: "Postpay".to_owned(),
            image_id: Some("compshareImage-1".to_owned()),
            boot_disk: BootDisk { kind: "CLOUD_SSD".to_owned(), size_gb: 200 },
        };
        assert_sends(
            &call,
            "CPU=32 ChargeType=Postpay CompShareImageId=compshareImage-1 Cpu=32 \
             Disks.0.IsBoot=true Disks.0.Size=200 Disks.0.Type=CLOUD_SSD GPU=2 Gpu=2 GpuType=4090 \
             Memory=131072 Region=cn-wlcb Zone=cn-wlcb-01",
        );
    }

    fn read(response: Value) -> Prices {
        serde_json::from_value(response).unwrap()
    }

    #[test]
    fn prices_are_found_by_charge_type() {
        let details = json!([
            {"ChargeType": "Month", "Instance": 900},
            {"ChargeType": "Postpay", "Instance": "1.98", "SystemDisks": 0.1, "Disks": null,
             "CompShareImage": 0.2},
        ]);
        for (account, list) in
            [("PriceDetails", "ListPriceDetails"), ("PriceDetail", "ListPriceDetail")]
        {
            let prices = read(json!({account: details, list: [{"Instance": 2.2}]}));
            let price = prices.account("Postpay").unwrap();
            assert_eq!((price.instance, price.data_disks), (Some(1.98), None));
            assert_eq!(price.total(), Some(2.28));
            assert_eq!(prices.account("Spot"), None);
            assert_eq!(prices.list("Postpay").and_then(Price::total), Some(2.2));
        }
    }

    #[test]
    fn missing_price_is_not_free() {
        for none in [json!({}), json!({"PriceDetails": null}), json!({"PriceDetails": [7]})] {
            assert_eq!(read(none).account("Postpay"), None);
        }
        for part in [json!(null), json!(-1), json!(""), json!("free")] {
            let price = json!({"ChargeType": "Postpay", "Instance": part, "SystemDisks": 0.1});
            let prices = read(json!({"PriceDetails": [price]}));
            assert_eq!(prices.account("Postpay").unwrap().total(), None, "{part}");
        }
        let free = read(json!({"PriceDetails": [{"Instance": 0}]}));
        assert_eq!(free.account("Postpay").unwrap().total(), Some(0.0));
    }
}
