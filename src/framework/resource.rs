//! Managed resources: the trait of a resource, and its type-erased form for the server.

use std::future::Future;

use async_trait::async_trait;

use super::{
    attr::Convert as _,
    context::Context,
    definition::{Definition, Erased, ErasedDefinition, to_model, to_optional_model, wholly_known},
    diagnostics::{Diagnostic, Diagnostics},
    identity::IdentitySchema,
    model::Model,
    plan::{planned_state, settable},
};
use crate::cty::{Path, Value};

/// A change to be planned. A destroy has its own method.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a, M> {
    /// The configuration; values may be unknown.
    pub config: &'a M,
    /// The state of the object; `None` for a create.
    pub prior: Option<&'a M>,
    /// The create is a part of a replacement, whose object was planned before.
    pub is_replacement: bool,
}

/// A change of an existing object that requires its replacement.
#[derive(Debug, Clone, Copy)]
pub struct ForcedReplacement<'a, M> {
    pub prior: &'a M,
    /// The plan of the change, whose computed values are incomplete.
    pub planned: &'a M,
    /// Names of the attributes that require the replacement.
    pub attributes: &'a [String],
    /// The object was imported, and no apply has changed it since.
    pub is_imported: bool,
}

/// A failed create or update, with the state that is to be saved nevertheless.
#[derive(Debug)]
pub struct Failure<M> {
    pub diagnostics: Diagnostics,
    /// The state to save. `None` leaves the stored state unchanged; after a create, there is none.
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

/// Argument of an import.
#[derive(Debug, Clone, PartialEq)]
pub enum ImportBy<I> {
    /// The text of `terraform import`, or of `id` in an `import` block.
    Id(String),
    /// An identity, whose optional attributes may be null.
    Identity(I),
}

/// One managed resource type.
///
/// Terraform enforces three rules: a configured value is planned as configured or as its prior
/// value; a value that the plan knows is unchanged by the apply; no value is unknown after an
/// apply.
pub trait Resource: Definition {
    /// The identity, which is made from a plan or state. Values that are unknown in a plan may be
    /// unknown in the identity. [`NoIdentity`](super::NoIdentity) for a resource that has none.
    type Identity: Model + for<'a> From<&'a Self::Model>;

    /// Completes or refuses `planned`, which the rules of the schema have made from the proposal of
    /// core.
    ///
    /// Terraform plans again during an apply and requires the same result. A planned value must
    /// therefore not depend on an observation that can change in between.
    fn plan(
        &self,
        _context: &Context<Self::Session>,
        _change: Change<'_, Self::Model>,
        _planned: &mut Self::Model,
    ) -> impl Future<Output = Result<(), Diagnostics>> + Send {
        async { Ok(()) }
    }

    /// Checks a change that requires a replacement, mostly to warn. The new object is planned
    /// afterwards, as a create.
    fn plan_replacement(
        &self,
        _context: &Context<Self::Session>,
        _replacement: ForcedReplacement<'_, Self::Model>,
    ) -> impl Future<Output = Result<(), Diagnostics>> + Send {
        async { Ok(()) }
    }

    /// Checks a planned destroy, mostly to warn.
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
    /// The create failed. A state returned with the failure is saved as tainted.
    fn create(
        &self,
        context: &Context<Self::Session>,
        plan: Self::Model,
    ) -> impl Future<Output = Result<Self::Model, Failure<Self::Model>>> + Send;

    /// Returns the current state of the object; `None` if it no longer exists.
    fn read(
        &self,
        context: &Context<Self::Session>,
        state: Self::Model,
    ) -> impl Future<Output = Result<Option<Self::Model>, Diagnostics>> + Send;

    /// Changes the object and returns its state.
    ///
    /// # Errors
    /// The change failed, wholly or in part. A state returned with the failure is saved.
    fn update(
        &self,
        context: &Context<Self::Session>,
        prior: Self::Model,
        plan: Self::Model,
    ) -> impl Future<Output = Result<Self::Model, Failure<Self::Model>>> + Send;

    /// Deletes the object. Succeeds if it no longer exists.
    ///
    /// # Errors
    /// The object still exists; the state is kept.
    fn delete(
        &self,
        context: &Context<Self::Session>,
        state: Self::Model,
    ) -> impl Future<Output = Result<(), Diagnostics>> + Send;

    /// Returns the state with which an import begins: the attributes that [`read`](Self::read)
    /// needs, and those of the identity.
    fn import(
        &self,
        context: &Context<Self::Session>,
        by: ImportBy<Self::Identity>,
    ) -> Result<Self::Model, Diagnostics>;

    /// Returns a configuration for an imported object whose plan is empty. Attributes that only the
    /// provider sets are removed from it.
    fn generated_config(&self, state: Self::Model) -> Self::Model {
        state
    }
}

#[derive(Debug)]
pub struct PlanRequest {
    /// Null for a create.
    pub prior: Value,
    /// Null for a destroy.
    pub config: Value,
    /// Null for a destroy.
    pub proposed: Value,
    /// The stored identity; null if none is stored.
    pub identity: Value,
    /// As [`Change::is_replacement`].
    pub is_replacement: bool,
    /// As [`ForcedReplacement::is_imported`].
    pub is_imported: bool,
}

#[derive(Debug)]
pub struct PlanResponse {
    pub planned: Value,
    pub requires_replace: Vec<Path>,
    /// The identity of the planned object.
    pub identity: Value,
}

/// The values of an apply request. A null `planned` is a destroy, a null `prior` a create.
#[derive(Debug)]
pub struct ApplyRequest {
    pub prior: Value,
    pub planned: Value,
    pub identity: Value,
}

#[derive(Debug)]
pub struct ApplyResponse {
    /// The object to save. `None`: the host keeps the prior object.
    pub object: Option<Object>,
    pub diagnostics: Diagnostics,
}

/// An object as a host stores it. Both values are null if it no longer exists.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    pub state: Value,
    /// Value of the identity's type; null if the resource has no identity.
    pub identity: Value,
}

impl Object {
    /// An object that no longer exists.
    pub const fn gone() -> Self {
        Self { state: Value::Null, identity: Value::Null }
    }
}

/// [`Resource`] without its associated types, so that a server can hold different ones. Implemented
/// for each of them.
#[async_trait]
pub trait ErasedResource<S>: ErasedDefinition {
    /// The schema of [`Resource::Identity`].
    fn identity_schema(&self) -> IdentitySchema;

    async fn plan(
        &self,
        context: &Context<S>,
        request: PlanRequest,
    ) -> Result<PlanResponse, Diagnostics>;

    async fn apply(&self, context: &Context<S>, request: ApplyRequest) -> ApplyResponse;

    async fn read(&self, context: &Context<S>, stored: Object) -> Result<Object, Diagnostics>;

    fn import(&self, context: &Context<S>, by: ImportBy<Value>) -> Result<Object, Diagnostics>;

    fn generated_config(&self, state: &Value) -> Result<Value, Diagnostics>;
}

#[async_trait]
impl<R: Resource> ErasedResource<R::Session> for Erased<R> {
    fn identity_schema(&self) -> IdentitySchema {
        IdentitySchema::of::<R::Identity>()
    }

    async fn plan(
        &self,
        context: &Context<R::Session>,
        request: PlanRequest,
    ) -> Result<PlanResponse, Diagnostics> {
        let prior = to_optional_model::<R::Model>(&request.prior)?;
        if request.proposed.is_null() {
            return plan_destroy(&self.definition, context, prior, request.identity).await;
        }
        let PlanRequest { prior: before, config, proposed, identity, is_replacement, is_imported } =
            request;
        let plan = planned_state(&self.schema().block, &before, &config, &proposed);
        let mut planned = to_model::<R::Model>(&plan.value)?;
        // Core plans a replacement again as a create, so the update needs no plan.
        if plan.requires_replace.is_empty() {
            let config = to_model(&config)?;
            let change = Change { config: &config, prior: prior.as_ref(), is_replacement };
            self.definition.plan(context, change, &mut planned).await?;
        } else if let Some(prior) = &prior {
            let attributes: Vec<_> = plan.requires_replace.iter().map(Path::to_string).collect();
            let (planned, attributes) = (&planned, &attributes[..]);
            let replacement = ForcedReplacement { prior, planned, attributes, is_imported };
            self.definition.plan_replacement(context, replacement).await?;
        }
        let derived = identity_of::<R>(&planned);
        let is_another = prior.is_none() || !plan.requires_replace.is_empty();
        let identity = if is_another {
            derived
        } else {
            self.identity_schema().reconcile(identity, derived)?
        };
        Ok(PlanResponse {
            planned: with_refinements(planned.into_value(), &plan.value),
            requires_replace: plan.requires_replace,
            identity,
        })
    }

    async fn apply(&self, context: &Context<R::Session>, request: ApplyRequest) -> ApplyResponse {
        match apply(&self.definition, context, &request).await {
            Ok(Some(state)) => apply_response(object::<R>(state, request.identity)),
            Ok(None) => apply_response(Object::gone()),
            Err(Failure { diagnostics, state }) => {
                let object = state.map(|state| object::<R>(*state, request.identity));
                ApplyResponse { object, diagnostics }
            }
        }
    }

    async fn read(
        &self,
        context: &Context<R::Session>,
        stored: Object,
    ) -> Result<Object, Diagnostics> {
        let read = self.definition.read(context, to_model(&stored.state)?).await?;
        let Some(state) = read else { return Ok(Object::gone()) };
        let identity = identity_of::<R>(&state);
        Ok(Object {
            state: wholly_known(state.into_value(), "read")?,
            identity: self.identity_schema().reconcile(stored.identity, identity)?,
        })
    }

    fn import(
        &self,
        context: &Context<R::Session>,
        by: ImportBy<Value>,
    ) -> Result<Object, Diagnostics> {
        let by = match by {
            ImportBy::Id(id) => ImportBy::Id(id),
            ImportBy::Identity(identity) => ImportBy::Identity(to_model(&identity)?),
        };
        let state = self.definition.import(context, by)?;
        let identity = identity_of::<R>(&state);
        Ok(Object { state: wholly_known(state.into_value(), "import")?, identity })
    }

    fn generated_config(&self, state: &Value) -> Result<Value, Diagnostics> {
        let config = self.definition.generated_config(to_model(state)?).into_value();
        Ok(settable(&self.schema().block, config))
    }
}

fn identity_of<R: Resource>(model: &R::Model) -> Value {
    R::Identity::from(model).into_value()
}

/// A state to be saved. Its identity is the planned one, unless a part of that was unknown.
fn object<R: Resource>(state: R::Model, planned: Value) -> Object {
    let is_planned = !planned.is_null() && planned.is_wholly_known();
    let identity = if is_planned { planned } else { identity_of::<R>(&state) };
    Object { state: state.into_value(), identity }
}

async fn plan_destroy<R: Resource>(
    resource: &R,
    context: &Context<R::Session>,
    prior: Option<R::Model>,
    stored: Value,
) -> Result<PlanResponse, Diagnostics> {
    let mut identity = stored;
    if let Some(prior) = &prior {
        resource.plan_destroy(context, prior).await?;
        if identity.is_null() {
            identity = identity_of::<R>(prior);
        }
    }
    Ok(PlanResponse { planned: Value::Null, requires_replace: Vec::new(), identity })
}

/// Calls create, update or delete, depending on the null values of the request.
async fn apply<R: Resource>(
    resource: &R,
    context: &Context<R::Session>,
    request: &ApplyRequest,
) -> Result<Option<R::Model>, Failure<R::Model>> {
    let prior = to_optional_model::<R::Model>(&request.prior)?;
    let planned = to_optional_model::<R::Model>(&request.planned)?;
    match (prior, planned) {
        (None, Some(plan)) => resource.create(context, plan).await.map(Some),
        (Some(prior), Some(plan)) => resource.update(context, prior, plan).await.map(Some),
        (Some(state), None) => {
            resource.delete(context, state).await?;
            Ok(None)
        }
        (None, None) => Ok(None),
    }
}

/// Adds an error if a part of the state is unknown: core would save it as null and report an
/// inconsistency without naming the attribute.
fn apply_response(object: Object) -> ApplyResponse {
    let mut diagnostics = Diagnostics::new();
    if !object.state.is_wholly_known() {
        diagnostics.push(Diagnostic::bug("A value was still unknown after the apply."));
    }
    ApplyResponse { object: Some(object), diagnostics }
}

/// `planned` with the refinements ("not null") of `refined`. Models do not carry them, and core
/// compares them in configured values; plans of dependent resources know more with them.
fn with_refinements(planned: Value, refined: &Value) -> Value {
    match (planned, refined) {
        (Value::Unknown(_), Value::Unknown(_)) => refined.clone(),
        (Value::Map(planned), Value::Map(refined)) => {
            let refine = |(name, value): (String, Value)| {
                let value = match refined.get(&name) {
                    Some(refined) => with_refinements(value, refined),
                    None => value,
                };
                (name, value)
            };
            Value::Map(planned.into_iter().map(refine).collect())
        }
        (planned, _) => planned,
    }
}
