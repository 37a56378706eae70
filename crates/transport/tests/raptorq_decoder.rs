//! The RaptorQ mode's decoder: what comes together, and what hostile frames cannot do.

// What hostile frames cost is printed.
#![allow(clippy::print_stdout)]

mod common;
mod forge;

use std::time::{Duration, Instant};

use cofferdam_transport::raptorq::{Decoder, Encoder, RaptorqError};
use cofferdam_transport::{Assembly, Kind, Payload, Progress, Step};
use common::Random;
use proptest::prelude::*;

fn message(size: usize, seed: u64) -> Payload {
    Payload {
        kind: Kind::Bundle,
        bytes: Random(seed).bytes(size),
    }
}

fn frames(payload: &Payload, symbol: usize, count: usize) -> Vec<String> {
    let mut encoder = Encoder::new(payload, symbol).unwrap();
    (0..count).map(|_| encoder.next_frame()).collect()
}

/// Gives frames until the message is whole; returns it and how many were given.
fn feed<'a>(
    decoder: &mut Decoder,
    frames: impl IntoIterator<Item = &'a String>,
) -> (Payload, usize) {
    let mut last = decoder.progress();
    for (index, frame) in frames.into_iter().enumerate() {
        if let Step::Whole(payload) = decoder.take(frame.as_bytes()).unwrap() {
            return (payload, index + 1);
        }
        let now = decoder.progress();
        assert!(last.have <= now.have && now.have <= now.need);
        last = now;
    }
    panic!("not whole at {last:?}");
}

#[test]
fn every_kind_size_and_start_comes_together() {
    for kind in [
        Kind::Psbt,
        Kind::Transaction,
        Kind::Bundle,
        Kind::Return,
        Kind::HdKey,
        Kind::Output,
        Kind::Account,
        Kind::Json,
        Kind::Text,
        Kind::Bytes,
    ] {
        for size in [0, 1, 18, 19, 500, 5_000] {
            let payload = Payload {
                kind,
                bytes: Random(size as u64).bytes(size),
            };
            let frames = frames(&payload, 50, 400);
            for start in [0, 1, 7, 200] {
                let (back, given) = feed(&mut Decoder::new(), &frames[start..]);
                assert_eq!(back, payload);
                assert!(given <= (size + 32).div_ceil(50) + 3);
            }
        }
    }
}

#[test]
fn compression_saves_frames() {
    let payload = Payload {
        kind: Kind::Json,
        bytes: b"{\"a\": 1}, ".repeat(1_000),
    };
    let (back, given) = feed(&mut Decoder::new(), &frames(&payload, 50, 10));
    assert_eq!(back, payload);
    assert!(given < 5);
}

#[test]
fn frames_of_another_message_change_nothing() {
    let (ours, other) = (message(1_000, 1), message(1_000, 2));
    let (ours_frames, foreign) = (frames(&ours, 50, 60), frames(&other, 50, 60));
    let resized = frames(&ours, 49, 60);
    let mut decoder = Decoder::new();
    for frame in &ours_frames[..2] {
        assert_eq!(decoder.take(frame.as_bytes()), Ok(Step::Nearer));
        assert_eq!(decoder.take(frame.as_bytes()), Ok(Step::Known));
    }
    let before = decoder.progress();
    for frame in foreign.iter().chain(&resized) {
        assert_eq!(decoder.take(frame.as_bytes()), Err(RaptorqError::Foreign));
    }
    assert_eq!(decoder.progress(), before);
    assert_eq!(feed(&mut decoder, &ours_frames[2..]).0, ours);
    assert_eq!(decoder.take(ours_frames[40].as_bytes()), Ok(Step::Known));
    assert_eq!(
        decoder.take(foreign[0].as_bytes()),
        Err(RaptorqError::Foreign)
    );
}

#[test]
fn one_stray_frame_does_not_lock_it() {
    let stray = frames(&message(500, 3), 50, 1);
    let ours = message(1_000, 4);
    let frames = frames(&ours, 50, 40);
    let mut decoder = Decoder::new();
    decoder.take(stray[0].as_bytes()).unwrap();
    assert_eq!(
        decoder.take(frames[0].as_bytes()),
        Err(RaptorqError::Foreign)
    );
    assert_eq!(
        decoder.take(frames[0].as_bytes()),
        Err(RaptorqError::Foreign)
    );
    assert_eq!(decoder.take(frames[1].as_bytes()), Ok(Step::Nearer));
    assert_eq!(decoder.progress(), Progress { have: 2, need: 21 });
    assert_eq!(feed(&mut decoder, &frames[2..]).0, ours);
}

/// A message that claims to be ours: same length, other content, its frames under our id.
#[test]
fn forged_frames_start_it_again_and_do_not_lock_it() {
    let ours = message(1_000, 5);
    let good = frames(&ours, 50, 100);
    let forged = forge::with_symbol_of(&good[0], &frames(&message(1_000, 6), 50, 1)[0]);
    let mut decoder = Decoder::new();
    assert_eq!(decoder.take(forged.as_bytes()), Ok(Step::Nearer));
    assert_eq!(decoder.take(good[0].as_bytes()), Ok(Step::Known));
    let mut last = Ok(Step::Known);
    let mut given = 1;
    while last != Err(RaptorqError::Hash) {
        last = decoder.take(good[given].as_bytes());
        assert!(!matches!(last, Ok(Step::Whole(_))));
        given += 1;
    }
    assert!(given <= 21 + 65);
    assert_eq!(decoder.progress(), Progress { have: 0, need: 1 });
    assert_eq!(feed(&mut decoder, &good).0, ours);
}

#[test]
fn the_most_symbols_are_solved_in_time() {
    let ours = message(4_000 * 100, 7);
    let frames = frames(&ours, 100, 8_200);
    let mut decoder = Decoder::new();
    let mut worst = Duration::ZERO;
    for frame in &frames[4_001..] {
        let start = Instant::now();
        let step = decoder.take(frame.as_bytes()).unwrap();
        worst = worst.max(start.elapsed());
        if let Step::Whole(payload) = step {
            assert_eq!(payload, ours);
            println!("K = 4001, repair symbols only: slowest frame {worst:?}");
            return;
        }
    }
    panic!("not whole");
}

proptest! {
    #[test]
    fn any_text_is_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Decoder::new().take(&bytes).is_err());
        let text = [b"CF1:".as_slice(), &bytes].concat();
        prop_assert!(Decoder::new().take(&text).is_err());
    }

    #[test]
    fn any_loss_and_order_comes_together(size in 0usize..3_000, symbol in 10usize..200, seed in any::<u64>()) {
        let ours = message(size, seed);
        let mut frames = frames(&ours, symbol, 2 * (size + 32).div_ceil(symbol) + 10);
        let mut random = Random(seed);
        for index in (1..frames.len()).rev() {
            frames.swap(index, random.below(index + 1));
        }
        prop_assert_eq!(feed(&mut Decoder::new(), &frames).0, ours);
    }
}
