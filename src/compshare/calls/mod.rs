//! The calls of this provider, one file for each group of API actions.

pub(super) mod capacity;
pub(super) mod change;
pub(super) mod create;
pub(super) mod describe;
pub(super) mod images;
pub(super) mod instance_types;
pub(super) mod power;
pub(super) mod price;
pub(super) mod projects;
pub(super) mod rename;
pub(super) mod resize;
pub(super) mod stop_schedule;
pub(super) mod terminate;
pub(super) mod zones;

#[cfg(test)]
#[track_caller]
fn assert_sends(call: &impl super::call::Call, expected: &str) {
    let mut form = super::form::Form::default();
    call.form(&mut form);
    let pairs: Vec<_> = form.iter().map(|(key, value)| format!("{key}={value}")).collect();
    assert_eq!(pairs.join(" "), expected);
}
