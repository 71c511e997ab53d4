//! Managed resources: the trait an author implements, and its twin without types that a server calls.

use std::future::Future;

use futures_util::future::BoxFuture;

use super::{
    Context, Convert as _, Definition, Diagnostic, Diagnostics, ErasedDefinition, IdentitySchema,
    Model,
    definition::{Erased, optional, typed, wholly_known},
    planned_state,
};
use crate::cty::{Path, Value};

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

/// What an import goes by.
#[derive(Debug, Clone, PartialEq)]
pub enum ImportBy<I> {
    /// The text that a practitioner gave.
    Id(String),
    /// An identity, its optional attributes possibly null.
    Identity(I),
}

/// One managed resource type, as its author writes it.
///
/// What Terraform checks, and an author therefore has to keep: a configured value is planned as configured or as the
/// prior value; whatever the plan knows comes back from the apply unchanged; nothing is unknown after an apply.
pub trait Resource: Definition {
    /// What says which object it is.
    type Identity: Model;

    /// The schema of the identity.
    fn identity_schema(&self) -> IdentitySchema;

    /// The identity of an object with this plan or state. What is unknown in a plan may be unknown in the identity.
    fn identity(&self, model: &Self::Model) -> Self::Identity;

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

    /// The state that an import begins with, with as much as a read needs and the whole identity.
    ///
    /// # Errors
    /// The id or the identity names no object.
    fn import(
        &self,
        context: &Context<Self::Session>,
        by: ImportBy<Self::Identity>,
    ) -> Result<Self::Model, Diagnostics>;

    /// The configuration that an imported object is best written down with, so that its plan is empty. It sets nothing that
    /// only the provider sets.
    fn generated_config(&self, state: Self::Model) -> Self::Model;

    /// As a server holds it, without its types.
    fn boxed(self) -> Box<dyn ErasedResource<Self::Session>>
    where
        Self: Sized,
    {
        Box::new(Erased::new(self))
    }
}

/// What core asks to be planned; see [`planned_state`] for the meaning of each value.
#[derive(Debug)]
pub struct PlanRequest {
    /// Null for a create.
    pub prior: Value,
    /// Null for a destroy.
    pub config: Value,
    /// Null for a destroy.
    pub proposed: Value,
    /// What is stored beside `prior`; null if nothing is.
    pub identity: Value,
}

/// A plan, or as much of it as there is beside the errors.
#[derive(Debug)]
pub struct PlanResponse {
    /// The planned object.
    pub planned: Value,
    /// The attributes that make it a replacement.
    pub requires_replace: Vec<Path>,
    /// Which object it will be.
    pub identity: Value,
}

/// What core asks to be applied. A null `planned` is a destroy, a null `prior` a create.
#[derive(Debug)]
pub struct ToApply {
    /// The state before.
    pub prior: Value,
    /// What was planned.
    pub planned: Value,
    /// The identity that was planned.
    pub identity: Value,
}

/// What an apply came to.
#[derive(Debug)]
pub struct Applied {
    /// The object to save; `None` leaves it to the host to keep what it had.
    pub object: Option<Object>,
    /// Errors, if it failed.
    pub diagnostics: Diagnostics,
}

/// An object as a host stores it. Both are null if it is gone.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    /// Its state.
    pub state: Value,
    /// Its identity.
    pub identity: Value,
}

impl Object {
    /// One that does not exist any more.
    pub const fn gone() -> Self {
        Self { state: Value::Null, identity: Value::Null }
    }
}

/// [`Resource`] without its types, so that a server can hold many. Implemented for every [`Resource`].
pub trait ErasedResource<S>: ErasedDefinition {
    /// As [`Resource::identity_schema`].
    fn identity_schema(&self) -> IdentitySchema;

    /// Plans a create, update or destroy.
    fn plan<'a>(
        &'a self,
        context: &'a Context<S>,
        request: PlanRequest,
    ) -> BoxFuture<'a, Result<PlanResponse, Diagnostics>>;

    /// Creates, updates or destroys.
    fn apply<'a>(&'a self, context: &'a Context<S>, request: ToApply) -> BoxFuture<'a, Applied>;

    /// Refreshes an object.
    fn read<'a>(
        &'a self,
        context: &'a Context<S>,
        stored: Object,
    ) -> BoxFuture<'a, Result<Object, Diagnostics>>;

    /// The object that an import begins with.
    ///
    /// # Errors
    /// As [`Resource::import`].
    fn import(&self, context: &Context<S>, by: ImportBy<Value>) -> Result<Object, Diagnostics>;

    /// The configuration that fits a state.
    ///
    /// # Errors
    /// The state does not fit the schema.
    fn generated_config(&self, state: &Value) -> Result<Value, Diagnostics>;
}

impl<R: Resource> ErasedResource<R::Session> for Erased<R> {
    fn identity_schema(&self) -> IdentitySchema {
        self.definition.identity_schema()
    }

    fn plan<'a>(
        &'a self,
        context: &'a Context<R::Session>,
        request: PlanRequest,
    ) -> BoxFuture<'a, Result<PlanResponse, Diagnostics>> {
        Box::pin(async move {
            let prior = optional::<R::Model>(&request.prior)?;
            if request.proposed.is_null() {
                return self.plan_destroy(context, prior, request.identity).await;
            }
            let PlanRequest { prior: before, config, proposed, identity } = request;
            let plan = planned_state(&self.schema().block, &before, &config, &proposed);
            let mut planned = typed::<R::Model>(&plan.value)?;
            // A replacement is planned once more as a create; what the update would do is of no interest then.
            if plan.requires_replace.is_empty() {
                let change = Change { config: &typed(&config)?, prior: prior.as_ref() };
                self.definition.plan(context, change, &mut planned).await?;
            }
            let derived = self.identity(&planned);
            let is_another = prior.is_none() || !plan.requires_replace.is_empty();
            let identity = if is_another {
                derived
            } else {
                self.definition.identity_schema().kept(identity, derived)?
            };
            Ok(PlanResponse {
                planned: with_promises(planned.into_value(), &plan.value),
                requires_replace: plan.requires_replace,
                identity,
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
                Ok(Some(state)) => applied(self.object(state, request.identity)),
                Ok(None) => applied(Object::gone()),
                Err(Failure { diagnostics, state }) => {
                    let object = state.map(|state| self.object(*state, request.identity));
                    Applied { object, diagnostics }
                }
            }
        })
    }

    fn read<'a>(
        &'a self,
        context: &'a Context<R::Session>,
        stored: Object,
    ) -> BoxFuture<'a, Result<Object, Diagnostics>> {
        Box::pin(async move {
            let read = self.definition.read(context, typed(&stored.state)?).await?;
            let Some(state) = read else { return Ok(Object::gone()) };
            let identity = self.identity(&state);
            Ok(Object {
                state: wholly_known(state.into_value(), "read")?,
                identity: self.definition.identity_schema().kept(stored.identity, identity)?,
            })
        })
    }

    fn import(
        &self,
        context: &Context<R::Session>,
        by: ImportBy<Value>,
    ) -> Result<Object, Diagnostics> {
        let by = match by {
            ImportBy::Id(id) => ImportBy::Id(id),
            ImportBy::Identity(identity) => ImportBy::Identity(typed(&identity)?),
        };
        let state = self.definition.import(context, by)?;
        let identity = self.identity(&state);
        Ok(Object { state: wholly_known(state.into_value(), "import")?, identity })
    }

    fn generated_config(&self, state: &Value) -> Result<Value, Diagnostics> {
        Ok(self.definition.generated_config(typed(state)?).into_value())
    }
}

impl<R: Resource> Erased<R> {
    fn identity(&self, model: &R::Model) -> Value {
        self.definition.identity(model).into_value()
    }

    /// A state to be saved. The planned identity is its identity, unless it left something open.
    fn object(&self, state: R::Model, planned: Value) -> Object {
        let is_planned = !planned.is_null() && planned.is_wholly_known();
        let identity = if is_planned { planned } else { self.identity(&state) };
        Object { state: state.into_value(), identity }
    }

    async fn plan_destroy(
        &self,
        context: &Context<R::Session>,
        prior: Option<R::Model>,
        stored: Value,
    ) -> Result<PlanResponse, Diagnostics> {
        let mut identity = stored;
        if let Some(prior) = &prior {
            self.definition.plan_destroy(context, prior).await?;
            if identity.is_null() {
                identity = self.identity(prior);
            }
        }
        Ok(PlanResponse { planned: Value::Null, requires_replace: Vec::new(), identity })
    }

    /// Which of the three it is, is decided here and nowhere else.
    async fn try_apply(
        &self,
        context: &Context<R::Session>,
        request: &ToApply,
    ) -> Result<Option<R::Model>, Failure<R::Model>> {
        let prior = optional::<R::Model>(&request.prior)?;
        let planned = optional::<R::Model>(&request.planned)?;
        match (prior, planned) {
            (None, Some(plan)) => self.definition.create(context, plan).await.map(Some),
            (Some(prior), Some(plan)) => {
                self.definition.update(context, prior, plan).await.map(Some)
            }
            (Some(state), None) => {
                self.definition.delete(context, state).await?;
                Ok(None)
            }
            (None, None) => Ok(None),
        }
    }
}

/// A success must leave nothing unknown; core would save nulls and blame the provider without saying where.
fn applied(object: Object) -> Applied {
    let mut diagnostics = Diagnostics::new();
    if !object.state.is_wholly_known() {
        diagnostics.push(Diagnostic::bug("A value was still unknown after the apply."));
    }
    Applied { object: Some(object), diagnostics }
}

/// `planned` with what is promised of its unknown values: models do not carry promises ("not null", a prefix), and plans of
/// whatever depends on these values are better with them.
fn with_promises(mut planned: Value, promising: &Value) -> Value {
    if let (Value::Map(planned), Value::Map(promising)) = (&mut planned, promising) {
        for (name, value) in planned {
            match promising.get(name) {
                Some(promised @ Value::Unknown(_)) if value.is_unknown() => {
                    *value = promised.clone()
                }
                _ => {}
            }
        }
    }
    planned
}
