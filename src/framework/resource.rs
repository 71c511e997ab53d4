//! Managed resources: the trait an author implements, and its twin without types that a server calls.

use std::{future::Future, sync::OnceLock};

use futures_util::future::BoxFuture;

use super::{Context, Convert as _, Diagnostic, Diagnostics, Model, Schema, planned_state};
use crate::cty::{self, Path, Value};

/// What is to be planned. A destroy has its own method.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a, M> {
    /// What the practitioner wrote; values may be unknown.
    pub config: &'a M,
    /// The object as the state has it; `None`: it is to be created.
    pub prior: Option<&'a M>,
}

/// Why a create or an update failed, and what is to be remembered all the same.
#[derive(Debug)]
pub struct Failure<M> {
    /// What the practitioner is told.
    pub diagnostics: Diagnostics,
    /// The state to save. `None`: the state stays as it was, which after a create means that there is none.
    pub state: Option<Box<M>>,
}

impl<M> From<Diagnostics> for Failure<M> {
    fn from(diagnostics: Diagnostics) -> Self {
        Self { diagnostics, state: None }
    }
}

impl<M> From<Diagnostic> for Failure<M> {
    fn from(diagnostic: Diagnostic) -> Self {
        Diagnostics::from(diagnostic).into()
    }
}

/// One managed resource type, as its author writes it.
///
/// What Terraform checks, and an author therefore has to keep: a configured value is planned as configured or as the
/// prior value; whatever the plan knows comes back from the apply unchanged; nothing is unknown after an apply.
pub trait Resource: Send + Sync + 'static {
    /// Configuration, plan and state in one typed form.
    type Model: Model;
    /// What a configured provider hands over.
    type Session: Send + Sync + 'static;

    /// The type's name, beginning with the provider's.
    fn type_name(&self) -> &'static str;

    /// The schema. Asked once.
    fn schema(&self) -> Schema;

    /// As a server holds it, without its types.
    fn boxed(self) -> Box<dyn AnyResource<Self::Session>>
    where
        Self: Sized,
    {
        Box::new(Typed { resource: self, schema: OnceLock::new() })
    }

    /// Checks a configuration beyond its schema's rules. Values may be unknown and the provider unconfigured.
    fn validate(&self, _config: &Self::Model) -> Diagnostics {
        Diagnostics::new()
    }

    /// Completes or refuses what the schema's plan rules made of the proposal in `planned`.
    ///
    /// It runs again during the apply and has to come to the same result, so nothing that is merely observed may change
    /// a planned value.
    ///
    /// # Errors
    /// The change cannot work.
    fn plan(
        &self,
        _context: &Context<Self::Session>,
        _change: Change<'_, Self::Model>,
        _planned: &mut Self::Model,
    ) -> impl Future<Output = Result<(), Diagnostics>> + Send {
        async { Ok(()) }
    }

    /// Looks at a planned destroy; for warnings, mostly.
    ///
    /// # Errors
    /// The destroy cannot work.
    fn plan_destroy(
        &self,
        _context: &Context<Self::Session>,
        _prior: &Self::Model,
    ) -> impl Future<Output = Result<(), Diagnostics>> + Send {
        async { Ok(()) }
    }

    /// Creates the object and returns its state.
    ///
    /// # Errors
    /// The object was not created; a state returned with the failure is saved as tainted.
    fn create(
        &self,
        context: &Context<Self::Session>,
        plan: Self::Model,
    ) -> impl Future<Output = Result<Self::Model, Failure<Self::Model>>> + Send;

    /// The object as it is now; `None` if it is gone.
    ///
    /// # Errors
    /// It could not be found out.
    fn read(
        &self,
        context: &Context<Self::Session>,
        state: Self::Model,
    ) -> impl Future<Output = Result<Option<Self::Model>, Diagnostics>> + Send;

    /// Changes the object and returns its state.
    ///
    /// # Errors
    /// The change failed, wholly or partly; a state returned with the failure is saved.
    fn update(
        &self,
        context: &Context<Self::Session>,
        prior: Self::Model,
        plan: Self::Model,
    ) -> impl Future<Output = Result<Self::Model, Failure<Self::Model>>> + Send;

    /// Destroys the object. One that is gone already is destroyed.
    ///
    /// # Errors
    /// It is still there; the state is kept.
    fn delete(
        &self,
        context: &Context<Self::Session>,
        state: Self::Model,
    ) -> impl Future<Output = Result<(), Diagnostics>> + Send;

    /// The state that an import id stands for, with as much as a read needs.
    ///
    /// # Errors
    /// The id is malformed, or this type cannot be imported.
    fn import(&self, _id: &str) -> Result<Self::Model, Diagnostics> {
        Err(Diagnostic::error(
            "Import Not Supported",
            format!("`{}` cannot be imported.", self.type_name()),
        )
        .into())
    }
}

/// What core asks to be planned; see [`planned_state`] for the meaning of each.
#[derive(Debug)]
pub struct PlanRequest {
    /// Null for a create.
    pub prior: Value,
    /// Null for a destroy.
    pub config: Value,
    /// Null for a destroy.
    pub proposed: Value,
}

/// A plan, or as much of it as there is beside the errors.
#[derive(Debug)]
pub struct PlanResponse {
    /// The planned object.
    pub planned: Value,
    /// The attributes that make it a replacement.
    pub requires_replace: Vec<Path>,
}

/// What core asks to be applied. A null `planned` is a destroy, a null `prior` a create.
#[derive(Debug)]
pub struct ToApply {
    /// The state before.
    pub prior: Value,
    /// What was planned.
    pub planned: Value,
}

/// What an apply came to.
#[derive(Debug)]
pub struct Applied {
    /// The state to save; `None` leaves it to the host to keep the state from before.
    pub state: Option<Value>,
    /// Errors, if it failed.
    pub diagnostics: Diagnostics,
}

/// [`Resource`] without its types, so that a server can hold many. Implemented for every [`Resource`].
pub trait AnyResource<S>: Send + Sync {
    /// As [`Resource::type_name`].
    fn type_name(&self) -> &'static str;

    /// As [`Resource::schema`].
    fn schema(&self) -> &Schema;

    /// Checks a configuration, by the schema's rules and by the author's.
    fn validate(&self, config: &Value) -> Diagnostics;

    /// Plans a create, update or destroy.
    fn plan<'a>(
        &'a self,
        context: &'a Context<S>,
        request: PlanRequest,
    ) -> BoxFuture<'a, Result<PlanResponse, Diagnostics>>;

    /// Creates, updates or destroys.
    fn apply<'a>(&'a self, context: &'a Context<S>, request: ToApply) -> BoxFuture<'a, Applied>;

    /// Refreshes a state; `Value::Null` if the object is gone.
    fn read<'a>(
        &'a self,
        context: &'a Context<S>,
        state: Value,
    ) -> BoxFuture<'a, Result<Value, Diagnostics>>;

    /// The state that an import id stands for.
    ///
    /// # Errors
    /// As [`Resource::import`].
    fn import(&self, id: &str) -> Result<Value, Diagnostics>;
}

/// A resource with its schema, made on first use and kept.
#[derive(Debug)]
struct Typed<R> {
    resource: R,
    schema: OnceLock<Schema>,
}

impl<R: Resource> AnyResource<R::Session> for Typed<R> {
    fn type_name(&self) -> &'static str {
        self.resource.type_name()
    }

    fn schema(&self) -> &Schema {
        self.schema.get_or_init(|| self.resource.schema())
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let mut diagnostics = self.schema().block.validate(config);
        match R::Model::from_value(config) {
            Ok(config) => diagnostics.extend(self.resource.validate(&config)),
            Err(error) => diagnostics.push(mismatch(&error)),
        }
        diagnostics
    }

    fn plan<'a>(
        &'a self,
        context: &'a Context<R::Session>,
        request: PlanRequest,
    ) -> BoxFuture<'a, Result<PlanResponse, Diagnostics>> {
        Box::pin(async move {
            let prior = optional::<R::Model>(&request.prior)?;
            if request.proposed.is_null() {
                if let Some(prior) = &prior {
                    self.resource.plan_destroy(context, prior).await?;
                }
                return Ok(PlanResponse { planned: Value::Null, requires_replace: Vec::new() });
            }
            let PlanRequest { prior: before, config, proposed } = &request;
            let plan = planned_state(&self.schema().block, before, config, proposed);
            let mut planned = typed::<R::Model>(&plan.value)?;
            // A replacement is planned once more as a create; what the update would do is of no interest then.
            if plan.requires_replace.is_empty() {
                let change = Change { config: &typed(config)?, prior: prior.as_ref() };
                self.resource.plan(context, change, &mut planned).await?;
            }
            Ok(PlanResponse {
                planned: planned.into_value(),
                requires_replace: plan.requires_replace,
            })
        })
    }

    fn apply<'a>(
        &'a self,
        context: &'a Context<R::Session>,
        request: ToApply,
    ) -> BoxFuture<'a, Applied> {
        Box::pin(async move {
            match self.try_apply(context, &request).await {
                Ok(state) => applied(state),
                Err(Failure { diagnostics, state }) => {
                    Applied { state: state.map(|state| state.into_value()), diagnostics }
                }
            }
        })
    }

    fn read<'a>(
        &'a self,
        context: &'a Context<R::Session>,
        state: Value,
    ) -> BoxFuture<'a, Result<Value, Diagnostics>> {
        Box::pin(async move {
            let read = self.resource.read(context, typed(&state)?).await?;
            Ok(read.map_or(Value::Null, R::Model::into_value))
        })
    }

    fn import(&self, id: &str) -> Result<Value, Diagnostics> {
        self.resource.import(id).map(R::Model::into_value)
    }
}

impl<R: Resource> Typed<R> {
    /// Which of the three it is, is decided here and nowhere else.
    async fn try_apply(
        &self,
        context: &Context<R::Session>,
        request: &ToApply,
    ) -> Result<Option<R::Model>, Failure<R::Model>> {
        let prior = optional::<R::Model>(&request.prior)?;
        let planned = optional::<R::Model>(&request.planned)?;
        match (prior, planned) {
            (None, Some(plan)) => self.resource.create(context, plan).await.map(Some),
            (Some(prior), Some(plan)) => self.resource.update(context, prior, plan).await.map(Some),
            (Some(state), None) => {
                self.resource.delete(context, state).await?;
                Ok(None)
            }
            (None, None) => Ok(None),
        }
    }
}

/// A success must leave nothing unknown; core would save nulls and blame the provider without saying where.
fn applied<M: Model>(state: Option<M>) -> Applied {
    let state = state.map_or(Value::Null, M::into_value);
    let mut diagnostics = Diagnostics::new();
    if !state.is_wholly_known() {
        diagnostics.push(Diagnostic::bug("A value was still unknown after the apply."));
    }
    Applied { state: Some(state), diagnostics }
}

fn optional<M: Model>(value: &Value) -> Result<Option<M>, Diagnostics> {
    if value.is_null() { Ok(None) } else { typed(value).map(Some) }
}

fn typed<M: Model>(value: &Value) -> Result<M, Diagnostics> {
    M::from_value(value).map_err(|error| mismatch(&error).into())
}

fn mismatch(error: &cty::Error) -> Diagnostic {
    Diagnostic::bug(format!("A value does not fit the schema: {error}.")).at(error.path.clone())
}
