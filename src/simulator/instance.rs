//! One instance: what the API answers about it, and what is going on with it.

use jiff::{Timestamp, ToSpan};
use serde_json::{Map, Value, json};

/// The instance of the simulated cloud.
///
/// Its fields are kept as the JSON the API answers, so that a test can set or drop any of them, known to the model or not.
#[derive(Debug)]
pub(super) struct Instance {
    /// The API's fields, `State` among them, and `ProjectId`, which the API does not answer.
    fields: Map<String, Value>,
    /// What differs while it runs without a GPU; empty if it does not.
    without_gpu: Map<String, Value>,
    /// The way from one state to another that it is on.
    pub(super) passage: Option<Passage>,
    /// Until when the operation lock holds, at most.
    pub(super) locked_until: Option<Timestamp>,
    /// What describes show until a moment, instead of the truth.
    pub(super) stale: Option<(Timestamp, Value)>,
}

/// A change of state that takes time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Passage {
    /// When it is over; `None`: never.
    pub(super) ends: Option<Timestamp>,
    pub(super) outcome: Outcome,
}

/// What a [`Passage`] comes to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Outcome {
    State(&'static str),
    Gone,
}

/// The two sizes of an instance without GPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spec {
    A,
    B,
}

/// The project of every instance that names none, and of every call that names none.
pub(super) const DEFAULT_PROJECT: &str = "org-demo";

/// Fields the model reads: they have to be what it takes them for. All others are passed through.
const TEXT_FIELDS: [&str; 8] =
    ["UHostId", "State", "Region", "Zone", "Tag", "ChargeType", "InstanceType", "ProjectId"];

impl Instance {
    /// A stopped virtual machine with one GPU, overridden by whatever `given` has.
    ///
    /// The error names the field and says what is wrong with it.
    pub(super) fn new(
        mut given: Map<String, Value>,
        now: Timestamp,
    ) -> Result<(String, Self), String> {
        let Some(Value::String(id)) = given.get("UHostId") else {
            return Err("UHostId: a string is required".to_owned());
        };
        if id.is_empty() {
            return Err("UHostId: must not be empty".to_owned());
        }
        let id = id.clone();
        let mut instance = Self {
            fields: defaults(&id, now),
            without_gpu: Map::new(),
            passage: None,
            locked_until: None,
            stale: None,
        };
        complete_location(&mut given);
        instance.patch(given)?;
        Ok((id, instance))
    }

    /// Merges `patch` into the fields (RFC 7386: null removes one). A new `State` ends whatever was going on.
    ///
    /// `GPU: 0` on an instance that runs means that it runs without GPU: once it is stopped, it has its GPUs again.
    pub(super) fn patch(&mut self, mut patch: Map<String, Value>) -> Result<(), String> {
        self.check(&patch)?;
        if let Some(state) = patch.remove("State") {
            self.passage = None;
            self.locked_until = None;
            merge(&mut self.fields, Map::from_iter([("State".to_owned(), state)]));
        }
        let gpus = patch.get("GPU").and_then(Value::as_u64);
        if !self.has_machine() || gpus.is_some_and(|gpus| gpus > 0) {
            self.without_gpu.clear();
        } else if gpus == Some(0) {
            patch.remove("GPU");
            self.run_without_gpu(Spec::A);
        }
        if self.is_without_gpu() {
            for field in ["CPU", "Memory", "WithoutGpuSpec"] {
                self.without_gpu.extend(patch.remove_entry(field));
            }
        }
        merge(&mut self.fields, patch);
        Ok(())
    }

    fn check(&self, patch: &Map<String, Value>) -> Result<(), String> {
        for field in TEXT_FIELDS {
            match patch.get(field) {
                None | Some(Value::String(_) | Value::Null) => {}
                Some(_) => return Err(format!("{field}: must be a string")),
            }
        }
        if patch.get("UHostId").is_some_and(|id| Some(id) != self.fields.get("UHostId")) {
            return Err("UHostId: cannot be changed".to_owned());
        }
        if patch.get("GPU").is_some_and(|gpu| !gpu.is_null() && gpu.as_u64().is_none()) {
            return Err("GPU: must be a whole number, zero or more".to_owned());
        }
        if patch
            .get("SupportWithoutGpuStart")
            .is_some_and(|supported| !supported.is_null() && !supported.is_boolean())
        {
            return Err("SupportWithoutGpuStart: must be true or false".to_owned());
        }
        Ok(())
    }

    /// Whether the state is one in which a machine of some size is attached to the instance.
    fn has_machine(&self) -> bool {
        matches!(self.state(), "Running" | "Rebooting" | "Starting" | "Stopping")
    }

    pub(super) fn run_without_gpu(&mut self, spec: Spec) {
        let (cores, memory, letter) = match spec {
            Spec::A => (2, 4 * 1024, "A"),
            Spec::B => (8, 16 * 1024, "B"),
        };
        let answered = json!({"Cpu": cores, "Memory": memory, "Gpu": 0, "Spec": letter});
        self.without_gpu = Map::from_iter([
            ("GPU".to_owned(), json!(0)),
            ("CPU".to_owned(), json!(cores)),
            ("Memory".to_owned(), json!(memory)),
            ("WithoutGpuSpec".to_owned(), answered),
        ]);
    }

    pub(super) fn is_without_gpu(&self) -> bool {
        !self.without_gpu.is_empty()
    }

    /// The field as text; empty if it is absent.
    pub(super) fn text(&self, field: &str) -> &str {
        self.fields.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn state(&self) -> &str {
        self.text("State")
    }

    pub(super) fn project(&self) -> &str {
        self.text("ProjectId")
    }

    pub(super) fn supports_no_gpu(&self) -> bool {
        self.fields.get("SupportWithoutGpuStart") == Some(&Value::Bool(true))
    }

    /// Sets the state, and the times that go with it.
    pub(super) fn enter(&mut self, state: &str, now: Timestamp) {
        let seconds = now.as_second();
        self.fields.insert("State".to_owned(), json!(state));
        // One of the times that the documents call a string.
        self.fields.insert("UpdateTime".to_owned(), json!(seconds.to_string()));
        if !self.has_machine() {
            self.without_gpu.clear();
        }
        match state {
            "Starting" => {
                self.fields.insert("StartTime".to_owned(), json!(seconds));
                self.fields.insert("ReleaseTime".to_owned(), json!(0));
            }
            // `GPU` said nothing reliable until now.
            "Running" if !self.is_without_gpu() && self.fields.get("GPU") == Some(&json!(0)) => {
                self.fields.insert("GPU".to_owned(), json!(1));
            }
            "Stopped" => {
                self.fields.insert("StopTime".to_owned(), json!(seconds));
                self.fields.insert("ReleaseTime".to_owned(), json!(reclaimed_at(now)));
            }
            _ => {}
        }
    }

    /// The element of `UHostSet` that says the truth.
    pub(super) fn view(&self) -> Value {
        let mut view = self.fields.clone();
        // The API does not say it.
        view.remove("ProjectId");
        let running = self.state() == "Running";
        if running || self.state() == "Rebooting" {
            view.extend(self.without_gpu.clone());
        }
        if !running && view.contains_key("SshLoginCommand") {
            view.insert("SshLoginCommand".to_owned(), json!(""));
        }
        Value::Object(view)
    }

    /// The element of `UHostSet` that a describe answers.
    pub(super) fn described(&self) -> Value {
        self.stale.as_ref().map_or_else(|| self.view(), |(_, view)| view.clone())
    }
}

/// A stopped pay-as-you-go instance is reclaimed after seven days.
fn reclaimed_at(stopped: Timestamp) -> i64 {
    stopped.checked_add((7 * 24).hours()).unwrap_or(Timestamp::MAX).as_second()
}

/// Completes a location of which only one half is given: `cn-sh2` has a `cn-sh2-01`.
fn complete_location(given: &mut Map<String, Value>) {
    let of = |field: &str| given.get(field).and_then(Value::as_str).map(str::to_owned);
    match (of("Region"), of("Zone")) {
        (Some(region), None) => {
            given.insert("Zone".to_owned(), json!(format!("{region}-01")));
        }
        (None, Some(zone)) => {
            let region = zone.rsplit_once('-').map_or(zone.as_str(), |(region, _)| region);
            given.insert("Region".to_owned(), json!(region));
        }
        _ => {}
    }
}

fn merge(into: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (field, value) in patch {
        match (into.get_mut(&field), value) {
            (_, Value::Null) => {
                into.remove(&field);
            }
            (Some(Value::Object(nested)), Value::Object(patch)) => merge(nested, patch),
            (_, value) => {
                into.insert(field, value);
            }
        }
    }
}

fn defaults(id: &str, now: Timestamp) -> Map<String, Value> {
    let created = now.as_second() - 24 * 60 * 60;
    let parts = [identity(id), machine(), billing(created), access()];
    parts
        .into_iter()
        .filter_map(|part| if let Value::Object(fields) = part { Some(fields) } else { None })
        .flatten()
        .collect()
}

fn identity(id: &str) -> Value {
    json!({
        "UHostId": id,
        "Name": format!("训练 {id}"),
        "Tag": "Default",
        "Remark": "",
        "Region": "cn-wlcb",
        "Zone": "cn-wlcb-01",
        "ProjectId": DEFAULT_PROJECT,
        "State": "Stopped",
        "InstanceType": if id.starts_with("cpod-") { "Container" } else { "UHost" },
    })
}

fn machine() -> Value {
    json!({
        "MachineType": "G",
        "CpuPlatform": "Amd/Epyc2",
        "CpuArch": "x86_64",
        "OsName": "Ubuntu 22.04 64位",
        "OsType": "Linux",
        "CPU": 16,
        "Memory": 65536,
        "GPU": 1,
        "GpuType": "4090",
        "GraphicsMemory": {"Value": 24, "Rate": 5},
        "SupportWithoutGpuStart": true,
        "CompShareImageId": "compshareImage-demo",
        "CompShareImageName": "PyTorch 2.6",
        "CompShareImageType": "System",
        "TotalDiskSpace": 60,
        "DiskSet": [{
            "DiskId": "bsi-demo", "DiskType": "CLOUD_SSD", "IsBoot": "True", "Type": "Boot", "Size": 60,
            "Drive": "/dev/vda", "Encrypted": "false",
        }],
    })
}

fn billing(created: i64) -> Value {
    json!({
        "ChargeType": "Postpay",
        "AutoRenew": "No",
        "IsExpire": "No",
        "InstancePrice": 1.98,
        "CompShareImagePrice": 0,
        "CreateTime": created,
        "StartTime": created,
        "StopTime": created,
        "StopSchedulerTime": 0,
        "ReleaseTime": 0,
        "ExpireTime": 0,
        "UpdateTime": created.to_string(),
    })
}

/// How to get into it. The addresses are from the ranges kept for documentation; the password is `demo-password`.
fn access() -> Value {
    json!({
        "IPSet": [
            {
                "IP": "10.60.0.2", "Type": "Private", "IPMode": "IPv4", "Default": "true",
                "Mac": "52:54:00:00:00:02", "VPCId": "uvnet-demo", "SubnetId": "subnet-demo",
            },
            {"IP": "203.0.113.2", "Type": "Bgp", "IPMode": "IPv4", "IPId": "eip-demo", "Bandwidth": 100, "Weight": 50},
        ],
        "Softwares": [{"Name": "JupyterLab", "URL": "http://203.0.113.2:8888"}],
        "Password": "ZGVtby1wYXNzd29yZA==",
        "SshLoginCommand": "ssh -p 23 root@203.0.113.2",
    })
}
