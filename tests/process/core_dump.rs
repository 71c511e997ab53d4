//! Core dumps of a crashed process, which would contain keys.

use std::fs;

use rustix::process::Signal;

use crate::support::{
    host::{Launch, entries},
    proc::Proc,
};

/// Starts its arguments in the temporary folder, with the largest allowed core dump.
const WITH_CORE_DUMP: [&str; 2] =
    ["-c", "ulimit -c $(ulimit -H -c) && cd \"$TMPDIR\" && exec \"$0\" \"$@\""];

#[tokio::test]
async fn crash_leaves_no_core_dump() {
    let (process, _line) = Launch::new().start_by("sh", &WITH_CORE_DUMP).await;
    assert_eq!(Proc::of(process.pid()).core_dump_limit(), "0");
    let before = entries(process.directory());
    process.signal(Signal::ABORT);
    let ended = process.ended().await;
    assert_eq!(ended.status.code(), None);
    assert_eq!(ended.left, before, "only the directory of the socket remains");
}

#[tokio::test]
async fn debug_mode_allows_core_dump() {
    let launch = Launch::by_hand().argument("--debug");
    let (process, _line) = launch.start_by("sh", &WITH_CORE_DUMP).await;
    let limits = fs::read_to_string("/proc/self/limits").unwrap();
    let maximum = limits.lines().find_map(|line| line.strip_prefix("Max core file size")).unwrap();
    let maximum = maximum.split_whitespace().nth(1).unwrap();
    assert_eq!(Proc::of(process.pid()).core_dump_limit(), maximum);
}
