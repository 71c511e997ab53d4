//! An instance, as `DescribeCompShareInstance` reports it.

use std::fmt;

use secrecy::SecretString;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::{lenient, without_gpu::Spec};

/// One rented machine. Anything but the id may be missing from an answer; an empty text counts as missing.
#[derive(Clone, Debug, Deserialize)]
pub struct Instance {
    /// `uhost-…` for virtual machines, `cpod-…` for containers; other prefixes may come.
    #[serde(rename = "UHostId")]
    pub id: String,
    /// What its owner calls it.
    #[serde(rename = "Name", default, deserialize_with = "lenient::text")]
    pub name: Option<String>,
    /// The group its owner put it in.
    #[serde(rename = "Tag", default, deserialize_with = "lenient::text")]
    pub tag: Option<String>,
    /// Its owner's note.
    #[serde(rename = "Remark", default, deserialize_with = "lenient::text")]
    pub remark: Option<String>,
    /// Where it is, e.g. `cn-wlcb`.
    #[serde(rename = "Region", default, deserialize_with = "lenient::text")]
    pub region: Option<String>,
    /// Where in the region it is, e.g. `cn-wlcb-01`.
    #[serde(rename = "Zone", default, deserialize_with = "lenient::text")]
    pub zone: Option<String>,
    /// What it is doing.
    #[serde(rename = "State", default)]
    pub state: State,
    /// `UHost` (virtual machine) or `Container`.
    #[serde(rename = "InstanceType", default, deserialize_with = "lenient::text")]
    pub instance_type: Option<String>,
    /// The vendor's class of machine.
    #[serde(rename = "MachineType", default, deserialize_with = "lenient::text")]
    pub machine_type: Option<String>,
    /// The vendor's name of the processor generation.
    #[serde(rename = "CpuPlatform", default, deserialize_with = "lenient::text")]
    pub cpu_platform: Option<String>,
    /// The processor's instruction set, e.g. `x86_64`.
    #[serde(rename = "CpuArch", default, deserialize_with = "lenient::text")]
    pub cpu_arch: Option<String>,
    /// The operating system or image.
    #[serde(rename = "OsName", default, deserialize_with = "lenient::text")]
    pub os_name: Option<String>,
    /// The kind of operating system.
    #[serde(rename = "OsType", default, deserialize_with = "lenient::text")]
    pub os_type: Option<String>,
    /// Processor cores.
    #[serde(rename = "CPU", default, deserialize_with = "lenient::number")]
    pub cpu: Option<u32>,
    /// Memory, in MB.
    #[serde(rename = "Memory", default, deserialize_with = "lenient::number")]
    pub memory_mb: Option<u64>,
    /// GPUs. Only while it is `Running` does this say how many are allocated: then 0 means that it runs without any.
    #[serde(rename = "GPU", default, deserialize_with = "lenient::number")]
    pub gpu: Option<u32>,
    /// Model of the GPU, e.g. `4090`.
    #[serde(rename = "GpuType", default, deserialize_with = "lenient::text")]
    pub gpu_type: Option<String>,
    /// Memory of each GPU, in GB.
    #[serde(rename = "GraphicsMemory", default, deserialize_with = "graphics_memory")]
    pub graphics_memory_gb: Option<u32>,
    /// How it is paid for: `Postpay`, `Dynamic`, `Day`, `Month`, `Year`.
    #[serde(rename = "ChargeType", default, deserialize_with = "lenient::text")]
    pub charge_type: Option<String>,
    /// Its price for one unit of its charge type, in yuan.
    #[serde(rename = "InstancePrice", default, deserialize_with = "lenient::number")]
    pub price: Option<f64>,
    /// What its image costs on top of that, in yuan.
    #[serde(rename = "CompShareImagePrice", default, deserialize_with = "lenient::number")]
    pub image_price: Option<f64>,
    /// When it was made, in Unix seconds, as are all times here.
    #[serde(rename = "CreateTime", default, deserialize_with = "time")]
    pub create_time: Option<i64>,
    /// When it was last started.
    #[serde(rename = "StartTime", default, deserialize_with = "time")]
    pub start_time: Option<i64>,
    /// When it was last stopped.
    #[serde(rename = "StopTime", default, deserialize_with = "time")]
    pub stop_time: Option<i64>,
    /// When it is scheduled to be stopped.
    #[serde(rename = "StopSchedulerTime", default, deserialize_with = "time")]
    pub stop_scheduler_time: Option<i64>,
    /// When it will be reclaimed if it stays stopped.
    #[serde(rename = "ReleaseTime", default, deserialize_with = "time")]
    pub release_time: Option<i64>,
    /// When what was paid for it ends.
    #[serde(rename = "ExpireTime", default, deserialize_with = "time")]
    pub expire_time: Option<i64>,
    /// Whether it can be started without a GPU.
    #[serde(rename = "SupportWithoutGpuStart", default, deserialize_with = "lenient::flag")]
    pub supports_without_gpu_start: Option<bool>,
    /// The no-GPU size it was last started with, if the answer names it.
    #[serde(rename = "WithoutGpuSpec", default, deserialize_with = "without_gpu_spec")]
    pub without_gpu_spec: Option<Spec>,
    /// Its addresses.
    #[serde(rename = "IPSet", default, deserialize_with = "lenient::array")]
    pub addresses: Vec<Address>,
    /// Its disks.
    #[serde(rename = "DiskSet", default, deserialize_with = "lenient::array")]
    pub disks: Vec<Disk>,
    /// Web interfaces of what its image brings along.
    #[serde(rename = "Softwares", default, deserialize_with = "lenient::array")]
    pub softwares: Vec<Software>,
    /// The login password as the API gives it: in Base64.
    #[serde(rename = "Password", default, deserialize_with = "secret")]
    pub password: Option<SecretString>,
    /// The command that logs in: host, port and user. Missing unless the instance is running.
    #[serde(rename = "SshLoginCommand", default, deserialize_with = "secret")]
    pub ssh_login_command: Option<SecretString>,
}

impl Instance {
    /// GPUs allocated now: none unless it is `Running`. `None` if the cloud does not say, or cannot.
    pub fn allocated_gpus(&self) -> Option<u32> {
        match self.state {
            State::Unknown => None,
            State::Running => self.gpu,
            _ => Some(0),
        }
    }

    /// What it is doing, as the cloud words it; `None` if the cloud could not say.
    pub fn state_word(&self) -> Option<&str> {
        Some(self.state.as_str()).filter(|word| !word.is_empty())
    }
}

/// An address of an instance.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Address {
    /// The address itself.
    #[serde(rename = "IP", default, deserialize_with = "lenient::text")]
    pub ip: Option<String>,
    /// `Private`, `Bgp` or `Internation` (sic).
    #[serde(rename = "Type", default, deserialize_with = "lenient::text")]
    pub kind: Option<String>,
    /// The most that goes through it, in Mbit/s; private ones have no limit of their own.
    #[serde(rename = "Bandwidth", default, deserialize_with = "lenient::number")]
    pub bandwidth_mbps: Option<u64>,
}

/// A disk of an instance.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Disk {
    /// Its id.
    #[serde(rename = "DiskId", default, deserialize_with = "lenient::text")]
    pub id: Option<String>,
    /// The vendor's kind of disk, e.g. `CLOUD_SSD`.
    #[serde(rename = "DiskType", default, deserialize_with = "lenient::text")]
    pub kind: Option<String>,
    /// Whether the instance boots from it.
    #[serde(rename = "IsBoot", default, deserialize_with = "lenient::flag")]
    pub is_boot: Option<bool>,
    /// Its size, in GB.
    #[serde(rename = "Size", default, deserialize_with = "lenient::number")]
    pub size_gb: Option<u64>,
}

/// A web interface on an instance.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct Software {
    /// What it is, e.g. `JupyterLab`.
    #[serde(rename = "Name", default, deserialize_with = "lenient::text")]
    pub name: Option<String>,
    /// Where it is. Such addresses may carry an access token.
    #[serde(rename = "URL", default, deserialize_with = "lenient::text")]
    pub url: Option<String>,
}

/// The name only: the address may carry a token.
impl fmt::Debug for Software {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Software").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What an instance is doing, as the cloud words it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// It is being made.
    Initializing,
    /// It is being started.
    Starting,
    /// It runs.
    Running,
    /// It is being stopped.
    Stopping,
    /// It is off.
    Stopped,
    /// Its system is being installed.
    Install,
    /// Its system could not be installed; reported as `Install Fail`.
    InstallFail,
    /// It is being restarted.
    Rebooting,
    /// Its size is being changed.
    Resizing,
    /// Its system is being replaced.
    Reinstalling,
    /// It waits for something.
    Pending,
    /// The empty word, or none: the cloud's own look-up of the state failed. Nothing is known.
    #[default]
    Unknown,
    /// A word that is not listed here.
    Other(String),
}

impl State {
    /// The words of the API's documents, and those that the official CLI waits through. Others may come.
    pub const WORDS: [&str; 11] = [
        "Initializing",
        "Starting",
        "Running",
        "Stopping",
        "Stopped",
        "Install",
        "Install Fail",
        "Rebooting",
        "Resizing",
        "Reinstalling",
        "Pending",
    ];

    /// The word exactly as it was reported.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Initializing => "Initializing",
            Self::Starting => "Starting",
            Self::Running => "Running",
            Self::Stopping => "Stopping",
            Self::Stopped => "Stopped",
            Self::Install => "Install",
            Self::InstallFail => "Install Fail",
            Self::Rebooting => "Rebooting",
            Self::Resizing => "Resizing",
            Self::Reinstalling => "Reinstalling",
            Self::Pending => "Pending",
            Self::Unknown => "",
            Self::Other(word) => word,
        }
    }

    /// Something failed and it will not get out of this by itself: any word with `Fail` in it.
    pub fn is_failed(&self) -> bool {
        self.as_str().contains("Fail")
    }

    /// The cloud could not say.
    pub fn is_unknown(&self) -> bool {
        *self == Self::Unknown
    }

    /// Neither on nor off, neither failed nor unknown: it is on its way somewhere, words that nobody listed included.
    pub fn is_in_transition(&self) -> bool {
        !matches!(self, Self::Running | Self::Stopped | Self::Unknown) && !self.is_failed()
    }
}

impl From<String> for State {
    fn from(word: String) -> Self {
        match word.as_str() {
            "Initializing" => Self::Initializing,
            "Starting" => Self::Starting,
            "Running" => Self::Running,
            "Stopping" => Self::Stopping,
            "Stopped" => Self::Stopped,
            "Install" => Self::Install,
            "Install Fail" => Self::InstallFail,
            "Rebooting" => Self::Rebooting,
            "Resizing" => Self::Resizing,
            "Reinstalling" => Self::Reinstalling,
            "Pending" => Self::Pending,
            "" => Self::Unknown,
            _ => Self::Other(word),
        }
    }
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

/// Zero is how the API says "never".
fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(lenient::number(deserializer)?.filter(|seconds: &i64| *seconds > 0))
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    Ok(lenient::text(deserializer)?.map(SecretString::from))
}

fn graphics_memory<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    #[derive(Deserialize)]
    struct GraphicsMemory {
        #[serde(rename = "Value", default, deserialize_with = "lenient::number")]
        value: Option<u32>,
    }
    Ok(lenient::object::<_, GraphicsMemory>(deserializer)?.and_then(|memory| memory.value))
}

/// An object that may name its `Spec`, or the bare letter.
fn without_gpu_spec<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Spec>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let letter = value.get("Spec").unwrap_or(&value).as_str();
    Ok(letter.and_then(|letter| letter.parse().ok()))
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
    fn a_full_answer_is_understood() {
        let instance = read(json!({
            "UHostId": "uhost-1", "Name": "训练", "Region": "cn-wlcb", "Zone": "cn-wlcb-01", "State": "Running",
            "InstanceType": "UHost", "CPU": 16, "Memory": "65536", "GPU": 1, "GpuType": "4090",
            "GraphicsMemory": {"Value": 24, "Rate": 1}, "ChargeType": "Postpay", "InstancePrice": 1.58,
            "CreateTime": "1750000000", "StartTime": 1_750_000_100, "StopTime": 0, "SupportWithoutGpuStart": true,
            "WithoutGpuSpec": {"Cpu": 2, "Memory": 4096, "Gpu": 0, "Spec": "A"},
            "IPSet": [{"IP": "10.0.0.1", "Type": "Private", "IPMode": "IPv4"}, "odd"],
            "DiskSet": [{"DiskId": "d-1", "DiskType": "CLOUD_SSD", "IsBoot": "True", "Size": 60}],
            "Softwares": [{"Name": "JupyterLab", "URL": "http://x/?token=canary"}],
            "Password": "Y2FuYXJ5", "SshLoginCommand": "ssh -p 22 canary@host", "Brand": {"new": ["field"]},
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
    fn an_id_is_all_it_takes() {
        let instance = read(json!({"UHostId": "cpod-1"}));
        assert_eq!(instance.state, State::Unknown);
        assert_eq!((instance.region, instance.gpu, instance.addresses.len()), (None, None, 0));
    }

    #[test]
    fn odd_values_count_as_missing() {
        let instance = read(json!({
            "UHostId": "uhost-1", "Name": null, "State": null, "Region": "", "CPU": "many", "GPU": null,
            "GraphicsMemory": 24, "IPSet": null, "DiskSet": {}, "WithoutGpuSpec": "B", "Password": "",
            "SupportWithoutGpuStart": "perhaps", "StartTime": "soon",
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
    fn every_word_for_a_state_survives() {
        for word in State::WORDS.into_iter().chain(["", "Reclaimed 中断", "running"]) {
            let state = State::from(word.to_owned());
            assert_eq!(state.as_str(), word);
            let listed = !matches!(state, State::Other(_));
            assert_eq!(listed, word.is_empty() || State::WORDS.contains(&word), "{word}");
        }
    }

    #[test]
    fn states_are_settled_failed_unknown_or_in_transition() {
        let failed = ["Install Fail", "StartFailed", "Resize Fail"];
        let settled = ["Running", "Stopped", ""];
        let moving = ["Starting", "Pending", "Install", "Nobody Listed This"];
        for word in failed {
            assert!(State::from(word.to_owned()).is_failed(), "{word}");
        }
        for word in failed.iter().chain(&settled) {
            assert!(!State::from((*word).to_owned()).is_in_transition(), "{word}");
        }
        for word in moving {
            assert!(State::from(word.to_owned()).is_in_transition(), "{word}");
        }
    }
}
