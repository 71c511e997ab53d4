//! Compressed answers that are not what they should be.

use std::io::Write as _;

use flate2::{Compress, Compression, FlushCompress, write::GzEncoder};
use terraform_provider_compshare::compshare::ErrorKind;

use super::*;

const GZIP: [(&str, &str); 1] = [("Content-Encoding", "gzip")];

fn compressed(json: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(json.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// A megabyte or so that inflates to a gigabyte: zeros, compressed once and repeated, since a full flush makes each piece
/// independent of those before.
fn bomb() -> Vec<u8> {
    let zeros = vec![0; 1 << 20];
    let mut piece = Vec::with_capacity(1 << 16);
    let mut deflate = Compress::new(Compression::fast(), false);
    deflate.compress_vec(&zeros, &mut piece, FlushCompress::Full).unwrap();
    assert_eq!(deflate.total_in(), 1 << 20);
    let header = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    [&header[..], &piece.repeat(1024)].concat()
}

#[test]
fn an_answer_that_inflates_without_end_is_cut_off_and_does_not_fill_the_memory() {
    let bomb = bomb();
    assert!(bomb.len() < 8 << 20, "{}", bomb.len());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut outcome = None;
    let memory = allocation_counter::measure(|| {
        outcome = Some(runtime.block_on(play(&start(), [Step::http(START, 200, &GZIP, &bomb)])).0);
    });
    let error = outcome.unwrap().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unreadable { http_status: 200, .. }), "{error}");
    assert!(error.to_string().contains("longer than 4194304 bytes"), "{error}");
    // The body so far and its larger copy when it grew last, and what the script holds.
    assert!(memory.bytes_max < 40 << 20, "{memory:?}");
}

#[tokio::test]
async fn an_answer_that_breaks_off_while_compressed_is_a_failure_wherever_it_does() {
    let whole = compressed(r#"{"RetCode":0,"UHostId":"uhost-1"}"#);
    for length in 0..whole.len() {
        let step = Step::http(START, 200, &GZIP, &whole[..length]);
        let error = play(&start(), [step]).await.0.unwrap_err();
        assert!(error.may_have_happened(), "{length}: {error}");
    }
}

#[tokio::test]
async fn an_answer_whose_compression_is_broken_is_read_or_refused() {
    let whole = compressed(r#"{"RetCode":0,"UHostId":"uhost-1"}"#);
    let mut refused = 0;
    for at in 0..whole.len() {
        let mut broken = whole.clone();
        broken[at] ^= 0x10;
        let (outcome, _) = play(&start(), [Step::http(START, 200, &GZIP, &broken)]).await;
        match outcome {
            Ok(accepted) => assert_eq!(accepted.instance_id.as_deref(), Some("uhost-1"), "{at}"),
            Err(error) => {
                assert!(error.may_have_happened(), "{at}: {error}");
                refused += 1;
            }
        }
    }
    // Of the header not everything matters; the checksum holds the rest together.
    assert!(refused > whole.len() - 10, "{refused} of {}", whole.len());
}
