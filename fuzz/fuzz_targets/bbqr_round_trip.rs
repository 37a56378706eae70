//! BBQr: whatever is divided is joined to the same.

#![no_main]

use cofferdam_transport::bbqr::{Encoder, Encoding, FileType, Joiner};
use cofferdam_transport::{Assembly, Step};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, u16, &[u8])| {
    let (encoding, characters, file) = input;
    let encoding = match encoding % 3 {
        0 => Encoding::Hex,
        1 => Encoding::Base32,
        _ => Encoding::Zlib,
    };
    let characters = usize::from(characters % 4297);
    let Ok(encoder) = Encoder::with_encoding(encoding, FileType::Binary, file, characters) else {
        return;
    };
    let parts: Vec<String> = (0..).map_while(|index| encoder.part(index)).collect();
    let mut joiner = Joiner::open(parts[0].as_bytes()).unwrap();
    let mut whole = None;
    for part in parts.iter().rev() {
        assert!(part.len() <= characters);
        assert!(whole.is_none());
        if let Step::Whole(payload) = joiner.take(part.as_bytes()).unwrap() {
            whole = Some(payload.bytes);
        }
    }
    assert_eq!(whole.as_deref(), Some(file));
});
