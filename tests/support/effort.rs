//! Number of rounds of soak tests.
//!
//! `TEST_EFFORT` multiplies it. The default of 1 suits every test run; the published figures were
//! measured with 20.

use terraform_provider_compshare::environment::Environment;

/// `base` multiplied by the effort.
pub(crate) fn rounds(base: usize) -> usize {
    base * effort()
}

fn effort() -> usize {
    let environment = Environment::of_process();
    let Some(effort) = environment.text("TEST_EFFORT") else { return 1 };
    match effort.parse() {
        Ok(effort @ 1..) => effort,
        _ => panic!("TEST_EFFORT must be a whole number from 1 on, not `{effort}`"),
    }
}
