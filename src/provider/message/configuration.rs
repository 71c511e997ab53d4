//! Messages about the configuration of the provider, and about arguments and import IDs.

use super::{
    error::{NO_CHANGES, call},
    read::SELECT,
    text::{Facts, Text},
};
use crate::{
    compshare::{Error, LookupError},
    framework::{Attr, Diagnostic, Diagnostics},
};

fn missing_keys(title: &str, what: &str, places: &[String]) -> Text {
    Text::new(
        title,
        format!("{what} Checked in this order:\n\n  - {}", places.join("\n  - ")),
        "Create keys at https://console.compshare.cn/uaccount/api_manage. Then set both environment \
         variables, or run `compshare config` of the official CLI (`pip install compshare-cli`).",
    )
}

/// Missing or unusable credentials.
pub(crate) fn credentials(error: &LookupError) -> Diagnostics {
    let text = match error {
        LookupError::NoKeys { places } => {
            missing_keys("Missing API Keys", "No CompShare API keys were found.", places)
        }
        LookupError::OneKey { found, place, missing, places } => {
            let what = format!("The {found} was found ({place}), but no {missing}.");
            let title = match *missing {
                "public key" => "Missing API Public Key",
                _ => "Missing API Private Key",
            };
            missing_keys(title, &what, places)
        }
        LookupError::File(error) => Text::new(
            "Unusable Credentials File",
            format!("The API keys could not be read: {error}."),
            "Correct the file, or write it with `compshare config` of the official CLI.",
        ),
        LookupError::NoSuchProfile { .. } => Text::new(
            "Profile Not in Credentials File",
            format!("The API keys could not be read: {error}."),
            "Correct the name of the profile, or add it with `compshare config` of the official CLI.",
        ),
    };
    text.into_error("", &Facts::default())
}

/// Provider arguments that a request needs and that are unknown during the plan.
pub(crate) fn unknown_arguments(names: &[&str]) -> Diagnostics {
    let list = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    Text::new(
        "Unknown Provider Configuration Values",
        format!(
            "A request to the CompShare API is necessary, but these arguments of the provider are not \
             known until apply: {list}."
        ),
        "Use values that are known during the plan, or first apply the resources that they depend \
         on, with `-target`.",
    )
    .into_error(NO_CHANGES, &Facts::default())
}

/// A default project that could not be determined. Without `error`, the account has no project.
pub(crate) fn default_project(error: Option<&Error>) -> Diagnostics {
    const ATTEMPT: &str = "Determine Default Project";
    match error {
        Some(error) => call(ATTEMPT, error),
        None => Text::unable(
            ATTEMPT,
            "No Project",
            "These keys cannot use any project of the account.",
            "Check the permissions of the keys, or set `project_id`.",
        )
        .into_error(NO_CHANGES, &Facts::default()),
    }
}

/// An invalid base URL, for `reason`. The environment has no attribute to point at.
pub(crate) fn invalid_base_url(reason: &str) -> Diagnostic {
    let detail = format!(
        "The base URL of the API, from `base_url` or `COMPSHARE_BASE_URL`, is not valid: {reason}."
    );
    Diagnostic::error("Invalid Base URL", detail)
}

/// A no-GPU spec without the mode, if that is certain.
pub(crate) fn spec_without_mode(
    without_gpu: &Attr<bool>,
    without_gpu_spec: &Attr<String>,
) -> Diagnostics {
    let may_be_true = without_gpu.is_true() || without_gpu.is_unknown();
    // An unknown spec may turn out to be null.
    if without_gpu_spec.known().is_none() || may_be_true {
        return Diagnostics::new();
    }
    Text::new(
        "No-GPU Spec Without No-GPU Mode",
        "`without_gpu_spec` is the machine size in no-GPU mode, which is not configured.",
        "Set `without_gpu = true`, or remove `without_gpu_spec`.",
    )
    .at("without_gpu_spec")
    .into_error("", &Facts::default())
}

/// An instance that is selected neither by ID nor by name, or by both, if that is certain.
pub(crate) fn instance_selection(instance_id: &Attr<String>, name: &Attr<String>) -> Diagnostics {
    let text = match (instance_id.is_null(), name.is_null()) {
        (true, true) => Text::unable(
            SELECT,
            "No ID or Name",
            "Neither `instance_id` nor `name` is set.",
            "Set one of them.",
        )
        .at("instance_id"),
        // An unknown value may turn out to be null.
        (false, false) if !instance_id.is_unknown() && !name.is_unknown() => Text::unable(
            SELECT,
            "Both ID and Name",
            "Both `instance_id` and `name` are set.",
            "Remove one of them.",
        )
        .at("name"),
        _ => return Diagnostics::new(),
    };
    text.into_error("", &Facts::default())
}

/// A malformed import ID of the resource `type_name`.
pub(crate) fn import_id(type_name: &str, id: &str) -> Diagnostics {
    Diagnostic::error(
        "Invalid Import ID",
        format!(
            "\"{id}\" is not a valid import ID of `{type_name}`. Use the ID of the instance, for \
             example `uhost-1a2b3c4d`, or project and ID, for example `org-abc/uhost-1a2b3c4d`."
        ),
    )
    .into()
}

/// An identity of the resource `type_name` with an unusable `attribute`.
pub(crate) fn import_identity(type_name: &str, attribute: &str) -> Diagnostics {
    Diagnostic::error(
        "Invalid Import Identity",
        format!(
            "`{attribute}` is empty or has white space around it. The identity of a `{type_name}` consists of `instance_id`, for \
             example `uhost-1a2b3c4d`, and optionally `project_id`, which defaults to the provider's \
             project."
        ),
    )
    .into()
}
