//! List resources, behind `terraform query`.

use serde_json::Value as Json;
use terraform_provider_compshare::protocol::tfplugin5::{
    self as wire, attribute_path::step::Selector,
};
use tokio_stream::StreamExt as _;

use super::{
    diagnostic::{Diagnostic, Errors},
    terraform::Terraform,
    value::{decode, encode, to_json},
};

/// One result of a query.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Listed {
    pub(crate) name: String,
    pub(crate) identity: Json,
    /// Null unless the query includes resource objects.
    pub(crate) object: Json,
}

impl Terraform {
    /// The configuration of a list without arguments.
    pub(crate) fn empty_list_config(&self) -> wire::DynamicValue {
        encode(&self.resource.list().value(&serde_json::json!({})), self.resource.list())
    }

    /// ValidateListResourceConfig.
    pub(crate) async fn validate_list(&self, config: &Json) -> Result<Vec<Diagnostic>, Errors> {
        let request = wire::validate_list_resource_config::Request {
            type_name: self.resource.name.clone(),
            config: Some(encode(&self.resource.list().value(config), self.resource.list())),
            ..Default::default()
        };
        let response = self.client().validate_list_resource_config(request).await.unwrap();
        self.list_diagnostics(response.into_inner().diagnostics)
    }

    /// ListResource, for at most `limit` results. An error discards all of them.
    pub(crate) async fn query(
        &self,
        config: &Json,
        include_resource: bool,
        limit: i64,
    ) -> Result<Vec<Listed>, Errors> {
        self.validate_list(config).await?;
        let request = wire::list_resource::Request {
            type_name: self.resource.name.clone(),
            config: Some(encode(&self.resource.list().value(config), self.resource.list())),
            include_resource_object: include_resource,
            limit,
        };
        let mut events = self.client().list_resource(request).await.unwrap().into_inner();
        let mut listed = Vec::new();
        while let Some(event) = events.next().await {
            let mut event = event.unwrap();
            self.list_diagnostics(std::mem::take(&mut event.diagnostic))?;
            assert!(listed.len() < usize::try_from(limit).unwrap(), "more results than the limit");
            listed.push(self.listed(&event, include_resource));
        }
        Ok(listed)
    }

    /// Reads diagnostics whose paths begin at the `list` block, which contains the block `config`.
    fn list_diagnostics(
        &self,
        mut diagnostics: Vec<wire::Diagnostic>,
    ) -> Result<Vec<Diagnostic>, Errors> {
        for path in diagnostics.iter_mut().filter_map(|diagnostic| diagnostic.attribute.as_mut()) {
            let outermost = path.steps.remove(0).selector;
            assert_eq!(outermost, Some(Selector::AttributeName("config".to_owned())));
        }
        self.read_diagnostics(&diagnostics, self.resource.list())
    }

    fn listed(&self, event: &wire::list_resource::Event, include_resource: bool) -> Listed {
        let identity = self.known_identity(event.identity.as_ref());
        assert!(!identity.is_null(), "missing identity data");
        assert_eq!(
            event.resource_object.is_some(),
            include_resource,
            "the object is present if and only if requested"
        );
        let object = decode(event.resource_object.as_ref(), &self.resource.block);
        assert!(object.is_wholly_known(), "{object:?}");
        Listed {
            name: event.display_name.clone(),
            identity: to_json(&identity),
            object: to_json(&object),
        }
    }
}
