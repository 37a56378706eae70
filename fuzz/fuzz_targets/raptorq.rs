//! The RaptorQ mode. Lines are frames; and of what is no frame, a message is made: its first byte
//! says how many bytes of it are in a frame, and its second which frames are lost.

#![no_main]

use cofferdam_transport::raptorq::{Decoder, Encoder, RaptorqError};
use cofferdam_transport::{Assembly, Kind, Payload, Step};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let mut decoder = Decoder::of_first();
    for frame in input.split(|byte| *byte == b'\n') {
        let before = decoder.progress();
        let taken = decoder.take(frame);
        let after = decoder.progress();
        let damaged = taken == Err(RaptorqError::Hash);
        assert!(damaged || after.have >= before.have);
        assert!(damaged || taken.is_ok() || after == before);
        assert!(after.have <= after.need && decoder.held() <= 9 << 20);
    }
    if let [symbol, lost, message @ ..] = input {
        there_and_back(message, usize::from(*symbol), *lost);
    }
});

fn there_and_back(message: &[u8], symbol: usize, lost: u8) {
    let payload = Payload {
        kind: Kind::Bytes,
        bytes: message.to_vec(),
    };
    // Large ones take too long to try many.
    if message.len() > 24 * symbol {
        return;
    }
    let Ok(mut encoder) = Encoder::new(&payload, symbol) else {
        return;
    };
    let enough = encoder.symbols() * 8 + 64;
    let mut decoder = Decoder::of_first();
    for index in 0..enough {
        let frame = encoder.next_frame();
        if lost & (1 << (index % 7)) == 0
            && let Step::Whole(back) = decoder.take(frame.as_bytes()).expect("a frame of ours")
        {
            assert_eq!(back, payload);
            return;
        }
    }
    assert_eq!(lost & 0x7f, 0x7f, "{enough} frames were not enough");
}
