//! The fault matrix: every operation under everything that can go wrong.
//!
//! For each pair of them: it ends in time; the practitioner is told the right thing, and nothing secret; what the cloud has
//! taken is not asked for again; the state is true; and when nothing is wrong any more, the next run comes to rest where it
//! should. What is told stands in `matrix.md` beside this file, for people to read; `UPDATE_EXPECT=1` writes it anew.

mod cell;
mod elsewhere;
mod operation;
mod trouble;

use std::{collections::BTreeMap, fmt::Write as _, panic::AssertUnwindSafe};

use expect_test::expect_file;
use futures_util::{FutureExt as _, StreamExt as _, stream};

use self::{cell::Outcome, elsewhere::Elsewhere, operation::Operation, trouble::Trouble};

/// How many cells are under way at once. Nearly all of their time is spent waiting.
const TOGETHER: usize = 64;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_handles_every_fault() {
    let troubles = trouble::all();
    let elsewhere = Elsewhere::new().await;
    let cells = troubles.iter().enumerate().flat_map(|(row, trouble)| {
        let concerned = operation::ALL.into_iter().filter(|operation| trouble.concerns(*operation));
        concerned.map(move |operation| (row, operation, trouble.clone()))
    });
    let cells: Vec<_> = cells.collect();
    let count = cells.len();
    let outcomes: Vec<_> = stream::iter(cells)
        .map(|(row, operation, trouble)| {
            // One that fails has said so, and the others go on: how many fail says a lot.
            let checked = AssertUnwindSafe(cell::check(operation, trouble, &elsewhere));
            checked.catch_unwind().map(move |outcome| Some((row, operation, outcome.ok()?)))
        })
        .buffer_unordered(TOGETHER)
        .collect()
        .await;
    let broken = outcomes.iter().filter(|outcome| outcome.is_none()).count();
    assert_eq!(broken, 0, "so many of {count} fail; each has said above what is wrong");
    let mut outcomes: Vec<_> = outcomes.into_iter().flatten().collect();
    outcomes.sort_by_key(|(row, operation, _)| (*row, *operation));
    expect_file!["./matrix.md"].assert_eq(&page(&troubles, &outcomes, count));
}

/// What came of each, the operations that fared alike together.
fn page(troubles: &[Trouble], outcomes: &[(usize, Operation, Outcome)], count: usize) -> String {
    let mut page = format!(
        "Written by the test of `mod.rs`; see there.\n\n{} operations, {} things that go wrong, {count} pairs of them.\n",
        operation::ALL.len(),
        troubles.len(),
    );
    for (row, trouble) in troubles.iter().enumerate() {
        let mut alike: BTreeMap<&Outcome, Vec<&str>> = BTreeMap::new();
        for (_, operation, outcome) in outcomes.iter().filter(|outcome| outcome.0 == row) {
            alike.entry(outcome).or_default().push(operation.name());
        }
        let _ = write!(page, "\n## {trouble}\n\n");
        for (outcome, operations) in alike {
            let told = match outcome {
                Outcome::Succeeded => "nothing is noticed",
                Outcome::Failed(message) => message,
                Outcome::Killed => "killed, and done by the next run",
                Outcome::TooEarly => "done before that",
            };
            let _ = writeln!(page, "- {}: {told}", operations.join(", "));
        }
    }
    page
}
