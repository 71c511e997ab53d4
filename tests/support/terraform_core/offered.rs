//! What core does beyond the life of one managed resource, and what it holds the answers against.

use serde_json::Value as Json;
use terraform_provider_compshare::{
    cty::Value,
    protocol::tfplugin5::{self as wire, attribute_path::step::Selector, invoke_action::event},
};
use tokio_stream::StreamExt as _;

use super::{
    Block, Diagnostic, Errors, PATIENCE, RESOURCE, Terraform, decode, encode, plain,
    rules::assert_plan_valid,
};

/// What a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Resource,
    List,
    DataSource,
    Ephemeral,
    Action,
}

/// One result of a query.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Listed {
    pub(crate) name: String,
    pub(crate) identity: Json,
    /// Null unless it was asked for.
    pub(crate) object: Json,
}

/// What an action came to.
#[derive(Debug)]
pub(crate) struct Invoked {
    /// What was told on the way.
    pub(crate) progress: Vec<String>,
    pub(crate) outcome: Result<Vec<Diagnostic>, Errors>,
}

impl Terraform {
    /// The blocks that a practitioner writes, by what they are.
    pub(crate) fn blocks(&self) -> Vec<(Kind, &str, &Block)> {
        let mut blocks =
            vec![(Kind::Resource, RESOURCE, &self.resource), (Kind::List, RESOURCE, &self.list)];
        blocks
            .extend(self.data_sources.iter().map(|one| (Kind::DataSource, one.0.as_str(), one.1)));
        blocks.extend(
            self.ephemeral_resources.iter().map(|one| (Kind::Ephemeral, one.0.as_str(), one.1)),
        );
        blocks.extend(self.actions.iter().map(|one| (Kind::Action, one.0.as_str(), one.1)));
        blocks
    }

    /// The validation of a block of this kind.
    pub(crate) async fn validate_block(
        &self,
        kind: Kind,
        name: &str,
        config: &Json,
    ) -> Result<Vec<Diagnostic>, Errors> {
        match kind {
            Kind::Resource => self.validate(config).await,
            Kind::List => self.validate_list(config).await,
            Kind::DataSource => self.validate_data(name, config).await,
            Kind::Ephemeral => self.validate_ephemeral(name, config).await,
            Kind::Action => self.validate_action(name, config).await,
        }
    }

    /// The validation of a block that is written as raw MessagePack; the titles of what it tells.
    pub(crate) async fn validate_raw(&self, kind: Kind, name: &str, msgpack: &[u8]) -> Vec<String> {
        let config = Some(wire::DynamicValue { msgpack: msgpack.to_vec(), json: Vec::new() });
        let type_name = name.to_owned();
        let mut client = self.client();
        macro_rules! told {
            ($method:ident, $module:ident $(, $rest:expr)?) => {{
                let request = wire::$module::Request { type_name, config $(, ..$rest)? };
                client.$method(request).await.unwrap().into_inner().diagnostics
            }};
        }
        let told = match kind {
            Kind::Resource => told!(
                validate_resource_type_config,
                validate_resource_type_config,
                Default::default()
            ),
            Kind::List => told!(
                validate_list_resource_config,
                validate_list_resource_config,
                Default::default()
            ),
            Kind::DataSource => told!(validate_data_source_config, validate_data_source_config),
            Kind::Ephemeral => {
                told!(validate_ephemeral_resource_config, validate_ephemeral_resource_config)
            }
            Kind::Action => told!(validate_action_config, validate_action_config),
        };
        told.into_iter().map(|diagnostic| diagnostic.summary).collect()
    }

    /// ValidateDataSourceConfig.
    pub(crate) async fn validate_data(
        &self,
        name: &str,
        config: &Json,
    ) -> Result<Vec<Diagnostic>, Errors> {
        let block = &self.data_sources[name];
        let request = wire::validate_data_source_config::Request {
            type_name: name.to_owned(),
            config: Some(encode(&block.value(config), block)),
        };
        let response = self.client().validate_data_source_config(request).await.unwrap();
        self.told_by(&response.into_inner().diagnostics, block)
    }

    /// Reads a data source, and returns it as JSON.
    pub(crate) async fn read_data(&self, name: &str, config: &Json) -> Result<Json, Errors> {
        let value = self.read_data_value(name, config).await?;
        assert!(value.is_wholly_known(), "something is unknown after a read: {value:?}");
        Ok(plain(&value))
    }

    /// The same where it may be deferred.
    pub(crate) async fn read_data_value(&self, name: &str, config: &Json) -> Result<Value, Errors> {
        self.validate_data(name, config).await?;
        let block = &self.data_sources[name];
        let config = block.value(config);
        assert!(config.is_wholly_known(), "core does not ask before all is known");
        let request = wire::read_data_source::Request {
            type_name: name.to_owned(),
            config: Some(encode(&config, block)),
            client_capabilities: self.capabilities(),
            ..Default::default()
        };
        let response = self.client().read_data_source(request).await.unwrap().into_inner();
        self.told_by(&response.diagnostics, block)?;
        self.deferred(response.deferred);
        let value = decode(response.state.as_ref(), block);
        assert!(!value.is_null(), "Provider produced null object");
        // Core does not compare them here. Whoever reads an argument back wants what was written all the same.
        assert_plan_valid(block, &Value::Null, &config, &value);
        Ok(value)
    }

    /// ValidateEphemeralResourceConfig.
    pub(crate) async fn validate_ephemeral(
        &self,
        name: &str,
        config: &Json,
    ) -> Result<Vec<Diagnostic>, Errors> {
        let block = &self.ephemeral_resources[name];
        let request = wire::validate_ephemeral_resource_config::Request {
            type_name: name.to_owned(),
            config: Some(encode(&block.value(config), block)),
        };
        let response = self.client().validate_ephemeral_resource_config(request).await.unwrap();
        self.told_by(&response.into_inner().diagnostics, block)
    }

    /// Opens an ephemeral resource, closes it again, and returns its value as JSON with what was told about it.
    ///
    /// What is opened is secret, so that what is told must not have any of it.
    pub(crate) async fn open(
        &self,
        name: &str,
        config: &Json,
    ) -> Result<(Json, Vec<Diagnostic>), Errors> {
        self.validate_ephemeral(name, config).await?;
        let block = &self.ephemeral_resources[name];
        let config = block.value(config);
        let request = wire::open_ephemeral_resource::Request {
            type_name: name.to_owned(),
            config: Some(encode(&config, block)),
            // Core leaves them empty, whatever it allows elsewhere.
            client_capabilities: Some(wire::ClientCapabilities::default()),
        };
        let mut client = self.client();
        let open = client.open_ephemeral_resource(request);
        let response = tokio::time::timeout(PATIENCE, open).await.expect("an opening that ends");
        let response = response.unwrap().into_inner();
        assert!(response.deferred.is_none(), "never in an opening");
        let warnings = self.told_by(&response.diagnostics, block)?;
        let value = decode(response.result.as_ref(), block);
        assert_plan_valid(block, &Value::Null, &config, &value);
        assert!(value.is_wholly_known(), "OpenTofu demands it: {value:?}");
        assert!(response.renew_at.is_none(), "nothing to renew");
        let request = wire::close_ephemeral_resource::Request {
            type_name: name.to_owned(),
            private: response.private,
        };
        let closed = client.close_ephemeral_resource(request).await.unwrap().into_inner();
        assert!(closed.diagnostics.is_empty(), "{:?}", closed.diagnostics);
        Ok((plain(&value), warnings))
    }

    /// A list's configuration in which nothing is set.
    pub(crate) fn empty_list_config(&self) -> wire::DynamicValue {
        encode(&self.list.value(&serde_json::json!({})), &self.list)
    }

    /// ValidateListResourceConfig.
    pub(crate) async fn validate_list(&self, config: &Json) -> Result<Vec<Diagnostic>, Errors> {
        let request = wire::validate_list_resource_config::Request {
            type_name: RESOURCE.to_owned(),
            config: Some(encode(&self.list.value(config), &self.list)),
            ..Default::default()
        };
        let response = self.client().validate_list_resource_config(request).await.unwrap();
        self.told_of_list(response.into_inner().diagnostics)
    }

    /// `terraform query`: at most `limit` results. An error discards them all.
    pub(crate) async fn query(
        &self,
        config: &Json,
        include_resource: bool,
        limit: i64,
    ) -> Result<Vec<Listed>, Errors> {
        self.validate_list(config).await?;
        let request = wire::list_resource::Request {
            type_name: RESOURCE.to_owned(),
            config: Some(encode(&self.list.value(config), &self.list)),
            include_resource_object: include_resource,
            limit,
        };
        let mut events = self.client().list_resource(request).await.unwrap().into_inner();
        let mut listed = Vec::new();
        while let Some(event) = events.next().await {
            let mut event = event.unwrap();
            self.told_of_list(std::mem::take(&mut event.diagnostic))?;
            assert!(listed.len() < usize::try_from(limit).unwrap(), "more than were asked for");
            listed.push(self.listed(&event, include_resource));
        }
        Ok(listed)
    }

    /// Core looks for the place of a message in the whole `list` block, where what is configured is in the block `config`.
    fn told_of_list(
        &self,
        mut diagnostics: Vec<wire::Diagnostic>,
    ) -> Result<Vec<Diagnostic>, Errors> {
        for path in diagnostics.iter_mut().filter_map(|diagnostic| diagnostic.attribute.as_mut()) {
            let outermost = path.steps.remove(0).selector;
            assert_eq!(outermost, Some(Selector::AttributeName("config".to_owned())));
        }
        self.told_by(&diagnostics, &self.list)
    }

    fn listed(&self, event: &wire::list_resource::Event, include_resource: bool) -> Listed {
        let identity = self.known_identity(event.identity.as_ref());
        assert!(!identity.is_null(), "missing identity data");
        assert_eq!(event.resource_object.is_some(), include_resource, "only if asked for");
        let object = decode(event.resource_object.as_ref(), &self.resource);
        assert!(object.is_wholly_known(), "{object:?}");
        Listed {
            name: event.display_name.clone(),
            identity: plain(&identity),
            object: plain(&object),
        }
    }

    /// ValidateActionConfig.
    pub(crate) async fn validate_action(
        &self,
        name: &str,
        config: &Json,
    ) -> Result<Vec<Diagnostic>, Errors> {
        let block = &self.actions[name];
        let request = wire::validate_action_config::Request {
            type_name: name.to_owned(),
            config: Some(encode(&block.value(config), block)),
        };
        let response = self.client().validate_action_config(request).await.unwrap();
        self.told_by(&response.into_inner().diagnostics, block)
    }

    /// PlanAction.
    pub(crate) async fn plan_action(
        &self,
        name: &str,
        config: &Json,
    ) -> Result<Vec<Diagnostic>, Errors> {
        let block = &self.actions[name];
        let request = wire::plan_action::Request {
            action_type: name.to_owned(),
            config: Some(encode(&block.value(config), block)),
            client_capabilities: self.capabilities(),
        };
        let response = self.client().plan_action(request).await.unwrap().into_inner();
        assert!(response.deferred.is_none(), "an error from Terraform 1.16 on");
        self.told_by(&response.diagnostics, block)
    }

    /// Validates, plans and invokes an action.
    pub(crate) async fn invoke(&self, name: &str, config: &Json) -> Invoked {
        let checked = match self.validate_action(name, config).await {
            Ok(_) => self.plan_action(name, config).await,
            errors => errors,
        };
        if let Err(errors) = checked {
            return Invoked { progress: Vec::new(), outcome: Err(errors) };
        }
        let request = self.invocation(name, config);
        let invoked = self.follow(request, &self.actions[name]);
        tokio::time::timeout(PATIENCE, invoked).await.expect("an action that ends")
    }

    /// The request that invokes an action.
    pub(crate) fn invocation(&self, name: &str, config: &Json) -> wire::invoke_action::Request {
        let block = &self.actions[name];
        wire::invoke_action::Request {
            action_type: name.to_owned(),
            config: Some(encode(&block.value(config), block)),
            client_capabilities: self.capabilities(),
        }
    }

    /// Any number of words, then what came of it, then nothing: core crashes over anything else.
    async fn follow(&self, request: wire::invoke_action::Request, block: &Block) -> Invoked {
        let mut events = self.client().invoke_action(request).await.unwrap().into_inner();
        let mut progress = Vec::new();
        loop {
            let event = events.next().await.expect("completed, before the stream ends").unwrap();
            match event.r#type.expect("an event that says something") {
                event::Type::Progress(event::Progress { message }) => {
                    self.check_secrets(&message);
                    progress.push(message);
                }
                event::Type::Completed(event::Completed { diagnostics }) => {
                    assert!(events.next().await.is_none(), "nothing after completed");
                    return Invoked { progress, outcome: self.told_by(&diagnostics, block) };
                }
            }
        }
    }

    fn check_secrets(&self, message: &str) {
        for secret in &self.secrets {
            assert!(!message.contains(secret), "a secret is told: {message}");
        }
    }
}

impl Invoked {
    /// What was told on the way, of an action that has to have succeeded without a warning.
    #[track_caller]
    pub(crate) fn succeed(self) -> Vec<String> {
        assert_eq!(self.outcome.unwrap(), [], "a warning");
        self.progress
    }

    /// The errors of an action that has to have failed.
    #[track_caller]
    pub(crate) fn fail(self) -> Errors {
        self.outcome.unwrap_err()
    }
}
