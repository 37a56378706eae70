//! Single codes: what is recognised is what it claims to be.

#![no_main]

use cofferdam_transport::Kind;
use cofferdam_transport::still::recognise;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|content: &[u8]| {
    let Ok(carried) = recognise(content) else {
        return;
    };
    assert!(!carried.bytes.is_empty());
    match carried.kind {
        Kind::Psbt => assert!(carried.bytes.starts_with(b"psbt\xff")),
        Kind::Json | Kind::Text => assert!(std::str::from_utf8(&carried.bytes).is_ok()),
        Kind::Transaction | Kind::Bytes => {}
        kind => panic!("{kind:?} is never recognised"),
    }
});
