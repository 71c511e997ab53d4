//! A configured provider.

use std::time::Duration;

use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

use super::{
    config::{ProviderModel, trimmed},
    message,
    planned::PlannedInstances,
    timeouts::duration,
};
use crate::{
    compshare::{
        Arguments, BaseUrl, BatchingClient, Catalog, Client, GetProjectList, Network, Scope,
        Settings, locate,
    },
    environment::Environment,
    framework::{Attr, Context, Diagnostic, Diagnostics, Host},
    lifecycle::Creates,
    operation::{InstanceRef, KeptRunning, Location, Operations, Pace},
};

/// Settings of a configured provider. Credentials are located and connections made at the first
/// call.
#[derive(Debug)]
pub struct Session {
    environment: Environment,
    arguments: Arguments,
    settings: Settings,
    pace: Pace,
    /// Arguments that calls require and that are unknown until apply.
    unknown: Vec<&'static str>,
    region: Attr<String>,
    project_id: Attr<String>,
    clients: OnceCell<Result<Clients, Diagnostics>>,
    default_project: OnceCell<String>,
    planned: PlannedInstances,
    kept_running: KeptRunning,
    creates: Creates,
}

/// Access to the API.
#[derive(Debug)]
pub(crate) struct Clients {
    /// Describes and operations of instances.
    pub(crate) operations: Operations,
    /// Client for all other calls.
    pub(crate) client: BatchingClient,
    /// Reads of zones, GPU types, capacity, prices and images.
    pub(crate) catalog: Catalog,
}

impl Session {
    pub(crate) fn new(
        config: ProviderModel,
        host: &Host,
        environment: Environment,
        pace: fn(Duration) -> Pace,
    ) -> Result<Self, Diagnostics> {
        let defaults = Settings::default();
        let settings = Settings {
            base_url: base_url(&config, &environment)?,
            max_retries: number(&config.max_retries, defaults.max_retries),
            request_timeout: duration(
                &trimmed(config.request_timeout.clone()),
                "request_timeout",
                defaults.request_timeout,
            )?,
            max_concurrent_requests: number(
                &config.max_concurrent_requests,
                defaults.max_concurrent_requests,
            ),
            user_agent: user_agent(&defaults.user_agent, &host.terraform_version),
        };
        let poll_interval = trimmed(config.poll_interval.clone());
        let poll = duration(&poll_interval, "poll_interval", Duration::from_secs(3))?;
        let or_variable = |attr: Attr<String>, variable: &str| match trimmed(attr) {
            Attr::Null => environment.text(variable).map(str::to_owned).into(),
            given => given,
        };
        Ok(Self {
            unknown: unknown(&config),
            region: or_variable(config.region, "COMPSHARE_REGION"),
            project_id: or_variable(config.project_id, "COMPSHARE_PROJECT_ID"),
            arguments: Arguments {
                public_key: config.public_key.into_known().map(Into::into),
                private_key: config.private_key.into_known().map(Into::into),
                profile: config.profile.into_known(),
                config_file: config.config_file.into_known().map(Into::into),
            },
            environment,
            settings,
            pace: pace(poll),
            clients: OnceCell::new(),
            default_project: OnceCell::new(),
            planned: PlannedInstances::default(),
            kept_running: KeptRunning::default(),
            creates: Creates::default(),
        })
    }

    /// Returns `true` while arguments that calls require are unknown, which is possible only during
    /// a plan.
    pub(crate) const fn config_is_unknown(&self) -> bool {
        !self.unknown.is_empty()
    }

    /// Returns the clients, which the first caller creates. The other callers wait for it, and share
    /// its failure.
    ///
    /// # Errors
    /// There are no usable credentials, the provider's configuration is not yet known, or the host
    /// was interrupted.
    pub(crate) async fn clients(&self, stop: &CancellationToken) -> Result<&Clients, Diagnostics> {
        if self.config_is_unknown() {
            return Err(message::unknown_arguments(&self.unknown));
        }
        let clients = tokio::select! {
            clients = self.clients.get_or_init(|| self.connect()) => clients,
            () = stop.cancelled() => {
                return Err(message::interrupted("Setting Up the API Client").into());
            }
        };
        clients.as_ref().map_err(Clone::clone)
    }

    async fn connect(&self) -> Result<Clients, Diagnostics> {
        let credentials = locate(&self.arguments, &self.environment)
            .await
            .map_err(|error| message::credentials(&error))?;
        let failed = |error| message::call("Set Up the API Client", &error);
        let network = Network::read(&self.settings.base_url, &self.environment);
        let network = network.await.map_err(failed)?;
        let client = Client::new(self.settings.clone(), network, credentials).map_err(failed)?;
        let catalog = Catalog::new(client.clone());
        let client = BatchingClient::new(client);
        let operations = Operations::new(client.clone(), self.pace, self.kept_running.clone());
        Ok(Clients { operations, client, catalog })
    }

    /// Instances that objects of this run require to run.
    pub(crate) const fn kept_running(&self) -> &KeptRunning {
        &self.kept_running
    }

    /// Creates of this run.
    pub(crate) const fn creates(&self) -> &Creates {
        &self.creates
    }

    pub(crate) const fn planned(&self) -> &PlannedInstances {
        &self.planned
    }

    /// Adds a warning about the instance `id`, unless one with the same title was added before.
    pub(crate) fn warn(&self, context: &Context<Self>, id: &str, warning: Diagnostic) {
        if self.planned.is_first_warning(id, &warning.summary) {
            context.warn(warning);
        }
    }

    /// The region that reads are limited to, if one is configured.
    pub(crate) fn region(&self) -> Option<&str> {
        self.region.text()
    }

    /// Returns `project_id`, or the provider's project if it is null.
    pub(crate) fn project_or(&self, project_id: &Attr<String>) -> Attr<String> {
        if project_id.is_null() { self.project_id.clone() } else { project_id.clone() }
    }

    /// Returns the project of a call that requires one: `project_id`, the provider's project, or the
    /// account's default project, which is requested once.
    ///
    /// # Errors
    /// The default project could not be determined, or the host was interrupted.
    pub(crate) async fn required_project(
        &self,
        context: &Context<Self>,
        project_id: &Attr<String>,
    ) -> Result<String, Diagnostics> {
        if let Some(project) = self.project_or(project_id).into_known() {
            return Ok(project);
        }
        let client = self.clients(&context.stop).await?.client.client();
        let request = async || {
            let projects = client.call(&GetProjectList).await;
            let projects = projects.map_err(|error| message::default_project(Some(&error)))?;
            projects.default_id().map(str::to_owned).ok_or_else(|| message::default_project(None))
        };
        let project = self.default_project.get_or_try_init(request);
        let interrupted = || message::interrupted("Reading Projects");
        context.or_interrupted(project, interrupted).await?.cloned()
    }

    pub(crate) const fn request_timeout(&self) -> Duration {
        self.settings.request_timeout
    }

    pub(crate) const fn pace(&self) -> &Pace {
        &self.pace
    }

    /// Reference to an instance of `project_id` that is expected in `location`.
    pub(crate) fn instance(
        &self,
        id: &str,
        project_id: &Attr<String>,
        location: Location,
    ) -> InstanceRef {
        InstanceRef {
            id: id.to_owned(),
            scope: self.scope(location.clone(), project_id),
            region_limit: self.region().map(str::to_owned),
            location,
        }
    }

    /// Scope of calls on an instance of `project_id` whose configured or last reported location is
    /// `location`. Unknown values count as null.
    pub(crate) fn scope(&self, location: Location, project_id: &Attr<String>) -> Scope {
        Scope {
            region: self.region.known().cloned().or(location.region),
            zone: location.zone,
            project_id: project_id.known().or_else(|| self.project_id.known()).cloned(),
        }
    }
}

pub(crate) fn base_url(
    config: &ProviderModel,
    environment: &Environment,
) -> Result<BaseUrl, Diagnostics> {
    let argument = config.base_url.text().filter(|url| !url.trim().is_empty());
    let text = argument.or_else(|| environment.text("COMPSHARE_BASE_URL"));
    let parsed = text.map_or_else(|| Ok(BaseUrl::default()), str::parse);
    parsed.map_err(|reason| message::invalid_base_url(reason).into())
}

/// A number outside the range was refused by the rule of the attribute.
fn number<T: TryFrom<i64>>(attr: &Attr<i64>, default: T) -> T {
    attr.known().and_then(|number| T::try_from(*number).ok()).unwrap_or(default)
}

fn user_agent(own: &str, terraform_version: &str) -> String {
    let host: String = terraform_version
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || ".-+".contains(*c))
        .collect();
    if host.is_empty() { own.to_owned() } else { format!("{own} terraform/{host}") }
}

/// Names of the unknown arguments that calls require.
fn unknown(config: &ProviderModel) -> Vec<&'static str> {
    let unknown = [
        ("public_key", config.public_key.is_unknown()),
        ("private_key", config.private_key.is_unknown()),
        ("profile", config.profile.is_unknown()),
        ("config_file", config.config_file.is_unknown()),
        ("region", config.region.is_unknown()),
        ("project_id", config.project_id.is_unknown()),
        ("base_url", config.base_url.is_unknown()),
    ];
    unknown.into_iter().filter(|(_, unknown)| *unknown).map(|(name, _)| name).collect()
}
