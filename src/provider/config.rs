//! The provider block: its attributes and their schema.

use crate::{
    compshare::BaseUrl,
    cty::Type,
    framework::{Attribute, Block, Mode, Rule, Schema, Sensitive, model},
};

model! {
    /// The provider block.
    pub struct ProviderModel {
        /// Public key of the API.
        pub public_key: Attr<Sensitive>,
        /// Private key of the API. A secret.
        pub private_key: Attr<Sensitive>,
        /// Profile in the CLI's file.
        pub profile: Attr<String>,
        /// The CLI's file.
        pub config_file: Attr<String>,
        /// Region that look-ups are limited to.
        pub region: Attr<String>,
        /// Project that calls are made for.
        pub project_id: Attr<String>,
        /// Where the API is.
        pub base_url: Attr<String>,
        /// Attempts after the first, for what may be repeated.
        pub max_retries: Attr<i64>,
        /// Limit for one request.
        pub request_timeout: Attr<String>,
        /// First interval of a wait.
        pub poll_interval: Attr<String>,
        /// Requests under way at once.
        pub max_concurrent_requests: Attr<i64>,
    }
}

pub(crate) fn schema() -> Schema {
    Schema {
        version: 0,
        block: Block {
            description: "Keeps rented GPU instances at [CompShare](https://www.compshare.cn) (优云智算) running, or stopped, \
                          as the configuration says. It neither creates nor deletes instances: it works on those that \
                          the account has.",
            attributes: attributes(),
            blocks: Vec::new(),
        },
    }
}

fn attributes() -> Vec<Attribute> {
    let optional = |name, ty, description| Attribute::new(name, ty, Mode::Optional, description);
    let text = |name, description| optional(name, Type::String, description);
    vec![
        text(
            "public_key",
            "Public key of the API. Environment: `COMPSHARE_PUBLIC_KEY`. Default: that of the profile. A key of UCloud's own \
             API does not work here.",
        )
        .sensitive(),
        text(
            "private_key",
            "Private key of the API; requests are signed with it, and it is never sent. Environment: `COMPSHARE_PRIVATE_KEY`. \
             Default: that of the profile. Best kept out of the configuration.",
        )
        .sensitive(),
        text(
            "profile",
            "Profile in `config_file` to take keys from, where neither argument nor environment has them. Environment: \
             `COMPSHARE_PROFILE`. Default: the file's `current_profile`, else `default`. It is an error if the file has no \
             profile of that name.",
        ),
        text(
            "config_file",
            "The official CLI's configuration file, which is only read. Environment: `COMPSHARE_CONFIG_FILE`. \
             Default: `$XDG_CONFIG_HOME/compshare/config.json`, else `~/.config/compshare/config.json`.",
        ),
        text(
            "region",
            "The only region in which instances are looked for, such as `cn-wlcb`. Environment: `COMPSHARE_REGION`. \
             Default: none, and an instance is found by its id wherever it is.",
        ),
        text(
            "project_id",
            "Project that calls are made for; a sub-account has to give one. Environment: `COMPSHARE_PROJECT_ID`. \
             Default: the account's default project.",
        ),
        text(
            "base_url",
            "Where the API is. Environment: `COMPSHARE_BASE_URL`. Default: `https://api.compshare.cn`. \
             `http://` is accepted for a loopback host only.",
        )
        .rule(Rule::Check(check_base_url)),
        optional(
            "max_retries",
            Type::Number,
            "How often a request is repeated that can be repeated safely, from `0` to `100`: after a lost connection, too many \
             requests or a fault of the cloud. Default: `5`. A start, stop or reboot that may have been accepted is none of \
             them: the instance is looked at first.",
        )
        .rule(Rule::Between(0, 100)),
        text(
            "request_timeout",
            "How long one request may take, such as `\"90s\"`. Default: `\"60s\"`. A list can take the cloud 40 seconds.",
        )
        .rule(Rule::Duration),
        text(
            "poll_interval",
            "How long to wait between the first two looks at an instance that is starting or stopping, such as `\"10s\"`; later \
             looks are up to five times as far apart. Default: `\"3s\"`. All waits share their looks.",
        )
        .rule(Rule::Duration),
        optional(
            "max_concurrent_requests",
            Type::Number,
            "How many requests are under way at once, from `1` to `1000`, over everything that this provider block is used \
             for. Default: `10`.",
        )
        .rule(Rule::Between(1, 1000)),
    ]
}

pub(crate) fn check_base_url(text: &str) -> Result<(), String> {
    text.parse::<BaseUrl>().map(drop).map_err(|error| error.to_string())
}
