//! An instance: its API fields and the transition in progress.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    clock::later,
    form::Form,
    instance_defaults::{DEFAULT_PROJECT, complete_location, defaults, release_time},
    merge::merge,
    refusal::Refusal,
    transition::{Durations, Outcome, Transition},
    without_gpu::Spec,
};

/// An instance of the simulated account.
///
/// Its fields are kept as the JSON of the API, so that a test can set or remove any field, even one
/// that the model does not use.
#[derive(Debug)]
pub(super) struct Instance {
    /// API fields, and `ProjectId`, which the API does not return.
    fields: Map<String, Value>,
    /// Fields that differ in the size without GPU; empty in the full size.
    without_gpu: Map<String, Value>,
    /// `without_gpu` before the last start.
    before_start: Map<String, Value>,
    /// As in [`Options`](super::options::Options).
    size_restored_on_stop: bool,
    transition: Option<Transition>,
    /// Expiry of the operation lock.
    locked_until: Option<Timestamp>,
    /// Time of the last [`settle`](Self::settle).
    settled: Timestamp,
    /// Outdated fields that describes report until the given time.
    stale: Option<(Timestamp, Map<String, Value>)>,
    /// End of the time after the create during which describes do not report the instance.
    hidden_until: Option<Timestamp>,
}

/// Text fields that the model reads; other values are refused. All further fields are only
/// returned.
const TEXT_FIELDS: [&str; 8] =
    ["UHostId", "State", "Region", "Zone", "Tag", "ChargeType", "InstanceType", "ProjectId"];

/// Fields of `SrcInstanceConfig`, and those that they archive.
const ARCHIVED_FIELDS: [(&str, &str); 3] = [("Cpu", "CPU"), ("Memory", "Memory"), ("Gpu", "GPU")];

impl Instance {
    /// Returns the ID and the instance: the default fields, overridden by `given`. The error begins
    /// with the name of the field.
    pub(super) fn new(
        mut given: Map<String, Value>,
        now: Timestamp,
        size_restored_on_stop: bool,
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
            before_start: Map::new(),
            size_restored_on_stop,
            transition: None,
            locked_until: None,
            settled: now,
            stale: None,
            hidden_until: None,
        };
        complete_location(&mut given);
        instance.patch(given)?;
        Ok((id, instance))
    }

    /// Merges `patch` into the fields. A new `State` ends the transition and its lock.
    ///
    /// `GPU: 0` selects the size without GPU, and `SrcInstanceConfig` beside it the full size. On an
    /// instance with `SupportWithoutGpuStart: false`, it means that the instance has no GPU at all.
    pub(super) fn patch(&mut self, mut patch: Map<String, Value>) -> Result<(), String> {
        self.check(&patch)?;
        if let Some(state) = patch.remove("State") {
            self.transition = None;
            self.locked_until = None;
            self.set_state(state);
        }
        if let Some(gpus) = patch.get("GPU").and_then(Value::as_u64) {
            self.patch_size(gpus, &mut patch);
        }
        for (field, value) in &mut self.without_gpu {
            if let Some(given) = patch.remove(field) {
                *value = given;
            }
        }
        merge(&mut self.fields, patch);
        Ok(())
    }

    fn patch_size(&mut self, gpus: u64, patch: &mut Map<String, Value>) {
        let support = "SupportWithoutGpuStart";
        let supported = patch.get(support).or_else(|| self.fields.get(support));
        if gpus > 0 || supported == Some(&json!(false)) {
            self.resize(None);
            return;
        }
        patch.remove("GPU");
        if let Some(Value::Object(full)) = patch.get("SrcInstanceConfig") {
            for (archived, field) in ARCHIVED_FIELDS {
                if let Some(value) = full.get(archived) {
                    self.fields.insert(field.to_owned(), value.clone());
                }
            }
        }
        self.resize(Some(Spec::A));
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

    /// Returns `true` if the instance has a machine in its current state.
    pub(super) fn has_machine(&self) -> bool {
        matches!(self.state(), "Running" | "Rebooting" | "Starting" | "Stopping")
    }

    /// Returns `true` if the instance has the size without GPU, even if it is stopped.
    pub(super) fn is_without_gpu(&self) -> bool {
        !self.without_gpu.is_empty()
    }

    /// Returns a text field; empty if it is absent.
    pub(super) fn text(&self, field: &str) -> &str {
        self.fields.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn state(&self) -> &str {
        self.text("State")
    }

    pub(super) fn project(&self) -> &str {
        self.text("ProjectId")
    }

    pub(super) fn supports_no_gpu_mode(&self) -> bool {
        self.fields.get("SupportWithoutGpuStart") == Some(&Value::Bool(true))
    }

    /// Returns the number of GPUs in the full size.
    pub(super) fn gpus(&self) -> usize {
        let gpus = self.fields.get("GPU").and_then(Value::as_u64).unwrap_or(0);
        usize::try_from(gpus).unwrap_or(usize::MAX)
    }

    pub(super) fn is_spot(&self) -> bool {
        self.fields.get("IsSpot") == Some(&Value::Bool(true))
    }

    pub(super) fn is_container(&self) -> bool {
        self.text("InstanceType") == "Container"
    }

    pub(super) fn is_locked(&self) -> bool {
        self.locked_until.is_some()
    }

    /// Returns `true` if the project, region and zone of a request cover the instance.
    pub(super) fn is_in_scope(&self, form: &Form) -> bool {
        self.project() == form.get("ProjectId").unwrap_or(DEFAULT_PROJECT)
            && form.get("Region").is_none_or(|region| self.text("Region") == region)
            && form.get("Zone").is_none_or(|zone| self.text("Zone") == zone)
    }

    pub(super) fn begin(&mut self, transition: Transition, now: Timestamp) {
        self.locked_until = Some(transition.locked_until);
        if let Some(state) = transition.state(now) {
            self.enter(state, now);
        }
        self.transition = Some(transition);
    }

    /// Changes the size before a start. `None` is the full size.
    pub(super) fn resize_for_start(&mut self, spec: Option<Spec>) {
        self.before_start = self.without_gpu.clone();
        self.resize(spec);
    }

    fn resize(&mut self, spec: Option<Spec>) {
        self.without_gpu = spec.map(Spec::fields).unwrap_or_default();
        if spec.is_some() && !self.size_restored_on_stop {
            let full: Map<String, Value> = ARCHIVED_FIELDS
                .iter()
                .map(|(archived, field)| ((*archived).to_owned(), json!(self.fields.get(*field))))
                .collect();
            self.without_gpu.insert("SrcInstanceConfig".to_owned(), full.into());
            self.without_gpu.insert("MachineType".to_owned(), json!("O"));
        }
    }

    /// Lets describes report the present fields for the duration `lag`.
    pub(super) fn delay_reads(&mut self, lag: Duration, now: Timestamp) {
        self.stale = Some((later(now, lag), self.described()));
    }

    /// Sets the time of the scheduled stop, in seconds since 1970; 0 for no stop. The time remains
    /// after the stop.
    pub(super) fn schedule_stop(&mut self, time: i64) {
        self.fields.insert("SchedulerStopTime".to_owned(), json!(time));
    }

    /// Hides a new instance from describes for the duration `lag`.
    pub(super) fn hide(&mut self, lag: Duration, now: Timestamp) {
        self.hidden_until = Some(later(now, lag)).filter(|until| *until > now);
    }

    pub(super) fn is_visible(&self) -> bool {
        self.hidden_until.is_none()
    }

    pub(super) fn change(&mut self, fields: Map<String, Value>) {
        merge(&mut self.fields, fields);
    }

    /// Changes the size. `spec` is the size without GPU; `None` is the full size, in `fields`.
    pub(super) fn change_size(&mut self, spec: Option<Spec>, fields: Map<String, Value>) {
        self.change(fields);
        self.resize(spec);
    }

    pub(super) fn disks(&self) -> impl Iterator<Item = &Value> {
        self.fields.get("DiskSet").and_then(Value::as_array).into_iter().flatten()
    }

    /// Returns the disk fields with `size` GB for the disk `id`, which can only grow.
    pub(super) fn with_larger_disk(
        &self,
        id: &str,
        size: usize,
    ) -> Result<Map<String, Value>, Refusal> {
        let mut disks: Vec<Value> = self.disks().cloned().collect();
        let disk = disks.iter_mut().find(|disk| disk["DiskId"] == id);
        let disk = disk.ok_or_else(|| Refusal::not_found(id))?;
        if disk["Size"].as_u64().is_some_and(|present| present >= size as u64) {
            return Err(Refusal::disk_size());
        }
        disk["Size"] = json!(size);
        let total: u64 = disks.iter().filter_map(|disk| disk["Size"].as_u64()).sum();
        Ok(Map::from_iter([
            ("DiskSet".to_owned(), json!(disks)),
            ("TotalDiskSpace".to_owned(), json!(total)),
        ]))
    }

    /// Applies everything that was due until `now`. Returns `false` if the instance is gone.
    pub(super) fn settle(&mut self, now: Timestamp, stop_time: Duration) -> bool {
        let due = |at: &Timestamp| *at > self.settled && *at <= now;
        if let Some(at) = self.scheduled_stop().filter(due) {
            if !self.settle_transition(at) {
                return false;
            }
            self.stop_as_scheduled(at, stop_time);
        }
        self.settled = now;
        self.settle_transition(now)
    }

    fn scheduled_stop(&self) -> Option<Timestamp> {
        let time = self.fields.get("SchedulerStopTime")?.as_i64()?;
        Timestamp::from_second(time).ok()
    }

    fn stop_as_scheduled(&mut self, at: Timestamp, stop_time: Duration) {
        if self.state() != "Running" {
            return;
        }
        let durations = Durations { transition: stop_time, lock: stop_time };
        let stop = Transition::new(&["Stopping"], Outcome::State("Stopped"), durations, at);
        self.begin(stop, at);
    }

    fn settle_transition(&mut self, now: Timestamp) -> bool {
        if self.stale.as_ref().is_some_and(|(until, _)| *until <= now) {
            self.stale = None;
        }
        if self.hidden_until.is_some_and(|until| until <= now) {
            self.hidden_until = None;
        }
        if self.locked_until.is_some_and(|until| until <= now) {
            self.locked_until = None;
        }
        let Some(transition) = self.transition else { return true };
        let Some(ends) = transition.ends.filter(|ends| *ends <= now) else {
            if let Some(state) = transition.state(now).filter(|state| *state != self.state()) {
                self.enter(state, now);
            }
            return true;
        };
        self.transition = None;
        self.locked_until = None;
        match transition.outcome {
            Outcome::State(state) => self.enter(state, ends),
            Outcome::RolledBack => {
                self.without_gpu = self.before_start.clone();
                self.enter("Stopped", ends);
            }
            Outcome::Gone => return false,
        }
        true
    }

    fn set_state(&mut self, state: Value) {
        merge(&mut self.fields, Map::from_iter([("State".to_owned(), state)]));
        if self.size_restored_on_stop && !self.has_machine() {
            self.resize(None);
        }
    }

    /// Sets the state and the times that depend on it.
    fn enter(&mut self, state: &str, now: Timestamp) {
        let seconds = now.as_second();
        self.set_state(json!(state));
        // One of the times that the API documentation declares as a string.
        self.fields.insert("UpdateTime".to_owned(), json!(seconds.to_string()));
        match state {
            "Starting" => {
                self.fields.insert("StartTime".to_owned(), json!(seconds));
                self.fields.insert("ReleaseTime".to_owned(), json!(0));
            }
            "Stopped" => {
                self.fields.insert("StopTime".to_owned(), json!(seconds));
                if self.text("ChargeType") == "Postpay" {
                    self.fields.insert("ReleaseTime".to_owned(), json!(release_time(seconds)));
                }
            }
            _ => {}
        }
    }

    /// Returns the actual fields, as an element of `UHostSet`.
    pub(super) fn view(&self) -> Map<String, Value> {
        let mut view = self.fields.clone();
        // Not returned by the API.
        view.remove("ProjectId");
        let running = self.state() == "Running";
        if running || self.state() == "Rebooting" || !self.size_restored_on_stop {
            view.extend(self.without_gpu.clone());
            // Removed by a patch.
            view.retain(|_, value| !value.is_null());
        }
        if !running && view.contains_key("SshLoginCommand") {
            view.insert("SshLoginCommand".to_owned(), json!(""));
        }
        view
    }

    /// Returns the fields that a describe reports, as an element of `UHostSet`.
    pub(super) fn described(&self) -> Map<String, Value> {
        self.stale.as_ref().map_or_else(|| self.view(), |(_, view)| view.clone())
    }
}
