//! The decoder of uniform resources: what comes together, and what hostile parts cannot do.

// What hostile parts cost is printed.
#![allow(clippy::print_stdout)]

mod common;

use std::time::{Duration, Instant};

use cofferdam_transport::ur::{
    Decoder, Encoder, MAX_FRAGMENTS, MAX_MESSAGE_BYTES, Names, Order, UrError,
};
use cofferdam_transport::{Assembly, Kind, Payload, Progress, Step};
use common::Random;
use proptest::prelude::*;
use ur::bytewords::{Style, encode};

fn psbt(size: usize, seed: u64) -> Payload {
    let mut bytes = b"psbt\xff".to_vec();
    bytes.extend(Random(seed).bytes(size - 5));
    Payload {
        kind: Kind::Psbt,
        bytes,
    }
}

fn parts(payload: &Payload, fragment: usize, order: Order, count: usize) -> Vec<String> {
    let mut encoder = Encoder::new(payload, Names::Old, fragment, order).unwrap();
    (0..count).map(|_| encoder.next_part()).collect()
}

/// Gives parts until the message is whole; returns it and how many were given.
fn feed<'a>(
    decoder: &mut Decoder,
    parts: impl IntoIterator<Item = &'a String>,
) -> (Payload, usize) {
    let mut last = decoder.progress();
    for (index, part) in parts.into_iter().enumerate() {
        match decoder.take(part.as_bytes()).unwrap() {
            Step::Whole(payload) => return (payload, index + 1),
            step => {
                let now = decoder.progress();
                assert!(now.have <= now.need);
                assert_eq!(now.have > last.have, step == Step::Nearer);
                last = now;
            }
        }
    }
    panic!("not whole at {last:?}");
}

/// A part with any numbers, its checksum of bytewords right.
fn part(ur_type: &str, [sequence, count, length, checksum]: [u64; 4], data: &[u8]) -> String {
    let mut cbor = minicbor::Encoder::new(Vec::new());
    cbor.array(5).unwrap();
    for number in [sequence, count, length, checksum] {
        cbor.u64(number).unwrap();
    }
    cbor.bytes(data).unwrap();
    let letters = encode(&cbor.into_writer(), Style::Minimal);
    format!("ur:{ur_type}/{sequence}-{count}/{letters}")
}

#[test]
fn one_piece_comes_through() {
    for (kind, bytes) in [
        (Kind::Psbt, &b"psbt\xff\x00"[..]),
        (Kind::Bundle, b"\xa0"),
        (Kind::Return, b"\xa0"),
        (Kind::Json, b"{}"),
        (Kind::Text, b"wpkh()"),
        (Kind::Bytes, b"\xff\x00"),
    ] {
        for names in [Names::Old, Names::New] {
            let payload = Payload {
                kind,
                bytes: bytes.to_vec(),
            };
            let mut encoder = Encoder::new(&payload, names, 100, Order::Standard).unwrap();
            let mut decoder = Decoder::new();
            let part = encoder.next_part();
            assert_eq!(decoder.take(part.as_bytes()), Ok(Step::Whole(payload)));
            assert_eq!(decoder.take(part.as_bytes()), Ok(Step::Known));
            assert_eq!(decoder.progress(), Progress { have: 1, need: 1 });
        }
    }
}

#[test]
fn every_start_and_order_comes_together() {
    let message = psbt(2_500, 1);
    for order in [Order::Standard, Order::Fresh] {
        let parts = parts(&message, 100, order, 400);
        for start in [0, 1, 13, 25, 26, 51, 200] {
            let (payload, _) = feed(&mut Decoder::new(), &parts[start..]);
            assert_eq!(payload, message);
        }
        let (payload, _) = feed(&mut Decoder::new(), parts[..60].iter().rev());
        assert_eq!(payload, message);
    }
}

#[test]
fn the_crates_own_decoder_reads_ours() {
    let message = psbt(2_000, 2);
    let mut decoder = ur::Decoder::default();
    for part in parts(&message, 90, Order::Fresh, 200) {
        decoder.receive(&part).unwrap();
    }
    let cbor = decoder.message().unwrap().unwrap();
    assert_eq!(
        minicbor::Decoder::new(&cbor).bytes().unwrap(),
        message.bytes
    );
}

#[test]
fn parts_of_another_message_change_nothing() {
    let (ours, other) = (psbt(1_000, 3), psbt(1_000, 4));
    let (ours_parts, foreign) = (
        parts(&ours, 100, Order::Standard, 40),
        parts(&other, 100, Order::Standard, 40),
    );
    let mut decoder = Decoder::new();
    for part in &ours_parts[..5] {
        decoder.take(part.as_bytes()).unwrap();
    }
    let before = decoder.progress();
    for part in foreign.iter().chain(&parts(&ours, 80, Order::Standard, 40)) {
        assert_eq!(decoder.take(part.as_bytes()), Err(UrError::Foreign));
    }
    let renamed = ours_parts[7].replace("CRYPTO-PSBT", "BYTES");
    assert_eq!(decoder.take(renamed.as_bytes()), Err(UrError::Foreign));
    let single = parts(&psbt(20, 5), 100, Order::Standard, 1);
    assert_eq!(decoder.take(single[0].as_bytes()), Err(UrError::Foreign));
    assert_eq!(decoder.progress(), before);
    assert_eq!(feed(&mut decoder, &ours_parts[5..]).0, ours);
    assert_eq!(decoder.take(foreign[0].as_bytes()), Err(UrError::Foreign));
    assert_eq!(decoder.take(single[0].as_bytes()), Err(UrError::Foreign));
}

#[test]
fn one_stray_part_does_not_lock_it() {
    let stray = parts(&psbt(500, 6), 50, Order::Standard, 1);
    let message = psbt(1_000, 7);
    let mut decoder = Decoder::new();
    decoder.take(stray[0].as_bytes()).unwrap();
    let parts = parts(&message, 100, Order::Standard, 40);
    assert_eq!(decoder.take(parts[0].as_bytes()), Err(UrError::Foreign));
    assert_eq!(decoder.take(parts[0].as_bytes()), Err(UrError::Foreign));
    assert_eq!(decoder.take(parts[1].as_bytes()), Ok(Step::Nearer));
    assert_eq!(decoder.progress(), Progress { have: 2, need: 11 });
    assert_eq!(feed(&mut decoder, &parts[2..]).0, message);

    let mut decoder = Decoder::new();
    decoder.take(stray[0].as_bytes()).unwrap();
    let single = self::parts(&psbt(20, 5), 100, Order::Standard, 1);
    assert!(matches!(
        decoder.take(single[0].as_bytes()),
        Ok(Step::Whole(_))
    ));
}

#[test]
fn forged_parts_start_it_again_and_do_not_lock_it() {
    let message = psbt(1_000, 8);
    let good = parts(&message, 100, Order::Standard, 60);
    let bytes = {
        let letters = good[3].rsplit('/').next().unwrap().to_lowercase();
        ur::bytewords::decode(&letters, Style::Minimal).unwrap()
    };
    let mut cbor = minicbor::Decoder::new(&bytes);
    cbor.array().unwrap();
    let [sequence, count, length, checksum] = [(); 4].map(|()| cbor.u64().unwrap());
    let mut data = cbor.bytes().unwrap().to_vec();
    data[7] ^= 1;
    let forged = part("crypto-psbt", [sequence, count, length, checksum], &data);

    let mut decoder = Decoder::new();
    assert_eq!(decoder.take(forged.as_bytes()), Ok(Step::Nearer));
    assert_eq!(
        decoder.take(good[3].as_bytes()),
        Err(UrError::Contradiction)
    );
    assert_eq!(decoder.progress(), Progress { have: 1, need: 11 });
    let mut last = Ok(Step::Known);
    for part in &good[..11] {
        last = decoder.take(part.as_bytes());
    }
    assert_eq!(last, Err(UrError::Checksum));
    assert_eq!(decoder.progress(), Progress { have: 0, need: 1 });
    assert_eq!(feed(&mut decoder, &good[11..]).0, message);
}

#[test]
fn a_whole_message_that_is_not_its_type_is_refused() {
    let text = part("crypto-psbt", [1, 1, 3, 0x352441c2], b"abc");
    let mut decoder = Decoder::new();
    assert_eq!(decoder.take(text.as_bytes()), Err(UrError::Content));
    assert_eq!(decoder.progress(), Progress { have: 0, need: 1 });
}

#[test]
fn hostile_parts_are_refused_at_once() {
    let data = [7; 10];
    let text = |numbers, data: &[u8]| part("crypto-psbt", numbers, data);
    let good = text([1, 10, 100, 5], &data);
    let letters = good.rsplit('/').next().unwrap().to_owned();
    let long = format!("ur:crypto-psbt/1-2/{}", "a".repeat(5_000));
    let endless = format!("ur:bytes/{}", "ae".repeat(MAX_MESSAGE_BYTES + 33));
    let indefinite = encode(b"\x9f\x01\x0a\x18\x64\x05\x41\x07\xff", Style::Minimal);
    let six = encode(b"\x86\x01\x0a\x18\x64\x05\x41\x07\x00", Style::Minimal);
    let trailing = encode(b"\x85\x01\x01\x01\x05\x41\x07\x00", Style::Minimal);
    let lying = encode(
        b"\x85\x01\x01\x01\x05\x5b\xff\xff\xff\xff\xff\xff\xff\xff",
        Style::Minimal,
    );
    let negative = encode(b"\x85\x20\x01\x01\x05\x41\x07", Style::Minimal);
    let too_many = |found| UrError::TooManyFragments {
        limit: MAX_FRAGMENTS,
        found,
    };
    let cases: Vec<(String, UrError)> = vec![
        (String::new(), UrError::NotUr),
        ("ur".into(), UrError::NotUr),
        ("ur:".into(), UrError::NotUr),
        ("ur:/".into(), UrError::UnknownType),
        ("ur:bytes".into(), UrError::NotUr),
        ("http://x/y".into(), UrError::NotUr),
        ("ur:bytes/\u{e9}\u{e9}".into(), UrError::NotUr),
        ("ur:crypto-seed/aeae".into(), UrError::UnknownType),
        ("ur:bytes/".into(), UrError::Letters),
        ("ur:bytes/zzzz".into(), UrError::Letters),
        ("ur:bytes/{}[]".into(), UrError::Letters),
        ("ur:bytes/1-1/".into(), UrError::Letters),
        (format!("ur:crypto-psbt/1-10/x/{letters}"), UrError::Letters),
        (format!("ur:crypto-psbt/2-10/{letters}"), UrError::Sequence),
        (format!("ur:crypto-psbt/1-11/{letters}"), UrError::Sequence),
        (format!("ur:crypto-psbt/01-10/{letters}"), UrError::Sequence),
        (format!("ur:crypto-psbt/+1-10/{letters}"), UrError::Sequence),
        (format!("ur:crypto-psbt/1-/{letters}"), UrError::Sequence),
        (format!("ur:crypto-psbt/1/{letters}"), UrError::Sequence),
        (
            format!("ur:crypto-psbt/99999999999-10/{letters}"),
            UrError::Sequence,
        ),
        (format!("ur:bytes/1-10/{indefinite}"), UrError::Malformed),
        (format!("ur:bytes/1-10/{six}"), UrError::Malformed),
        (format!("ur:bytes/1-1/{trailing}"), UrError::Malformed),
        (format!("ur:bytes/1-1/{lying}"), UrError::Malformed),
        (format!("ur:bytes/1-1/{negative}"), UrError::Malformed),
        (text([0, 10, 100, 5], &data), UrError::Sequence),
        (text([1, 0, 100, 5], &data), UrError::Sequence),
        (
            text([1, 4_000_000_000, 4_000_000_000, 5], &data),
            too_many(4_000_000_000),
        ),
        (text([1, 65_536, 655_360, 5], &data), too_many(65_536)),
        (text([1, 4_097, 40_970, 5], &data), too_many(4_097)),
        (
            text([1, 4_096, u64::from(u32::MAX), 5], &data),
            UrError::MessageTooLong {
                limit: MAX_MESSAGE_BYTES,
                found: u32::MAX,
            },
        ),
        (text([1, 10, 1 << 32, 5], &data), UrError::Malformed),
        (text([1, 10, 100, 1 << 32], &data), UrError::Malformed),
        (text([1, 10, 0, 5], &data), UrError::Lengths),
        (text([1, 10, 90, 5], &data), UrError::Lengths),
        (text([1, 10, 101, 5], &data), UrError::Lengths),
        (text([1, 10, 100, 5], &[]), UrError::Lengths),
        (
            long.clone(),
            UrError::TooLong {
                limit: 4_296,
                found: long.len(),
            },
        ),
        (
            endless.clone(),
            UrError::TooLong {
                limit: 2 * MAX_MESSAGE_BYTES + 64,
                found: endless.len(),
            },
        ),
    ];
    let mut decoder = Decoder::new();
    for (text, error) in &cases {
        let shown: String = text.chars().take(60).collect();
        assert_eq!(decoder.take(text.as_bytes()), Err(*error), "{shown}");
        assert_eq!(decoder.progress(), Progress { have: 0, need: 1 });
    }
    // The first part is the good one: nothing before it was taken for the start of a message.
    assert_eq!(decoder.take(good.as_bytes()), Ok(Step::Nearer));
    for (text, _) in &cases {
        assert!(decoder.take(text.as_bytes()).is_err());
    }
    assert_eq!(decoder.progress(), Progress { have: 1, need: 10 });
}

/// What this thread took of the processor, to a hundredth of a second.
fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    // utime and stime are the fields 14 and 15 (proc_pid_stat(5)); the first here is 3.
    let ticks = fields[11..13]
        .iter()
        .map(|field| field.parse::<u64>().unwrap());
    Duration::from_millis(ticks.sum::<u64>() * 10)
}

/// The worst that a single part can ask for: the most fragments, all of them mixed. What it takes
/// of the processor is bounded, whatever else the machine does.
#[test]
fn the_most_expensive_part_is_cheap() {
    let count = MAX_FRAGMENTS as u64;
    let mut worst = Duration::ZERO;
    let mut decoder = Decoder::new();
    for sequence in (0..200).map(|index| u64::from(u32::MAX) - index) {
        let data = Random(sequence).bytes(100);
        let text = part("bytes", [sequence, count, count * 100, 5], &data);
        let start = processor_time();
        decoder.take(text.as_bytes()).unwrap();
        worst = worst.max(processor_time() - start);
    }
    println!("slowest part: {worst:?}");
    let limit = if cfg!(debug_assertions) { 3_000 } else { 300 };
    assert!(worst < Duration::from_millis(limit));
    assert_eq!(decoder.progress().have, 200);
}

#[test]
fn the_largest_message_comes_together() {
    let message = psbt(400_000, 9);
    let parts = parts(&message, 100, Order::Standard, 5_000);
    let start = Instant::now();
    let (payload, given) = feed(&mut Decoder::new(), &parts[700..]);
    println!("K = 4001: {given} parts in {:?}", start.elapsed());
    assert_eq!(payload, message);
    assert!(given <= 4_241);
}

proptest! {
    #[test]
    fn any_text_is_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(Decoder::new().take(&bytes).is_err());
        let mut text = b"ur:bytes/1-9/".to_vec();
        text.extend(&bytes);
        prop_assert!(Decoder::new().take(&text).is_err());
    }

    /// Right letters around anything.
    #[test]
    fn any_content_is_bounded(bytes in prop::collection::vec(any::<u8>(), 0..100), sequence in 1u32..9, count in 1u32..9) {
        let letters = encode(&bytes, Style::Minimal);
        for text in [format!("ur:bytes/{letters}"), format!("ur:crypto-psbt/{sequence}-{count}/{letters}")] {
            let _ = Decoder::new().take(text.as_bytes());
        }
    }

    #[test]
    fn any_loss_and_order_comes_together(
        size in 6usize..3_000,
        fragment in 10usize..200,
        seed in any::<u64>(),
        fresh in any::<bool>(),
    ) {
        let message = psbt(size, seed);
        let order = if fresh { Order::Fresh } else { Order::Standard };
        let mut encoder = Encoder::new(&message, Names::New, fragment, order).unwrap();
        let (mut random, mut decoder) = (Random(seed), Decoder::new());
        let mut got = None;
        for _ in 0..20 * encoder.fragments() + 100 {
            let part = encoder.next_part();
            if random.below(3) > 0 && let Step::Whole(payload) = decoder.take(part.as_bytes()).unwrap() {
                got = Some(payload);
                break;
            }
        }
        prop_assert_eq!(got, Some(message));
    }
}
