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
                description: "Keeps rented GPU instances at [CompShare](https://www.compshare.cn) (优云智算) running, or stopped, \
                              as the configuration says. It neither creates nor deletes instances: it works on those that \
                              the account has.",
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
            "Public key of the API. Environment: `COMPSHARE_PUBLIC_KEY`. Default: that of the profile. A key of UCloud's own \
             API does not work here.",
        )
        .sensitive(),
        text(
            "private_key",
            "Private key of the API; requests are signed with it, and it is never sent. Environment: `COMPSHARE_PRIVATE_KEY`. \
             Default: that of the profile. Best kept out of the configuration.",
        )
        .sensitive(),
        text(
            "profile",
            "Profile in `config_file` to take keys from, where neither argument nor environment has them. Environment: \
             `COMPSHARE_PROFILE`. Default: the file's `current_profile`, else `default`. It is an error if the file has no \
             profile of that name.",
        ),
        text(
            "config_file",
            "The official CLI's configuration file, which is only read. Environment: `COMPSHARE_CONFIG_FILE`. \
             Default: `$XDG_CONFIG_HOME/compshare/config.json`, else `~/.config/compshare/config.json`.",
        ),
        text(
            "region",
            "The only region in which instances are looked for, such as `cn-wlcb`. Environment: `COMPSHARE_REGION`. \
             Default: none, and an instance is found by its id wherever it is.",
        ),
        text(
            "project_id",
            "Project that calls are made for; a sub-account has to give one. Environment: `COMPSHARE_PROJECT_ID`. \
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
            "How often a request is repeated that can be repeated safely, from `0` to `100`: after a lost connection, too many \
             requests or a fault of the cloud. Default: `5`. A start, stop or reboot that may have been accepted is none of \
             them: the instance is looked at first.",
        )
        .rule(Rule::Between(0, 100)),
        text(
            "request_timeout",
            "How long one request may take, such as `\"90s\"`. Default: `\"60s\"`. A list can take the cloud 40 seconds.",
        )
        .rule(Rule::Duration),
        text(
            "poll_interval",
            "How long to wait between the first two looks at an instance that is starting or stopping, such as `\"10s\"`; later \
             looks are up to five times as far apart. Default: `\"3s\"`. All waits share their looks.",
        )
        .rule(Rule::Duration),
        optional(
            "max_concurrent_requests",
            Type::Number,
            "How many requests are under way at once, from `1` to `1000`, over everything that this provider block is used \
             for. Default: `10`.",
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
