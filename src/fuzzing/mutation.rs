//! Inputs made of other inputs: changed a little, or beyond recognition.

use fastrand::Rng;

/// Longer inputs are made only by nesting, on purpose.
const LONGEST: usize = 1 << 16;

/// What is often the beginning of trouble: lengths that only their declaration has, numbers at their limits, levels of
/// nesting, and bytes that are no text.
const PIECES: [&[u8]; 37] = [
    b"\xdb\xff\xff\xff\xff",
    b"\xc6\xff\xff\xff\xff",
    b"\xdd\xff\xff\xff\xff",
    b"\xdf\xff\xff\xff\xff",
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
    b"-9223372036854775809",
    b"18446744073709551615",
    b"18446744073709551616",
    b"0.00000000000000000000000000000000001",
    b"1e308",
    b"-0",
    b"null",
    b"true",
    b"\"\\ud800\"",
    b"\"\\u0000\"",
    b"\xff\xfe",
    b"\xc3\x28",
    b"\xef\xbb\xbf",
    b"\x00",
    b"\n",
    b"{\"type\":\"dynamic\",\"value\":null}",
    b"{4294967295}",
    b"-----BEGIN CERTIFICATE-----\n",
    b"[]",
    b"{}",
];

/// What can be nested without end.
const LEVELS: [&[u8]; 8] = [
    b"\x91",
    b"\x81\xa1a",
    b"\x92\xc4\x09\"dynamic\"",
    b"[",
    b"{\"a\":",
    b"[\"list\",",
    b"{\"type\":\"dynamic\",\"value\":",
    b"(",
];

/// One of `seeds`, changed.
pub(super) fn mutated(seeds: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    let mut input = rng.choice(seeds).cloned().unwrap_or_default();
    for _ in 0..rng.usize(1..=6) {
        change(&mut input, seeds, rng);
        input.truncate(LONGEST);
    }
    if rng.u8(..) == 0 {
        nest(&mut input, rng);
    }
    input
}

fn change(input: &mut Vec<u8>, seeds: &[Vec<u8>], rng: &mut Rng) {
    let start = rng.usize(..=input.len());
    let end = rng.usize(start..=input.len().min(start + 64));
    match rng.u8(..11) {
        0 => flip(input, rng),
        1 => input.iter_mut().skip(start).take(1).for_each(|byte| *byte = rng.u8(..)),
        2 => input.truncate(start),
        3 => drop(input.drain(start..end)),
        4 => insert(input, start, &input[start..end].repeat(rng.usize(1..=4))),
        5 => {
            let noise: Vec<_> = (0..rng.usize(1..16)).map(|_| rng.u8(..)).collect();
            insert(input, start, &noise);
        }
        6 => insert(input, start, rng.choice(PIECES).unwrap_or_default()),
        7 => drop(input.splice(start..end, rng.choice(PIECES).unwrap_or_default().iter().copied())),
        8 => exaggerate(input, start, rng),
        9 => splice(input, start, rng.choice(seeds).map_or(&[], Vec::as_slice), rng),
        _ => count(input, start, rng),
    }
}

fn flip(input: &mut [u8], rng: &mut Rng) {
    let at = rng.usize(..input.len().max(1));
    if let Some(byte) = input.get_mut(at) {
        *byte ^= 1 << rng.u8(..8);
    }
}

fn insert(input: &mut Vec<u8>, at: usize, piece: &[u8]) {
    input.splice(at..at, piece.iter().copied());
}

/// Has the next map, array or text of MessagePack announce far more than there is, or one too many.
fn exaggerate(input: &mut Vec<u8>, from: usize, rng: &mut Rng) {
    let short = |byte: &u8| (0x80..0xc0).contains(byte);
    let Some(at) = input[from..].iter().position(short).map(|at| from + at) else { return };
    let (long, length) = match input[at] {
        byte @ 0x80..0x90 => (0xdf, byte & 0x0f),
        byte @ 0x90..0xa0 => (0xdd, byte & 0x0f),
        byte => (0xdb, byte & 0x1f),
    };
    let length = u32::from(length);
    let length = *rng.choice(&[u32::MAX, 1 << 24, 1 << 16, length + 1, length]).unwrap_or(&0);
    input.splice(at..=at, [&[long][..], &length.to_be_bytes()].concat());
}

/// The beginning of the one, and the end of the other.
fn splice(input: &mut Vec<u8>, at: usize, other: &[u8], rng: &mut Rng) {
    let from = rng.usize(..=other.len());
    input.truncate(at);
    input.extend_from_slice(&other[from..]);
}

/// A byte that is one more or less: a length, a version, a kind.
fn count(input: &mut [u8], at: usize, rng: &mut Rng) {
    if let Some(byte) = input.get_mut(at) {
        *byte = if rng.bool() { byte.wrapping_add(1) } else { byte.wrapping_sub(1) };
    }
}

fn nest(input: &mut Vec<u8>, rng: &mut Rng) {
    let level = rng.choice(LEVELS).unwrap_or_default();
    let depth = *rng.choice(&[100, 127, 128, 129, 1000, 100_000]).unwrap_or(&1);
    let at = rng.usize(..=input.len());
    insert(input, at, &level.repeat(depth));
}
