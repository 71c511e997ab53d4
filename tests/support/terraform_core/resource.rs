//! The life of one managed resource: validate, plan, apply, read, destroy.

use serde_json::Value as Json;
use terraform_provider_compshare::{
    cty::{self, Value},
    protocol::tfplugin5::{self as wire, attribute_path::step::Selector},
};

use super::{
    connection::RPC_TIMEOUT,
    diagnostic::{Diagnostic, Errors},
    plan::{Action, Plan, State},
    rules::{assert_object_compatible, assert_plan_valid, proposed_new},
    terraform::Terraform,
    value::{decode, encode},
};

/// Result of ReadResource.
pub(super) struct Read {
    pub(super) value: Value,
    pub(super) identity: Value,
    pub(super) private: Vec<u8>,
    pub(super) warnings: Vec<Diagnostic>,
}

impl Terraform {
    /// ValidateResourceTypeConfig.
    pub(crate) async fn validate(&self, config: &Json) -> Result<Vec<Diagnostic>, Errors> {
        let request = self.validation(config);
        let response = self.client().validate_resource_type_config(request).await;
        self.diagnostics(&response.unwrap().into_inner().diagnostics)
    }

    /// Plans `config` against the state, without a refresh.
    pub(crate) async fn plan(&self, config: Json) -> Result<Plan, Errors> {
        self.validate(&config).await?;
        let state = self.state.as_ref().filter(|state| !state.tainted);
        let prior = state.map_or(Value::Null, |state| state.value.clone());
        let private = state.map(|state| state.private.clone()).unwrap_or_default();
        let identity = state.map_or(Value::Null, |state| state.identity.clone());
        let mut plan = self.plan_change(&prior, config.clone(), private, &identity).await?;
        if plan.action == Action::Replace {
            plan = self.planned_again(plan, config).await?;
        }
        Ok(plan)
    }

    /// Plans a replacement that the user has requested, with `-replace`.
    pub(crate) async fn plan_replace(&self, config: Json) -> Result<Plan, Errors> {
        let plan = self.plan(config.clone()).await?;
        self.planned_again(plan, config).await
    }

    /// The second plan of a replacement, as a create.
    async fn planned_again(&self, first: Plan, config: Json) -> Result<Plan, Errors> {
        // Core sends the identity and the private data of the first plan, although there is no prior
        // object.
        let Plan { requires_replace, warnings, private, identity, .. } = first;
        let create = self.plan_change(&Value::Null, config, private, &identity).await?;
        let warnings = [warnings, create.warnings].concat();
        Ok(Plan { action: Action::Replace, requires_replace, warnings, ..create })
    }

    /// Plans the destruction of the resource.
    pub(crate) async fn plan_destroy(&self) -> Result<Plan, Errors> {
        let state = self.state.as_ref().unwrap();
        let private = state.private.clone();
        let plan = self.plan_change(&state.value, Json::Null, private, &state.identity).await?;
        // Core stores the planned identity if the destroy fails.
        self.assert_has_identity(&plan.identity);
        Ok(plan)
    }

    /// Applies a plan that has no unknown values, or whose unknown values did not change.
    pub(crate) async fn apply(&mut self, plan: Plan) -> Result<Vec<Diagnostic>, Errors> {
        let config = plan.config.clone();
        self.apply_with(plan, config).await
    }

    /// Applies a plan; `config` contains the values that were unknown in it.
    pub(crate) async fn apply_with(
        &mut self,
        plan: Plan,
        config: Json,
    ) -> Result<Vec<Diagnostic>, Errors> {
        match plan.action {
            Action::NoOp => Ok(Vec::new()),
            Action::Delete => {
                let Plan { planned, private, identity, .. } = plan;
                self.apply_change(&planned, Json::Null, private, &identity).await
            }
            Action::Replace => {
                let State { private, identity, .. } = self.state.clone().unwrap();
                self.apply_change(&Value::Null, Json::Null, private, &identity).await?;
                self.apply_planned_again(&plan, Action::Create, config).await
            }
            action => self.apply_planned_again(&plan, action, config).await,
        }
    }

    /// Plans again, as core does during an apply, compares the result with the first plan, and
    /// applies it.
    async fn apply_planned_again(
        &mut self,
        first: &Plan,
        action: Action,
        config: Json,
    ) -> Result<Vec<Diagnostic>, Errors> {
        let second = self.plan(config.clone()).await?;
        assert!(
            second.action == action || (second.action, action) == (Action::NoOp, Action::Update),
            "inconsistent final plan: {:?} instead of {action:?}",
            second.action
        );
        assert_object_compatible(&first.planned, &second.planned, "the final plan");
        assert!(
            self.resource.block.value(&config).is_wholly_known(),
            "the configuration of an apply is wholly known"
        );
        if second.action == Action::NoOp {
            return Ok(Vec::new());
        }
        self.apply_change(&second.planned, config, second.private, &second.identity).await
    }

    /// The ApplyResourceChange request that creates the resource of `config`, not sent yet.
    pub(crate) async fn creation(&self, config: Json) -> wire::apply_resource_change::Request {
        let plan = self.plan(config.clone()).await.unwrap();
        assert_eq!(plan.action, Action::Create);
        self.change(&plan.planned, config, plan.private, &plan.identity)
    }

    /// Plans and applies.
    pub(crate) async fn run(&mut self, config: Json) -> Result<Vec<Diagnostic>, Errors> {
        let plan = self.plan(config).await?;
        self.apply(plan).await
    }

    /// Plans and applies the destruction of the resource.
    pub(crate) async fn destroy(&mut self) -> Result<Vec<Diagnostic>, Errors> {
        let plan = self.plan_destroy().await?;
        self.apply(plan).await
    }

    /// Upgrades the stored state, as core does first in each run, and reads the resource.
    pub(crate) async fn refresh(&mut self) -> Result<Vec<Diagnostic>, Errors> {
        let State { value, identity, private, tainted } = self.state.clone().unwrap();
        let stored = cty::json::encode(&value, &self.resource.block.ty()).unwrap();
        assert_eq!(
            self.upgrade(0, &stored).await.unwrap(),
            value,
            "an upgrade from the current version changes nothing"
        );
        let Read { value, identity, private, warnings } =
            self.read(&value, private, &identity).await?;
        let read = State { value, identity, private, tainted };
        self.state = Some(read).filter(|read| !read.value.is_null());
        Ok(warnings)
    }

    async fn plan_change(
        &self,
        prior: &Value,
        config: Json,
        private: Vec<u8>,
        identity: &Value,
    ) -> Result<Plan, Errors> {
        let configured = self.configured(prior, &config);
        let request = self.planning(prior, &config, private, identity);
        let response = self.client().plan_resource_change(request).await.unwrap().into_inner();
        let warnings = self.diagnostics(&response.diagnostics)?;
        assert!(!response.legacy_type_system, "the legacy type system disables checks");
        let deferred = self.deferred(response.deferred);
        let planned = decode(response.planned_state.as_ref(), &self.resource.block);
        assert_plan_valid(&self.resource.block, prior, &configured, &planned);
        let requires_replace: Vec<String> =
            response.requires_replace.iter().map(|path| self.replaced_attribute(path)).collect();
        let action = Action::derive(prior, &planned, &requires_replace);
        let planned_identity = self.known_identity(response.planned_identity.as_ref());
        if !matches!(action, Action::Create | Action::Replace) && !identity.is_null() {
            assert_eq!(planned_identity, *identity, "the identity changed");
        }
        Ok(Plan {
            action,
            planned,
            requires_replace,
            warnings,
            deferred,
            identity: planned_identity,
            config,
            private: response.planned_private,
        })
    }

    /// The ValidateResourceTypeConfig request for `config`.
    pub(crate) fn validation(&self, config: &Json) -> wire::validate_resource_type_config::Request {
        wire::validate_resource_type_config::Request {
            type_name: self.resource.name.clone(),
            config: Some(encode(&self.resource.block.value(config), &self.resource.block)),
            client_capabilities: None,
        }
    }

    /// The PlanResourceChange request for `config`; `prior` is null for a create.
    pub(crate) fn planning(
        &self,
        prior: &Value,
        config: &Json,
        prior_private: Vec<u8>,
        identity: &Value,
    ) -> wire::plan_resource_change::Request {
        let configured = self.configured(prior, config);
        let proposed = proposed_new(&self.resource.block, prior, &configured);
        wire::plan_resource_change::Request {
            type_name: self.resource.name.clone(),
            prior_state: Some(encode(prior, &self.resource.block)),
            proposed_new_state: Some(encode(&proposed, &self.resource.block)),
            config: Some(encode(&configured, &self.resource.block)),
            prior_private,
            prior_identity: self.identity_data(identity),
            client_capabilities: self.capabilities(),
            ..wire::plan_resource_change::Request::default()
        }
    }

    /// The configuration that core plans with; null for a destroy.
    fn configured(&self, prior: &Value, config: &Json) -> Value {
        if config.is_null() {
            return Value::Null;
        }
        let mut configured = self.resource.block.value(config);
        if let (Value::Map(configured), Value::Map(prior)) = (&mut configured, prior) {
            // Core plans with the prior values of ignored attributes. The apply receives the real
            // configuration again.
            configured
                .extend(self.ignored.iter().map(|name| ((*name).to_owned(), prior[*name].clone())));
        }
        configured
    }

    /// The attribute that a path of `requires_replace` names. It must exist.
    #[track_caller]
    fn replaced_attribute(&self, path: &wire::AttributePath) -> String {
        let [step] = &path.steps[..] else { panic!("not a path to an attribute: {path:?}") };
        let Some(Selector::AttributeName(name)) = &step.selector else { panic!("{step:?}") };
        assert!(self.resource.block.attributes.contains_key(name), "no such attribute: {name}");
        name.clone()
    }

    async fn apply_change(
        &mut self,
        planned: &Value,
        config: Json,
        private: Vec<u8>,
        identity: &Value,
    ) -> Result<Vec<Diagnostic>, Errors> {
        let prior = self.state.as_ref().map_or(Value::Null, |state| state.value.clone());
        let request = self.change(planned, config, private.clone(), identity);
        let mut client = self.client();
        let apply = client.apply_resource_change(request);
        let response = tokio::time::timeout(RPC_TIMEOUT, apply).await.expect("the apply timed out");
        let response = response.unwrap().into_inner();
        assert!(!response.legacy_type_system, "the legacy type system disables checks");
        let outcome = self.diagnostics(&response.diagnostics);
        let new = decode(response.new_state.as_ref(), &self.resource.block);
        assert!(new.is_wholly_known(), "unknown value after an apply: {new:?}");
        if outcome.is_ok() {
            assert_eq!(
                new.is_null(),
                planned.is_null(),
                "the new state is null after a delete, and only then"
            );
            assert_object_compatible(planned, &new, "the result");
        }
        let new_identity = self.known_identity(response.new_identity.as_ref());
        if !new.is_null() {
            self.assert_has_identity(&new_identity);
            assert!(identity.is_null() || new_identity == *identity, "the identity changed");
            assert_eq!(response.private, private, "private data changed");
        }
        if new.is_null() && !planned.is_null() && !prior.is_null() {
            assert_eq!(new_identity, *identity, "the identity changed in a failed update");
        }
        let failed = outcome.is_err();
        if !(failed && new.is_null()) {
            let tainted = failed && prior.is_null();
            let saved =
                State { value: new, identity: new_identity, private: response.private, tainted };
            self.state = Some(saved).filter(|state| !state.value.is_null());
        }
        outcome
    }

    fn change(
        &self,
        planned: &Value,
        config: Json,
        planned_private: Vec<u8>,
        identity: &Value,
    ) -> wire::apply_resource_change::Request {
        let prior = self.state.as_ref().map_or(Value::Null, |state| state.value.clone());
        let config =
            if config.is_null() { Value::Null } else { self.resource.block.value(&config) };
        wire::apply_resource_change::Request {
            type_name: self.resource.name.clone(),
            prior_state: Some(encode(&prior, &self.resource.block)),
            planned_state: Some(encode(planned, &self.resource.block)),
            config: Some(encode(&config, &self.resource.block)),
            planned_private,
            planned_identity: self.identity_data(identity),
            ..wire::apply_resource_change::Request::default()
        }
    }

    /// The ReadResource request for the stored state.
    pub(crate) fn reading(&self) -> wire::read_resource::Request {
        let State { value, identity, private, .. } = self.state.as_ref().unwrap();
        self.reading_of(value, private.clone(), identity)
    }

    fn reading_of(
        &self,
        current: &Value,
        private: Vec<u8>,
        identity: &Value,
    ) -> wire::read_resource::Request {
        wire::read_resource::Request {
            type_name: self.resource.name.clone(),
            current_state: Some(encode(current, &self.resource.block)),
            private,
            current_identity: self.identity_data(identity),
            client_capabilities: self.capabilities(),
            ..wire::read_resource::Request::default()
        }
    }

    pub(super) async fn read(
        &self,
        current: &Value,
        private: Vec<u8>,
        identity: &Value,
    ) -> Result<Read, Errors> {
        let request = self.reading_of(current, private.clone(), identity);
        let response = self.client().read_resource(request).await.unwrap().into_inner();
        let value = decode(response.new_state.as_ref(), &self.resource.block);
        let diagnostics = self.diagnostics(&response.diagnostics);
        // Core drops the new state of a failed read. Other hosts must not mistake it for a removal.
        assert!(
            diagnostics.is_ok() || value == *current,
            "state changed in a failed read: {value:?}"
        );
        let warnings = diagnostics?;
        assert!(value.is_wholly_known(), "unknown value after a read: {value:?}");
        assert_eq!(response.private, private, "private data changed");
        let deferred = self.deferred(response.deferred);
        assert!(!deferred || value == *current, "state changed in a deferred read: {value:?}");
        let read = self.known_identity(response.new_identity.as_ref());
        if !value.is_null() && !deferred {
            self.assert_has_identity(&read);
            assert!(identity.is_null() || read == *identity, "the identity changed");
        }
        Ok(Read { value, identity: read, private: response.private, warnings })
    }

    pub(super) fn diagnostics(
        &self,
        diagnostics: &[wire::Diagnostic],
    ) -> Result<Vec<Diagnostic>, Errors> {
        self.read_diagnostics(diagnostics, &self.resource.block)
    }
}
