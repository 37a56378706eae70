//! Single codes: what is recognised is what it claims to be.

#![no_main]

use cofferdam_transport::Kind;
use cofferdam_transport::single_frame::recognise;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|content: &[u8]| {
    let Ok(payload) = recognise(content) else {
        return;
    };
    assert!(!payload.bytes.is_empty());
    match payload.kind {
        Kind::Psbt => assert!(payload.bytes.starts_with(b"psbt\xff")),
        Kind::Json | Kind::Text => assert!(std::str::from_utf8(&payload.bytes).is_ok()),
        Kind::Transaction | Kind::Bytes => {}
        kind => panic!("{kind:?} is never recognised"),
    }
});
