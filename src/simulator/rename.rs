//! ModifyCompShareInstanceName.

use serde_json::{Map, Value, json};

use super::{account::Account, refusal::Refusal, request::Request};

const LONGEST_NAME: usize = 63;

pub(super) fn rename_instance(
    account: &mut Account,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let form = request.form;
    form.required("Region")?;
    let id = form.required("UHostId")?;
    let name = form.required("Name")?;
    let instance = account.unlocked_instance(id, form)?;
    check_name(name)?;
    instance.change(Map::from_iter([("Name".to_owned(), json!(name))]));
    Ok(json!({"UHostId": id}))
}

/// Refuses a name that is too long or has other characters than letters, including Chinese ones,
/// digits and `_.,:-`.
pub(super) fn check_name(name: &str) -> Result<(), Refusal> {
    let is_legal = |character: char| character.is_alphanumeric() || "_.,:-".contains(character);
    if name.chars().count() > LONGEST_NAME || !name.chars().all(is_legal) {
        return Err(Refusal::out_of_range("Name"));
    }
    Ok(())
}
