//! Specter's parts: lines are parts. Progress never goes back, and memory keeps to its bound.

#![no_main]

use cofferdam_transport::Assembly;
use cofferdam_transport::single_frame::MAX_CONTENT;
use cofferdam_transport::specter::Joiner;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let parts = || input.split(|byte| *byte == b'\n');
    let Some(mut joiner) = parts().find_map(|part| Joiner::open(part).ok()) else {
        return;
    };
    for part in parts() {
        let before = joiner.progress();
        let taken = joiner.take(part);
        let after = joiner.progress();
        assert!(after.have >= before.have && after.have <= after.need && after.need == before.need);
        assert!(taken.is_ok() || after == before);
        assert!(joiner.held() <= MAX_CONTENT + (64 << 10));
    }
});
