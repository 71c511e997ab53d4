//! The provider block.

use crate::{
    compshare::BaseUrl,
    framework::{Attr, Rule, Sensitive, model, parse_duration},
};

pub(crate) const DESCRIPTION: &str = "Manages GPU instances of [CompShare](https://www.compshare.cn) (优云智算): creates and deletes them, \
     keeps them running or stopped, and reports drift.";

model! {
    /// The provider block.
    pub struct ProviderModel {
        /// API public key. Environment variable: `COMPSHARE_PUBLIC_KEY`. Defaults to the key of the
        /// profile. UCloud keys (`api.ucloud.cn`) are not valid for CompShare.
        pub public_key: Attr<Sensitive> = optional(),

        /// API private key. Used to sign requests; never transmitted. Environment variable:
        /// `COMPSHARE_PRIVATE_KEY`. Defaults to the key of the profile. Do not hard-code it in the
        /// configuration.
        pub private_key: Attr<Sensitive> = optional(),

        /// Profile in `config_file` from which keys are read that are set neither by arguments nor
        /// by environment variables. Environment variable: `COMPSHARE_PROFILE`. Defaults to the
        /// file's `current_profile`, otherwise to `default`. A profile that the file does not
        /// contain is an error.
        pub profile: Attr<String> = optional(),

        /// Path to the configuration file of the official CLI. The provider never modifies it.
        /// Environment variable: `COMPSHARE_CONFIG_FILE`. Defaults to
        /// `$XDG_CONFIG_HOME/compshare/config.json`, otherwise to
        /// `~/.config/compshare/config.json`.
        pub config_file: Attr<String> = optional(),

        /// Region to which lookups of instances are restricted, for example `cn-wlcb`. Environment
        /// variable: `COMPSHARE_REGION`. By default, instances are found in any region.
        pub region: Attr<String> = optional(),

        /// Project ID of API requests. Required for sub-accounts. Environment variable:
        /// `COMPSHARE_PROJECT_ID`. Defaults to the account's default project.
        pub project_id: Attr<String> = optional(),

        /// API endpoint. Environment variable: `COMPSHARE_BASE_URL`. Defaults to
        /// `https://api.compshare.cn`. `http://` is accepted only for a loopback host.
        pub base_url: Attr<String> = optional().rule(Rule::Check(check_base_url)),

        /// Maximum number of retries of an idempotent request after connection errors, throttling,
        /// or server errors, between `0` and `100`. Defaults to `5`. A start, stop, or reboot
        /// request that may have been accepted is not repeated before the state of the instance has
        /// been checked.
        pub max_retries: Attr<i64> = optional().rule(Rule::Between(0, 100)),

        /// Timeout of a single API request, for example `"90s"`. Defaults to `"60s"`. Listing
        /// instances can take up to 40 seconds.
        pub request_timeout: Attr<String> = optional().rule(Rule::Check(check_duration)),

        /// Initial interval between status checks while an instance is starting or stopping, for
        /// example `"10s"`. The interval grows to at most five times this value. Concurrent
        /// operations share status checks, and ten or more are checked in a tenth of the interval,
        /// but at most every 0.1 seconds. Defaults to `"3s"`.
        pub poll_interval: Attr<String> = optional().rule(Rule::Check(check_duration)),

        /// Maximum number of concurrent API requests, between `1` and `1000`, shared by everything
        /// that uses this provider configuration. Throttling lowers it temporarily. Defaults to `30`.
        pub max_concurrent_requests: Attr<i64> = optional().rule(Rule::Between(1, 1000)),
    }
}

/// Returns `attr` without the white space around it; null if nothing remains. An optional variable
/// of a module is often passed on as `""`.
pub(crate) fn trimmed(attr: Attr<String>) -> Attr<String> {
    match attr {
        Attr::Known(text) => {
            Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned).into()
        }
        other => other,
    }
}

fn check_duration(text: &str) -> Result<(), String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(());
    }
    parse_duration(text).map(drop).map_err(|error| format!("\"{text}\": {error}"))
}

fn check_base_url(text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        return Ok(());
    }
    text.parse::<BaseUrl>().map(drop).map_err(str::to_owned)
}
