//! A configured provider: settings at once, keys and connections when the first call is made.

use std::{sync::OnceLock, time::Duration};

use secrecy::SecretString;

use super::{
    config::ProviderModel,
    message,
    timeouts::{DEFAULT_TIMEOUT, duration},
};
use crate::{
    compshare::{
        Arguments, BaseUrl, BatchingClient, Client, InvalidBaseUrl, Scope, Settings, locate,
    },
    environment::Environment,
    framework::{Attr, Diagnostic, Diagnostics, Host, Sensitive},
    operation::{InstanceRef, Location, Operations, Pace},
    power::{Operation, Target},
};

/// What Configure leaves behind for the resources.
#[derive(Debug)]
pub struct Session {
    environment: Environment,
    arguments: Arguments,
    settings: Settings,
    pace: Pace,
    /// Arguments that a call needs and that are known only after apply.
    unknown: Vec<&'static str>,
    region: Attr<String>,
    project_id: Attr<String>,
    cloud: OnceLock<Result<Cloud, Diagnostics>>,
}

/// What makes calls.
#[derive(Debug)]
struct Cloud {
    client: BatchingClient,
    operations: Operations,
}

/// Why there is no way to make a call.
#[derive(Debug)]
pub(crate) enum NotReady {
    /// Arguments of the provider are not known yet, which while planning is no error.
    Unknown(Diagnostics),
    /// There are no usable credentials.
    Unusable(Diagnostics),
}

impl NotReady {
    /// The reason, for when a call has to be made.
    pub(crate) fn into_diagnostics(self) -> Diagnostics {
        match self {
            Self::Unknown(diagnostics) | Self::Unusable(diagnostics) => diagnostics,
        }
    }
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
                &config.request_timeout,
                "request_timeout",
                defaults.request_timeout,
            )?,
            max_concurrent_requests: number(
                &config.max_concurrent_requests,
                defaults.max_concurrent_requests,
            ),
            user_agent: user_agent(&defaults.user_agent, &host.terraform_version),
        };
        let poll = duration(&config.poll_interval, "poll_interval", Duration::from_secs(3))?;
        let or_variable = |attr: Attr<String>, variable: &str| match attr {
            Attr::Null => environment.text(variable).map(str::to_owned).into(),
            given => given,
        };
        Ok(Self {
            unknown: unknown(&config),
            region: or_variable(config.region, "COMPSHARE_REGION"),
            project_id: or_variable(config.project_id, "COMPSHARE_PROJECT_ID"),
            arguments: Arguments {
                public_key: secret(config.public_key),
                private_key: secret(config.private_key),
                profile: config.profile.into_known(),
                config_file: config.config_file.into_known().map(Into::into),
            },
            environment,
            settings,
            pace: pace(poll),
            cloud: OnceLock::new(),
        })
    }

    /// What changes and looks at instances. The keys are looked for now, at the first call.
    pub(crate) fn operations(&self) -> Result<&Operations, NotReady> {
        self.cloud().map(|cloud| &cloud.operations)
    }

    /// What makes all other calls. The keys are looked for now, at the first call.
    pub(crate) fn client(&self) -> Result<&BatchingClient, NotReady> {
        self.cloud().map(|cloud| &cloud.client)
    }

    /// Whether no call can be made yet, because arguments are known only after apply.
    pub(crate) const fn config_is_unknown(&self) -> bool {
        !self.unknown.is_empty()
    }

    fn cloud(&self) -> Result<&Cloud, NotReady> {
        if self.config_is_unknown() {
            return Err(NotReady::Unknown(not_known_yet(&self.unknown)));
        }
        let cloud = self.cloud.get_or_init(|| {
            let credentials = locate(&self.arguments, &self.environment)
                .map_err(|error| message::credentials(&error))?;
            let client = Client::new(self.settings.clone(), credentials).map_err(|error| {
                let sentence = "What makes the calls could not be set up";
                message::call("Set Up the API Client", sentence, &error)
            })?;
            let client = BatchingClient::new(client);
            let operations = Operations::new(client.clone(), self.pace);
            Ok(Cloud { client, operations })
        });
        cloud.as_ref().map_err(|diagnostics| NotReady::Unusable(diagnostics.clone()))
    }

    /// The region that look-ups are limited to, if one is configured.
    pub(crate) fn region(&self) -> Option<&str> {
        self.region.text()
    }

    /// The project that calls are made for, where a resource names none.
    pub(crate) const fn project_id(&self) -> &Attr<String> {
        &self.project_id
    }

    /// How long one request may take.
    pub(crate) const fn request_timeout(&self) -> Duration {
        self.settings.request_timeout
    }

    /// The rhythm of waiting.
    pub(crate) const fn pace(&self) -> &Pace {
        &self.pace
    }

    /// Reference to an instance of `project_id`, in any location that the provider is configured
    /// for.
    pub(crate) fn instance(&self, id: &str, project_id: &Attr<String>) -> InstanceRef {
        InstanceRef {
            id: id.to_owned(),
            scope: self.scope(&Attr::Null, project_id),
            region_limit: self.region().map(str::to_owned),
            location: Location::default(),
        }
    }

    /// An operation on an instance of `project_id`, wherever the provider may look, with nothing
    /// special about it.
    pub(crate) fn operation(
        &self,
        id: &str,
        project_id: &Attr<String>,
        target: Target,
    ) -> Operation {
        Operation {
            instance: self.instance(id, project_id),
            target,
            force_stop: false,
            wait_for_capacity: false,
            timeout: DEFAULT_TIMEOUT,
        }
    }

    /// Where to look for an instance that was last seen in `region` and belongs to `project_id`.
    pub(crate) fn scope(&self, region: &Attr<String>, project_id: &Attr<String>) -> Scope {
        let text = |attr: &Attr<String>| attr.text().map(str::to_owned);
        Scope {
            region: text(&self.region).or_else(|| text(region)),
            zone: None,
            project_id: text(project_id).or_else(|| text(&self.project_id)),
        }
    }
}

fn base_url(config: &ProviderModel, environment: &Environment) -> Result<BaseUrl, Diagnostics> {
    let text = config.base_url.text().or_else(|| environment.text("COMPSHARE_BASE_URL"));
    let parsed = text.map_or_else(|| Ok(BaseUrl::default()), str::parse);
    parsed.map_err(|error: InvalidBaseUrl| {
        Diagnostic::error(
            "Invalid Base URL",
            format!("The address of the API is not valid: {error}."),
        )
        .into()
    })
}

fn secret(attr: Attr<Sensitive>) -> Option<SecretString> {
    attr.into_known().map(|text| text.into_inner().into())
}

/// What is out of bounds was refused by the attribute's rule before.
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

fn not_known_yet(unknown: &[&str]) -> Diagnostics {
    let list = unknown.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    Diagnostic::error(
        "Provider Configuration Not Known Yet",
        format!(
            "The cloud has to be asked now, and these arguments of the provider are known only after apply: {list}. \
             Apply what they come from first, with `-target`, or set them to values that are known while planning."
        ),
    )
    .into()
}
