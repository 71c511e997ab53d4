#![no_main]

use terraform_provider_compshare::fuzzing::run;

libfuzzer_sys::fuzz_target!(|input: &[u8]| run("credentials", input));
