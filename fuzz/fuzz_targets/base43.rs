//! Base43: what decodes is written again as it was.

#![no_main]

use cofferdam_transport::base43;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let Some(bytes) = base43::decode(text) else {
        return;
    };
    // A long run of zeros has more bytes than are written.
    if let Some(again) = base43::encode(&bytes) {
        assert_eq!(again.as_bytes(), text);
    }
});
