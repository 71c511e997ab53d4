//! Pages of the Terraform Registry in `docs/`, and the documents that link to them. `.ci/docs --check` compares the pages
//! with the schemas, the templates and the examples.

mod chinese;
mod descriptions;
mod links;
#[cfg(unix)]
mod pictures;
mod resource_page;
#[cfg(unix)]
mod schema;

use std::{collections::BTreeSet, fs, path::Path};

use terraform_provider_compshare::{
    environment::Environment,
    framework::{Block, IdentitySchema, Provider},
    provider::CompshareProvider,
};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The provider, or a type that it offers.
struct Described {
    /// Kind and type name in `terraform providers schema -json`. The provider's type name is empty.
    address: (&'static str, &'static str),
    block: Block,
    identity: Option<IdentitySchema>,
}

fn described() -> Vec<Described> {
    let provider = CompshareProvider::new(Environment::default());
    let mut all = Vec::new();
    let mut add = |kind, name: &'static str, block: &Block, identity| {
        all.push(Described { address: (kind, name), block: block.clone(), identity });
    };
    add("provider", "", &provider.schema().block, None);
    for one in provider.resources() {
        let identity = Some(one.identity_schema());
        add("resource_schemas", one.type_name(), &one.schema().block, identity);
    }
    for one in provider.data_sources() {
        add("data_source_schemas", one.type_name(), &one.schema().block, None);
    }
    for one in provider.ephemeral_resources() {
        add("ephemeral_resource_schemas", one.type_name(), &one.schema().block, None);
    }
    for one in provider.list_resources() {
        add("list_resource_schemas", one.type_name(), &one.schema().block, None);
    }
    for one in provider.actions() {
        add("action_schemas", one.type_name(), &one.schema().block, None);
    }
    all
}

/// Names of all files below a folder, relative to it.
fn files_below(folder: &Path) -> BTreeSet<String> {
    let mut files = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.insert(path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    files
}
