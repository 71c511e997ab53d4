//! The operations of the provider, as data.

use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::support::terraform_core::{Action, Errors, Plan, Terraform};

/// ID of the instance of every operation.
pub(super) const ID: &str = "uhost-1";

const NAME: &str = "训练 uhost-1";

/// Scheduled stop of the instance, and its time in Unix seconds.
const STOP_AT: &str = "2100-01-01T00:00:00Z";
const STOP_TIME: i64 = 4_102_444_800;

/// One operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Operation {
    CreateRunning,
    CreateStopped,
    CreateWithoutGpu,
    UpdateToRunning,
    UpdateToStopped,
    UpdateToWithoutGpu,
    Destroy,
    DestroyOnly,
    PlanAlone,
    Refresh,
    Import,
    Instance,
    InstanceByName,
    Instances,
    Zones,
    Query,
    Login,
    Start,
    Stop,
    Reboot,
    Keepalive,
    ScheduleStop,
    CancelStop,
}

use Operation::*;

/// All operations, in the order of the page.
pub(super) const ALL: [Operation; 23] = [
    CreateRunning,
    CreateStopped,
    CreateWithoutGpu,
    UpdateToRunning,
    UpdateToStopped,
    UpdateToWithoutGpu,
    Destroy,
    DestroyOnly,
    PlanAlone,
    Refresh,
    Import,
    Instance,
    InstanceByName,
    Instances,
    Zones,
    Query,
    Login,
    Start,
    Stop,
    Reboot,
    Keepalive,
    ScheduleStop,
    CancelStop,
];

impl Operation {
    pub(super) fn name(self) -> &'static str {
        match self {
            CreateRunning => "create",
            CreateStopped => "create stopped",
            CreateWithoutGpu => "create without GPU",
            UpdateToRunning => "update to running",
            UpdateToStopped => "update to stopped",
            UpdateToWithoutGpu => "update to without GPU",
            Destroy => "destroy and stop",
            DestroyOnly => "destroy",
            PlanAlone => "plan",
            Refresh => "refresh",
            Import => "import",
            Instance => "data instance",
            InstanceByName => "data instance by name",
            Instances => "data instances",
            Zones => "data zones",
            Query => "query",
            Login => "login",
            Start => "action start",
            Stop => "action stop",
            Reboot => "action reboot",
            Keepalive => "action keepalive",
            ScheduleStop => "schedule stop",
            CancelStop => "cancel stop",
        }
    }

    /// Returns whether the operation sends calls that change the instance.
    pub(super) fn changes_the_instance(self) -> bool {
        self.target() != self.origin()
            || matches!(self, Reboot | UpdateToWithoutGpu | Keepalive)
            || self.is_about_a_schedule()
    }

    /// Returns whether the operation schedules or cancels a stop of the instance.
    pub(super) fn is_about_a_schedule(self) -> bool {
        matches!(self, ScheduleStop | CancelStop)
    }

    /// Returns whether the operation destroys a resource.
    pub(super) fn is_destroy(self) -> bool {
        matches!(self, Destroy | DestroyOnly | CancelStop)
    }

    /// Returns whether a repetition of the operation repeats its call, even after a success.
    pub(super) fn is_repeated_with_its_call(self) -> bool {
        matches!(self, Reboot | ScheduleStop | CancelStop)
    }

    /// Returns whether the messages of the operation name the instance.
    pub(super) fn names_the_instance(self) -> bool {
        !matches!(self, InstanceByName | Instances | Zones | Query)
    }

    /// Returns whether the instance is to run in no-GPU mode.
    pub(super) fn is_without_gpu(self) -> bool {
        matches!(self, CreateWithoutGpu | UpdateToWithoutGpu | Keepalive)
    }

    /// Scheduled stop before the operation; 0 if there is none.
    pub(super) fn scheduled_before(self) -> i64 {
        if self == CancelStop { STOP_TIME } else { 0 }
    }

    /// Scheduled stop after the operation; 0 if there is none.
    pub(super) fn scheduled_after(self) -> i64 {
        if self == ScheduleStop { STOP_TIME } else { 0 }
    }

    /// State of the instance before the operation.
    pub(super) fn origin(self) -> &'static str {
        match self {
            CreateRunning | CreateWithoutGpu | UpdateToRunning | PlanAlone | Start | Keepalive => {
                "Stopped"
            }
            _ => "Running",
        }
    }

    /// State of the instance after the operation.
    pub(super) fn target(self) -> &'static str {
        match self {
            CreateStopped | UpdateToStopped | Destroy | Stop | PlanAlone | Keepalive => "Stopped",
            _ => "Running",
        }
    }

    /// Configuration and prior state; `None` if the operation is not about a managed resource.
    fn resource(self, limit: Duration) -> Option<(Json, Option<Json>)> {
        let limit = format!("{}s", limit.as_secs());
        let timeouts = json!({"create": limit, "update": limit, "delete": limit});
        let with_id = |mut config: Json| {
            config["instance_id"] = json!(ID);
            config["timeouts"] = timeouts.clone();
            config
        };
        let stored = |state: &str, config: &Json| {
            let mut stored = json!({
                "id": ID, "state": state, "region": "cn-wlcb", "zone": "cn-wlcb-01",
                "without_gpu": false, "name": NAME, "gpu_type": "4090",
                "gpu_count": i32::from(state == "Running"), "started_at": "2025-12-31T00:00:00Z",
            });
            for (name, value) in config.as_object().unwrap() {
                if !stored.as_object().unwrap().contains_key(name) {
                    stored[name] = value.clone();
                }
            }
            stored
        };
        let scheduled = with_id(json!({"stop_at": STOP_AT, "project_id": "org-demo"}));
        let running = with_id(json!({}));
        let stopped = with_id(json!({"state": "Stopped"}));
        let without_gpu = with_id(json!({"without_gpu": true, "allow_stopping_for_update": true}));
        let stopping = with_id(json!({"stop_on_destroy": true}));
        Some(match self {
            CreateRunning | PlanAlone => (running, None),
            CreateStopped => (stopped, None),
            CreateWithoutGpu => (without_gpu, None),
            UpdateToRunning => (running.clone(), Some(stored("Stopped", &running))),
            UpdateToStopped => (stopped.clone(), Some(stored("Running", &stopped))),
            UpdateToWithoutGpu => (without_gpu.clone(), Some(stored("Running", &without_gpu))),
            Destroy => (stopping.clone(), Some(stored("Running", &stopping))),
            ScheduleStop => (scheduled, None),
            CancelStop => {
                let mut stored = scheduled.clone();
                stored["id"] = json!(ID);
                stored["status"] = json!("scheduled");
                (scheduled, Some(stored))
            }
            DestroyOnly | Refresh => (running.clone(), Some(stored("Running", &running))),
            _ => return None,
        })
    }

    /// Sets the state and makes the plan, before the fault begins.
    pub(super) async fn prepare(self, terraform: &mut Terraform, limit: Duration) -> Prepared {
        let Some((config, state)) = self.resource(limit) else {
            return Prepared { config: Json::Null, plan: None };
        };
        if self.is_about_a_schedule() {
            *terraform = terraform.resource("compshare_instance_stop_schedule");
        }
        if let Some(state) = state {
            terraform.set_state(&state);
        }
        let plan = match self {
            PlanAlone | Refresh => None,
            Destroy | DestroyOnly | CancelStop => Some(terraform.plan_destroy().await.unwrap()),
            _ => Some(terraform.plan(config.clone()).await.unwrap()),
        };
        Prepared { config, plan }
    }

    /// Runs the operation once.
    pub(super) async fn run(
        self,
        terraform: &mut Terraform,
        prepared: Prepared,
        limit: Duration,
    ) -> Result<(), Errors> {
        let instance = json!({"instance_id": ID});
        let with_timeout = json!({"instance_id": ID, "timeout": format!("{}s", limit.as_secs())});
        match self {
            PlanAlone => drop(terraform.plan(prepared.config).await?),
            Refresh => drop(terraform.refresh().await?),
            Import => drop(terraform.import(ID).await?),
            Instance => drop(terraform.read_data("compshare_instance", &instance).await?),
            InstanceByName => {
                drop(terraform.read_data("compshare_instance", &json!({"name": NAME})).await?);
            }
            Instances => drop(terraform.read_data("compshare_instances", &json!({})).await?),
            Zones => drop(terraform.read_data("compshare_zones", &json!({})).await?),
            Query => drop(terraform.query(&json!({}), true, 100).await?),
            Login => drop(terraform.open("compshare_instance_login", &instance).await?),
            Start => {
                drop(terraform.invoke("compshare_instance_start", &with_timeout).await.outcome?)
            }
            Stop => drop(terraform.invoke("compshare_instance_stop", &with_timeout).await.outcome?),
            Reboot => {
                drop(terraform.invoke("compshare_instance_reboot", &with_timeout).await.outcome?)
            }
            Keepalive => {
                let name = "compshare_instance_keepalive";
                drop(terraform.invoke(name, &with_timeout).await.outcome?);
            }
            _ => drop(terraform.apply(prepared.plan.expect("prepared with a plan")).await?),
        }
        Ok(())
    }

    /// Repeats the operation without the fault, until the plan is empty.
    pub(super) async fn run_until_converged(
        self,
        terraform: &mut Terraform,
        limit: Duration,
    ) -> Result<(), Errors> {
        let Some((config, _)) = self.resource(limit) else {
            let nothing = Prepared { config: Json::Null, plan: None };
            // As the message of a failed keepalive says.
            let next = if self == Keepalive { Stop } else { self };
            return next.run(terraform, nothing, limit).await;
        };
        if terraform.state().is_some() {
            terraform.refresh().await?;
        }
        match self {
            PlanAlone => drop(terraform.plan(config).await?),
            Destroy | DestroyOnly | CancelStop => {
                if terraform.state().is_some() {
                    terraform.destroy().await?;
                }
                assert!(terraform.state().is_none(), "a state after the destroy");
            }
            _ => {
                terraform.run(config.clone()).await?;
                terraform.refresh().await?;
                let left = terraform.plan(config).await?;
                assert_eq!(left.action, Action::NoOp, "the plan after the apply is not empty");
                if self == ScheduleStop {
                    assert_eq!(terraform.attribute("status"), "scheduled");
                } else {
                    assert_eq!(terraform.attribute("state"), self.target());
                }
            }
        }
        Ok(())
    }
}

/// Configuration and plan from before the fault.
pub(super) struct Prepared {
    config: Json,
    plan: Option<Plan>,
}
