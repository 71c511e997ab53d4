//! What is left of a process that crashes.

use std::fs;

use rustix::process::Signal;

use crate::support::{
    host::{Launch, entries},
    proc::Proc,
};

/// Starts what it is given with as large a core dump allowed as can be, in the temporary folder.
const GENEROUS: [&str; 2] =
    ["-c", "ulimit -c $(ulimit -H -c) && cd \"$TMPDIR\" && exec \"$0\" \"$@\""];

#[tokio::test]
async fn a_crash_leaves_no_image_of_the_memory() {
    let (process, _line) = Launch::new().start_by("sh", &GENEROUS).await;
    assert_eq!(Proc::of(process.pid()).core_dump_limit(), "0");
    let before = entries(process.directory());
    process.signal(Signal::ABORT);
    let ended = process.ended().await;
    assert_eq!(ended.status.code(), None);
    assert_eq!(ended.left, before, "nothing but the directory of the socket");
}

#[tokio::test]
async fn a_developer_may_have_one() {
    let launch = Launch::by_hand().argument("--debug");
    let (process, _line) = launch.start_by("sh", &GENEROUS).await;
    let ours = fs::read_to_string("/proc/self/limits").unwrap();
    let greatest = ours.lines().find_map(|line| line.strip_prefix("Max core file size")).unwrap();
    let greatest = greatest.split_whitespace().nth(1).unwrap();
    assert_eq!(Proc::of(process.pid()).core_dump_limit(), greatest);
}
