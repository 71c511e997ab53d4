//! Configuration blocks of all kinds, for tests that run over each of them.

use serde_json::Value as Json;
use terraform_provider_compshare::protocol::tfplugin5 as wire;

use super::{
    diagnostic::{Diagnostic, Errors},
    schema::Block,
    terraform::Terraform,
};

/// Kind of a configuration block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BlockKind {
    Resource,
    List,
    DataSource,
    Ephemeral,
    Action,
}

impl Terraform {
    /// Kind, name and schema of every configuration block.
    pub(crate) fn blocks(&self) -> Vec<(BlockKind, &str, &Block)> {
        let mut blocks = Vec::new();
        for resource in self.schemas.resources.values() {
            blocks.push((BlockKind::Resource, resource.name.as_str(), &resource.block));
            let list = resource.list.as_ref();
            blocks.extend(list.map(|list| (BlockKind::List, resource.name.as_str(), list)));
        }
        for (kind, schemas) in [
            (BlockKind::DataSource, &self.schemas.data_sources),
            (BlockKind::Ephemeral, &self.schemas.ephemeral_resources),
            (BlockKind::Action, &self.schemas.actions),
        ] {
            blocks.extend(schemas.iter().map(|(name, block)| (kind, name.as_str(), block)));
        }
        blocks
    }

    /// Validates the block `name` of this kind.
    pub(crate) async fn validate_block(
        &self,
        kind: BlockKind,
        name: &str,
        config: &Json,
    ) -> Result<Vec<Diagnostic>, Errors> {
        match kind {
            BlockKind::Resource => self.resource(name).validate(config).await,
            BlockKind::List => self.resource(name).validate_list(config).await,
            BlockKind::DataSource => self.validate_data(name, config).await,
            BlockKind::Ephemeral => self.validate_ephemeral(name, config).await,
            BlockKind::Action => self.validate_action(name, config).await,
        }
    }

    /// Validates a block in raw MessagePack, and returns the summaries of the diagnostics.
    pub(crate) async fn validate_raw(
        &self,
        kind: BlockKind,
        name: &str,
        msgpack: &[u8],
    ) -> Vec<String> {
        let config = Some(wire::DynamicValue { msgpack: msgpack.to_vec(), json: Vec::new() });
        let type_name = name.to_owned();
        let mut client = self.client();
        macro_rules! diagnostics {
            ($method:ident, $module:ident $(, $rest:expr)?) => {{
                let request = wire::$module::Request { type_name, config $(, ..$rest)? };
                client.$method(request).await.unwrap().into_inner().diagnostics
            }};
        }
        let diagnostics = match kind {
            BlockKind::Resource => diagnostics!(
                validate_resource_type_config,
                validate_resource_type_config,
                Default::default()
            ),
            BlockKind::List => diagnostics!(
                validate_list_resource_config,
                validate_list_resource_config,
                Default::default()
            ),
            BlockKind::DataSource => {
                diagnostics!(validate_data_source_config, validate_data_source_config)
            }
            BlockKind::Ephemeral => {
                diagnostics!(validate_ephemeral_resource_config, validate_ephemeral_resource_config)
            }
            BlockKind::Action => diagnostics!(validate_action_config, validate_action_config),
        };
        diagnostics.into_iter().map(|diagnostic| diagnostic.summary).collect()
    }
}
