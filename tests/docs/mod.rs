//! The pages of the Terraform Registry in `docs/`: that they are what the schemas, templates and examples make, that nothing
//! lacks in them, and that nothing leads nowhere. That they are also what the ecosystem's generator makes is for
//! `.ci/compare-docs` to say.

mod command;
mod links;
mod pages;
#[cfg(unix)]
mod schema;

use std::{collections::BTreeSet, fs, path::Path};

use terraform_provider_compshare::{
    environment::Environment,
    framework::{Block, IdentitySchema, Provider},
    provider::CompshareProvider,
};

/// The folder that holds docs, templates and examples.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn provider() -> CompshareProvider {
    CompshareProvider::new(Environment::default())
}

/// Something that has a page.
struct Described {
    /// The page, below `docs/`.
    page: String,
    /// Where `terraform providers schema` has it: the kind, and the type's name, which the provider itself has none of.
    address: (&'static str, &'static str),
    block: Block,
    identity: Option<IdentitySchema>,
}

/// All that the provider offers, and itself.
fn described() -> Vec<Described> {
    let provider = provider();
    let mut all = vec![Described {
        page: "index.md".to_owned(),
        address: ("provider", ""),
        block: provider.schema().block,
        identity: None,
    }];
    let mut add = |folder, kind, name: &'static str, block: &Block, identity| {
        let page = format!("{folder}/{}.md", name.strip_prefix("compshare_").unwrap());
        all.push(Described { page, address: (kind, name), block: block.clone(), identity });
    };
    for one in provider.resources() {
        let identity = Some(one.identity_schema());
        add("resources", "resource_schemas", one.type_name(), &one.schema().block, identity);
    }
    for one in provider.data_sources() {
        add("data-sources", "data_source_schemas", one.type_name(), &one.schema().block, None);
    }
    for one in provider.ephemeral_resources() {
        let kind = "ephemeral_resource_schemas";
        add("ephemeral-resources", kind, one.type_name(), &one.schema().block, None);
    }
    for one in provider.list_resources() {
        add("list-resources", "list_resource_schemas", one.type_name(), &one.schema().block, None);
    }
    for one in provider.actions() {
        add("actions", "action_schemas", one.type_name(), &one.schema().block, None);
    }
    all
}

/// The text of a page.
fn page(name: &str) -> String {
    let path = root().join("docs").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The names of all files below a folder, from there.
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
