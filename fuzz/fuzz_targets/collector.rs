//! The collector: lines are codes. It keeps to its limits, and the message shown never goes back.

#![no_main]

use std::time::Duration;

use cofferdam_transport::collect::{Collector, Limits, Seen, Wanted};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let limits = Limits {
        messages: 3,
        bytes: 64 << 10,
    };
    let mut collector = Collector::within(Wanted::Anything, limits);
    for (n, code) in input.split(|byte| *byte == b'\n').enumerate() {
        let now = Duration::from_millis(n as u64 * 10);
        let before = collector.progress();
        let seen = collector.take(code, now);
        if let (Some((message, before)), Some((still, after))) = (before, collector.progress()) {
            assert!(message != still || after.have >= before.have);
        }
        if let (Some((_, most)), Seen::Nearer { progress, .. }) = (collector.progress(), &seen) {
            assert!(progress.have <= most.have);
        }
        assert!(collector.messages() <= 3);
        assert!(collector.held() <= limits.bytes || collector.messages() == 1);
        assert!(collector.frames_per_second(now).is_finite());
    }
});
