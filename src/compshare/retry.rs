//! Decision to send a failed request again.
//!
//! The client may only decide this if the failed request cannot have been carried out, or if
//! carrying it out twice does no harm. A start, stop or reboot that may have been carried out is
//! returned to the caller, which describes the instance first.

use super::{class::Resend, error::ErrorKind};

/// Returns true if a request that failed with `kind` may be sent again.
pub(super) fn may_repeat(repeatable: bool, kind: &ErrorKind) -> bool {
    match kind {
        ErrorKind::Unsent { permanent, .. } => !permanent,
        ErrorKind::MaybeSent(_) | ErrorKind::Unreadable { .. } => repeatable,
        ErrorKind::Http { .. } | ErrorKind::Refused { .. } => {
            match kind.class().map(|class| class.behavior().resend) {
                Some(Resend::Always) => true,
                Some(Resend::IfRepeatable) => repeatable,
                Some(Resend::Never) | None => false,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compshare::error::Lost;

    #[test]
    fn only_repeatable_requests_are_resent_in_doubt() {
        let unsent = |permanent| ErrorKind::Unsent { cause: String::new(), permanent };
        let refused =
            |code, message: &str| ErrorKind::Refused { code, message: message.to_owned() };
        let http = |status| ErrorKind::Http { status };
        // Failure, whether a describe is resent, whether a start is resent.
        let table = [
            (unsent(false), true, true),
            (unsent(true), false, false),
            (ErrorKind::MaybeSent(Lost::TimedOut), true, false),
            (ErrorKind::MaybeSent(Lost::Interrupted(String::new())), true, false),
            (ErrorKind::Unreadable { http_status: 200, reason: String::new() }, true, false),
            (http(302), false, false),
            (http(400), false, false),
            (http(404), false, false),
            (http(429), true, true),
            (http(500), true, false),
            (http(503), true, false),
            (refused(150, ""), true, false),
            (refused(8433, ""), true, false),
            (refused(8438, ""), true, false),
            (refused(8441, ""), true, true),
            (refused(226_619, ""), true, true),
            (refused(171, ""), false, false),
            (refused(8357, ""), false, false),
            (refused(8903, ""), false, false),
            (refused(8441, "InstanceOperationInProgress"), false, false),
            (refused(5000, ""), false, false),
        ];
        for (kind, describe, start) in table {
            assert_eq!(may_repeat(true, &kind), describe, "describe: {kind:?}");
            assert_eq!(may_repeat(false, &kind), start, "start: {kind:?}");
        }
    }
}
