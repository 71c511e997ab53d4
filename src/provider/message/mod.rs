//! The one place where failures become messages.
//!
//! Each message says what was attempted on which instance and what came of it, what that means for the bill, and what to do
//! now; then the raw facts. Summaries are titles without ids. No other place formats an error of the API.

mod error;
mod facts;
mod look;
mod reason;
mod words;

use crate::{
    compshare::{Instance, LookupError},
    cty::Path,
    framework::{Attr, Diagnostic, Diagnostics},
    operation::{InstanceRef, LocationMismatch},
    power::{Failure, Operation, Reason},
};

pub(crate) use look::{
    ambiguous_name, call, interrupted, interrupted_read, list, look, password, read, unknown_name,
};
pub(crate) use reason::span;

use words::Words;

/// Why an operation on an instance failed.
#[derive(Debug)]
pub(crate) enum Failed {
    /// Before there was anything to do it with.
    Before(Diagnostics),
    /// On the way.
    Operation(Failure),
}

impl Failed {
    /// How the instance looked the last time it was seen.
    pub(crate) fn last_seen(&self) -> Option<&Instance> {
        match self {
            Self::Before(_) => None,
            Self::Operation(failure) => failure.log.last_seen.as_deref(),
        }
    }
}

/// No credentials, or unusable ones.
pub(crate) fn credentials(error: &LookupError) -> Diagnostics {
    let summary = match error {
        LookupError::Missing { found: None, .. } => "Missing API Keys",
        LookupError::Missing { found: Some(_), .. } => "Incomplete API Keys",
        _ => "Unusable Credentials File",
    };
    Diagnostic::error(
        summary,
        format!(
            "The cloud cannot be asked anything without a public and a private key: {error}.\n\n\
             Set the environment variables `COMPSHARE_PUBLIC_KEY` and `COMPSHARE_PRIVATE_KEY`, or let the official CLI \
             write its file, or set `public_key` and `private_key` in the provider block. The keys are on the API key \
             page of the CompShare console."
        ),
    )
    .into()
}

/// A spec without the mode that it is for, if that is certain.
pub(crate) fn spec_without_mode(
    without_gpu: &Attr<bool>,
    without_gpu_spec: &Attr<String>,
) -> Option<Diagnostic> {
    let may_be_true = without_gpu.is_true() || without_gpu.is_unknown();
    // One that is not known yet may turn out to be null.
    if without_gpu_spec.known().is_none() || may_be_true {
        return None;
    }
    let detail = "`without_gpu_spec` says what an instance without its GPU runs on, and has no meaning unless \
                  `without_gpu = true`. Set that, or remove `without_gpu_spec`.";
    let path = Path::root().attribute("without_gpu_spec");
    Some(Diagnostic::error("Invalid Attribute Combination", detail).at(path))
}

/// An import id of the wrong form.
pub(crate) fn import_id(id: &str) -> Diagnostic {
    Diagnostic::error(
        "Invalid Import ID",
        format!(
            "\"{id}\" is not an import ID of `compshare_instance_power`. It is the instance's id, such as `uhost-abc`, or \
             the project and the id, such as `org-xyz/uhost-abc`."
        ),
    )
}

/// An identity to import by that names nothing.
pub(crate) fn import_identity(attribute: &str) -> Diagnostic {
    Diagnostic::error(
        "Invalid Import Identity",
        format!(
            "`{attribute}` is empty. An identity of `compshare_instance_power` is the instance's id, such as `uhost-abc`, in \
             `instance_id`, and its project in `project_id` if that is not the provider's."
        ),
    )
}

/// A planned destroy of something that runs on.
pub(crate) fn keeps_running(id: &str) -> Diagnostic {
    Diagnostic::warning(
        "Instance Keeps Running",
        format!(
            "Destroying this resource only removes it from Terraform: instance `{id}` is left as it is, and if it runs it goes \
             on being billed. To stop it, apply `stop_on_destroy = true` (or `state = \"Stopped\"`) before the destroy."
        ),
    )
}

/// A plan that cannot work, as one look at the instance showed.
pub(crate) fn refused_plan(operation: &Operation, reason: &Reason) -> Diagnostics {
    let words = reason::of_reason(reason, operation);
    let detail = format!(
        "{}\n\n{}\n\nNothing was changed; this was found while planning.",
        words.what, words.todo
    );
    Diagnostic { path: words.path, ..Diagnostic::error(words.summary, detail) }.into()
}

/// Instance that a read did not find.
pub(crate) fn instance_not_found(instance: &InstanceRef) -> Diagnostics {
    refused_read(reason::not_found(instance))
}

/// Instance that a read found in another location than expected.
pub(crate) fn instance_elsewhere(
    instance: &InstanceRef,
    mismatch: &LocationMismatch,
) -> Diagnostics {
    refused_read(reason::elsewhere(&instance.id, mismatch))
}

fn refused_read(words: Words) -> Diagnostics {
    let detail = format!("{}\n\n{}", words.what, words.todo);
    Diagnostic { path: words.path, ..Diagnostic::error(words.summary, detail) }.into()
}

/// An operation on an instance that failed.
pub(crate) fn operation(operation: &Operation, failed: &Failed) -> Diagnostics {
    let failure = match failed {
        Failed::Before(diagnostics) => return diagnostics.clone(),
        Failed::Operation(failure) => failure,
    };
    let log = &failure.log;
    let words = reason::of_failure(failure, operation);
    let mut detail = words.what;
    for paragraph in [facts::bill(&failure.reason, log), &words.todo] {
        detail.push_str("\n\n");
        detail.push_str(paragraph);
    }
    detail.push_str("\n\n");
    detail.push_str(&facts::facts(failure));
    Diagnostic { path: words.path, ..Diagnostic::error(words.summary, detail) }.into()
}
