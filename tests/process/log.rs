//! The log that a host reads.

use std::collections::BTreeSet;

use jiff::{Timestamp, civil};
use serde_json::Value;

use crate::support::host::{Ended, Launch};

/// Runs the provider so that it logs a warning at its start and a debug line at its end.
async fn run_with_log(launch: Launch) -> Ended {
    launch.with("PLUGIN_PROTOCOL_VERSIONS", "6").start().await.shutdown().await
}

#[tokio::test]
async fn log_lines_have_the_format_of_hclog() {
    let before = Timestamp::now();
    let ended = run_with_log(Launch::new()).await;
    let mut levels = BTreeSet::new();
    for line in &ended.stderr {
        let entry: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
        let key = |name: &str| entry[name].as_str().unwrap_or_else(|| panic!("{name}: {line}"));
        levels.insert(key("@level").to_owned());
        assert_eq!(key("@module"), "provider");
        assert!(!key("@message").is_empty());
        assert!(key("@caller").contains(".rs:"), "{line}");
        let timestamp = key("@timestamp");
        assert_eq!(timestamp.len(), "2006-01-02T15:04:05.000000Z".len(), "{line}");
        civil::DateTime::strptime("%Y-%m-%dT%H:%M:%S.%fZ", timestamp).unwrap();
        let logged: Timestamp = timestamp.parse().unwrap();
        assert!(before.as_microsecond() <= logged.as_microsecond() && logged <= Timestamp::now());
    }
    assert_eq!(levels, ["debug", "warn"].map(str::to_owned).into());
}

#[tokio::test]
async fn log_level_follows_variables_of_terraform() {
    for (variables, expected) in [
        (&[("TF_LOG", "")][..], &["warn"][..]),
        (&[("TF_LOG", "OFF")], &["warn"]),
        (&[("TF_LOG", "TRACE"), ("TF_LOG_PROVIDER", "OFF")], &["warn"]),
        (&[("TF_LOG", ""), ("TF_LOG_PROVIDER", "DEBUG")], &["debug", "warn"]),
        (&[("TF_LOG_PROVIDER_COMPSHARE", "WARN")], &["warn"]),
        (&[("TF_LOG_PROVIDER_COMPSHARE", "OFF")], &[]),
        (&[("TF_LOG", ""), ("TF_LOG_PROVIDER_COMPSHARE", "TRACE")], &["debug", "warn"]),
    ] {
        let launch = variables.iter().fold(Launch::new(), |launch, (k, v)| launch.with(k, v));
        let ended = run_with_log(launch).await;
        let levels: BTreeSet<_> = ended
            .stderr
            .iter()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["@level"].clone())
            .map(|level| level.as_str().unwrap().to_owned())
            .collect();
        let expected = expected.iter().map(|&level| level.to_owned()).collect();
        assert_eq!(levels, expected, "{variables:?}");
    }
}
