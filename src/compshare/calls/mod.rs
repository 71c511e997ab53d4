//! The calls of this provider, one file for each group of API actions.

pub(super) mod describe;
pub(super) mod power;
pub(super) mod zones;

#[cfg(test)]
#[track_caller]
fn assert_sends(call: &impl super::call::Call, expected: &str) {
    let mut form = super::form::Form::default();
    call.form(&mut form);
    let pairs: Vec<_> = form.iter().map(|(key, value)| format!("{key}={value}")).collect();
    assert_eq!(pairs.join(" "), expected);
}
