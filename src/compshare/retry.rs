//! Whether a failed request may be sent again without asking anybody.
//!
//! The question is never only "would it help" but "can the first one have been done". A call that may be done twice is
//! repeated after anything that may pass. One that may not (a start, a stop, a reboot) is repeated only if the cloud
//! has certainly done nothing; in all other cases the caller has to look first.

use super::{error::ErrorKind, ret_code::Class};

/// Whether to send a request again that failed with `kind`, when it is `repeatable` or not.
pub(super) fn may_repeat(repeatable: bool, kind: &ErrorKind) -> bool {
    match kind {
        ErrorKind::Unsent { permanent, .. } => !permanent,
        ErrorKind::MaybeSent(_) | ErrorKind::Unreadable { .. } => repeatable,
        ErrorKind::Http { .. } | ErrorKind::Refused { .. } => match kind.class() {
            Some(Class::Throttled) => true,
            Some(Class::Transient | Class::Ambiguous) => repeatable,
            _ => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compshare::error::Lost;

    #[test]
    fn what_is_repeated_depends_on_what_may_have_happened() {
        let unsent = |permanent| ErrorKind::Unsent { cause: String::new(), permanent };
        let refused =
            |code, message: &str| ErrorKind::Refused { code, message: message.to_owned() };
        let http = |status| ErrorKind::Http { status };
        // What failed, whether a describe is sent again, whether a start is.
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
