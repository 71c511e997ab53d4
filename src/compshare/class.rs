//! Classes of refusals, and the reaction of the provider to each.

/// Class of a refusal. It replaces the many return codes of the API everywhere outside `ret_code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The service or a system behind it failed. The same request may succeed later.
    Transient,
    /// The request has a wrong parameter.
    Usage,
    /// The keys or the signature are not accepted.
    Credentials,
    /// The account may not use this action or resource.
    Permission,
    /// The balance is too low, or something is unpaid or expired.
    Billing,
    /// The power state of the instance does not allow the action.
    PowerState,
    /// The resource does not exist (any more).
    NotFound,
    /// A limit of the account is reached.
    Quota,
    /// A limit of the account is reached, or could not be determined.
    QuotaCheck,
    /// The zone has no free machine of this kind.
    Capacity,
    /// The API timed out internally. The action may or may not have been carried out.
    Ambiguous,
    /// Too many requests. The action was certainly not carried out.
    Throttled,
    /// An earlier operation on the instance has not finished.
    InProgress,
    /// The code is not in the table.
    Unlisted,
}

/// Reaction to a refusal of some [`Class`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Behavior {
    /// Reaction of the client.
    pub(crate) resend: Resend,
    /// Reaction of the batch that a refused describe belongs to.
    pub(crate) id_fault: IdFault,
    /// Reaction of the power operation that sent the request.
    pub(crate) operation: OnRefusal,
}

/// Condition under which the client sends a failed request again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resend {
    /// Always: the action was certainly not carried out.
    Always,
    /// Only if the request is repeatable: the action may have been carried out.
    IfRepeatable,
    /// Never by the client. A later request may succeed.
    Never,
}

/// Possibility that one of several instance IDs caused the refusal of a describe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IdFault {
    Possible,
    /// Only if the message names the parameter of the IDs.
    IfNamed,
    Excluded,
}

/// Reaction of a power operation to a refused start, stop or reboot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnRefusal {
    /// The operation describes the instance first: the action may have been carried out.
    InDoubt,
    /// The operation sends the request again after a pause.
    Retry,
    /// As `Retry`, for a few times: the reported state may lag behind the real one, or a check
    /// within the API may have failed.
    RetryFewTimes,
    /// The operation sends the request again if it is configured to wait for capacity.
    RetryForCapacity,
    /// The operation sends the request without the parameter that was refused, if it can.
    RetryWithoutParameter,
    Fail,
}

impl Class {
    /// Reaction to a refusal of this class. The one place that decides for a new class.
    pub(crate) const fn behavior(self) -> Behavior {
        let (resend, id_fault, operation) = match self {
            Self::Transient | Self::Ambiguous => {
                (Resend::IfRepeatable, IdFault::Excluded, OnRefusal::InDoubt)
            }
            Self::Throttled => (Resend::Always, IdFault::Excluded, OnRefusal::Retry),
            Self::InProgress => (Resend::Never, IdFault::Excluded, OnRefusal::Retry),
            Self::PowerState | Self::QuotaCheck => {
                (Resend::Never, IdFault::Excluded, OnRefusal::RetryFewTimes)
            }
            Self::Capacity => (Resend::Never, IdFault::Excluded, OnRefusal::RetryForCapacity),
            Self::Usage => (Resend::Never, IdFault::IfNamed, OnRefusal::RetryWithoutParameter),
            Self::NotFound | Self::Permission | Self::Unlisted => {
                (Resend::Never, IdFault::Possible, OnRefusal::Fail)
            }
            Self::Credentials | Self::Billing | Self::Quota => {
                (Resend::Never, IdFault::Excluded, OnRefusal::Fail)
            }
        };
        Behavior { resend, id_fault, operation }
    }
}
