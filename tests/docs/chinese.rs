//! The Chinese pages without an English counterpart: they list all arguments, titles of messages and return codes.

use std::{collections::BTreeSet, fs};

use terraform_provider_compshare::framework::{Attribute, Block, Mode};

use super::{described, root};

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap()
}

/// Beginning of the heading for a kind of schema.
fn kind_in_chinese(kind: &str) -> &'static str {
    match kind {
        "provider" => "Provider",
        "resource_schemas" => "资源 ",
        "data_source_schemas" => "数据源 ",
        "ephemeral_resource_schemas" => "临时资源 ",
        "list_resource_schemas" => "列表资源 ",
        "action_schemas" => "操作 ",
        _ => unreachable!("{kind}"),
    }
}

/// Arguments of a block and of the blocks in it.
fn arguments(block: &Block) -> impl Iterator<Item = &Attribute> {
    let nested = block.blocks.iter().flat_map(|nested| &nested.block.attributes);
    let all = block.attributes.iter().chain(nested);
    all.filter(|attribute| attribute.mode != Mode::Computed)
}

#[test]
fn chinese_reference_lists_all_arguments() {
    let page = read("docs/guides/reference-zh-cn.md");
    let sections: Vec<_> = page.split("\n## ").skip(1).collect();
    let mut missing = Vec::new();
    for one in described() {
        let (kind, name) = one.address;
        let heading = match name {
            "" => kind_in_chinese(kind).to_owned(),
            name => format!("{}`{name}`", kind_in_chinese(kind)),
        };
        let section = sections.iter().find(|section| section.lines().next() == Some(&heading));
        let Some(section) = section else {
            missing.push(format!("## {heading}"));
            continue;
        };
        let unlisted =
            arguments(&one.block).filter(|it| !section.contains(&format!("`{}`", it.name)));
        missing.extend(unlisted.map(|attribute| format!("{heading}: {}", attribute.name)));
    }
    assert!(missing.is_empty(), "not in reference-zh-cn.md:\n{}", missing.join("\n"));
}

#[test]
fn chinese_errors_page_lists_all_titles() {
    let page = read("docs/guides/errors-zh-cn.md");
    let messages = read("tests/protocol/messages.md");
    let titles = messages.lines().filter_map(|line| {
        let title = line.strip_prefix("Error: ").or_else(|| line.strip_prefix("Warning: "))?;
        Some(title.split(" (at ").next().unwrap())
    });
    let cells: BTreeSet<_> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" |").next())
        .flat_map(|cell| cell.split('、'))
        .collect();
    let is_listed = |title: &str| {
        // A page with a row for each reason lists it once for all operations.
        let reason = title.split_once(": ").map_or(title, |(_, reason)| reason);
        cells.contains(title) || cells.contains(reason) || reason.starts_with("RetCode ")
    };
    let missing: BTreeSet<_> = titles.filter(|title| !is_listed(title)).collect();
    assert!(missing.is_empty(), "not in errors-zh-cn.md: {missing:#?}");
}

#[test]
fn chinese_errors_page_lists_all_return_codes() {
    let page = read("docs/guides/errors-zh-cn.md");
    let (_, table) = page.split_once("\n## RetCode\n").unwrap();
    let source = read("src/compshare/ret_code.rs");
    let (table_in_source, _) = source.split_once("\n#[cfg(test)]").unwrap();
    let codes = table_in_source.lines().filter(|line| line.contains("=>") || line.contains('|'));
    let numbers = |line: &str| -> Vec<u32> {
        let line = line.replace('_', "").replace("8917..=8919", "8917|8918|8919");
        let words = line.split(|c: char| !c.is_ascii_digit());
        words.filter_map(|word| word.parse().ok()).filter(|code| *code > 99).collect()
    };
    let missing: Vec<_> =
        codes.flat_map(numbers).filter(|code| !table.contains(&code.to_string())).collect();
    assert!(missing.is_empty(), "not in errors-zh-cn.md: {missing:?}");
}
