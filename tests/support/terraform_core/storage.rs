//! Stored state and identity of a resource, and the RPCs that produce them: import, upgrade, move.

use serde_json::Value as Json;
use terraform_provider_compshare::{
    cty::{self, Type, Value},
    protocol::tfplugin5 as wire,
};

use super::{
    diagnostic::{Diagnostic, Errors},
    plan::State,
    resource::Read,
    terraform::Terraform,
    value::{decode, encode, to_json},
};

impl Terraform {
    /// Sets the state to `value`, as stored by an earlier run.
    pub(crate) fn set_state(&mut self, value: &Json) {
        let value = self.resource.block.value(value);
        // The provider must return its private data unchanged.
        let private = b"kept".to_vec();
        self.state = Some(State { value, identity: Value::Null, private, tainted: false });
    }

    /// The stored identity as JSON.
    pub(crate) fn identity(&self) -> Json {
        to_json(&self.state.as_ref().unwrap().identity)
    }

    /// Sets the stored identity of a power resource, as stored by an earlier run.
    pub(crate) fn set_identity(&mut self, instance_id: &str, project_id: Json) {
        let project = project_id.as_str().map_or(Value::Null, Value::from);
        let identity = [("instance_id", Value::from(instance_id)), ("project_id", project)];
        self.state.as_mut().unwrap().identity = Value::map(identity);
    }

    /// UpgradeResourceState for a state stored as `json` under `version`.
    pub(crate) async fn upgrade(&self, version: i64, json: &[u8]) -> Result<Value, Errors> {
        let raw_state = wire::RawState { json: json.to_vec(), ..wire::RawState::default() };
        self.upgrade_raw(version, raw_state).await
    }

    /// UpgradeResourceState for a raw state.
    pub(crate) async fn upgrade_raw(
        &self,
        version: i64,
        raw: wire::RawState,
    ) -> Result<Value, Errors> {
        let request = wire::upgrade_resource_state::Request {
            type_name: self.resource.name.clone(),
            version,
            raw_state: Some(raw),
        };
        let response = self.client().upgrade_resource_state(request).await.unwrap().into_inner();
        self.diagnostics(&response.diagnostics)?;
        let value = decode(response.upgraded_state.as_ref(), &self.resource.block);
        assert!(value.is_wholly_known() && !value.is_null(), "invalid upgrade: {value:?}");
        Ok(value)
    }

    /// Imports by ID and reads the imported resource. Sets the state if both succeed.
    pub(crate) async fn import(&mut self, id: &str) -> Result<Vec<Diagnostic>, Errors> {
        let id = id.to_owned();
        self.import_as(wire::import_resource_state::Request { id, ..Default::default() }).await
    }

    /// Imports by identity; attributes that `identity` omits are null.
    pub(crate) async fn import_by(&mut self, identity: &Json) -> Result<Vec<Diagnostic>, Errors> {
        let identity = self.identity_data(&self.identity_of(identity));
        let request = wire::import_resource_state::Request { identity, ..Default::default() };
        self.import_as(request).await
    }

    async fn import_as(
        &mut self,
        request: wire::import_resource_state::Request,
    ) -> Result<Vec<Diagnostic>, Errors> {
        let type_name = self.resource.name.clone();
        let request = wire::import_resource_state::Request { type_name, ..request };
        let response = self.client().import_resource_state(request).await.unwrap().into_inner();
        self.diagnostics(&response.diagnostics)?;
        let [imported] = &response.imported_resources[..] else {
            panic!("expected one imported resource: {response:?}")
        };
        assert_eq!(imported.type_name, self.resource.name);
        let value = decode(imported.state.as_ref(), &self.resource.block);
        assert!(value.is_wholly_known() && !value.is_null(), "invalid import: {value:?}");
        let identity = self.known_identity(imported.identity.as_ref());
        self.assert_has_identity(&identity);
        let Read { value, identity, private, warnings } =
            self.read(&value, imported.private.clone(), &identity).await?;
        if value.is_null() {
            return Err(Errors::of_core("Cannot import non-existent remote object"));
        }
        self.state = Some(State { value, identity, private, tainted: false });
        Ok(warnings)
    }

    /// Converts an identity from JSON; absent attributes are null.
    pub(super) fn identity_of(&self, identity: &Json) -> Value {
        let Some(Type::Object(attributes)) = &self.resource.identity else {
            panic!("{} has no identity", self.resource.name)
        };
        let of = |name: &String| identity.get(name).and_then(Json::as_str);
        Value::map(
            attributes.keys().map(|name| (name.clone(), of(name).map_or(Value::Null, Value::from))),
        )
    }

    /// An identity in wire form; `None` if it is null.
    pub(super) fn identity_data(&self, identity: &Value) -> Option<wire::ResourceIdentityData> {
        if identity.is_null() {
            return None;
        }
        let ty = self.resource.identity.as_ref().expect("the resource has an identity");
        let msgpack = cty::msgpack::encode(identity, ty).unwrap();
        let identity_data = Some(wire::DynamicValue { msgpack, json: Vec::new() });
        Some(wire::ResourceIdentityData { identity_data })
    }

    /// Checks that a resource with an identity returned it.
    #[track_caller]
    pub(super) fn assert_has_identity(&self, identity: &Value) {
        let expected = self.resource.identity.is_some();
        assert_eq!(!identity.is_null(), expected, "the response lacks the identity");
    }

    /// Decodes an identity, which must conform to its schema and be wholly known; null if absent.
    ///
    /// Core accepts unknown values in some plans, but does not show them either.
    #[track_caller]
    pub(super) fn known_identity(&self, data: Option<&wire::ResourceIdentityData>) -> Value {
        let Some(data) = data else { return Value::Null };
        let data = data.identity_data.as_ref().unwrap();
        let ty = self.resource.identity.as_ref().expect("the resource has an identity");
        let identity = cty::msgpack::decode(&data.msgpack, ty).expect("conforms to the schema");
        assert!(identity.is_wholly_known() && !identity.is_null(), "{identity:?}");
        identity
    }

    /// Decodes an identity to JSON.
    pub(crate) fn identity_in(&self, data: &wire::ResourceIdentityData) -> Json {
        to_json(&self.known_identity(Some(data)))
    }

    /// MoveResourceState. Returns the new state, and the identity if the response has one.
    pub(crate) async fn move_state(
        &self,
        request: wire::move_resource_state::Request,
    ) -> Result<(Json, Json), Errors> {
        let request = wire::move_resource_state::Request {
            target_type_name: self.resource.name.clone(),
            source_private: b"kept".to_vec(),
            ..request
        };
        let response = self.client().move_resource_state(request).await.unwrap().into_inner();
        self.read_diagnostics(&response.diagnostics, &self.resource.block)?;
        let state = decode(response.target_state.as_ref(), &self.resource.block);
        assert!(state.is_wholly_known() && !state.is_null(), "{state:?}");
        assert_eq!(response.target_private, b"kept");
        let identity = self.known_identity(response.target_identity.as_ref());
        Ok((to_json(&state), to_json(&identity)))
    }

    /// GenerateResourceConfig for the stored state. The result must be a valid configuration.
    pub(crate) async fn generate_config(&self) -> Json {
        let state = &self.state().unwrap().value;
        let request = wire::generate_resource_config::Request {
            type_name: self.resource.name.clone(),
            state: Some(encode(state, &self.resource.block)),
        };
        let response = self.client().generate_resource_config(request).await.unwrap().into_inner();
        assert!(response.diagnostics.is_empty(), "{:?}", response.diagnostics);
        let config = decode(response.config.as_ref(), &self.resource.block);
        assert!(config.is_wholly_known() && !config.is_null(), "{config:?}");
        for (name, attribute) in &self.resource.block.attributes {
            let only_computed = attribute.computed && !attribute.optional;
            assert!(
                !only_computed || config.attribute(name).is_null(),
                "{name} is computed and cannot be configured"
            );
        }
        let config = to_json(&config);
        self.validate(&config).await.unwrap();
        config
    }
}
