//! The fuzz targets of `fuzz/`, run on their seeds and on mutations of them.
//!
//! proptest makes the mutations, since it also shrinks a failing input to the few edits that
//! matter, and the package depends on it anyway. A failure prints its input; `PROPTEST_RNG_SEED`
//! repeats a run.

use std::{
    fmt, fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::mpsc,
    thread,
    time::Duration,
};

use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
    test_runner::{TestCaseError, TestRunner},
};
use tokio::time::Instant;

use crate::support::effort::rounds;

#[path = "../fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "a crate of its own for cargo-fuzz")]
mod targets;

use targets::{TARGETS, Target};

/// Mutated inputs per target and unit of effort.
const CASES: usize = 5_000;

/// Time limit for one input. On an idle machine each takes less than a hundredth of it.
const MAX_TIME: Duration = Duration::from_secs(10);

/// Time limit for one target and unit of effort.
const MAX_RUN: usize = 120;

/// Bytes at which decoders tend to fail: lengths without content, numbers at their limits, text
/// that is not Unicode.
const PIECES: [&[u8]; 32] = [
    b"",
    b"\xdb\xff\xff\xff\xff",
    b"\xc6\xff\xff\xff\xff",
    b"\xdd\xff\xff\xff\xff",
    b"\xdf\xff\xff\xff\xff",
    b"\xdd\x01\x00\x00\x00",
    b"\xdf\x00\x01\x00\x00",
    b"\xc9\xff\xff\xff\xff\x0c",
    b"\xdc\xff\xff",
    b"\xde\xff\xff",
    b"\xd4\x00\x00",
    b"\xc7\x03\x0c\x81\x01\xc2",
    b"\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00",
    b"\xcb\x00\x00\x00\x00\x00\x00\x00\x01",
    b"\xd3\x80\x00\x00\x00\x00\x00\x00\x00",
    b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\xa51e400",
    b"\xac1e2147483647",
    b"\xad1e-2147483648",
    b"1e-2147483648",
    b"18446744073709551616",
    b"0.00000000000000000000000000000000001",
    b"1e308",
    b"-0",
    b"null",
    b"\"\\ud800\"",
    b"\"\\u0000\"",
    b"\xff\xfe",
    b"\x00",
    b"\n",
    b"{4294967295}",
    b"-----BEGIN CERTIFICATE-----\n",
];

/// Openings that a decoder may follow recursively.
const LEVELS: [&[u8]; 5] = [b"\x91", b"\x81\xa1a", b"[", b"{\"a\":", b"("];

/// Replaces some bytes after a position by others.
#[derive(Clone, Debug)]
struct Edit {
    at: Index,
    removed: usize,
    inserted: Vec<u8>,
}

#[derive(Clone)]
struct Input(Vec<u8>);

impl fmt::Debug for Input {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "b\"{}\"", self.0[..self.0.len().min(4096)].escape_ascii())
    }
}

fn edit() -> impl Strategy<Value = Edit> {
    let bytes = vec(any::<u8>(), 1..4);
    let piece = select(&PIECES[..]).prop_map(<[u8]>::to_vec);
    let inserted = prop_oneof![3 => bytes, 3 => piece];
    // Removing as many bytes as are inserted keeps the lengths that stand before them.
    let (few, many) = ((0..4_usize).prop_map(Some), (0..64_usize).prop_map(Some));
    let removed = prop_oneof![2 => Just(None), 2 => few, 1 => many];
    (any::<Index>(), removed, inserted).prop_map(|(at, removed, inserted)| Edit {
        at,
        removed: removed.unwrap_or(inserted.len()),
        inserted,
    })
}

fn nesting() -> impl Strategy<Value = Edit> {
    let depth = select(&[100, 127, 128, 129, 1_000, 100_000][..]);
    (any::<Index>(), select(&LEVELS[..]), depth).prop_map(|(at, level, depth)| Edit {
        at,
        removed: 0,
        inserted: level.repeat(depth),
    })
}

fn mutated(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Input> {
    let edits = prop_oneof![63 => vec(edit(), 1..=6), 1 => vec(nesting(), 1)];
    (select(seeds), edits).prop_map(|(mut input, edits)| {
        for Edit { at, removed, inserted } in edits {
            let start = at.index(input.len() + 1);
            let end = input.len().min(start + removed);
            input.splice(start..end, inserted);
        }
        Input(input)
    })
}

/// Runs the target on one input within its limits of time and memory.
fn try_input(target: Target, input: &[u8]) -> Result<(), TestCaseError> {
    let began = Instant::now();
    let mut result = Ok(());
    let memory = allocation_counter::measure(|| {
        result = catch_unwind(AssertUnwindSafe(|| (target.run)(input)));
    });
    prop_assert!(result.is_ok(), "panicked, see above");
    prop_assert!(began.elapsed() < MAX_TIME, "took {:?}", began.elapsed());
    let max = target.memory.0 + target.memory.1 * input.len() as u64;
    prop_assert!(memory.bytes_max <= max, "allocated {} bytes", memory.bytes_max);
    Ok(())
}

fn fuzz(target: Target) {
    let seeds = (target.seeds)();
    for seed in &seeds {
        if let Err(error) = try_input(target, seed) {
            panic!("{error}, seed {:?}", Input(seed.clone()));
        }
    }
    let config = ProptestConfig {
        cases: rounds(CASES).try_into().unwrap(),
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let run = |Input(input): Input| try_input(target, &input);
    if let Err(error) = TestRunner::new(config).run(&mutated(seeds), run) {
        panic!("{error}");
    }
}

#[track_caller]
fn check(name: &str) {
    let target = *TARGETS.iter().find(|target| target.name == name).unwrap();
    let (done, finished) = mpsc::channel();
    thread::spawn(move || {
        fuzz(target);
        done.send(()).unwrap();
    });
    let max = Duration::from_secs(rounds(MAX_RUN) as u64);
    finished.recv_timeout(max).expect("the target hangs, or failed as printed above");
}

macro_rules! targets {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            check(stringify!($name));
        })*

        #[test]
        fn each_target_is_tested_and_built_for_cargo_fuzz() {
            let names = [$(stringify!($name)),*];
            assert_eq!(TARGETS.map(|target| target.name), names);
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
            let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
            assert_eq!(manifest.matches("[[bin]]").count(), names.len());
            for name in names {
                let path = format!("fuzz_targets/{name}.rs");
                assert!(manifest.contains(&format!("path = {path:?}")), "{name}");
                let target = fs::read_to_string(folder.join(path)).unwrap();
                assert!(target.contains(&format!("{name}::run(input)")), "{name}");
            }
        }
    };
}

targets!(credentials handshake json msgpack regex response rpc words);

#[test]
fn rpc_seeds_reach_the_api() {
    assert!(targets::rpc::seeds_that_reach_the_api() > 0);
}
