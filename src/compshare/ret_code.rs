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
        230 if !message.contains("Param") => {
            (Class::Usage, "a parameter is not available, or a state conflicts with the request")
        }
        210 | 220 | 230 | 280 => {
            (Class::Usage, "a parameter is missing, out of range, not available or malformed")
        }
        240 | 299 | 8226 => (Class::Permission, "no permission"),
        292 => (Class::Usage, "the project does not exist"),
        520 => (Class::Billing, "the balance is too low"),
        8010 => (Class::PowerState, "the instance is not stopped"),
        8017 | 8027 => (Class::Usage, "the image is not usable now"),
        8039 | 8351 => (Class::NotFound, "the resource does not exist or has been released"),
        8052 => (Class::Usage, "the security group is not accepted"),
        8067 | 8107 => (Class::Usage, "the disk size is not allowed"),
        8090 | 8366 => (Class::Transient, "the price could not be determined"),
        8095 | 226_608 => (Class::Quota, "a quota is exhausted"),
        8097 | 8108 | 8117 => (Class::Transient, "the billing service failed"),
        8102 => (Class::Transient, "the state could not be updated"),
        8116 => (Class::Usage, "the charge type is not supported here"),
        8314 => (Class::Usage, "the password does not follow the rules"),
        8315 => (Class::Usage, "the boot disk is smaller than the image"),
        8333 => (Class::Usage, "the ratio of CPU to memory is not allowed"),
        8350 => (Class::Usage, "a shared image cannot be shared again"),
        8357 | 226_604 => (Class::Capacity, "sold out: no capacity for this GPU in this zone"),
        8360 => (Class::Usage, "this type of system disk cannot be extended in this way"),
        8367 => (Class::QuotaCheck, "a quota is exhausted or could not be determined"),
        8372 => (Class::Transient, "the network proxy could not be allocated"),
        8374 => (Class::Usage, "the CPU platform is not supported"),
        8401 => (Class::Usage, "the offset is past the end of the list"),
        8421 | 8433 | 8434 | 8498 | 8510 | 8520 | 8580 => {
            (Class::Transient, "the service or one of its backends failed")
        }
        8429 => (Class::Billing, "the account is in arrears or the instance has expired"),
        8436 => (Class::PowerState, "the resource cannot be changed now"),
        8438 => (Class::Ambiguous, "the service timed out; the operation may have been accepted"),
        8441 | 226_619 => (Class::Throttled, "too many requests"),
        8442 => (Class::Usage, "this instance does not support starting without a GPU"),
        8443 => (Class::InProgress, "a start without a GPU is already being processed"),
        8445 => (Class::Quota, "the account already has an instance running without a GPU"),
        8903 | 226_609 => in_progress,
        8905 => (Class::PowerState, "the instance's power state does not allow the operation"),
        8917..=8919 => (Class::Billing, "an order is unpaid or a payment limit is reached"),
        8957 => (Class::Usage, "the account to share with does not exist"),
        8964 => (Class::InProgress, "an image is being created from the instance"),
        8968 => (Class::Usage, "the image version name already exists"),
        226_601 => (Class::Billing, "the account is in arrears"),
        226_602 => (Class::Billing, "the instance has expired"),
        226_603 => (Class::Usage, "the image does not support the GPU model or no-GPU mode"),
        226_605 => (Class::InProgress, "another task uses the image"),
        226_606 => (Class::Permission, "the account is not verified"),
        226_607 => (Class::Transient, "the states of instance and container differ"),
        226_611 => (Class::Billing, "the required package has not been bought"),
        226_612 => (Class::Capacity, "the check of resources in the zone failed"),
        226_618 => (Class::InProgress, "running instances still use the file system"),
        226_620 | 226_621 => (Class::InProgress, "the image or the system disk is being moved"),
        226_622 => (Class::InProgress, "the instance is starting"),
        226_628 => (Class::InProgress, "the image is being copied to the zone"),
        226_636 => (Class::Usage, "the zone does not support copies of custom images"),
        226_637 => (Class::Usage, "the zone does not support the type of the image"),
        226_644 => {
            (Class::Permission, "only the publisher of a paid image may create images from it")
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_their_class() {
        let table: [(Class, &[i64]); 13] = [
            (
                Class::Transient,
                &[
                    120, 150, 8090, 8097, 8102, 8108, 8117, 8366, 8372, 8421, 8433, 8434, 8498,
                    8510, 8520, 8580, 226_607,
                ],
            ),
            (
                Class::Usage,
                &[
                    160, 161, 210, 220, 230, 280, 292, 8017, 8027, 8052, 8067, 8107, 8116, 8314,
                    8315, 8333, 8350, 8360, 8374, 8401, 8442, 8957, 8968, 226_603, 226_636,
                    226_637,
                ],
            ),
            (Class::Credentials, &[170, 171, 172, 174]),
            (Class::Permission, &[240, 299, 8226, 226_606, 226_644]),
            (Class::Billing, &[520, 8429, 8917, 8918, 8919, 226_601, 226_602, 226_611]),
            (Class::PowerState, &[8010, 8436, 8905]),
            (Class::NotFound, &[8039, 8351]),
            (Class::Quota, &[8095, 8445, 226_608]),
            (Class::QuotaCheck, &[8367]),
            (Class::Capacity, &[8357, 226_604, 226_612]),
            (Class::Ambiguous, &[8438]),
            (Class::Throttled, &[8441, 226_619]),
            (
                Class::InProgress,
                &[8443, 8903, 8964, 226_605, 226_609, 226_618, 226_620, 226_621, 226_622, 226_628],
            ),
        ];
        for (class, codes) in table {
            for code in codes {
                assert_eq!(find(*code, "").unwrap().0, class, "{code}");
            }
        }
        for code in [0, 1, 2001, 12_345, -1] {
            assert_eq!(find(code, ""), None);
        }
    }

    #[test]
    fn codes_with_several_uses_have_their_meaning() {
        let meaning = |code, message| find(code, message).unwrap().1;
        assert!(meaning(226_601, "").contains("arrears"));
        assert!(meaning(226_602, "").contains("expired"));
        assert!(meaning(230, "existing CFS").contains("state"));
        assert!(!meaning(230, "Params [Zone] not available").contains("state"));
    }

    #[test]
    fn operation_lock_counts_under_any_code() {
        let message = "Error: InstanceOperationInProgress, try later";
        for code in [1, 230, 8357, 8903] {
            assert_eq!(find(code, message).unwrap().0, Class::InProgress, "{code}");
        }
    }
}
