//! The fault matrix: every operation under every fault.
//!
//! For each pair the test checks that the operation ends in time, that its message is correct and
//! contains no secret, that no accepted call is repeated, that the state matches reality, and that
//! the next run without the fault converges.
//!
//! The results are in `matrix.md` beside this file. `UPDATE_EXPECT=1` rewrites it.

mod cell;
mod fault;
mod operation;
mod page;
mod unreachable;

use std::{panic::AssertUnwindSafe, sync::Arc};

use expect_test::expect_file;
use futures_util::{FutureExt as _, StreamExt as _, stream};

use self::{page::Result, unreachable::UnreachableServers};

/// Number of concurrent cells. A cell spends nearly all of its time waiting.
const CONCURRENCY: usize = 64;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_handles_every_fault() {
    let servers = UnreachableServers::start().await;
    let cells: Vec<_> = fault::all()
        .into_iter()
        .map(Arc::new)
        .flat_map(|fault| {
            let affected = operation::ALL.into_iter().filter({
                let fault = Arc::clone(&fault);
                move |operation| fault.affects(*operation)
            });
            affected.map(move |operation| (Arc::clone(&fault), operation))
        })
        .collect();
    let count = cells.len();
    let results: Vec<_> = stream::iter(cells)
        .map(async |(fault, operation)| {
            // A failed cell has printed its panic. The other cells still run.
            let checked = AssertUnwindSafe(cell::check(operation, &fault, &servers));
            let Ok(outcome) = checked.catch_unwind().await else {
                eprintln!("failed: `{}` under `{fault}`", operation.name());
                return None;
            };
            Some(Result { fault, operation, outcome })
        })
        .buffer_unordered(CONCURRENCY)
        .collect()
        .await;
    let mut results: Vec<_> = results.into_iter().flatten().collect();
    results.sort_by_key(|result| (result.fault.index, result.operation));
    assert_eq!(results.len(), count, "some cells failed; see the panics above");
    expect_file!["./matrix.md"].assert_eq(&page::write(&results));
}
