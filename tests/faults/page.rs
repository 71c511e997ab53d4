//! The page with the results: one row for each class of faults.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    sync::Arc,
};

use super::{
    cell::Outcome,
    fault::{Class, Fault},
    operation::{self, Operation},
};

/// Result of one cell.
pub(super) struct Result {
    pub(super) fault: Arc<Fault>,
    pub(super) operation: Operation,
    pub(super) outcome: Outcome,
}

/// Outcome of each operation, without the reasons in messages.
type Row = BTreeMap<Operation, Outcome>;

const INTRODUCTION: &str = "\
# Fault matrix

Written by the test `faults::every_operation_handles_every_fault`; `UPDATE_EXPECT=1` rewrites it.

Every operation of the provider runs under every fault that can affect it. Each run also checks that
the operation ends in time, that its message contains no secret, that no accepted call is repeated,
that the state matches reality, and that the next run without the fault converges.

A *class* contains the faults that a client cannot distinguish. All faults of a class must have the
same result in every operation, except for the reason in the message; the test fails if one differs.
The first table lists the faults of each class, with the reasons in messages. Each section after it is
about the requests that fail. An entry begins with the classes that have equal results, followed by
the result of each operation. `REASON` stands for the reason of the fault, `ID` for the instance.

A *describe* reads instances or zones. A *change* is a start, a stop, a reboot, or a request that schedules
or cancels a stop.
";

/// Writes the page. `results` are in the order of the faults.
pub(super) fn write(results: &[Result]) -> String {
    let faults: BTreeSet<_> = results.iter().map(|result| result.fault.index).collect();
    let mut page = INTRODUCTION.to_owned();
    let _ = writeln!(
        page,
        "\n{} operations, {} faults, {} runs.\n\n## Classes\n\n\
         | class | meaning | faults | reasons |\n| --- | --- | --- | --- |",
        operation::ALL.len(),
        faults.len(),
        results.len(),
    );
    page.push_str(&classes(results));
    for (section, rows) in sections(results) {
        let _ = write!(page, "\n## {section}\n");
        for (row, classes) in merged(rows) {
            let names: Vec<_> = classes.iter().map(|class| class.name()).collect();
            let _ = write!(page, "\n**{}**\n\n", names.join(", "));
            page.push_str(&outcomes(&row));
        }
    }
    page
}

/// The table of classes, their faults, and the reasons that messages give for each fault.
fn classes(results: &[Result]) -> String {
    let mut classes: BTreeMap<Class, Vec<&str>> = BTreeMap::new();
    let mut reasons: BTreeMap<(Class, &str), BTreeSet<&str>> = BTreeMap::new();
    for Result { fault, outcome, .. } in results {
        let names = classes.entry(fault.class).or_default();
        if !names.contains(&fault.name.as_str()) {
            names.push(&fault.name);
        }
        let of_fault = reasons.entry((fault.class, &fault.name)).or_default();
        of_fault.extend(outcome.reason());
    }
    let mut table = String::new();
    for (class, names) in classes {
        for (position, name) in names.into_iter().enumerate() {
            let first = position == 0;
            let of_fault = &reasons[&(class, name)];
            let of_fault = of_fault.iter().copied().collect::<Vec<_>>().join("; ");
            let _ = writeln!(
                table,
                "| {} | {} | {name} | {of_fault} |",
                if first { class.name() } else { "" },
                if first { class.meaning() } else { "" },
            );
        }
    }
    table
}

/// The rows of each section. Panics if two faults of one class have different outcomes.
fn sections(results: &[Result]) -> Vec<(&'static str, BTreeMap<Class, Row>)> {
    let mut sections: Vec<(&str, BTreeMap<Class, Row>)> = Vec::new();
    for Result { fault, operation, outcome } in results {
        if sections.last().is_none_or(|(section, _)| *section != fault.section()) {
            sections.push((fault.section(), BTreeMap::new()));
        }
        let (_, rows) = sections.last_mut().expect("pushed above");
        let outcome = outcome.without_reason();
        let row = rows.entry(fault.class).or_default();
        let first = row.entry(*operation).or_insert_with(|| outcome.clone());
        assert_eq!(*first, outcome, "`{}` differs from its class under {fault}", operation.name());
    }
    sections
}

/// The distinct rows, each with its classes.
fn merged(rows: BTreeMap<Class, Row>) -> Vec<(Row, Vec<Class>)> {
    let mut merged: Vec<(Row, Vec<Class>)> = Vec::new();
    for (class, row) in rows {
        match merged.iter_mut().find(|(other, _)| *other == row) {
            Some((_, classes)) => classes.push(class),
            None => merged.push((row, vec![class])),
        }
    }
    merged
}

/// One line for each outcome, with its operations.
fn outcomes(row: &Row) -> String {
    let mut alike: BTreeMap<&Outcome, Vec<&str>> = BTreeMap::new();
    for (operation, outcome) in row {
        alike.entry(outcome).or_default().push(operation.name());
    }
    let mut lines = String::new();
    for (outcome, operations) in alike {
        let all = operations.len() == row.len();
        let operations =
            if all { "every affected operation".to_owned() } else { operations.join(", ") };
        let _ = writeln!(lines, "- {operations}: {outcome}");
    }
    lines
}
