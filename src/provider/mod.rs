//! The CompShare provider: its configuration, and what it offers, one file each.
//!
//! It says what there is in Terraform's words and leaves the doing to [`crate::power`]. It never
//! builds a form or reads JSON, and the one place where failures become messages is `message`.

mod actions;
mod config;
mod gpu_mode;
mod instance;
mod instance_power;
mod message;
mod session;
mod timeouts;
mod zones;

use std::time::Duration;

use crate::{
    environment::Environment,
    framework::{
        Action as _, Attr, DataSource as _, Diagnostic, Diagnostics, EphemeralResource as _,
        ErasedAction, ErasedDataSource, ErasedEphemeralResource, ErasedListResource,
        ErasedResource, Host, ListResource as _, Provider, Resource as _,
    },
    operation::Pace,
};

use actions::PowerAction;
use config::ProviderModel;

pub use session::Session;

/// The provider, before any host has configured it.
#[derive(Debug)]
pub struct CompshareProvider {
    environment: Environment,
    pace: fn(Duration) -> Pace,
}

impl CompshareProvider {
    /// A provider that looks up what is not configured in `environment`.
    pub fn new(environment: Environment) -> Self {
        Self { environment, pace: Pace::new }
    }

    /// The same, waiting in another rhythm: `pace` makes it from the configured `poll_interval`.
    /// For tests, which cannot wait a minute for what takes a minute.
    #[must_use]
    pub fn with_pace(self, pace: fn(Duration) -> Pace) -> Self {
        Self { pace, ..self }
    }
}

impl Provider for CompshareProvider {
    type Model = ProviderModel;
    type Session = Session;

    fn description(&self) -> &'static str {
        config::DESCRIPTION
    }

    fn validate(&self, config: &ProviderModel) -> Diagnostics {
        // The environment's value is checked like an argument, but there is no attribute to point
        // at.
        let from_environment = match (&config.base_url, self.environment.text("COMPSHARE_BASE_URL"))
        {
            (Attr::Null, Some(url)) => config::check_base_url(url).err(),
            _ => None,
        };
        from_environment
            .map(|reason| {
                let detail = format!(
                    "The environment variable `COMPSHARE_BASE_URL` is not valid: {reason}."
                );
                Diagnostic::error("Invalid Base URL", detail)
            })
            .into_iter()
            .collect()
    }

    async fn configure(&self, config: ProviderModel, host: Host) -> Result<Session, Diagnostics> {
        Session::new(config, &host, self.environment.clone(), self.pace)
    }

    fn config_is_unknown(&self, session: &Session) -> bool {
        session.config_is_unknown()
    }

    fn resources(&self) -> Vec<Box<dyn ErasedResource<Session>>> {
        vec![instance_power::InstancePower.boxed()]
    }

    fn data_sources(&self) -> Vec<Box<dyn ErasedDataSource<Session>>> {
        vec![
            instance::InstanceDataSource.boxed(),
            instance::InstancesDataSource.boxed(),
            zones::ZonesDataSource.boxed(),
        ]
    }

    fn ephemeral_resources(&self) -> Vec<Box<dyn ErasedEphemeralResource<Session>>> {
        vec![instance::InstanceLogin.boxed()]
    }

    fn list_resources(&self) -> Vec<Box<dyn ErasedListResource<Session>>> {
        vec![instance_power::InstancePowerList.boxed()]
    }

    fn actions(&self) -> Vec<Box<dyn ErasedAction<Session>>> {
        vec![
            PowerAction::start().boxed(),
            PowerAction::stop().boxed(),
            PowerAction::reboot().boxed(),
        ]
    }
}
