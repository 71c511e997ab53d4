//! Schemas as Markdown, word for word as tfplugindocs writes them.

use std::{collections::BTreeMap, fmt::Write as _};

use super::kind::SCHEMA_COMMENT;
use crate::{
    cty::Type,
    framework::{Attribute, Block, IdentityAttribute, IdentitySchema, Mode, NestedBlock},
};

/// By whom the members of a block are set. The order is that of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Required,
    Optional,
    ReadOnly,
}

/// An attribute or nested block, as its line in a list has it.
struct Member<'a> {
    name: &'a str,
    group: Group,
    /// What follows the name.
    text: String,
    below: Option<Below<'a>>,
}

/// What is described further down, under a heading of its own.
struct Below<'a> {
    /// What its anchor begins with.
    anchor: &'static str,
    content: Content<'a>,
}

#[derive(Clone, Copy)]
enum Content<'a> {
    Block(&'a Block),
    Object(&'a BTreeMap<String, Type>, Group),
}

/// The schema of a root block; `comment` says in the page's source where it comes from.
pub(super) fn schema(comment: &str, block: &Block) -> String {
    let mut page = format!("{comment}\n## Schema\n\n");
    write_block(&mut page, &[], block);
    page
}

/// The schema of an identity.
pub(super) fn identity(schema: &IdentitySchema) -> String {
    let list = |required: bool| {
        let mut members: Vec<_> =
            schema.attributes.iter().filter(|a| a.required_for_import == required).collect();
        members.sort_by_key(|attribute| attribute.name);
        members.into_iter().map(identity_line).collect::<String>()
    };
    let titled = |title, list: String| {
        if list.is_empty() { list } else { format!("#### {title}\n\n{list}") }
    };
    let (required, optional) = (titled("Required", list(true)), titled("Optional", list(false)));
    format!("{SCHEMA_COMMENT}\n### Identity Schema\n\n{required}\n{optional}")
}

fn identity_line(attribute: &IdentityAttribute) -> String {
    let text = described(type_name(&attribute.ty), &attribute.description);
    format!("- `{}` {text}\n", attribute.name)
}

fn write_block(page: &mut String, parents: &[&str], block: &Block) {
    let attributes = block.attributes.iter().map(Member::of_attribute);
    let blocks = block.blocks.iter().map(Member::of_block);
    let mut members: Vec<_> = attributes.chain(blocks).collect();
    members.sort_by_key(|member| (member.group, member.name));
    for members in members.chunk_by(|one, next| one.group == next.group) {
        write_list(page, parents, members);
    }
    write_below(page, parents, &members);
}

fn write_object(
    page: &mut String,
    parents: &[&str],
    attributes: &BTreeMap<String, Type>,
    group: Group,
) {
    let members: Vec<_> =
        attributes.iter().map(|(name, ty)| Member::of_type(name, ty, group)).collect();
    write_list(page, parents, &members);
    write_below(page, parents, &members);
}

/// The members of one group, one line each.
fn write_list(page: &mut String, parents: &[&str], members: &[Member<'_>]) {
    let Some(first) = members.first() else { return };
    let (before, after) = if parents.is_empty() { ("### ", "") } else { ("", ":") };
    // Writing to a string cannot fail.
    let _ = write!(page, "{before}{}{after}\n\n", first.group.title());
    for Member { name, text, below, .. } in members {
        let _ = write!(page, "- `{name}` {text}");
        if let Some(below) = below {
            let anchor = below.anchor_at(parents, name);
            let _ = write!(page, " (see [below for nested schema](#{anchor}))");
        }
        page.push('\n');
    }
    page.push('\n');
}

/// What is nested in members, each under its heading.
fn write_below(page: &mut String, parents: &[&str], members: &[Member<'_>]) {
    for Member { name, below, .. } in members {
        let Some(below) = below else { continue };
        let path = [parents, &[*name]].concat();
        let anchor = below.anchor_at(parents, name);
        // Writing to a string cannot fail.
        let _ =
            write!(page, "<a id=\"{anchor}\"></a>\n### Nested Schema for `{}`\n\n", path.join("."));
        match below.content {
            Content::Block(block) => write_block(page, &path, block),
            Content::Object(attributes, group) => write_object(page, &path, attributes, group),
        }
        page.push('\n');
    }
}

impl<'a> Member<'a> {
    fn of_attribute(attribute: &'a Attribute) -> Self {
        let group = Group::of_attribute(attribute);
        let sensitive = if attribute.sensitive { ", Sensitive" } else { "" };
        let facts = type_name(&attribute.ty) + sensitive;
        Self {
            name: attribute.name,
            group,
            text: described(facts, &attribute.description),
            below: Below::of_type("nestedatt", &attribute.ty, group),
        }
    }

    fn of_block(nested: &'a NestedBlock) -> Self {
        let group = Group::of_block(&nested.block);
        let facts = match group {
            Group::ReadOnly => "Block, Read-only",
            Group::Required | Group::Optional => "Block, Optional",
        };
        Self {
            name: nested.name,
            group,
            text: described(facts.to_owned(), &nested.block.description),
            below: Some(Below { anchor: "nestedblock", content: Content::Block(&nested.block) }),
        }
    }

    /// An attribute of an object, about which the protocol tells no more than its type.
    fn of_type(name: &'a str, ty: &'a Type, group: Group) -> Self {
        let below = Below::of_type("nestedobjatt", ty, group);
        Self { name, group, text: described(type_name(ty), ""), below }
    }
}

impl<'a> Below<'a> {
    /// Objects, and collections of them, have something to say below.
    fn of_type(anchor: &'static str, ty: &'a Type, group: Group) -> Option<Self> {
        let object = match ty {
            Type::List(element) | Type::Set(element) | Type::Map(element) => element.as_ref(),
            itself => itself,
        };
        let Type::Object(attributes) = object else { return None };
        Some(Self { anchor, content: Content::Object(attributes, group) })
    }

    fn anchor_at(&self, parents: &[&str], name: &str) -> String {
        [&[self.anchor], parents, &[name]].concat().join("--")
    }
}

impl Group {
    const fn of_attribute(attribute: &Attribute) -> Self {
        match attribute.mode {
            Mode::Required => Self::Required,
            Mode::Optional | Mode::OptionalComputed => Self::Optional,
            Mode::Computed => Self::ReadOnly,
        }
    }

    /// A block need not be written here. One in which there is nothing to be written is the provider's.
    fn of_block(block: &Block) -> Self {
        let of_attributes = block.attributes.iter().map(Self::of_attribute);
        let of_blocks = block.blocks.iter().map(|nested| Self::of_block(&nested.block));
        let mut groups = of_attributes.chain(of_blocks).peekable();
        if groups.peek().is_some() && groups.all(|group| group == Self::ReadOnly) {
            Self::ReadOnly
        } else {
            Self::Optional
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Required => "Required",
            Self::Optional => "Optional",
            Self::ReadOnly => "Read-Only",
        }
    }
}

/// What is said after a name.
fn described(facts: String, description: &str) -> String {
    match description.trim() {
        "" => format!("({facts})"),
        description => format!("({facts}) {description}"),
    }
}

fn type_name(ty: &Type) -> String {
    match ty {
        Type::String => "String".to_owned(),
        Type::Number => "Number".to_owned(),
        Type::Bool => "Boolean".to_owned(),
        Type::Dynamic => "Dynamic".to_owned(),
        Type::List(element) => format!("List of {}", type_name(element)),
        Type::Set(element) => format!("Set of {}", type_name(element)),
        Type::Map(element) => format!("Map of {}", type_name(element)),
        Type::Tuple(_) => "Tuple".to_owned(),
        Type::Object(_) => "Object".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What tfplugindocs 0.25.0 makes of the same schema, given as Terraform would show it.
    const PAGE: &str = r##"<!-- schema generated by tfplugindocs -->
## Schema

### Required

- `first` (String, Sensitive) First.

### Optional

- `by_key` (Map of Object) By key. (see [below for nested schema](#nestedatt--by_key))
- `empty` (Block, Optional) (see [below for nested schema](#nestedblock--empty))
- `limits` (Block, Optional) Limits. (see [below for nested schema](#nestedblock--limits))
- `names` (Set of String)

### Read-Only

- `one` (Object) One. (see [below for nested schema](#nestedatt--one))
- `seen` (Block, Read-only) Seen. (see [below for nested schema](#nestedblock--seen))
- `whatever` (Dynamic) Whatever.

<a id="nestedatt--by_key"></a>
### Nested Schema for `by_key`

Optional:

- `x` (Boolean)
- `y` (List of Object) (see [below for nested schema](#nestedobjatt--by_key--y))

<a id="nestedobjatt--by_key--y"></a>
### Nested Schema for `by_key.y`

Optional:

- `z` (Number)



<a id="nestedblock--empty"></a>
### Nested Schema for `empty`


<a id="nestedblock--limits"></a>
### Nested Schema for `limits`

Required:

- `most` (Number) Most.

Optional:

- `inner` (Block, Optional) (see [below for nested schema](#nestedblock--limits--inner))

Read-Only:

- `least` (Number) Least.

<a id="nestedblock--limits--inner"></a>
### Nested Schema for `limits.inner`

Optional:

- `deep` (Boolean) Deep.



<a id="nestedatt--one"></a>
### Nested Schema for `one`

Read-Only:

- `of` (Map of Number)


<a id="nestedblock--seen"></a>
### Nested Schema for `seen`

Read-Only:

- `at` (String) At."##;

    fn attribute(name: &'static str, ty: Type, mode: Mode, description: &'static str) -> Attribute {
        Attribute::new(name, ty, mode, description)
    }

    fn nested(
        name: &'static str,
        description: &'static str,
        attributes: Vec<Attribute>,
        blocks: Vec<NestedBlock>,
    ) -> NestedBlock {
        NestedBlock {
            name,
            block: Block { description: description.to_owned(), attributes, blocks },
        }
    }

    fn object<const N: usize>(attributes: [(&str, Type); N]) -> Type {
        Type::Object(attributes.map(|(name, ty)| (name.to_owned(), ty)).into())
    }

    #[test]
    fn every_kind_of_member_is_written_as_the_ecosystems_generator_does() {
        let of_y = object([("z", Type::Number)]);
        let by_key = object([("x", Type::Bool), ("y", Type::List(Box::new(of_y)))]);
        let one = object([("of", Type::Map(Box::new(Type::Number)))]);
        let deep = attribute("deep", Type::Bool, Mode::Optional, "Deep.");
        let limits = vec![
            attribute("most", Type::Number, Mode::Required, "Most."),
            attribute("least", Type::Number, Mode::Computed, "Least."),
        ];
        let at = attribute("at", Type::String, Mode::Computed, "At.");
        let names = Type::Set(Box::new(Type::String));
        let block = Block {
            description: "A thing.".to_owned(),
            attributes: vec![
                Attribute {
                    sensitive: true,
                    ..attribute("first", Type::String, Mode::Required, " First. ")
                },
                attribute("by_key", Type::Map(Box::new(by_key)), Mode::Optional, "By key."),
                attribute("names", names, Mode::OptionalComputed, ""),
                attribute("whatever", Type::Dynamic, Mode::Computed, "Whatever."),
                attribute("one", one, Mode::Computed, "One."),
            ],
            blocks: vec![
                nested("limits", "Limits.", limits, vec![nested("inner", "", vec![deep], vec![])]),
                nested("seen", "Seen.", vec![at], vec![]),
                nested("empty", "", vec![], vec![]),
            ],
        };
        assert_eq!(schema(SCHEMA_COMMENT, &block).trim(), PAGE);
    }
}
