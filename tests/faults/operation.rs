//! The operations of the provider, as data.

use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::support::terraform_core::{Action, Errors, Plan, Terraform};

/// ID of the instance of every operation.
pub(super) const ID: &str = "uhost-1";

const NAME: &str = "训练 uhost-1";

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
}

use Operation::*;

/// All operations, in the order of the page.
pub(super) const ALL: [Operation; 20] = [
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
        }
    }

    /// Returns whether the operation starts, stops or reboots the instance.
    pub(super) fn sends_power_calls(self) -> bool {
        self.target() != self.origin() || matches!(self, Reboot | UpdateToWithoutGpu)
    }

    /// Returns whether the messages of the operation name the instance.
    pub(super) fn names_the_instance(self) -> bool {
        !matches!(self, InstanceByName | Instances | Zones | Query)
    }

    /// Returns whether the instance is to run in no-GPU mode.
    pub(super) fn is_without_gpu(self) -> bool {
        matches!(self, CreateWithoutGpu | UpdateToWithoutGpu)
    }

    /// State of the instance before the operation.
    pub(super) fn origin(self) -> &'static str {
        match self {
            CreateRunning | CreateWithoutGpu | UpdateToRunning | PlanAlone | Start => "Stopped",
            _ => "Running",
        }
    }

    /// State of the instance after the operation.
    pub(super) fn target(self) -> &'static str {
        match self {
            CreateStopped | UpdateToStopped | Destroy | Stop | PlanAlone => "Stopped",
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
            DestroyOnly | Refresh => (running.clone(), Some(stored("Running", &running))),
            _ => return None,
        })
    }

    /// Sets the state and makes the plan, before the fault begins.
    pub(super) async fn prepare(self, terraform: &mut Terraform, limit: Duration) -> Prepared {
        let Some((config, state)) = self.resource(limit) else {
            return Prepared { config: Json::Null, plan: None };
        };
        if let Some(state) = state {
            terraform.set_state(&state);
        }
        let plan = match self {
            PlanAlone | Refresh => None,
            Destroy | DestroyOnly => Some(terraform.plan_destroy().await.unwrap()),
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
            return self.run(terraform, nothing, limit).await;
        };
        if terraform.state().is_some() {
            terraform.refresh().await?;
        }
        match self {
            PlanAlone => drop(terraform.plan(config).await?),
            Destroy | DestroyOnly => {
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
                assert_eq!(terraform.attribute("state"), self.target());
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
