//! The request signature, from the vendor's description of it: the parameters in the byte order of their names, each name
//! followed by its unescaped value, then the private key; SHA-1 of that, in lower-case hexadecimal.
//!
//! Written here once more, rather than taken from the API client, so that the two can disagree.

use std::collections::BTreeMap;

use sha1::{Digest, Sha1};

/// The signature that belongs to `form`, whose own `Signature` does not count.
pub(super) fn expected(form: &BTreeMap<String, String>, private_key: &str) -> String {
    let mut hash = Sha1::new();
    for (name, value) in form.iter().filter(|(name, _)| *name != "Signature") {
        hash.update(name);
        hash.update(value);
    }
    hash.update(private_key);
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
