//! Compressed responses that are damaged or malicious.

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

/// About a megabyte that inflates to a gigabyte of zeros. After a full flush, a block does not
/// depend on earlier ones, so one compressed block is repeated.
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
fn decompression_bomb_is_cut_off_within_a_memory_limit() {
    let bomb = bomb();
    assert!(bomb.len() < 8 << 20, "{}", bomb.len());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut outcome = None;
    let memory = allocation_counter::measure(|| {
        outcome = Some(runtime.block_on(play(&start(), [Step::http(START, 200, &GZIP, &bomb)])).0);
    });
    let error = outcome.unwrap().unwrap_err();
    assert_eq!(error.kind, ErrorKind::TooLarge { limit: 4 << 20 });
    // The body, its copy at the last reallocation, and the buffers of the script.
    assert!(memory.bytes_max < 40 << 20, "{memory:?}");
}

#[tokio::test]
async fn truncated_compressed_response_is_a_failure() {
    let whole = compressed(r#"{"RetCode":0,"UHostId":"uhost-1"}"#);
    for length in 0..whole.len() {
        let step = Step::http(START, 200, &GZIP, &whole[..length]);
        let error = play(&start(), [step]).await.0.unwrap_err();
        assert!(error.may_have_happened(), "{length}: {error}");
    }
}

#[tokio::test]
async fn corrupted_compressed_response_is_never_misread() {
    let whole = compressed(r#"{"RetCode":0,"TotalCount":1,"UHostSet":[{"UHostId":"uhost-1"}]}"#);
    let no_retries = |settings: &mut Settings| settings.max_retries = 0;
    let mut failures = 0;
    for at in 0..whole.len() {
        let mut broken = whole.clone();
        broken[at] ^= 0x10;
        let step = Step::http(DESCRIBE, 200, &GZIP, &broken);
        let (outcome, _) = play_with(&describe(), [step], no_retries).await;
        match outcome {
            Ok(page) => assert_eq!(page.instances[0].id, "uhost-1", "{at}"),
            Err(error) => {
                assert!(error.may_have_happened(), "{at}: {error}");
                failures += 1;
            }
        }
    }
    // Some header bytes are ignored; the checksum covers the content.
    assert!(failures > whole.len() - 10, "{failures} of {}", whole.len());
}
