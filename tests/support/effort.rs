//! How much of something a test does whose worth grows with its length: rounds of a soak.
//!
//! `TEST_EFFORT` multiplies it. At 1, its value when nobody sets it, all of it fits into every run of the tests; the figures
//! that are published were measured at 20.

use terraform_provider_compshare::environment::Environment;

/// As many rounds as `usual`, times the effort.
pub(crate) fn rounds(usual: usize) -> usize {
    usual * effort()
}

fn effort() -> usize {
    let environment = Environment::of_process();
    let Some(effort) = environment.text("TEST_EFFORT") else { return 1 };
    match effort.parse() {
        Ok(effort @ 1..) => effort,
        _ => panic!("TEST_EFFORT is to be a whole number from 1 on, not `{effort}`"),
    }
}
