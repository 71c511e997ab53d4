//! Return codes of the API, with class and meaning.
//!
//! The table holds the documented codes and those seen in use. An unlisted code is final and is
//! reported as received.

use super::class::Class;

struct Row {
    codes: &'static [i64],
    class: Class,
    meaning: &'static str,
}

const fn row(codes: &'static [i64], class: Class, meaning: &'static str) -> Row {
    Row { codes, class, meaning }
}

const TABLE: &[Row] = &[
    row(&[120, 150], Class::Transient, "the service is unavailable"),
    row(&[160, 161], Class::Usage, "the action is missing or unknown"),
    row(&[170, 171, 172, 174], Class::Credentials, "the keys or the signature are not accepted"),
    row(
        &[210, 220, 230, 280],
        Class::Usage,
        "a parameter is missing, out of range, not available or malformed",
    ),
    row(&[240, 299, 8226], Class::Permission, "no permission"),
    row(&[292], Class::Usage, "the project does not exist"),
    row(&[520], Class::Billing, "the balance is too low"),
    row(&[8010], Class::PowerState, "the instance is not stopped"),
    row(&[8039, 8351], Class::NotFound, "the resource does not exist or has been released"),
    row(&[8095, 8367, 226_608], Class::Quota, "a quota is exhausted"),
    row(&[8102], Class::Transient, "the state could not be updated"),
    row(&[8357, 226_604], Class::Capacity, "sold out: no capacity for this GPU in this zone"),
    row(
        &[8429, 226_601, 226_602],
        Class::Billing,
        "the account is in arrears or the instance has expired",
    ),
    row(
        &[8421, 8433, 8434, 8498, 8510, 8520, 8580],
        Class::Transient,
        "the service or one of its backends failed",
    ),
    row(&[8438], Class::Ambiguous, "the service timed out; the operation may have been accepted"),
    row(&[8441, 226_619], Class::Throttled, "too many requests"),
    row(&[8442], Class::Usage, "this instance does not support starting without a GPU"),
    row(&[8443], Class::InProgress, "a start without a GPU is already being processed"),
    row(&[8445], Class::Quota, "the account already has an instance running without a GPU"),
    row(&[8903, 226_609], Class::InProgress, "an operation on this instance is in progress"),
    row(&[8905], Class::PowerState, "the instance's power state does not allow the operation"),
    row(&[8917, 8918, 8919], Class::Billing, "an order is unpaid or a payment limit is reached"),
    row(&[8964], Class::InProgress, "an image is being created from the instance"),
    row(&[226_606], Class::Permission, "the account is not verified"),
    row(&[226_607], Class::Transient, "the states of instance and container differ"),
    row(&[226_620, 226_621], Class::InProgress, "the image or the system disk is being moved"),
    row(&[226_622], Class::InProgress, "the instance is starting"),
];

/// Name of the operation lock. The API documentation gives no code for it, so it counts under any.
const OPERATION_LOCK: &str = "InstanceOperationInProgress";

/// Returns the class of a refusal with `code` and `message`.
pub(super) fn class(code: i64, message: &str) -> Class {
    if message.contains(OPERATION_LOCK) {
        return Class::InProgress;
    }
    find(code).map_or(Class::Unlisted, |row| row.class)
}

/// Returns the meaning of a refusal with `code` and `message`; `None` if the code is not listed.
pub(super) fn meaning(code: i64, message: &str) -> Option<&'static str> {
    if message.contains(OPERATION_LOCK) {
        return Some("an operation on this instance is in progress");
    }
    find(code).map(|row| row.meaning)
}

fn find(code: i64) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.codes.contains(&code))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_code_is_listed_twice() {
        let mut seen = BTreeSet::new();
        for code in TABLE.iter().flat_map(|row| row.codes) {
            assert!(seen.insert(code), "{code}");
        }
    }

    #[test]
    fn codes_have_their_class() {
        let table = [
            (150, Class::Transient),
            (161, Class::Usage),
            (171, Class::Credentials),
            (230, Class::Usage),
            (299, Class::Permission),
            (520, Class::Billing),
            (8010, Class::PowerState),
            (8039, Class::NotFound),
            (8357, Class::Capacity),
            (8433, Class::Transient),
            (8438, Class::Ambiguous),
            (8441, Class::Throttled),
            (8442, Class::Usage),
            (8443, Class::InProgress),
            (8445, Class::Quota),
            (8903, Class::InProgress),
            (8905, Class::PowerState),
            (226_601, Class::Billing),
            (226_604, Class::Capacity),
            (226_606, Class::Permission),
            (226_608, Class::Quota),
            (226_609, Class::InProgress),
            (226_619, Class::Throttled),
            (2001, Class::Unlisted),
            (-1, Class::Unlisted),
        ];
        for (code, want) in table {
            assert_eq!(class(code, ""), want, "{code}");
        }
    }

    #[test]
    fn operation_lock_counts_under_any_code() {
        let message = "Error: InstanceOperationInProgress, try later";
        for code in [1, 230, 8357, 8903] {
            assert_eq!(class(code, message), Class::InProgress, "{code}");
        }
    }

    #[test]
    fn unlisted_code_has_no_meaning() {
        assert_eq!(meaning(8357, ""), Some("sold out: no capacity for this GPU in this zone"));
        assert_eq!(meaning(12_345, ""), None);
    }
}
