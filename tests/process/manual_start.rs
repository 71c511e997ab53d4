//! The program started from a shell.

use crate::support::host::{COOKIE, Launch};

#[tokio::test]
async fn start_without_cookie_fails_with_explanation() {
    let almost = COOKIE.1.replace('d', "e");
    for launch in [
        Launch::by_hand(),
        Launch::new().without(COOKIE.0),
        Launch::new().with(COOKIE.0, ""),
        Launch::new().with(COOKIE.0, &almost),
    ] {
        let ended = launch.run().await;
        assert_eq!(ended.status.code(), Some(1));
        assert_eq!(ended.stdout, "");
        assert!(ended.stderr[0].contains("This program is a plugin"), "{:?}", ended.stderr);
        assert!(ended.left.is_empty());
    }
}

#[tokio::test]
async fn version_names_package_commit_and_protocol() {
    for argument in ["--version", "-version", "-V"] {
        let ended = Launch::by_hand().argument(argument).run().await;
        assert!(ended.status.success());
        let begin = format!("terraform-provider-compshare {} (", env!("CARGO_PKG_VERSION"));
        let build = ended.stdout.strip_prefix(&begin).expect(&ended.stdout);
        let build = build.strip_suffix(", plugin protocol 5)\n").expect(&ended.stdout);
        // Only a release build names its commit: see `proto/build.rs`.
        if cfg!(debug_assertions) {
            assert_eq!(build, "development build");
        } else {
            assert!(build == "commit unknown" || is_commit(build), "{build}");
        }
    }
}

fn is_commit(build: &str) -> bool {
    let Some(commit) = build.strip_prefix("commit ") else { return false };
    commit.len() >= 12 && commit.chars().all(|digit| digit.is_ascii_hexdigit())
}

#[tokio::test]
async fn help_explains_host_and_development() {
    for argument in ["--help", "-help"] {
        let ended = Launch::by_hand().argument(argument).run().await;
        assert!(ended.status.success());
        for part in ["start this program without arguments", "dev_overrides", "--debug", "TF_LOG"] {
            assert!(ended.stdout.contains(part), "{argument} does not mention {part}");
        }
    }
}

#[tokio::test]
async fn unknown_argument_fails_without_stdout() {
    let ended = Launch::new().argument("--frobnicate").run().await;
    assert!(!ended.status.success());
    assert_eq!(ended.stdout, "");
}
