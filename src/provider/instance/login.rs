//! The ephemeral resource `compshare_instance_login`: how to log in to an instance. Nothing of it is stored anywhere.

use std::{collections::BTreeMap, time::Duration};

use secrecy::{ExposeSecret as _, SecretString};

use super::read::look;
use crate::{
    compshare::{Instance, Software},
    cty::Type,
    framework::{
        Attr, Attribute, Block, Context, Definition, Diagnostics, EphemeralResource, Mode, Schema,
        Sensitive, model,
    },
    power::{Operation, Reason, Target},
    provider::{
        arguments, message,
        session::{NotReady, Session},
        timeouts::duration,
    },
};

/// A start takes up to three minutes.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// The ephemeral resource. All it knows is in the session and the model.
#[derive(Debug)]
pub(crate) struct InstanceLogin;

model! {
    /// Which instance, and how to log in to it.
    pub(crate) struct InstanceLoginModel {
        pub(crate) instance_id: Attr<String>,
        pub(crate) project_id: Attr<String>,
        pub(crate) wait_for_running: Attr<bool>,
        pub(crate) timeout: Attr<String>,
        pub(crate) state: Attr<String>,
        pub(crate) host: Attr<String>,
        pub(crate) port: Attr<i64>,
        pub(crate) user: Attr<String>,
        pub(crate) password: Attr<Sensitive>,
        pub(crate) ssh_command: Attr<Sensitive>,
        pub(crate) software_urls: Attr<BTreeMap<String, Sensitive>>,
    }
}

impl Definition for InstanceLogin {
    type Model = InstanceLoginModel;
    type Session = Session;

    fn type_name(&self) -> &'static str {
        "compshare_instance_login"
    }

    fn schema(&self) -> Schema {
        Schema {
            version: 0,
            block: Block {
                description: "How to log in to an instance, for a provisioner's connection, another provider's configuration or \
                              a write-only argument. Terraform stores nothing of it, neither in the state nor in a plan. The \
                              instance is neither started nor stopped.",
                attributes: attributes(),
                blocks: Vec::new(),
            },
        }
    }
}

impl EphemeralResource for InstanceLogin {
    async fn open(
        &self,
        context: &Context<Session>,
        config: InstanceLoginModel,
    ) -> Result<InstanceLoginModel, Diagnostics> {
        let session = context.session()?;
        let id = config.instance_id.text().unwrap_or_default();
        let operation = Operation {
            timeout: duration(&config.timeout, "timeout", DEFAULT_TIMEOUT)?,
            ..session.operation(id, &config.project_id, Target::Awaited)
        };
        let instance = if config.wait_for_running.is_true() {
            await_running(context, &operation).await?
        } else {
            look(context, &operation).await?
        };
        let password = instance.decoded_password().unwrap_or_else(|error| {
            context.warn(message::password(id, error));
            None
        });
        Ok(opened(config, &instance, password))
    }
}

async fn await_running(
    context: &Context<Session>,
    operation: &Operation,
) -> Result<Instance, Diagnostics> {
    let power = context.session()?.power().map_err(NotReady::into_diagnostics)?;
    let reached = power.reach(operation, &context.stop).await;
    let found = reached
        .map_err(|failure| message::operation(operation, &message::Failed::Operation(failure)))?;
    found.ok_or_else(|| message::refused_read(operation, &Reason::NotFound))
}

fn opened(
    config: InstanceLoginModel,
    instance: &Instance,
    password: Option<SecretString>,
) -> InstanceLoginModel {
    let revealed = |secret: SecretString| Sensitive::from(secret.expose_secret().to_owned());
    let login = instance.login();
    let urls = instance.softwares.iter();
    let url = |software: &Software| Some((software.name.clone()?, software.url.clone()?.into()));
    InstanceLoginModel {
        state: instance.state_word().map(str::to_owned).into(),
        host: login.host.into(),
        port: login.port.map(i64::from).into(),
        user: login.user.into(),
        password: password.map(revealed).into(),
        ssh_command: login.command.map(revealed).into(),
        software_urls: Attr::Known(urls.filter_map(url).collect()),
        ..config
    }
}

fn attributes() -> Vec<Attribute> {
    let text = |name, description: &'static str| {
        Attribute::new(name, Type::String, Mode::Computed, description)
    };
    vec![
        arguments::instance_id(),
        arguments::project_id(),
        Attribute::new(
            "wait_for_running",
            Type::Bool,
            Mode::Optional,
            "Whether to wait until somebody else has started the instance. Default: `false`, and what is not known of an \
             instance that does not run is null. Where a `compshare_instance_power` of the same configuration starts it, leave \
             this out: Terraform opens this while planning, too, when nothing is started yet, and again when the resource is \
             done.",
        ),
        arguments::timeout("How long to wait in all with `wait_for_running`, such as `\"90s\"` or `\"10m\"`. Default: `\"5m\"`."),
        text("state", "What the instance is doing, as the cloud words it: `Running`, `Stopped` and so on. Null if the cloud cannot say."),
        text("host", "Host name or address for SSH. Null unless the instance runs."),
        Attribute::new(
            "port",
            Type::Number,
            Mode::Computed,
            "Port of SSH on the host. Null unless the instance runs.",
        ),
        text("user", "Who to log in as, such as `root`. Null unless the instance runs."),
        text("password", "The password, as it is to be typed. Null if the cloud does not tell it.").sensitive(),
        text("ssh_command", "The command that logs in, as the cloud gives it. Null unless the instance runs.")
            .sensitive(),
        Attribute::new(
            "software_urls",
            Type::Map(Box::new(Type::String)),
            Mode::Computed,
            "Addresses of the web interfaces that the instance's image brings along, JupyterLab for one, by their names. They may \
             carry an access token.",
        )
        .sensitive(),
    ]
}
