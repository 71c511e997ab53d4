//! Signature of a request.
//!
//! Lower-case hexadecimal SHA-1 of key and unescaped value of all parameters in key order, without
//! separators, followed by the private key. See <https://docs.ucloud.cn/api/summary/signature>.

use secrecy::{ExposeSecret, SecretString};
use sha1::{Digest, Sha1};

use super::form::Form;

/// Returns the signature of `form`, which must already contain all other parameters, also
/// `PublicKey`.
pub(super) fn sign(form: &Form, private_key: &SecretString) -> String {
    let mut hash = Sha1::new();
    hash.update(string_to_sign(form));
    hash.update(private_key.expose_secret());
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Returns the signed text without the private key, so that tests can check both stages.
fn string_to_sign(form: &Form) -> String {
    form.iter().flat_map(|(key, value)| [key, value]).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde_json::{Map, Value};

    use super::*;

    #[derive(Deserialize)]
    struct Vectors {
        cases: Vec<Case>,
    }

    /// Test vector computed with the vendor's SDK.
    #[derive(Deserialize)]
    struct Case {
        name: String,
        public_key: String,
        private_key: String,
        params: Map<String, Value>,
        /// `params` flattened, with the public key.
        form: BTreeMap<String, String>,
        signature: String,
    }

    fn cases() -> Vec<Case> {
        let vectors: Vectors =
            serde_json::from_str(include_str!("signature-vectors.json")).unwrap();
        vectors.cases
    }

    fn form_of(case: &Case) -> Form {
        let mut form = Form::default();
        for (key, value) in &case.params {
            form.put(key, value.clone());
        }
        form.put("PublicKey", case.public_key.as_str());
        form
    }

    #[test]
    fn vectors_of_the_sdk_match_at_both_stages() {
        assert!(cases().len() >= 11);
        for case in cases() {
            let form = form_of(&case);
            assert_eq!(*form.as_map(), case.form, "{}: form", case.name);
            let signature = sign(&form, &case.private_key.as_str().into());
            assert_eq!(
                signature,
                case.signature,
                "{}: signature of {}",
                case.name,
                string_to_sign(&form)
            );
        }
    }

    #[track_caller]
    fn check_string_to_sign(name: &str, want: &str) {
        let case = cases().into_iter().find(|case| case.name == name).unwrap();
        assert_eq!(string_to_sign(&form_of(&case)), want);
    }

    #[test]
    fn string_to_sign_matches_published_examples() {
        check_string_to_sign(
            "the vendor's published example",
            "ActionDescribeUHostInstanceLimit10\
             PublicKeyucloudsomeone@example.com1296235120854146120Regioncn-bj2",
        );
        check_string_to_sign(
            "describe eleven ids: keys sort as strings",
            "ActionDescribeCompShareInstanceLimit100Offset0PublicKeymy_public_key\
             UHostIds.0uhost-0UHostIds.1uhost-1UHostIds.10uhost-10UHostIds.2uhost-2\
             UHostIds.3uhost-3UHostIds.4uhost-4UHostIds.5uhost-5UHostIds.6uhost-6\
             UHostIds.7uhost-7UHostIds.8uhost-8UHostIds.9uhost-9",
        );
        check_string_to_sign(
            "non-ascii and reserved characters",
            "ActionDescribeCompShareInstancePublicKeymy_public_keyRegioncn-wlcb\
             Tag训练 组/a+b=c&d%20?",
        );
    }
}
