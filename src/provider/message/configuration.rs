//! Messages about the configuration of the provider, and about arguments and import IDs.

use crate::{
    compshare::LookupError,
    cty::Path,
    framework::{Attr, Diagnostic, Diagnostics},
};

/// Missing or unusable credentials.
pub(crate) fn credentials(error: &LookupError) -> Diagnostics {
    let title = match error {
        LookupError::NoKeys { .. } => "Missing API Keys",
        LookupError::OneKey { .. } => "Incomplete API Keys",
        LookupError::File(_) | LookupError::NoSuchProfile { .. } => "Unusable Credentials File",
    };
    Diagnostic::error(
        title,
        format!(
            "The CompShare API requires a public and a private key: {error}.\n\n\
             Create keys at https://console.compshare.cn/uaccount/api_manage and set the environment \
             variables `COMPSHARE_PUBLIC_KEY` and `COMPSHARE_PRIVATE_KEY`, run `compshare config` \
             (official CLI), or set `public_key` and `private_key` in the provider block."
        ),
    )
    .into()
}

/// Provider arguments that a request needs and that are unknown during the plan.
pub(crate) fn unknown_arguments(names: &[&str]) -> Diagnostics {
    let list = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    Diagnostic::error(
        "Unknown Provider Configuration Values",
        format!(
            "A request to the CompShare API is necessary, but these arguments of the provider are not \
             known until apply: {list}. Use values that are known during the plan, or first apply \
             the resources that they depend on, with `-target`."
        ),
    )
    .into()
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
    let detail = "`without_gpu_spec` is the machine size in no-GPU mode and requires \
                  `without_gpu = true`. Set `without_gpu = true`, or remove `without_gpu_spec`.";
    invalid_combination(detail, "without_gpu_spec")
}

/// An instance that is selected neither by ID nor by name, or by both, if that is certain.
pub(crate) fn instance_selection(instance_id: &Attr<String>, name: &Attr<String>) -> Diagnostics {
    match (instance_id.is_null(), name.is_null()) {
        (true, true) => {
            let detail = "Neither `instance_id` nor `name` is set. Set one of them to select the \
                          instance.";
            invalid_combination(detail, "instance_id")
        }
        // An unknown value may turn out to be null.
        (false, false) if !instance_id.is_unknown() && !name.is_unknown() => {
            let detail = "Both `instance_id` and `name` are set. Set only one of them to select the \
                          instance.";
            invalid_combination(detail, "name")
        }
        _ => Diagnostics::new(),
    }
}

fn invalid_combination(detail: &str, attribute: &str) -> Diagnostics {
    let path = Path::root().attribute(attribute);
    Diagnostic::error("Invalid Attribute Combination", detail).at(path).into()
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
