//! UR version 1: lines are parts. Progress goes back only at damage.

#![no_main]

use cofferdam_transport::Assembly;
use cofferdam_transport::ur::UrError;
use cofferdam_transport::ur::v1::Decoder;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let mut decoder = Decoder::new();
    for part in input.split(|byte| *byte == b'\n') {
        let before = decoder.progress();
        let taken = decoder.take(part);
        let after = decoder.progress();
        let damaged = matches!(taken, Err(UrError::Checksum | UrError::Content));
        assert!(damaged || after.have >= before.have);
        assert!(damaged || taken.is_ok() || after == before);
        assert!(after.have <= after.need);
    }
});
