//! All pages, from where their parts are to where they belong.

use std::{
    collections::BTreeMap,
    fmt, fs, io,
    path::{Path, PathBuf},
};

use super::{
    Error,
    kind::{self, Kind, SCHEMA_COMMENT},
    schema_markdown,
    template::{self, Scope},
};
use crate::framework::{Block, ErasedDefinition, IdentitySchema, Provider};

const DOCS: &str = "docs";
const TEMPLATES: &str = "templates";
const EXAMPLES: &str = "examples";
/// What ends the name of a template.
const TEMPLATE: &str = ".tmpl";
const INDEX: &str = "index.md";
/// Pages about no one thing; they are in a folder of their own.
const GUIDES: &str = "guides";

/// The pages of a provider, by their paths below `docs/`.
#[derive(Debug, PartialEq, Eq)]
pub struct Pages(BTreeMap<String, String>);

/// In what way a file of `docs/` is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stale {
    /// It is not there.
    Missing(PathBuf),
    /// It says something else.
    Different(PathBuf),
    /// No page belongs there.
    Superfluous(PathBuf),
}

impl fmt::Display for Stale {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, word) = match self {
            Self::Missing(path) => (path, "missing"),
            Self::Different(path) => (path, "out of date"),
            Self::Superfluous(path) => (path, "superfluous"),
        };
        write!(formatter, "{} is {word}", path.display())
    }
}

impl Pages {
    /// The pages of `provider`, which is called `provider_name`, from the templates and examples below `root`.
    ///
    /// # Errors
    /// A template is missing, is for nothing, or cannot be rendered.
    pub fn of<P: Provider>(provider: &P, provider_name: &str, root: &Path) -> Result<Self, Error> {
        let mut pages = Rendering { root, provider_name, pages: BTreeMap::new() };
        pages.index(&provider.schema().block)?;
        for resource in provider.resources() {
            let identity = resource.identity_schema();
            pages.page(&kind::RESOURCE, resource.as_ref(), Some(&identity))?;
        }
        for source in provider.data_sources() {
            pages.page(&kind::DATA_SOURCE, source.as_ref(), None)?;
        }
        for resource in provider.ephemeral_resources() {
            pages.page(&kind::EPHEMERAL_RESOURCE, resource.as_ref(), None)?;
        }
        for resource in provider.list_resources() {
            pages.page(&kind::LIST_RESOURCE, resource.as_ref(), None)?;
        }
        for action in provider.actions() {
            pages.page(&kind::ACTION, action.as_ref(), None)?;
        }
        pages.rest()?;
        Ok(Self(pages.pages))
    }

    /// Each page, with its path below `docs/`, in the order of the paths.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// What below `root` is not as these pages are.
    ///
    /// # Errors
    /// A file or folder cannot be read.
    pub fn stale(&self, root: &Path) -> Result<Vec<Stale>, Error> {
        let docs = root.join(DOCS);
        let mut stale = Vec::new();
        for (name, text) in &self.0 {
            let path = docs.join(name);
            let shown = Path::new(DOCS).join(name);
            match fs::read(&path) {
                Ok(found) if found == text.as_bytes() => {}
                Ok(_) => stale.push(Stale::Different(shown)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    stale.push(Stale::Missing(shown));
                }
                Err(source) => return Err(Error::File { path, source }),
            }
        }
        for name in files(&docs)? {
            if is_page(&name) && !self.0.contains_key(&name) {
                stale.push(Stale::Superfluous(Path::new(DOCS).join(name)));
            }
        }
        Ok(stale)
    }

    /// Makes the files below `root` these pages, and returns what was not as they are.
    ///
    /// # Errors
    /// A file or folder cannot be read or written.
    pub fn write(&self, root: &Path) -> Result<Vec<Stale>, Error> {
        let stale = self.stale(root)?;
        for (name, text) in &self.0 {
            let path = root.join(DOCS).join(name);
            let written = path.parent().map_or(Ok(()), fs::create_dir_all);
            written
                .and_then(|()| fs::write(&path, text))
                .map_err(|source| Error::File { path, source })?;
        }
        for page in &stale {
            if let Stale::Superfluous(path) = page {
                let path = root.join(path);
                fs::remove_file(&path).map_err(|source| Error::File { path, source })?;
            }
        }
        Ok(stale)
    }
}

/// Whether a file of this name below `docs/` is a page that is generated. Others are left alone.
fn is_page(name: &str) -> bool {
    let folder = name.split_once('/').map(|(folder, _)| folder);
    let is_folder_of_pages = |folder| folder == GUIDES || Kind::in_folder(folder).is_some();
    name == INDEX || folder.is_some_and(is_folder_of_pages)
}

/// Pages in the making.
struct Rendering<'a> {
    root: &'a Path,
    provider_name: &'a str,
    pages: BTreeMap<String, String>,
}

impl Rendering<'_> {
    fn index(&mut self, block: &Block) -> Result<(), Error> {
        let fields = [
            ("Description", block.description.to_owned()),
            ("ExampleFile", format!("{EXAMPLES}/provider/provider.tf")),
            ("SchemaMarkdown", schema_markdown::schema(SCHEMA_COMMENT, block)),
        ];
        self.render(&format!("{INDEX}{TEMPLATE}"), INDEX, &fields)
    }

    fn page<T: ErasedDefinition + ?Sized>(
        &mut self,
        kind: &Kind,
        offered: &T,
        identity: Option<&IdentitySchema>,
    ) -> Result<(), Error> {
        let (type_name, block) = (offered.type_name(), &offered.schema().block);
        let page = format!("{}/{}.md", kind.folder, self.without_provider(type_name));
        let example = format!("{EXAMPLES}/{}/{type_name}/{}", kind.folder, kind.example);
        let mut fields = vec![
            ("Name", type_name.to_owned()),
            ("Type", kind.title.to_owned()),
            ("Description", block.description.to_owned()),
            ("ExampleFile", example),
            ("RenderedProviderName", self.provider_name.to_owned()),
            ("SchemaMarkdown", schema_markdown::schema(kind.comment, block)),
        ];
        if let Some(identity) = identity {
            fields.push(("IdentitySchemaMarkdown", schema_markdown::identity(identity)));
        }
        self.render(&self.template_for(kind, type_name, &page)?, &page, &fields)
    }

    /// The template for a page: its own, else that of its kind.
    fn template_for(&self, kind: &Kind, type_name: &str, page: &str) -> Result<String, Error> {
        let templates = self.root.join(TEMPLATES);
        let (own, of_kind) = (format!("{page}{TEMPLATE}"), kind.template());
        let exists = |template: &String| templates.join(template).is_file();
        [&own, &of_kind].into_iter().find(|template| exists(template)).cloned().ok_or_else(|| {
            Error::NoTemplate {
                type_name: type_name.to_owned(),
                own: templates.join(&own),
                of_kind: templates.join(&of_kind),
            }
        })
    }

    /// What is in the folder of templates beside the templates for what is offered.
    fn rest(&mut self) -> Result<(), Error> {
        for name in files(&self.root.join(TEMPLATES))? {
            let page = name.strip_suffix(TEMPLATE).unwrap_or(&name);
            if self.pages.contains_key(page) || Kind::has_template(&name) {
                continue;
            }
            let path = self.root.join(TEMPLATES).join(&name);
            if let Some(kind) = name.split_once('/').and_then(|(folder, _)| Kind::in_folder(folder))
            {
                let stem = page.rsplit('/').next().unwrap_or_default();
                let short = stem.split('.').next().unwrap_or_default();
                let type_name = format!("{}_{short}", self.short_name());
                return Err(Error::NotOffered { path, kind: kind.title, type_name });
            }
            if name.ends_with(TEMPLATE) {
                self.render(&name, page, &[])?;
            } else {
                let text = read(&path)?;
                self.pages.insert(name, text);
            }
        }
        Ok(())
    }

    fn render(
        &mut self,
        template: &str,
        page: &str,
        fields: &[(&str, String)],
    ) -> Result<(), Error> {
        let path = self.root.join(TEMPLATES).join(template);
        let scope = Scope { root: self.root, fields };
        let text = template::render(&read(&path)?, scope).map_err(|problem| Error::Template {
            path,
            line: problem.line,
            reason: problem.reason,
        })?;
        self.pages.insert(page.to_owned(), text);
        Ok(())
    }

    fn short_name(&self) -> &str {
        self.provider_name.strip_prefix("terraform-provider-").unwrap_or(self.provider_name)
    }

    /// The name of a type as the names of files have it.
    fn without_provider<'a>(&self, type_name: &'a str) -> &'a str {
        let rest = type_name.strip_prefix(self.short_name());
        rest.and_then(|rest| rest.strip_prefix('_')).unwrap_or(type_name)
    }
}

fn read(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(|source| Error::File { path: path.to_owned(), source })
}

/// The files below a folder, by their paths from there, with `/` on every system. None if there is no such folder.
fn files(folder: &Path) -> Result<Vec<String>, Error> {
    let mut files = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(below) = folders.pop() {
        let path = folder.join(&below);
        let problem = |source| Error::File { path: path.clone(), source };
        let entries = match fs::read_dir(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries.map_err(problem)?,
        };
        for entry in entries {
            let entry = entry.map_err(problem)?;
            let name = format!("{below}{}", entry.file_name().to_string_lossy());
            if entry.file_type().map_err(problem)?.is_dir() {
                folders.push(format!("{name}/"));
            } else {
                files.push(name);
            }
        }
    }
    files.sort();
    Ok(files)
}
