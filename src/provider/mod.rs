//! The CompShare provider: its configuration, and what it offers, one file each.
//!
//! It says what there is in Terraform's words and leaves the doing to [`crate::power`]. It never builds a form or reads JSON,
//! and the one place where failures become messages is `message`.

mod arguments;
mod instance_data_source;
mod instance_facts;
mod instance_filter;
mod instance_login;
mod instance_look;
mod instance_power;
mod instance_power_list;
mod instances_data_source;
mod message;
mod power_actions;
mod session;
mod zones_data_source;

use std::time::Duration;

use crate::{
    compshare::BaseUrl,
    cty::{Path, Type},
    environment::Environment,
    framework::{
        Action as _, AnyAction, AnyDataSource, AnyEphemeralResource, AnyListResource, AnyResource,
        Attr, Attribute, Block, DataSource as _, Diagnostic, Diagnostics, EphemeralResource as _,
        Host, ListResource as _, Mode, Provider, Resource as _, Rule, Schema, Sensitive, model,
        parse_duration,
    },
    power::Pace,
};

use power_actions::PowerAction;

pub use session::Session;

/// How long an operation on an instance may take, unless configured otherwise.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(20 * 60);

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

    /// The same, waiting in another rhythm: `pace` makes it from the configured `poll_interval`. For tests, which cannot
    /// wait a minute for what takes a minute.
    #[must_use]
    pub fn with_pace(self, pace: fn(Duration) -> Pace) -> Self {
        Self { pace, ..self }
    }
}

model! {
    /// The provider block.
    pub struct ProviderModel {
        /// Public key of the API.
        pub public_key: Attr<Sensitive>,
        /// Private key of the API. A secret.
        pub private_key: Attr<Sensitive>,
        /// Profile in the CLI's file.
        pub profile: Attr<String>,
        /// The CLI's file.
        pub config_file: Attr<String>,
        /// Region that look-ups are limited to.
        pub region: Attr<String>,
        /// Project that calls are made for.
        pub project_id: Attr<String>,
        /// Where the API is.
        pub base_url: Attr<String>,
        /// Attempts after the first, for what may be repeated.
        pub max_retries: Attr<i64>,
        /// Limit for one request.
        pub request_timeout: Attr<String>,
        /// First interval of a wait.
        pub poll_interval: Attr<String>,
        /// Requests under way at once.
        pub max_concurrent_requests: Attr<i64>,
    }
}

impl Provider for CompshareProvider {
    type Model = ProviderModel;
    type Session = Session;

    fn schema(&self) -> Schema {
        Schema {
            version: 0,
            block: Block {
                description: "Power state of GPU instances at [CompShare](https://www.compshare.cn) (优云智算). \
                              Every argument is optional: what is not set here comes from the environment, then from \
                              the profile that the official CLI wrote.",
                attributes: attributes(),
                blocks: Vec::new(),
            },
        }
    }

    fn validate(&self, config: &ProviderModel) -> Diagnostics {
        // The environment's value is checked like an argument, but there is no attribute to point at.
        let from_environment = match (&config.base_url, self.environment.text("COMPSHARE_BASE_URL"))
        {
            (Attr::Null, Some(url)) => check_base_url(url).err(),
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

    fn is_waiting(&self, session: &Session) -> bool {
        session.is_waiting()
    }

    fn resources(&self) -> Vec<Box<dyn AnyResource<Session>>> {
        vec![instance_power::InstancePower.boxed()]
    }

    fn data_sources(&self) -> Vec<Box<dyn AnyDataSource<Session>>> {
        vec![
            instance_data_source::InstanceDataSource.boxed(),
            instances_data_source::InstancesDataSource.boxed(),
            zones_data_source::ZonesDataSource.boxed(),
        ]
    }

    fn ephemeral_resources(&self) -> Vec<Box<dyn AnyEphemeralResource<Session>>> {
        vec![instance_login::InstanceLogin.boxed()]
    }

    fn list_resources(&self) -> Vec<Box<dyn AnyListResource<Session>>> {
        vec![instance_power_list::InstancePowerList.boxed()]
    }

    fn actions(&self) -> Vec<Box<dyn AnyAction<Session>>> {
        vec![
            PowerAction::start().boxed(),
            PowerAction::stop().boxed(),
            PowerAction::reboot().boxed(),
        ]
    }
}

fn attributes() -> Vec<Attribute> {
    let optional = |name, ty, description| Attribute::new(name, ty, Mode::Optional, description);
    let text = |name, description| optional(name, Type::String, description);
    vec![
        text(
            "public_key",
            "Public key of the API. Environment: `COMPSHARE_PUBLIC_KEY`. Else taken from the profile.",
        )
        .sensitive(),
        text(
            "private_key",
            "Private key of the API. Environment: `COMPSHARE_PRIVATE_KEY`. Else taken from the profile. \
             Better kept out of the configuration.",
        )
        .sensitive(),
        text(
            "profile",
            "Profile in `config_file` to take keys from. Environment: `COMPSHARE_PROFILE`. \
             Default: the file's `current_profile`, else `default`.",
        ),
        text(
            "config_file",
            "The official CLI's configuration file. Environment: `COMPSHARE_CONFIG_FILE`. \
             Default: `$XDG_CONFIG_HOME/compshare/config.json`, else `~/.config/compshare/config.json`.",
        ),
        text(
            "region",
            "Region that instances are looked for in. Environment: `COMPSHARE_REGION`. \
             Default: none, an instance is found by its id wherever it is.",
        ),
        text(
            "project_id",
            "Project that calls are made for; sub-accounts have to give one. Environment: `COMPSHARE_PROJECT_ID`. \
             Default: the account's default project.",
        ),
        text(
            "base_url",
            "Where the API is. Environment: `COMPSHARE_BASE_URL`. Default: `https://api.compshare.cn`. \
             `http://` is accepted for a loopback host only.",
        )
        .rule(Rule::Check(check_base_url)),
        optional(
            "max_retries",
            Type::Number,
            "Attempts after the first for requests that may safely be repeated. Default: `5`.",
        )
        .rule(Rule::Between(0, 100)),
        text("request_timeout", "Limit for one request, such as `\"60s\"`. Default: `\"60s\"`.")
            .rule(Rule::Duration),
        text(
            "poll_interval",
            "First interval between two looks while waiting; it grows to five times that. Default: `\"3s\"`.",
        )
        .rule(Rule::Duration),
        optional(
            "max_concurrent_requests",
            Type::Number,
            "Requests under way at once, over all resources of this provider. Default: `10`.",
        )
        .rule(Rule::Between(1, 1000)),
    ]
}

fn check_base_url(text: &str) -> Result<(), String> {
    text.parse::<BaseUrl>().map(drop).map_err(|error| error.to_string())
}

/// A duration that is set and known; what is no duration was refused by its rule before.
fn duration(attr: &Attr<String>, name: &str, default: Duration) -> Result<Duration, Diagnostic> {
    let Some(text) = attr.text() else { return Ok(default) };
    parse_duration(text).map_err(|error| {
        Diagnostic::error(
            "Invalid Attribute Value",
            format!("The value of `{name}` is not valid: {error}."),
        )
        .at(name.split('.').fold(Path::root(), Path::attribute))
    })
}
