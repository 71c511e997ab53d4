//! Return codes of the API, with class and meaning.
//!
//! The table holds the documented codes and those seen in use. An unlisted code is final and is
//! reported as received.

use super::class::Class;

/// Name of the operation lock. The API documentation gives no code for it, so it counts under any.
const OPERATION_LOCK: &str = "InstanceOperationInProgress";

/// Returns class and meaning of a refusal with `code` and `message`; `None` if the code is not
/// listed.
pub(super) fn find(code: i64, message: &str) -> Option<(Class, &'static str)> {
    let in_progress = (Class::InProgress, "an operation on this instance is in progress");
    if message.contains(OPERATION_LOCK) {
        return Some(in_progress);
    }
    Some(match code {
        120 | 150 => (Class::Transient, "the service is unavailable"),
        160 | 161 => (Class::Usage, "the action is missing or unknown"),
        170 | 171 | 172 | 174 => (Class::Credentials, "the keys or the signature are not accepted"),
        210 | 220 | 230 | 280 => {
            (Class::Usage, "a parameter is missing, out of range, not available or malformed")
        }
        240 | 299 | 8226 => (Class::Permission, "no permission"),
        292 => (Class::Usage, "the project does not exist"),
        520 => (Class::Billing, "the balance is too low"),
        8010 => (Class::PowerState, "the instance is not stopped"),
        8039 | 8351 => (Class::NotFound, "the resource does not exist or has been released"),
        8095 | 8367 | 226_608 => (Class::Quota, "a quota is exhausted"),
        8102 => (Class::Transient, "the state could not be updated"),
        8357 | 226_604 => (Class::Capacity, "sold out: no capacity for this GPU in this zone"),
        8429 | 226_601 | 226_602 => {
            (Class::Billing, "the account is in arrears or the instance has expired")
        }
        8421 | 8433 | 8434 | 8498 | 8510 | 8520 | 8580 => {
            (Class::Transient, "the service or one of its backends failed")
        }
        8438 => (Class::Ambiguous, "the service timed out; the operation may have been accepted"),
        8441 | 226_619 => (Class::Throttled, "too many requests"),
        8442 => (Class::Usage, "this instance does not support starting without a GPU"),
        8443 => (Class::InProgress, "a start without a GPU is already being processed"),
        8445 => (Class::Quota, "the account already has an instance running without a GPU"),
        8903 | 226_609 => in_progress,
        8905 => (Class::PowerState, "the instance's power state does not allow the operation"),
        8917..=8919 => (Class::Billing, "an order is unpaid or a payment limit is reached"),
        8964 => (Class::InProgress, "an image is being created from the instance"),
        226_606 => (Class::Permission, "the account is not verified"),
        226_607 => (Class::Transient, "the states of instance and container differ"),
        226_620 | 226_621 => (Class::InProgress, "the image or the system disk is being moved"),
        226_622 => (Class::InProgress, "the instance is starting"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_their_class() {
        let table: [(Class, &[i64]); 12] = [
            (Class::Transient, &[150, 8433]),
            (Class::Usage, &[161, 230, 8442]),
            (Class::Credentials, &[171]),
            (Class::Permission, &[299, 226_606]),
            (Class::Billing, &[520, 226_601]),
            (Class::PowerState, &[8010, 8905]),
            (Class::NotFound, &[8039]),
            (Class::Quota, &[8445, 226_608]),
            (Class::Capacity, &[8357, 226_604]),
            (Class::Ambiguous, &[8438]),
            (Class::Throttled, &[8441, 226_619]),
            (Class::InProgress, &[8443, 8903, 226_609]),
        ];
        for (class, codes) in table {
            for code in codes {
                assert_eq!(find(*code, "").unwrap().0, class, "{code}");
            }
        }
        assert_eq!(find(520, ""), Some((Class::Billing, "the balance is too low")));
        for code in [2001, 12_345, -1] {
            assert_eq!(find(code, ""), None);
        }
    }

    #[test]
    fn operation_lock_counts_under_any_code() {
        let message = "Error: InstanceOperationInProgress, try later";
        for code in [1, 230, 8357, 8903] {
            assert_eq!(find(code, message).unwrap().0, Class::InProgress, "{code}");
        }
    }
}
