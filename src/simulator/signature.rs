//! Request signature, implemented from the vendor's description: the parameters in the byte order
//! of their names, each name followed by its unescaped value, then the private key; the lower-case
//! hexadecimal SHA-1 of that.
//!
//! Independent of the implementation in the API client, so that a mistake in either is found.

use sha1::{Digest, Sha1};

use super::form::Form;

/// Returns the signature of `form`, computed without its parameter `Signature`.
pub(super) fn expected(form: &Form, private_key: &str) -> String {
    let mut hash = Sha1::new();
    for (name, value) in form.parameters().filter(|(name, _)| *name != "Signature") {
        hash.update(name);
        hash.update(value);
    }
    hash.update(private_key);
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
