//! Journals: a file of records, and the content of one.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| cofferdam_signer::fuzzing::journal(input));
