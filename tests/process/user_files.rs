//! Files that the user names: pipes, devices and directories in place of a file.

use std::{fs, path::Path, process::Command, time::Duration};

use serde_json::json;
use tempfile::TempDir;
use terraform_provider_compshare::simulator::{
    DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY, Options, Simulator,
};
use tokio::time::{Instant, sleep, timeout};

use crate::support::{
    host::{Host, Launch},
    terraform_core::{Errors, Terraform},
};

/// Time after which the provider gives up reading, with a margin.
const READ_LIMIT: Duration = Duration::from_secs(15);
/// Time in which a host expects the end of an interrupted or aborted operation.
const PROMPT: Duration = Duration::from_secs(2);

fn pipe() -> (TempDir, String) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pipe").to_str().unwrap().to_owned();
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    (directory, path)
}

/// A provider that reads its keys from `file`, for the API at `url`.
async fn provider(file: &str, url: &str) -> (Host, Terraform) {
    let launch = Launch::new().with("COMPSHARE_CONFIG_FILE", file).with("COMPSHARE_BASE_URL", url);
    let host = launch.start().await;
    let terraform = Terraform::on(host.provider().await).await;
    terraform.configure(json!({})).await.unwrap();
    (host, terraform)
}

async fn list(terraform: &Terraform) -> Result<(), Errors> {
    let config = json!({});
    let listed = timeout(READ_LIMIT, terraform.read_data("compshare_instances", &config));
    listed.await.expect("the read does not end").map(drop)
}

/// Asserts that the keys cannot be read from `file`, and returns the time until the error.
async fn refused(file: &str, reason: &str) -> Duration {
    let (host, terraform) = provider(file, "http://127.0.0.1:9").await;
    let began = Instant::now();
    list(&terraform).await.unwrap_err().says("Unusable Credentials File", &[file, reason]);
    let took = began.elapsed();
    let ended = host.shutdown().await;
    assert_eq!(ended.status.code(), Some(0));
    assert!(ended.took < PROMPT, "{:?}", ended.took);
    took
}

#[tokio::test]
async fn special_files_are_refused_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().to_str().unwrap();
    assert!(refused("/dev/zero", "longer than 1048576 bytes").await < PROMPT);
    assert!(refused(path, "directory").await < PROMPT);
    assert!(refused(&format!("{path}/no\n"), "begins or ends with white space").await < PROMPT);
}

#[tokio::test]
async fn pipe_without_writer_is_given_up_and_named() {
    let (_directory, path) = pipe();
    let took = refused(&path, "not read within 5 seconds").await;
    assert!(took >= Duration::from_secs(4), "{took:?}");
}

#[tokio::test]
async fn blocked_read_blocks_no_other_call_and_no_interrupt() {
    let (_directory, path) = pipe();
    let (host, terraform) = provider(&path, "http://127.0.0.1:9").await;
    let meanwhile = async {
        sleep(Duration::from_millis(500)).await;
        let began = Instant::now();
        terraform.validate(&json!({"instance_id": "uhost-1"})).await.unwrap();
        terraform.stop().await;
        assert!(began.elapsed() < PROMPT, "{:?}", began.elapsed());
        Instant::now()
    };
    let (listed, stopped) = tokio::join!(list(&terraform), meanwhile);
    assert!(stopped.elapsed() < PROMPT, "{:?}", stopped.elapsed());
    listed.unwrap_err().says("Interrupted While Setting Up the API Client", &[]);
    let ended = host.shutdown().await;
    assert_eq!(ended.status.code(), Some(0));
    assert!(ended.took < PROMPT, "{:?}", ended.took);
}

/// `sops exec-file` hands over such a pipe.
#[tokio::test]
async fn pipe_that_is_written_late_is_read() {
    let simulator = Simulator::start(Options::default()).await.unwrap();
    let (_directory, path) = pipe();
    let (_host, terraform) = provider(&path, &simulator.url()).await;
    let write = async {
        sleep(Duration::from_secs(1)).await;
        let keys = json!({"public_key": DEMO_PUBLIC_KEY, "private_key": DEMO_PRIVATE_KEY});
        let file = json!({"profiles": {"default": keys}}).to_string();
        tokio::task::spawn_blocking(move || fs::write(Path::new(&path), file)).await
    };
    let (listed, written) = tokio::join!(list(&terraform), write);
    listed.unwrap();
    written.unwrap().unwrap();
    assert_eq!(simulator.calls().len(), 1);
}
