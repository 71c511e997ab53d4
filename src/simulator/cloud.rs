//! The model: instances, what may be done with them and when, and what the API answers. It knows no HTTP and no socket.
//!
//! Time is handed in. Nothing happens between two calls: each begins by letting everything come to pass whose time has
//! come, so a stepped clock and a real one need no different code, and no timer runs.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem, slice,
};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    Options, WithoutGpuMode,
    clock::later,
    faults::{Effect, Fault, Faults, Kind},
    instance::{DEFAULT_PROJECT, Instance, Outcome, Passage, Spec},
    journal::Call,
    refusal::Refusal,
};

/// Where instances can be, by region and zone, with what the console calls it.
const ZONES: [(&str, &str, &str); 9] = [
    ("cn-wlcb", "cn-wlcb-01", "华北二A"),
    ("cn-sh2", "cn-sh2-01", "上海二A"),
    ("cn-sh2", "cn-sh2-02", "上海二B"),
    ("cn-sh2", "cn-sh2-03", "上海二C"),
    ("cn-bj2", "cn-bj2-02", "华北一B"),
    ("cn-bj2", "cn-bj2-03", "华北一C"),
    ("cn-bj2", "cn-bj2-04", "华北一D"),
    ("cn-gd", "cn-gd-02", "广州B"),
    ("us-den", "us-den-01", "丹佛A"),
];

/// The greatest `Limit`, and the most ids one describe may name.
const MOST: usize = 100;

/// What an API action does, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Operate(Operation),
    Instances,
    Zones,
    Projects,
}

/// What can be asked of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Start,
    Stop,
    Reboot,
}

impl Action {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "StartCompShareInstance" => Self::Operate(Operation::Start),
            "StopCompShareInstance" => Self::Operate(Operation::Stop),
            "RebootCompShareInstance" => Self::Operate(Operation::Reboot),
            "DescribeCompShareInstance" => Self::Instances,
            "DescribeCompShareSupportZone" => Self::Zones,
            "GetProjectList" => Self::Projects,
            _ => return None,
        })
    }
}

/// What a request carries, `Action` and keys included.
pub(super) type Form = BTreeMap<String, String>;

/// Everything that can change.
#[derive(Debug)]
pub(super) struct Cloud {
    pub(super) instances: BTreeMap<String, Instance>,
    pub(super) faults: Faults,
    pub(super) journal: Vec<Call>,
    /// How many requests there were, cleared journals included.
    requests: u64,
    rules: Options,
}

impl Cloud {
    /// The error names the place of what is wrong with the instances given.
    pub(super) fn new(rules: Options, now: Timestamp) -> Result<Self, String> {
        let mut cloud = Self {
            instances: BTreeMap::new(),
            faults: Faults::default(),
            journal: Vec::new(),
            requests: 0,
            rules,
        };
        for (index, given) in mem::take(&mut cloud.rules.instances).into_iter().enumerate() {
            let Value::Object(given) = given else {
                return Err(format!("instances[{index}]: must be an object"));
            };
            cloud.add(given, now).map_err(|problem| format!("instances[{index}].{problem}"))?;
        }
        Ok(cloud)
    }

    fn add(&mut self, given: Map<String, Value>, now: Timestamp) -> Result<(), String> {
        let (id, instance) = Instance::new(given, now)?;
        if self.instances.contains_key(&id) {
            return Err(format!("UHostId: `{id}` is given twice"));
        }
        self.instances.insert(id, instance);
        Ok(())
    }

    /// What the next request is called in the header of its answer.
    pub(super) fn next_request_id(&mut self) -> String {
        self.requests += 1;
        format!("5e11a70d-0000-4000-8000-{:012x}", self.requests)
    }

    /// Changes an instance behind the API's back, or removes it if `patch` is null. `Ok(false)`: there is none.
    pub(super) fn patch(&mut self, id: &str, patch: Value, now: Timestamp) -> Result<bool, String> {
        self.settle(now);
        let Some(instance) = self.instances.get_mut(id) else { return Ok(false) };
        match patch {
            Value::Object(patch) => instance.patch(patch)?,
            Value::Null => {
                self.instances.remove(id);
            }
            _ => return Err("a patch must be an object, or null to remove the instance".to_owned()),
        }
        Ok(true)
    }

    pub(super) fn add_fault(&mut self, fault: Fault, now: Timestamp) {
        self.faults.add(fault, now);
    }

    /// Lets everything happen that is due.
    pub(super) fn settle(&mut self, now: Timestamp) {
        self.instances.retain(|_, instance| {
            if instance.stale.as_ref().is_some_and(|(until, _)| *until <= now) {
                instance.stale = None;
            }
            if instance.locked_until.is_some_and(|until| until <= now) {
                instance.locked_until = None;
            }
            let Some(Passage { ends: Some(ends), outcome }) = instance.passage else { return true };
            if ends > now {
                return true;
            }
            instance.passage = None;
            instance.locked_until = None;
            let Outcome::State(state) = outcome else { return false };
            instance.enter(state, ends);
            true
        });
    }

    /// Carries out `action`, named `name`: the fields of the answer, or why not.
    pub(super) fn take(
        &mut self,
        action: Action,
        name: &str,
        form: &Form,
        now: Timestamp,
    ) -> Result<Value, Refusal> {
        self.settle(now);
        self.check_location(form)?;
        if let Some(project) = given(form, "ProjectId")
            && !self.projects().contains(project)
        {
            return Err(Refusal::unknown_project(project));
        }
        match action {
            Action::Operate(operation) => self.operate(operation, name, form, now),
            Action::Instances => self.describe_instances(name, form, now),
            Action::Zones => Ok(self.describe_zones(form)),
            Action::Projects => Ok(self.list_projects()),
        }
    }

    fn operate(
        &mut self,
        operation: Operation,
        name: &str,
        form: &Form,
        now: Timestamp,
    ) -> Result<Value, Refusal> {
        required(form, "Region")?;
        required(form, "Zone")?;
        let id = required(form, "UHostId")?;
        let instance = self.instances.get(id).filter(|instance| in_scope(instance, form));
        let Some(instance) = instance else { return Err(Refusal::not_found(id)) };
        if instance.locked_until.is_some() {
            return Err(Refusal::locked());
        }
        let way = way(instance.state(), operation)?;
        if operation == Operation::Stop
            && instance.text("ChargeType") == "Spot"
            && !flag(form, "Force")?
        {
            return Err(Refusal::missing("Force"));
        }
        let spec = match operation {
            Operation::Start => {
                self.accept_start(id, instance_spec(self.rules.without_gpu, form)?, name, now)?
            }
            Operation::Stop | Operation::Reboot => None,
        };
        self.begin(id, operation, name, way, spec, now);
        Ok(json!({"UHostId": id}))
    }

    /// Whether a start can be had: the size without GPU it will have, `None` for one with GPU.
    fn accept_start(
        &mut self,
        id: &str,
        spec: Option<Spec>,
        name: &str,
        now: Timestamp,
    ) -> Result<Option<Spec>, Refusal> {
        let named = [id.to_owned()];
        let Some(spec) = spec else {
            return match self.faults.strike(Kind::Capacity, name, &named, now) {
                Some(_) => Err(Refusal::sold_out()),
                None => Ok(None),
            };
        };
        let instance = &self.instances[id];
        if spec == Spec::B && instance.text("InstanceType") == "Container" {
            return Err(Refusal::unavailable("WithoutGpuSpec"));
        }
        if !instance.supports_no_gpu() || instance.text("ChargeType") != "Postpay" {
            return Err(Refusal::without_gpu_unsupported());
        }
        if self.instances.values().any(Instance::is_without_gpu) {
            return Err(Refusal::without_gpu_taken());
        }
        let allocated_all_the_same = self.faults.strike(Kind::GpuMode, name, &named, now).is_some();
        Ok(Some(spec).filter(|_| !allocated_all_the_same))
    }

    /// Sends the instance on its way. All checks are done.
    fn begin(
        &mut self,
        id: &str,
        operation: Operation,
        name: &str,
        way: Way,
        spec: Option<Spec>,
        now: Timestamp,
    ) {
        let named = [id.to_owned()];
        let staleness = self.faults.strike(Kind::Staleness, name, &named, now);
        let course = match operation {
            Operation::Start => self.faults.strike(Kind::Course, name, &named, now),
            Operation::Stop | Operation::Reboot => None,
        };
        let takes = match operation {
            Operation::Start | Operation::Reboot => self.rules.start_time,
            Operation::Stop => self.rules.stop_time,
        };
        let Some(instance) = self.instances.get_mut(id) else { return };
        if let Some(Effect::StaleReads { lag }) = staleness {
            instance.stale = Some((later(now, lag), instance.described()));
        }
        instance.locked_until = Some(later(now, self.rules.lock_ttl));
        instance.enter(way.through, now);
        if let Some(spec) = spec {
            instance.run_without_gpu(spec);
        }
        let outcome = match course {
            Some(Effect::FallBackToStopped) => Outcome::State("Stopped"),
            Some(Effect::InstallFail) => Outcome::State("Install Fail"),
            Some(Effect::Vanish) => Outcome::Gone,
            _ => Outcome::State(way.to),
        };
        let ends = Some(later(now, takes)).filter(|_| course != Some(Effect::StuckInStarting));
        instance.passage = Some(Passage { ends, outcome });
    }

    fn describe_instances(
        &mut self,
        name: &str,
        form: &Form,
        now: Timestamp,
    ) -> Result<Value, Refusal> {
        let ids = list(form, "UHostIds")?;
        if ids.len() > MOST {
            return Err(Refusal::out_of_range("UHostIds"));
        }
        let limit = number(form, "Limit")?.unwrap_or(20);
        if !(1..=MOST).contains(&limit) {
            return Err(Refusal::out_of_range("Limit"));
        }
        let offset = number(form, "Offset")?.unwrap_or(0);
        let only_without_gpu = flag(form, "WithoutGpu")?;
        let matching: Vec<&String> = self
            .instances
            .iter()
            .filter(|(id, _)| ids.is_empty() || ids.contains(id))
            .filter(|(_, instance)| in_scope(instance, form))
            .filter(|(_, instance)| {
                given(form, "Tag").is_none_or(|tag| instance.text("Tag") == tag)
            })
            .filter(|(_, instance)| !only_without_gpu || instance.is_without_gpu())
            .map(|(id, _)| id)
            .collect();
        let total = matching.len();
        if offset > 0 && offset >= total {
            return Err(Refusal::out_of_range("Offset"));
        }
        let mut page = Vec::new();
        for id in matching.into_iter().skip(offset).take(limit) {
            let mut view = self.instances[id].described();
            let struck = self.faults.strike(Kind::State, name, slice::from_ref(id), now);
            if let Some(Effect::ReportState { state }) = struck {
                view["State"] = json!(state);
            }
            page.push(view);
        }
        Ok(json!({"TotalCount": total, "UHostSet": page}))
    }

    fn describe_zones(&self, form: &Form) -> Value {
        let wanted = given(form, "Region");
        let zones: Vec<Value> = ZONES
            .iter()
            .enumerate()
            .filter(|(_, (region, _, _))| wanted.is_none_or(|wanted| region == wanted))
            .map(|(index, (region, zone, name))| {
                json!({"Region": region, "Zone": zone, "Describe": name, "RegionId": 1000 + index, "ZoneId": 10000 + index})
            })
            .collect();
        json!({"ZoneInfo": zones})
    }

    fn list_projects(&self) -> Value {
        let projects: Vec<Value> = self
            .projects()
            .iter()
            .map(|project| {
                let resources = self
                    .instances
                    .values()
                    .filter(|instance| instance.project() == project)
                    .count();
                json!({
                    "ProjectId": project,
                    "ProjectName": if project == DEFAULT_PROJECT { "默认项目" } else { project },
                    "ParentId": "",
                    "ParentName": "",
                    "IsDefault": project == DEFAULT_PROJECT,
                    "CreateTime": 1_700_000_000,
                    "ResourceCount": resources,
                    "MemberCount": 1,
                })
            })
            .collect();
        json!({"ProjectCount": projects.len(), "ProjectSet": projects})
    }

    /// The default project, and every one that an instance is in.
    fn projects(&self) -> BTreeSet<String> {
        let named =
            self.instances.values().map(Instance::project).filter(|project| !project.is_empty());
        named.chain([DEFAULT_PROJECT]).map(str::to_owned).collect()
    }

    /// Refuses a region or zone that is neither in the list nor where some instance is.
    fn check_location(&self, form: &Form) -> Result<(), Refusal> {
        let region = given(form, "Region");
        let zone = given(form, "Zone");
        let in_use = self
            .instances
            .values()
            .map(|instance| (instance.text("Region"), instance.text("Zone")));
        let known = ZONES.iter().map(|(region, zone, _)| (*region, *zone)).chain(in_use);
        let in_region: Vec<&str> = known
            .filter(|(at, _)| region.is_none_or(|region| at == region))
            .map(|(_, zone)| zone)
            .collect();
        if in_region.is_empty() {
            return Err(Refusal::unavailable("Region"));
        }
        if zone.is_some_and(|zone| !in_region.contains(&zone.as_str())) {
            return Err(Refusal::unavailable("Zone"));
        }
        Ok(())
    }
}

/// The way an operation takes: the state in between, and the one it comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Way {
    through: &'static str,
    to: &'static str,
}

/// The whole state machine.
fn way(state: &str, operation: Operation) -> Result<Way, Refusal> {
    match (state, operation) {
        ("Stopped", Operation::Start) => Ok(Way { through: "Starting", to: "Running" }),
        ("Running", Operation::Stop) => Ok(Way { through: "Stopping", to: "Stopped" }),
        // Not documented, but how people free an instance that is stuck on its way up.
        ("Starting" | "Initializing", Operation::Stop) => {
            Ok(Way { through: "Stopping", to: "Stopped" })
        }
        ("Running", Operation::Reboot) => Ok(Way { through: "Rebooting", to: "Running" }),
        ("Starting", Operation::Start) => Err(Refusal::starting()),
        ("Running", Operation::Start) => Err(Refusal::not_stopped(state)),
        (_, Operation::Start | Operation::Stop | Operation::Reboot) => {
            Err(Refusal::power_state(state))
        }
    }
}

/// The size without GPU that a start asks for, as the cloud's version understands it; `None`: with GPU.
fn instance_spec(mode: WithoutGpuMode, form: &Form) -> Result<Option<Spec>, Refusal> {
    let spec = match given(form, "WithoutGpuSpec").map(String::as_str) {
        None => None,
        Some("A") => Some(Spec::A),
        Some("B") => Some(Spec::B),
        Some(_) => return Err(Refusal::unavailable("WithoutGpuSpec")),
    };
    match mode {
        WithoutGpuMode::Documented if flag(form, "WithoutGpu")? => {
            Ok(Some(spec.unwrap_or(Spec::A)))
        }
        WithoutGpuMode::Documented => Ok(None),
        WithoutGpuMode::Strict if form.contains_key("WithoutGpu") => {
            Err(Refusal::unavailable("WithoutGpu"))
        }
        WithoutGpuMode::Spec | WithoutGpuMode::Strict => Ok(spec),
    }
}

/// Whether a call that carries `form` can see the instance.
fn in_scope(instance: &Instance, form: &Form) -> bool {
    let project = given(form, "ProjectId").map_or(DEFAULT_PROJECT, String::as_str);
    instance.project() == project
        && given(form, "Region").is_none_or(|region| instance.text("Region") == region)
        && given(form, "Zone").is_none_or(|zone| instance.text("Zone") == zone)
}

/// A parameter's value. An empty one counts as absent.
pub(super) fn given<'form>(form: &'form Form, parameter: &str) -> Option<&'form String> {
    form.get(parameter).filter(|value| !value.is_empty())
}

fn required<'form>(form: &'form Form, parameter: &str) -> Result<&'form str, Refusal> {
    given(form, parameter).map(String::as_str).ok_or_else(|| Refusal::missing(parameter))
}

fn flag(form: &Form, parameter: &str) -> Result<bool, Refusal> {
    match given(form, parameter).map(String::as_str) {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(Refusal::malformed(parameter)),
    }
}

fn number(form: &Form, parameter: &str) -> Result<Option<usize>, Refusal> {
    given(form, parameter)
        .map(|value| value.parse().map_err(|_| Refusal::malformed(parameter)))
        .transpose()
}

/// The values of `parameter.0`, `parameter.1`, …
pub(super) fn list(form: &Form, parameter: &str) -> Result<Vec<String>, Refusal> {
    let mut values = BTreeMap::new();
    for (name, value) in form {
        let Some(index) = name.strip_prefix(parameter).and_then(|rest| rest.strip_prefix('.'))
        else {
            continue;
        };
        let index: usize = index.parse().map_err(|_| Refusal::malformed(name))?;
        values.insert(index, value.clone());
    }
    Ok(values.into_values().collect())
}
