//! What core stores of a resource, state and identity, and how it comes to store it: by hand, by an import, from another
//! version, from another resource.

use serde_json::Value as Json;
use terraform_provider_compshare::{
    cty::{self, Type, Value},
    protocol::tfplugin5 as wire,
};

use super::{Diagnostic, Errors, RESOURCE, Read, State, Terraform, decode, encode, plain};

impl Terraform {
    /// Puts `value` into the state, as an earlier run may have left it.
    pub(crate) fn remember(&mut self, value: &Json) {
        let value = self.resource.value(value);
        // What is kept for the provider comes back from it unchanged.
        let private = b"kept".to_vec();
        self.state = Some(State { value, identity: Value::Null, private, tainted: false });
    }

    /// What says which object is in the state, as JSON.
    pub(crate) fn identity(&self) -> Json {
        plain(&self.state.as_ref().unwrap().identity)
    }

    /// The same, put there as an earlier run may have left it.
    pub(crate) fn remember_identity(&mut self, instance_id: &str, project_id: Json) {
        let project = project_id.as_str().map_or(Value::Null, Value::from);
        let identity = [("instance_id", Value::from(instance_id)), ("project_id", project)];
        self.state.as_mut().unwrap().identity = Value::map(identity);
    }

    /// UpgradeResourceState of a state stored as `json` under `version`.
    pub(crate) async fn upgrade(&self, version: i64, json: &[u8]) -> Result<Value, Errors> {
        let raw_state = wire::RawState { json: json.to_vec(), ..wire::RawState::default() };
        self.upgrade_raw(version, raw_state).await
    }

    /// UpgradeResourceState of whatever is stored.
    pub(crate) async fn upgrade_raw(
        &self,
        version: i64,
        raw: wire::RawState,
    ) -> Result<Value, Errors> {
        let request = wire::upgrade_resource_state::Request {
            type_name: RESOURCE.to_owned(),
            version,
            raw_state: Some(raw),
        };
        let response = self.client().upgrade_resource_state(request).await.unwrap().into_inner();
        self.told(&response.diagnostics)?;
        let value = decode(response.upgraded_state.as_ref(), &self.resource);
        assert!(value.is_wholly_known() && !value.is_null(), "invalid upgrade: {value:?}");
        Ok(value)
    }

    /// Imports by id and reads what was imported. The state is set if both succeed.
    pub(crate) async fn import(&mut self, id: &str) -> Result<Vec<Diagnostic>, Errors> {
        let id = id.to_owned();
        self.import_as(wire::import_resource_state::Request { id, ..Default::default() }).await
    }

    /// The same by identity; what `identity` leaves out is null.
    pub(crate) async fn import_by(&mut self, identity: &Json) -> Result<Vec<Diagnostic>, Errors> {
        let identity = Some(self.identity_data(&self.identity_of(identity)));
        let request = wire::import_resource_state::Request { identity, ..Default::default() };
        self.import_as(request).await
    }

    async fn import_as(
        &mut self,
        request: wire::import_resource_state::Request,
    ) -> Result<Vec<Diagnostic>, Errors> {
        let type_name = RESOURCE.to_owned();
        let request = wire::import_resource_state::Request { type_name, ..request };
        let response = self.client().import_resource_state(request).await.unwrap().into_inner();
        self.told(&response.diagnostics)?;
        let [imported] = &response.imported_resources[..] else { panic!("not exactly one") };
        assert_eq!(imported.type_name, RESOURCE);
        let value = decode(imported.state.as_ref(), &self.resource);
        assert!(value.is_wholly_known() && !value.is_null(), "invalid import: {value:?}");
        let identity = self.known_identity(imported.identity.as_ref());
        assert!(!identity.is_null(), "an import without an identity");
        let Read { value, identity, private, warnings } =
            self.read(&value, imported.private.clone(), &identity).await?;
        if value.is_null() {
            return Err(Errors::of_core("Cannot import non-existent remote object"));
        }
        self.state = Some(State { value, identity, private, tainted: false });
        Ok(warnings)
    }

    /// An identity written as JSON; what is absent is null.
    pub(super) fn identity_of(&self, identity: &Json) -> Value {
        let Type::Object(attributes) = &self.identity else { panic!("{:?}", self.identity) };
        let of = |name: &String| identity.get(name).and_then(Json::as_str);
        Value::map(
            attributes.keys().map(|name| (name.clone(), of(name).map_or(Value::Null, Value::from))),
        )
    }

    pub(super) fn identity_data(&self, identity: &Value) -> wire::ResourceIdentityData {
        let msgpack = cty::msgpack::encode(identity, &self.identity).unwrap();
        let identity_data = Some(wire::DynamicValue { msgpack, json: Vec::new() });
        wire::ResourceIdentityData { identity_data }
    }

    /// Conforming and known, as core demands in all phases but some plans, and cannot show in those either; null if absent.
    #[track_caller]
    pub(super) fn known_identity(&self, data: Option<&wire::ResourceIdentityData>) -> Value {
        let Some(data) = data else { return Value::Null };
        let data = data.identity_data.as_ref().unwrap();
        let identity = cty::msgpack::decode(&data.msgpack, &self.identity).expect("an identity");
        assert!(identity.is_wholly_known() && !identity.is_null(), "{identity:?}");
        identity
    }

    /// An identity off the wire, as JSON.
    pub(crate) fn identity_in(&self, data: &wire::ResourceIdentityData) -> Json {
        plain(&self.known_identity(Some(data)))
    }

    /// MoveResourceState: the state that becomes of another resource's, with its identity if it comes with one.
    pub(crate) async fn move_state(
        &self,
        request: wire::move_resource_state::Request,
    ) -> Result<(Json, Json), Errors> {
        let request = wire::move_resource_state::Request {
            target_type_name: RESOURCE.to_owned(),
            source_private: b"kept".to_vec(),
            ..request
        };
        let response = self.client().move_resource_state(request).await.unwrap().into_inner();
        self.told_by(&response.diagnostics, &self.resource)?;
        let state = decode(response.target_state.as_ref(), &self.resource);
        assert!(state.is_wholly_known() && !state.is_null(), "{state:?}");
        assert_eq!(response.target_private, b"kept");
        let identity = self.known_identity(response.target_identity.as_ref());
        Ok((plain(&state), plain(&identity)))
    }

    /// GenerateResourceConfig for what is in the state. The result has to be a valid configuration.
    pub(crate) async fn generate_config(&self) -> Json {
        let state = &self.state().unwrap().value;
        let request = wire::generate_resource_config::Request {
            type_name: RESOURCE.to_owned(),
            state: Some(encode(state, &self.resource)),
        };
        let response = self.client().generate_resource_config(request).await.unwrap().into_inner();
        assert!(response.diagnostics.is_empty(), "{:?}", response.diagnostics);
        let config = decode(response.config.as_ref(), &self.resource);
        assert!(config.is_wholly_known() && !config.is_null(), "{config:?}");
        for (name, attribute) in &self.resource.attributes {
            let only_computed = attribute.computed && !attribute.optional;
            assert!(!only_computed || config.attribute(name).is_null(), "{name} cannot be set");
        }
        let config = plain(&config);
        self.validate(&config).await.unwrap();
        config
    }
}
