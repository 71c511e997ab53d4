//! The ephemeral resource `compshare_instance_login`: login details of an instance, which are
//! stored nowhere.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use secrecy::SecretString;

use super::{identity::InstanceIdentity, read::describe};
use crate::{
    compshare::{Instance, Login, Software, decode_password},
    framework::{
        Attr, Context, Definition, Diagnostics, EphemeralResource, Rule, Sensitive, model,
    },
    operation::Location,
    power::{Operation, Target},
    provider::{message, session::Session, timeouts::duration},
};

/// Default of `timeout`. A start takes up to three minutes.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5 * 60);

#[derive(Debug)]
pub(crate) struct InstanceLogin;

model! {
    /// An instance, and its login details.
    pub(crate) struct InstanceLoginModel {
        pub(crate) instance: InstanceIdentity = flattened(),

        /// Wait until the instance is running. Defaults to `false`: attributes of a stopped
        /// instance are null. Leave this unset if a `compshare_instance_power` resource in the same
        /// configuration starts the instance: Terraform also opens ephemeral resources during the
        /// plan, and opens this one again after the start.
        pub(crate) wait_for_running: Attr<bool> = optional(),

        /// Timeout of `wait_for_running`, for example `"90s"` or `"10m"`. Defaults to `"5m"`.
        pub(crate) timeout: Attr<String> = optional().rule(Rule::Duration),

        /// Power state reported by the API, for example `Running` or `Stopped`. Null if unknown.
        pub(crate) state: Attr<String> = computed(),

        /// Host name or IP address for SSH. Null unless the instance is running.
        pub(crate) host: Attr<String> = computed(),

        /// SSH port. Null unless the instance is running.
        pub(crate) port: Attr<i64> = computed(),

        /// Login user name, for example `root`. Null unless the instance is running.
        pub(crate) user: Attr<String> = computed(),

        /// Login password in plain text. Null if not available.
        pub(crate) password: Attr<Sensitive> = computed(),

        /// SSH command, as returned by the API. Null unless the instance is running.
        pub(crate) ssh_command: Attr<Sensitive> = computed(),

        /// URLs of the web applications that the image includes, for example JupyterLab, by name.
        /// They may contain an access token.
        pub(crate) software_urls: Attr<BTreeMap<String, Sensitive>> = computed(),
    }
}

impl Definition for InstanceLogin {
    type Model = InstanceLoginModel;
    type Session = Session;

    fn type_name(&self) -> &'static str {
        "compshare_instance_login"
    }

    fn description(&self) -> &'static str {
        "Login details of an instance, for the connection of a provisioner, the configuration of \
         another provider, or a write-only argument. The values are never written to state or plan \
         files. This resource does not start or stop the instance."
    }
}

impl EphemeralResource for InstanceLogin {
    async fn open(
        &self,
        context: &Context<Session>,
        config: InstanceLoginModel,
    ) -> Result<InstanceLoginModel, Diagnostics> {
        let session = context.session()?;
        let id = config.instance.instance_id.text().unwrap_or_default();
        let instance = session.instance(id, &config.instance.project_id, Location::default());
        let timeout = duration(&config.timeout, "timeout", DEFAULT_TIMEOUT)?;
        let operation = Operation::new(instance, Target::Awaited, timeout);
        let instance = if config.wait_for_running.is_true() {
            await_running(context, &operation).await?
        } else {
            describe(context, &operation.instance).await?
        };
        let password = decode_password(&instance).unwrap_or_else(|error| {
            context.warn(message::password(id, error));
            None
        });
        Ok(opened(config, &instance, password))
    }
}

async fn await_running(
    context: &Context<Session>,
    operation: &Operation,
) -> Result<Arc<Instance>, Diagnostics> {
    let operations = &context.session()?.clients(&context.stop).await?.operations;
    let success = operations.run(operation, &context.stop).await;
    let success = success.map_err(|failure| message::operation(operation, &failure))?;
    success.instance.ok_or_else(|| message::instance_not_found(&operation.instance))
}

fn opened(
    config: InstanceLoginModel,
    instance: &Instance,
    password: Option<SecretString>,
) -> InstanceLoginModel {
    let login = Login::of(instance);
    let urls = instance.softwares.iter();
    let url = |software: &Software| Some((software.name.clone()?, software.url.clone()?.into()));
    InstanceLoginModel {
        state: instance.state_word().map(str::to_owned).into(),
        host: login.host.into(),
        port: login.port.map(i64::from).into(),
        user: login.user.into(),
        password: password.map(Sensitive::from).into(),
        ssh_command: login.command.map(Sensitive::from).into(),
        software_urls: Attr::Known(urls.filter_map(url).collect()),
        ..config
    }
}
