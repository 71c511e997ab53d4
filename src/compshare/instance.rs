//! Instance as reported by `DescribeCompShareInstance`.

use std::fmt;

use secrecy::SecretString;
use serde::{
    Deserialize,
    de::{Deserializer, Error as _},
};
use serde_json::Value;

use super::{lenient, size::Size};

/// Rented instance. All fields but the ID may be missing; an empty text counts as missing. Times
/// are Unix seconds, prices are in yuan.
#[derive(Clone, Debug, Deserialize)]
pub struct Instance {
    /// `uhost-…` for virtual machines, `cpod-…` for containers.
    #[serde(rename = "UHostId", deserialize_with = "id")]
    pub id: String,
    #[serde(rename = "Name", default, deserialize_with = "lenient::text")]
    pub name: Option<String>,
    #[serde(rename = "Tag", default, deserialize_with = "lenient::text")]
    pub tag: Option<String>,
    #[serde(rename = "Remark", default, deserialize_with = "lenient::text")]
    pub remark: Option<String>,
    /// For example `cn-wlcb`.
    #[serde(rename = "Region", default, deserialize_with = "lenient::text")]
    pub region: Option<String>,
    /// For example `cn-wlcb-01`.
    #[serde(rename = "Zone", default, deserialize_with = "lenient::text")]
    pub zone: Option<String>,
    #[serde(rename = "State", default)]
    pub state: State,
    /// `UHost` (virtual machine) or `Container`.
    #[serde(rename = "InstanceType", default, deserialize_with = "lenient::text")]
    pub instance_type: Option<String>,
    /// `G`, or `O` while the instance has a no-GPU size.
    #[serde(rename = "MachineType", default, deserialize_with = "lenient::text")]
    pub machine_type: Option<String>,
    #[serde(rename = "CpuPlatform", default, deserialize_with = "lenient::text")]
    pub cpu_platform: Option<String>,
    /// Instruction set, for example `x86_64`.
    #[serde(rename = "CpuArch", default, deserialize_with = "lenient::text")]
    pub cpu_arch: Option<String>,
    #[serde(rename = "CompShareImageId", default, deserialize_with = "lenient::text")]
    pub image_id: Option<String>,
    /// Operating system or image.
    #[serde(rename = "OsName", default, deserialize_with = "lenient::text")]
    pub os_name: Option<String>,
    #[serde(rename = "OsType", default, deserialize_with = "lenient::text")]
    pub os_type: Option<String>,
    /// Number of cores.
    #[serde(rename = "CPU", default, deserialize_with = "lenient::number")]
    pub cpu: Option<u32>,
    #[serde(rename = "Memory", default, deserialize_with = "lenient::number")]
    pub memory_mb: Option<u64>,
    /// Number of GPUs. In state `Running` it is the allocated number.
    #[serde(rename = "GPU", default, deserialize_with = "lenient::number")]
    pub gpu: Option<u32>,
    /// Model of the GPU, for example `4090`.
    #[serde(rename = "GpuType", default, deserialize_with = "lenient::text")]
    pub gpu_type: Option<String>,
    /// Memory of each GPU.
    #[serde(rename = "GraphicsMemory", default, deserialize_with = "lenient::rated")]
    pub graphics_memory_gb: Option<u32>,
    /// `Postpay`, `Dynamic`, `Day`, `Month` or `Year`.
    #[serde(rename = "ChargeType", default, deserialize_with = "lenient::text")]
    pub charge_type: Option<String>,
    /// Price for one unit of the charge type.
    #[serde(rename = "InstancePrice", default, deserialize_with = "lenient::number")]
    pub price: Option<f64>,
    /// Price of the image, in addition to `price`.
    #[serde(rename = "CompShareImagePrice", default, deserialize_with = "lenient::number")]
    pub image_price: Option<f64>,
    #[serde(rename = "CreateTime", default, deserialize_with = "time")]
    pub create_time: Option<i64>,
    /// Time of the last start.
    #[serde(rename = "StartTime", default, deserialize_with = "time")]
    pub start_time: Option<i64>,
    /// Time of the last stop.
    #[serde(rename = "StopTime", default, deserialize_with = "time")]
    pub stop_time: Option<i64>,
    #[serde(rename = "SchedulerStopTime", default, deserialize_with = "time")]
    pub(crate) scheduler_stop_time: Option<i64>,
    /// Other name of `scheduler_stop_time` in the API documentation.
    #[serde(rename = "StopSchedulerTime", default, deserialize_with = "time")]
    pub(crate) stop_scheduler_time: Option<i64>,
    /// Time at which CompShare deletes the instance if it stays stopped.
    #[serde(rename = "ReleaseTime", default, deserialize_with = "time")]
    pub release_time: Option<i64>,
    /// End of the prepaid period.
    #[serde(rename = "ExpireTime", default, deserialize_with = "time")]
    pub expire_time: Option<i64>,
    /// Spot instances also report the charge type `Postpay`; this is their only mark.
    #[serde(rename = "IsSpot", default, deserialize_with = "lenient::flag")]
    pub is_spot: Option<bool>,
    #[serde(rename = "SupportWithoutGpuStart", default, deserialize_with = "lenient::flag")]
    pub supports_without_gpu_start: Option<bool>,
    /// Size of the last start in no-GPU mode.
    #[serde(rename = "WithoutGpuSpec", default, deserialize_with = "without_gpu_spec")]
    pub without_gpu_spec: Option<Spec>,
    /// Size that a start with GPU restores; archived by a start in no-GPU mode.
    #[serde(rename = "SrcInstanceConfig", default, deserialize_with = "src_config")]
    pub src_config: Option<SrcConfig>,
    #[serde(rename = "IPSet", default, deserialize_with = "lenient::array")]
    pub addresses: Vec<Address>,
    #[serde(rename = "DiskSet", default, deserialize_with = "lenient::array")]
    pub disks: Vec<Disk>,
    #[serde(rename = "Softwares", default, deserialize_with = "lenient::array")]
    pub softwares: Vec<Software>,
    /// Login password in Base64.
    #[serde(rename = "Password", default, deserialize_with = "secret")]
    pub password: Option<SecretString>,
    /// SSH command with host, port and user. Missing unless the instance is running.
    #[serde(rename = "SshLoginCommand", default, deserialize_with = "secret")]
    pub ssh_login_command: Option<SecretString>,
}

impl Instance {
    /// Number of GPUs allocated now, which is 0 unless the instance is running; `None` if unknown.
    pub fn allocated_gpus(&self) -> Option<u32> {
        match self.state {
            State::Unknown => None,
            State::Running => self.gpu,
            _ => Some(0),
        }
    }

    /// Number of GPUs that the instance has in its normal mode.
    pub fn own_gpus(&self) -> Option<u32> {
        self.archived_gpus().or(self.gpu)
    }

    /// Returns true if the instance is running in no-GPU mode; `None` if it is not running, or if
    /// the API does not report its GPUs, or fewer than it has but not none.
    pub fn runs_without_gpu(&self) -> Option<bool> {
        let gpus = self.gpu.filter(|_| self.state == State::Running)?;
        let archived = self.archived_gpus().unwrap_or(0);
        if gpus > 0 {
            return (gpus >= archived).then_some(false);
        }
        let has_gpu = archived > 0 || self.machine_type.as_deref() == Some("O");
        // Without any GPU, 0 is the normal mode.
        Some(has_gpu || self.supports_without_gpu_start != Some(false))
    }

    /// Size in the normal mode; `None` if it is not reported completely. An instance in no-GPU mode
    /// need not report it.
    pub fn own_size(&self) -> Option<Size> {
        let reported = SrcConfig { cpu: self.cpu, memory_mb: self.memory_mb, gpu: self.gpu };
        let SrcConfig { cpu, memory_mb, gpu } = self.src_config.unwrap_or(reported);
        let memory_gb = u32::try_from(memory_mb? / 1024).ok()?;
        Some(Size { gpu_count: gpu.filter(|gpus| *gpus > 0)?, cpu: cpu?, memory_gb })
    }

    /// Returns true if the instance has its no-GPU size, running or not.
    pub fn has_no_gpu_size(&self) -> bool {
        self.machine_type.as_deref() == Some("O")
            || self.gpu == Some(0) && self.archived_gpus().is_some_and(|gpus| gpus > 0)
    }

    /// The system disk, if it is reported.
    pub fn boot_disk(&self) -> Option<&Disk> {
        self.disks.iter().find(|disk| disk.is_boot == Some(true))
    }

    /// Returns true for a container, on a virtual machine or in a pod.
    pub fn is_container(&self) -> bool {
        self.instance_type.as_deref() == Some("Container") || self.id.starts_with("cpod-")
    }

    fn archived_gpus(&self) -> Option<u32> {
        self.src_config?.gpu
    }

    /// Time at which CompShare will stop the instance, or has stopped it.
    pub fn scheduled_stop_time(&self) -> Option<i64> {
        self.scheduler_stop_time.or(self.stop_scheduler_time)
    }

    /// Name and ID, for lists.
    pub fn display_name(&self) -> String {
        match &self.name {
            Some(name) => format!("{name} ({})", self.id),
            None => self.id.clone(),
        }
    }

    /// State as reported by the API; `None` if unknown.
    pub fn state_word(&self) -> Option<&str> {
        Some(self.state.as_str()).filter(|word| !word.is_empty())
    }
}

/// Size of an instance with its GPU.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct SrcConfig {
    #[serde(rename = "Cpu", default, deserialize_with = "lenient::number")]
    pub cpu: Option<u32>,
    #[serde(rename = "Memory", default, deserialize_with = "lenient::number")]
    pub memory_mb: Option<u64>,
    #[serde(rename = "Gpu", default, deserialize_with = "lenient::number")]
    pub gpu: Option<u32>,
}

/// IP address of an instance.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Address {
    #[serde(rename = "IP", default, deserialize_with = "lenient::text")]
    pub ip: Option<String>,
    /// `Private`, `Bgp` or `Internation` (sic).
    #[serde(rename = "Type", default, deserialize_with = "lenient::text")]
    pub kind: Option<String>,
    /// Missing for private addresses.
    #[serde(rename = "Bandwidth", default, deserialize_with = "lenient::number")]
    pub bandwidth_mbps: Option<u64>,
}

/// Disk of an instance.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Disk {
    #[serde(rename = "DiskId", default, deserialize_with = "lenient::text")]
    pub id: Option<String>,
    /// For example `CLOUD_SSD`.
    #[serde(rename = "DiskType", default, deserialize_with = "lenient::text")]
    pub kind: Option<String>,
    #[serde(rename = "IsBoot", default, deserialize_with = "lenient::flag")]
    pub is_boot: Option<bool>,
    #[serde(rename = "Size", default, deserialize_with = "lenient::number")]
    pub size_gb: Option<u64>,
}

/// Web interface of an instance.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct Software {
    /// For example `JupyterLab`.
    #[serde(rename = "Name", default, deserialize_with = "lenient::text")]
    pub name: Option<String>,
    /// URL, which may contain an access token.
    #[serde(rename = "URL", default, deserialize_with = "lenient::text")]
    pub url: Option<String>,
}

/// Shows the name only, because the URL may contain an access token.
impl fmt::Debug for Software {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Software").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Size of an instance in no-GPU mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spec {
    /// 2 cores and 4 GiB; the only size of containers.
    A,
    /// 8 cores and 16 GiB.
    B,
}

impl Spec {
    /// The letter that the API uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
        }
    }
}

/// Defines [`State`] from the states that the API documents, each with the word that it reports.
macro_rules! states {
    ($($state:ident = $word:literal,)*) => {
        /// State of an instance.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub enum State {
            $($state,)*
            /// Empty or missing: the API failed to look up the state.
            #[default]
            Unknown,
            /// Undocumented state.
            Other(String),
        }

        impl State {
            /// The states in the API documentation and in CompShare's CLI.
            pub const WORDS: &[&str] = &[$($word),*];

            /// The state as reported by the API.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$state => $word,)*
                    Self::Unknown => "",
                    Self::Other(word) => word,
                }
            }

            /// Returns true for a state that the instance does not leave by itself, which is any
            /// with `Fail` in its name.
            pub fn is_failed(&self) -> bool {
                self.as_str().contains("Fail")
            }
        }

        impl From<String> for State {
            fn from(word: String) -> Self {
                match word.as_str() {
                    $($word => Self::$state,)*
                    "" => Self::Unknown,
                    _ => Self::Other(word),
                }
            }
        }
    };
}

states! {
    Initializing = "Initializing",
    Starting = "Starting",
    Running = "Running",
    Stopping = "Stopping",
    Stopped = "Stopped",
    Install = "Install",
    InstallFail = "Install Fail",
    Rebooting = "Rebooting",
    Resizing = "Resizing",
    Reinstalling = "Reinstalling",
    Pending = "Pending",
}

impl<'de> Deserialize<'de> for State {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from(lenient::text(deserializer)?.unwrap_or_default()))
    }
}

impl fmt::Display for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    lenient::text(deserializer)?.ok_or_else(|| D::Error::missing_field("UHostId"))
}

/// Deserializes a time. The API reports 0 for "never".
fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(lenient::number(deserializer)?.filter(|seconds: &i64| *seconds > 0))
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    Ok(lenient::text(deserializer)?.map(SecretString::from))
}

/// Deserializes an archived size. An object without any positive number counts as missing.
fn src_config<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SrcConfig>, D::Error> {
    let config = SrcConfig::deserialize(Value::deserialize(deserializer)?).unwrap_or_default();
    let SrcConfig { cpu, memory_mb, gpu } = config;
    let is_archived = cpu > Some(0) || memory_mb > Some(0) || gpu > Some(0);
    Ok(is_archived.then_some(config))
}

/// Deserializes the letter of a spec, or the object that contains it.
fn without_gpu_spec<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Spec>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(match value.get("Spec").unwrap_or(&value).as_str() {
        Some("A") => Some(Spec::A),
        Some("B") => Some(Spec::B),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;
    use serde_json::json;

    use super::*;

    fn read(value: Value) -> Instance {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn size_in_normal_mode_is_archived_in_no_gpu_mode() {
        let normal = json!({"UHostId": "uhost-1", "CPU": 16, "Memory": 65536, "GPU": 1});
        let size = Size { gpu_count: 1, cpu: 16, memory_gb: 64 };
        assert_eq!(read(normal.clone()).own_size(), Some(size));
        let small = |archived: Value| {
            let small = json!({"UHostId": "uhost-1", "CPU": 2, "Memory": 4096, "GPU": 0});
            let mut fields = small.as_object().unwrap().clone();
            fields.insert("SrcInstanceConfig".to_owned(), archived);
            read(fields.into())
        };
        let archived = json!({"Cpu": 16, "Memory": 65536, "Gpu": 1});
        assert_eq!(small(archived.clone()).own_size(), Some(size));
        assert!(small(archived).has_no_gpu_size());
        assert!(!read(normal).has_no_gpu_size());
        for incomplete in [json!(null), json!({"Gpu": 1}), json!({"Cpu": 16, "Memory": 65536})] {
            assert_eq!(small(incomplete).own_size(), None);
        }
    }

    #[test]
    fn full_instance_is_read() {
        let instance = read(json!({
            "UHostId": "uhost-1", "Name": "训练", "Region": "cn-wlcb", "Zone": "cn-wlcb-01",
            "State": "Running",
            "InstanceType": "UHost", "CPU": 16, "Memory": "65536", "GPU": 1, "GpuType": "4090",
            "GraphicsMemory": {"Value": 24, "Rate": 1}, "ChargeType": "Postpay",
            "InstancePrice": 1.58, "CreateTime": "1750000000", "StartTime": 1_750_000_100,
            "StopTime": 0, "SupportWithoutGpuStart": true,
            "WithoutGpuSpec": {"Cpu": 2, "Memory": 4096, "Gpu": 0, "Spec": "A"},
            "IPSet": [{"IP": "10.0.0.1", "Type": "Private", "IPMode": "IPv4"}, "odd"],
            "DiskSet": [{"DiskId": "d-1", "DiskType": "CLOUD_SSD", "IsBoot": "True", "Size": 60}],
            "Softwares": [{"Name": "JupyterLab", "URL": "http://x/?token=canary"}],
            "Password": "Y2FuYXJ5", "SshLoginCommand": "ssh -p 22 canary@host",
            "Brand": {"new": ["field"]},
        }));
        assert_eq!(instance.memory_mb, Some(65536));
        assert_eq!(instance.gpu, Some(1));
        assert_eq!(instance.graphics_memory_gb, Some(24));
        assert_eq!(instance.price, Some(1.58));
        assert_eq!(instance.create_time, Some(1_750_000_000));
        assert_eq!(instance.stop_time, None);
        assert_eq!(instance.without_gpu_spec, Some(Spec::A));
        assert_eq!(instance.addresses.len(), 1);
        assert_eq!(instance.disks[0].is_boot, Some(true));
        assert_eq!(instance.password.as_ref().unwrap().expose_secret(), "Y2FuYXJ5");
        let shown = format!("{instance:?}");
        assert!(!shown.contains("canary") && !shown.contains("Y2FuYXJ5"), "{shown}");
    }

    #[test]
    fn id_alone_is_readable() {
        let instance = read(json!({"UHostId": "cpod-1"}));
        assert_eq!(instance.state, State::Unknown);
        assert_eq!((instance.region, instance.gpu, instance.addresses.len()), (None, None, 0));
    }

    #[test]
    fn odd_values_count_as_missing() {
        let instance = read(json!({
            "UHostId": "uhost-1", "Name": null, "State": null, "Region": "", "CPU": "many",
            "GPU": null, "GraphicsMemory": 24, "IPSet": null, "DiskSet": {},
            "WithoutGpuSpec": "B", "Password": "", "SupportWithoutGpuStart": "perhaps",
            "StartTime": "soon",
        }));
        assert_eq!(instance.state, State::Unknown);
        assert_eq!(
            (instance.region, instance.cpu, instance.graphics_memory_gb),
            (None, None, None)
        );
        assert_eq!(instance.without_gpu_spec, Some(Spec::B));
        assert!(instance.password.is_none());
    }

    #[test]
    fn gpus_of_the_normal_mode_decide_about_no_gpu_mode() {
        let check = |fields: Value, own: Option<u32>, without_gpu: Option<bool>| {
            let mut instance = json!({"UHostId": "uhost-1", "State": "Running"});
            let fields_of = |value: &mut Value| value.as_object_mut().unwrap().clone();
            instance.as_object_mut().unwrap().extend(fields_of(&mut fields.clone()));
            let instance = read(instance);
            assert_eq!(instance.own_gpus(), own, "{fields}");
            assert_eq!(instance.runs_without_gpu(), without_gpu, "{fields}");
        };
        let four = json!({"Cpu": "64", "Memory": 262_144, "Gpu": 4});
        check(json!({}), None, None);
        check(json!({"GPU": 1}), Some(1), Some(false));
        check(json!({"GPU": 1, "MachineType": "O"}), Some(1), Some(false));
        check(json!({"GPU": 0}), Some(0), Some(true));
        check(json!({"GPU": 0, "SupportWithoutGpuStart": true}), Some(0), Some(true));
        check(json!({"GPU": 4, "SrcInstanceConfig": four}), Some(4), Some(false));
        check(json!({"GPU": 8, "SrcInstanceConfig": four}), Some(4), Some(false));
        check(json!({"GPU": 1, "SrcInstanceConfig": four}), Some(4), None);
        check(json!({"SrcInstanceConfig": four}), Some(4), None);
        check(json!({"GPU": 0, "State": "Stopped", "SrcInstanceConfig": four}), Some(4), None);
        // The model of an instance in no-GPU mode may no longer support it.
        let unsupported = json!({"GPU": 0, "SupportWithoutGpuStart": false});
        let with = |key: &str, value: &Value| {
            let mut fields = unsupported.clone();
            fields[key] = value.clone();
            fields
        };
        check(with("SrcInstanceConfig", &four), Some(4), Some(true));
        check(with("MachineType", &json!("O")), Some(0), Some(true));
        check(with("MachineType", &json!("G")), Some(0), Some(false));
        // Nothing is archived.
        for none in [json!(null), json!(""), json!({}), json!({"Cpu": 0, "Memory": 0, "Gpu": 0})] {
            check(with("SrcInstanceConfig", &none), Some(0), Some(false));
        }
    }

    #[test]
    fn scheduled_stop_has_two_names() {
        for (first, second, want) in [
            (json!(1_764_000_000), json!(1), Some(1_764_000_000)),
            (json!("1764000000"), json!(null), Some(1_764_000_000)),
            (json!(""), json!(1_764_000_000), Some(1_764_000_000)),
            (json!(0), json!("1764000000"), Some(1_764_000_000)),
            (json!("0"), json!(0), None),
            (json!(null), json!(""), None),
        ] {
            let instance = read(json!({
                "UHostId": "uhost-1", "SchedulerStopTime": first, "StopSchedulerTime": second,
            }));
            assert_eq!(instance.scheduled_stop_time(), want, "{first} {second}");
        }
        assert_eq!(read(json!({"UHostId": "uhost-1"})).scheduled_stop_time(), None);
    }

    #[test]
    fn state_keeps_the_reported_word() {
        for word in State::WORDS.iter().copied().chain(["", "Reclaimed 中断", "running"]) {
            let state = State::from(word.to_owned());
            assert_eq!(state.as_str(), word);
            let listed = !matches!(state, State::Other(_));
            assert_eq!(listed, word.is_empty() || State::WORDS.contains(&word), "{word}");
        }
    }

    #[test]
    fn words_with_fail_are_failed_states() {
        for word in ["Install Fail", "StartFailed", "Resize Fail"] {
            assert!(State::from(word.to_owned()).is_failed(), "{word}");
        }
        for word in ["Running", "Stopped", "", "Starting", "Pending", "Install", "Unlisted"] {
            assert!(!State::from(word.to_owned()).is_failed(), "{word}");
        }
    }
}
