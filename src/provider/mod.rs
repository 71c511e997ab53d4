//! The CompShare provider: its configuration, and one folder per product.
//!
//! A product translates between the words of Terraform and the calls of [`crate::compshare`] and
//! [`crate::power`]. It builds no form and reads no JSON. `message` is the only place where failures
//! become messages.

mod actions;
mod capacity;
mod config;
mod gpu_instance;
mod gpu_mode;
mod images;
mod instance;
mod instance_power;
mod instance_types;
mod message;
mod name_regex;
mod offer;
mod planned;
mod price;
mod session;
mod stop_schedule;
mod timeouts;
mod zones;

use std::time::Duration;

use crate::{
    environment::Environment,
    framework::{
        Definition as _, Diagnostics, ErasedAction, ErasedDataSource, ErasedEphemeralResource,
        ErasedListResource, ErasedResource, Host, Provider,
    },
    operation::Pace,
};

use actions::{KeepaliveAction, PowerAction};
use config::ProviderModel;

pub use session::Session;

/// The provider before its configuration.
#[derive(Debug)]
pub struct CompshareProvider {
    environment: Environment,
    pace: fn(Duration) -> Pace,
}

impl CompshareProvider {
    /// A provider that reads from `environment` what its configuration leaves out.
    pub fn new(environment: Environment) -> Self {
        Self { environment, pace: Pace::new }
    }

    /// The same with other pauses, which `pace` makes from the configured `poll_interval`. For
    /// tests, which must not wait for minutes.
    #[doc(hidden)]
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
        // The rule of the attribute checks the argument.
        if !config::trimmed(config.base_url.clone()).is_null() {
            return Diagnostics::new();
        }
        session::base_url(config, &self.environment).err().unwrap_or_default()
    }

    async fn configure(&self, config: ProviderModel, host: Host) -> Result<Session, Diagnostics> {
        Session::new(config, &host, self.environment.clone(), self.pace)
    }

    fn config_is_unknown(&self, session: &Session) -> bool {
        session.config_is_unknown()
    }

    fn resources(&self) -> Vec<Box<dyn ErasedResource<Session>>> {
        vec![
            gpu_instance::GpuInstance.boxed(),
            instance_power::InstancePower.boxed(),
            stop_schedule::StopSchedule.boxed(),
        ]
    }

    fn data_sources(&self) -> Vec<Box<dyn ErasedDataSource<Session>>> {
        vec![
            instance::InstanceDataSource.boxed(),
            instance::InstancesDataSource.boxed(),
            zones::ZonesDataSource.boxed(),
            instance_types::InstanceTypesDataSource.boxed(),
            capacity::CapacityDataSource.boxed(),
            price::PriceDataSource.boxed(),
            images::ImagesDataSource.boxed(),
        ]
    }

    fn ephemeral_resources(&self) -> Vec<Box<dyn ErasedEphemeralResource<Session>>> {
        vec![instance::InstanceLogin.boxed()]
    }

    fn list_resources(&self) -> Vec<Box<dyn ErasedListResource<Session>>> {
        vec![
            gpu_instance::GpuInstanceList.boxed(),
            instance_power::InstancePowerList.boxed(),
            stop_schedule::StopScheduleList.boxed(),
        ]
    }

    fn actions(&self) -> Vec<Box<dyn ErasedAction<Session>>> {
        vec![
            PowerAction::start().boxed(),
            PowerAction::stop().boxed(),
            PowerAction::reboot().boxed(),
            KeepaliveAction.boxed(),
        ]
    }
}
