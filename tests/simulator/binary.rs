//! The `compshare-simulator` program.

use std::{fs, process::Stdio, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::{Child, Command},
};

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_compshare-simulator"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// Runs the program, which must fail without output on stdout. Returns stderr.
async fn fails(arguments: &[&str]) -> String {
    let output = program().args(arguments).output();
    let output = tokio::time::timeout(Duration::from_secs(20), output).await.unwrap().unwrap();
    assert!(!output.status.success(), "{arguments:?}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

async fn end(mut child: Child, signal: &str) {
    let id = child.id().unwrap().to_string();
    assert!(Command::new("kill").args([signal, &id]).status().await.unwrap().success());
    let status =
        tokio::time::timeout(Duration::from_secs(20), child.wait()).await.unwrap().unwrap();
    assert!(status.success(), "{signal}: {status}");
}

#[tokio::test]
async fn program_prints_address_and_ends_on_signal() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("account.json");
    fs::write(
        &file,
        r#"{"public_key": "p", "private_key": "q", "instances": [{"UHostId": "uhost-1"}],
            "images": [{"CompShareImageId": "compshareImage-file"}]}"#,
    )
    .unwrap();
    for signal in ["-TERM", "-INT"] {
        let mut child = program()
            .args(["--start-time", "500ms", "--stop-time", "2s"])
            .args(["--lock-ttl", "10m", "--latency", "1ms"])
            .args(["--create-time", "1m", "--create-hidden", "30s", "--resize-time", "30s"])
            .args(["--terminate-time", "5s", "--image-sync-time", "3m", "--instance-quota", "5"])
            .arg("--running-spot-terminates")
            .args(["--without-gpu", "strict", "--listen", "127.0.0.1:0", "--instances"])
            .arg(&file)
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).await.unwrap();
        let url = line.strip_prefix("listening on ").unwrap().trim_end();
        assert!(url.starts_with("http://127.0.0.1:"), "{line}");

        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let patch = http.post(format!("{url}/simulator/instances/uhost-1")).body("{}").send();
        assert_eq!(patch.await.unwrap().status(), 204);
        let patch = http.post(format!("{url}/simulator/images/compshareImage-file")).body("{}");
        assert_eq!(patch.send().await.unwrap().status(), 204);
        let wrong_key = [("Action", "GetProjectList"), ("PublicKey", "p"), ("Signature", "x")];
        let text = http.post(url).form(&wrong_key).send().await.unwrap().text().await.unwrap();
        assert!(text.contains("171"), "{text}");

        end(child, signal).await;
        let mut rest = String::new();
        stdout.read_to_string(&mut rest).await.unwrap();
        assert_eq!(rest, "");
    }
}

#[tokio::test]
async fn program_refuses_non_loopback_address() {
    let error = fails(&["--listen", "0.0.0.0:0"]).await;
    assert_eq!(
        error,
        "compshare-simulator: refusing to listen on 0.0.0.0:0: only a loopback address is allowed\n"
    );
}

#[tokio::test]
async fn account_file_error_names_file_and_position() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("account.json");
    let path = file.to_str().unwrap();
    let cases = [
        ("{\n  \"instances\": [,]\n}", "line 2 column 17"),
        (r#"{"instance": []}"#, "unknown field `instance`"),
        (r#"{"instances": [3]}"#, "expected a map at line 1 column 16"),
        (r#"{"instances": [{"Name": "x"}]}"#, "instances[0].UHostId: a string is required"),
        (r#"{"images": [{"Name": "x"}]}"#, "images[0].CompShareImageId: a string is required"),
    ];
    for (text, expected) in cases {
        fs::write(&file, text).unwrap();
        let error = fails(&["--instances", path]).await;
        assert!(error.starts_with(&format!("compshare-simulator: {path}: ")), "{error}");
        assert!(error.contains(expected), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
    let error = fails(&["--instances", "no-such-file.json"]).await;
    assert!(
        error.starts_with("compshare-simulator: no-such-file.json: cannot read the file: "),
        "{error}"
    );
}

#[tokio::test]
async fn invalid_arguments_are_refused() {
    assert!(fails(&["--start-time", "2"]).await.contains("expected to find unit designator"));
    assert!(fails(&["--without-gpu", "sometimes"]).await.contains("sometimes"));
    assert!(fails(&["--listen", "nowhere"]).await.contains("nowhere"));
}
