//! The sealed content of a vault: it is authentic when it is read, and yet it was once written by
//! somebody.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| cofferdam_signer::fuzzing::vault_body(input));
