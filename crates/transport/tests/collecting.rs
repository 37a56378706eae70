//! The collector among foreign, hostile and endless codes.

#![allow(clippy::print_stdout)]

mod forge;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use cofferdam_transport::bbqr::{Damage, Encoder, Encoding, FileType, JoinError};
use cofferdam_transport::collect::{Collector, Format, Limits, MessageId, Refusal, Seen, Wanted};
use cofferdam_transport::raptorq::RaptorqError;
use cofferdam_transport::schedule::Parts;
use cofferdam_transport::ur::{Names, UrError};
use cofferdam_transport::{Kind, Payload, Progress, raptorq, ur};
use flate2::{Compress, Compression, FlushCompress, Status};
use forge::{with_data_of, with_symbol_of};
use proptest::prelude::*;

const NOW: Duration = Duration::ZERO;

fn noise(length: usize, seed: u32) -> Vec<u8> {
    let mut state = seed;
    let bytes = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    });
    bytes.take(length).collect()
}

/// A message in BBQr parts of 100 characters that hold 57 bytes each.
fn parts(length: usize, seed: u32) -> (Payload, Vec<Vec<u8>>) {
    let bytes = noise(length, seed);
    let encoder = Encoder::with_encoding(Encoding::Base32, FileType::Binary, &bytes, 100).unwrap();
    let parts = (0..encoder.count()).map(|index| encoder.part(index).unwrap().into_bytes());
    (
        Payload {
            kind: Kind::Bytes,
            bytes,
        },
        parts.collect(),
    )
}

fn is_nearer(seen: &Seen) -> bool {
    matches!(seen, Seen::Nearer { .. })
}

#[test]
fn a_message_is_collected_and_then_known() {
    let (payload, parts) = parts(1000, 1);
    let mut collector = Collector::new(Wanted::Anything);
    let (last, rest) = parts.split_last().unwrap();
    for (have, part) in rest.iter().enumerate() {
        let seen = collector.take(part, NOW);
        let Seen::Nearer {
            message,
            format,
            progress,
        } = seen
        else {
            panic!("{seen:?}")
        };
        assert_eq!(format, Format::Bbqr);
        assert_eq!(
            progress,
            Progress {
                have: have + 1,
                need: parts.len()
            }
        );
        assert_eq!(collector.progress(), Some((message, progress)));
        assert_eq!(collector.take(part, NOW), Seen::Known);
    }
    assert_eq!(collector.take(last, NOW), Seen::Whole(payload));
    for part in &parts {
        assert_eq!(collector.take(part, NOW), Seen::Known);
    }
    assert_eq!(collector.progress(), None);
}

#[test]
fn single_codes_are_told_once() {
    let mut collector = Collector::new(Wanted::Anything);
    let psbt = Payload {
        kind: Kind::Psbt,
        bytes: b"psbt\xff\x01\x00".to_vec(),
    };
    assert_eq!(collector.take(b"cHNidP8BAA==", NOW), Seen::Whole(psbt));
    assert_eq!(collector.take(b"cHNidP8BAA==", NOW), Seen::Known);
    assert!(
        matches!(collector.take(b"https://example.org", NOW), Seen::Whole(text) if text.kind == Kind::Text)
    );
}

#[test]
fn what_is_not_asked_for_is_foreign() {
    let mut collector = Collector::new(Wanted::Kinds(&[Kind::Psbt]));
    let text = collector.take(b"https://example.org", NOW);
    assert_eq!(text, Seen::Foreign(Refusal::Unwanted(Kind::Text)));
    let (_, parts) = parts(50, 1);
    assert_eq!(
        collector.take(&parts[0], NOW),
        Seen::Foreign(Refusal::Unwanted(Kind::Bytes))
    );
    assert!(matches!(
        collector.take(b"psbt\xff\x01", NOW),
        Seen::Whole(_)
    ));
}

#[test]
fn a_seed_is_named_and_nothing_of_it_told() {
    let digits = b"073318950739065415961602009907670428187212261116";
    let entropy = noise(16, 9);
    let mut collector = Collector::new(Wanted::Anything);
    for seed in [&digits[..], &entropy] {
        assert_eq!(collector.take(seed, NOW), Seen::Foreign(Refusal::Seed));
    }
    let told = Refusal::Seed.to_string();
    assert!(told.contains("only `restore`"), "{told}");
    let mut restore = Collector::new(Wanted::Seed);
    for seed in [&digits[..], &entropy] {
        let whole = Payload {
            kind: Kind::Seed,
            bytes: seed.to_vec(),
        };
        assert_eq!(restore.take(seed, NOW), Seen::Whole(whole));
    }
    assert!(matches!(
        restore.take(b"cHNidP8BAA==", NOW),
        Seen::Foreign(Refusal::SeedQr(_))
    ));
}

/// A second message with the very same header: the second is collected beside the first.
#[test]
fn two_messages_that_look_alike_both_arrive() {
    let (first, mine) = parts(1000, 1);
    let (second, theirs) = parts(1000, 2);
    let mut collector = Collector::new(Wanted::Anything);
    let mut whole = Vec::new();
    for part in mine
        .iter()
        .take(9)
        .chain(&theirs)
        .chain(&theirs)
        .chain(&mine)
        .chain(&mine)
    {
        if let Seen::Whole(payload) = collector.take(part, NOW) {
            whole.push(payload);
        }
    }
    assert_eq!(whole, [second, first]);
}

#[test]
fn a_flood_of_foreign_messages_never_drops_the_most_advanced() {
    let (payload, parts) = parts(2000, 1);
    let limits = Limits {
        messages: 4,
        bytes: 1 << 20,
    };
    let mut collector = Collector::within(Wanted::Anything, limits);
    let (last, rest) = parts.split_last().unwrap();
    for part in rest {
        assert!(is_nearer(&collector.take(part, NOW)));
    }
    let before = collector.progress();
    let start = Instant::now();
    for n in 0..10_000u32 {
        let (total, index) = (n % 1290 + 2, n % 2);
        let digit = |n: u32| char::from_digit(n % 36, 36).unwrap().to_ascii_uppercase();
        let part = format!("B$HU{}{}0{index}{n:0>8X}", digit(total / 36), digit(total));
        collector.take(part.as_bytes(), NOW);
        collector.take(format!("p1of{} {n}", n % 900 + 2).as_bytes(), NOW);
        assert!(collector.messages() <= 4 && collector.held() <= 1 << 20);
        assert_eq!(collector.progress(), before);
    }
    println!("20,000 foreign parts in {:?}", start.elapsed());
    assert_eq!(collector.take(last, NOW), Seen::Whole(payload));
}

#[test]
fn memory_stays_within_limits_when_every_message_is_large() {
    let limits = Limits {
        messages: 8,
        bytes: 256 << 10,
    };
    let mut collector = Collector::within(Wanted::Anything, limits);
    for index in 0..1000u32 {
        for total in ["ZZ", "ZY", "ZX"] {
            let digit = |n: u32| char::from_digit(n % 36, 36).unwrap().to_ascii_uppercase();
            let mut part = format!("B$HU{total}{}{}", digit(index / 36), digit(index)).into_bytes();
            part.resize(4296, b'A');
            collector.take(&part, NOW);
        }
        assert!(collector.held() <= 256 << 10 || collector.messages() == 1);
    }
    // What is left is the most advanced alone.
    assert_eq!(collector.progress().unwrap().1.have, 1000);
}

#[test]
fn a_bomb_ends_soon_and_leaves_the_rest() {
    let bomb = bomb(64 << 20);
    let (payload, parts) = parts(1000, 1);
    let mut collector = Collector::new(Wanted::Anything);
    for part in &parts[1..] {
        collector.take(part, NOW);
    }
    let start = Instant::now();
    let seen: Vec<Seen> = bomb.iter().map(|part| collector.take(part, NOW)).collect();
    println!(
        "a bomb of 64 MiB in {} parts: {:?}",
        bomb.len(),
        start.elapsed()
    );
    let refusal = Refusal::Bbqr(JoinError::Damaged(Damage::TooLarge));
    assert_eq!(seen.last(), Some(&Seen::Foreign(refusal)));
    assert_eq!(collector.take(&parts[0], NOW), Seen::Whole(payload));
}

/// BBQr parts that inflate to so many zeros.
fn bomb(length: usize) -> Vec<Vec<u8>> {
    let mut state = Compress::new_with_window_bits(Compression::best(), false, 15);
    let mut deflated = Vec::with_capacity(length / 100);
    let zeros = vec![0; length];
    let status = state.compress_vec(&zeros, &mut deflated, FlushCompress::Finish);
    assert_eq!(status.unwrap(), Status::StreamEnd);
    let encoder =
        Encoder::with_encoding(Encoding::Base32, FileType::Binary, &deflated, 4296).unwrap();
    let parts =
        (0..encoder.count()).map(|index| encoder.part(index).unwrap().replace("B$2", "B$Z"));
    parts.map(String::into_bytes).collect()
}

/// What was forged is found out only by the checksum of the whole: the message is dropped, and
/// comes again as another.
#[test]
fn a_message_that_was_forged_begins_again_as_another() {
    let payload = Payload {
        kind: Kind::Bundle,
        bytes: noise(1000, 3),
    };
    let mut encoder = raptorq::Encoder::new(&payload, 100).unwrap();
    let frames: Vec<String> = (0..30).map(|_| encoder.next_frame()).collect();
    let fast = Stream {
        forged: with_symbol_of(&frames[0], &frames[1]),
        parts: frames,
        need: 11,
        refusal: Refusal::Raptorq(RaptorqError::Hash),
    };
    let mut encoder = ur::Encoder::new(&payload, Names::Old, 100, ur::Order::Standard).unwrap();
    let parts: Vec<String> = (0..30).map(|_| encoder.next_part()).collect();
    let ur = Stream {
        forged: with_data_of(&parts[0], &parts[1]),
        parts,
        need: 10,
        refusal: Refusal::Ur(UrError::Checksum),
    };
    for stream in [fast, ur] {
        let mut collector = Collector::new(Wanted::Anything);
        let mut furthest: BTreeMap<MessageId, usize> = BTreeMap::new();
        let mut take = |part: &str| {
            let seen = collector.take(part.as_bytes(), NOW);
            if let Some((id, progress)) = collector.progress() {
                let before = furthest.insert(id, progress.have).unwrap_or_default();
                assert!(
                    progress.have >= before,
                    "{id:?} from {before} to {progress:?}"
                );
            }
            seen
        };
        assert!(is_nearer(&take(&stream.forged)));
        for part in &stream.parts[1..stream.need - 1] {
            assert!(is_nearer(&take(part)));
        }
        let found_out = take(&stream.parts[stream.need - 1]);
        assert_eq!(found_out, Seen::Foreign(stream.refusal));
        let seen: Vec<Seen> = stream.parts[stream.need..]
            .iter()
            .map(|part| take(part))
            .collect();
        assert!(seen.contains(&Seen::Whole(payload.clone())));
        assert_eq!(furthest.len(), 2);
    }
}

struct Stream {
    forged: String,
    parts: Vec<String>,
    need: usize,
    refusal: Refusal,
}

/// Two screens in one picture: the codes of two messages come in turn, and none takes the place of
/// the other's.
#[test]
fn two_messages_in_turn_keep_what_they_have() {
    let message = |seed| Payload {
        kind: Kind::Bundle,
        bytes: noise(1000, seed),
    };
    let of_fast = |payload: &Payload| {
        let mut encoder = raptorq::Encoder::new(payload, 100).unwrap();
        (0..11).map(|_| encoder.next_frame()).collect::<Vec<_>>()
    };
    let of_ur = |payload: &Payload| {
        let mut encoder = ur::Encoder::new(payload, Names::Old, 100, ur::Order::Standard).unwrap();
        (0..10).map(|_| encoder.next_part()).collect::<Vec<_>>()
    };
    let (one, two) = (message(4), message(5));
    for [first, second] in [[&one, &two].map(of_fast), [&one, &two].map(of_ur)] {
        let mut collector = Collector::new(Wanted::Anything);
        let mut whole = Vec::new();
        for (a, b) in first.iter().zip(&second) {
            for part in [a, b] {
                match collector.take(part.as_bytes(), NOW) {
                    Seen::Whole(payload) => whole.push(payload),
                    seen => assert!(is_nearer(&seen), "{seen:?}"),
                }
            }
        }
        assert_eq!(whole, [one.clone(), two.clone()]);
        assert_eq!(collector.messages(), 2);
    }
}

/// A file of another type than its UR says is refused once it is whole, and does not come nearer
/// for ever.
#[test]
fn a_message_that_is_not_what_it_claims_is_refused_each_time() {
    let payload = Payload {
        kind: Kind::Bytes,
        bytes: noise(300, 6),
    };
    let mut encoder = ur::Encoder::new(&payload, Names::Old, 200, ur::Order::Standard).unwrap();
    let parts: Vec<String> = (0..2)
        .map(|_| encoder.next_part().replace("BYTES", "CRYPTO-PSBT"))
        .collect();
    let mut collector = Collector::new(Wanted::Anything);
    for _ in 0..3 {
        assert!(is_nearer(&collector.take(parts[0].as_bytes(), NOW)));
        let seen = collector.take(parts[1].as_bytes(), NOW);
        assert_eq!(seen, Seen::Foreign(Refusal::Ur(UrError::Content)));
        assert_eq!(collector.messages(), 0);
    }
}

#[test]
fn malformed_codes_say_why_and_change_nothing() {
    let (payload, parts) = parts(1000, 1);
    let mut collector = Collector::new(Wanted::Anything);
    for part in &parts[1..] {
        collector.take(part, NOW);
    }
    let (before, held) = (collector.progress(), collector.held());
    let long = vec![b'A'; 8000];
    for hostile in [
        &b""[..],
        b"B$",
        b"B$ZPZZZZAA",
        b"B$ZP0000AA",
        b"B$XP0200AA",
        b"B$Z?0200AA",
        b"B$HP0200A",
        b"p0of3 a",
        b"p9of3 a",
        b"p1of999999999 a",
        b"cHNidP8\xff",
        &long,
    ] {
        let seen = collector.take(hostile, NOW);
        assert!(
            matches!(seen, Seen::Foreign(_)),
            "{}: {seen:?}",
            hostile.escape_ascii()
        );
        assert_eq!((collector.progress(), collector.held()), (before, held));
    }
    assert_eq!(collector.take(&parts[0], NOW), Seen::Whole(payload));
}

#[test]
fn a_refusal_names_the_contradiction_rather_than_what_a_new_message_would_say() {
    let (_, parts) = parts(1000, 1);
    let mut collector = Collector::new(Wanted::Anything);
    collector.take(&parts[0], NOW);
    let mut damaged = parts[1].clone();
    damaged[20] = b'1';
    let seen = collector.take(&damaged, NOW);
    assert_eq!(seen, Seen::Foreign(Refusal::Bbqr(JoinError::Characters(1))));
}

#[test]
fn the_rate_counts_a_code_that_stays_once() {
    let (_, parts) = parts(5000, 1);
    let mut collector = Collector::new(Wanted::Anything);
    let mut now = Duration::ZERO;
    for part in &parts[..50] {
        for _ in 0..3 {
            collector.take(part, now);
            now += Duration::from_millis(33);
        }
    }
    let rate = collector.frames_per_second(now);
    assert!((9.5..10.5).contains(&rate), "{rate}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_codes_in_any_order_keep_to_the_limits(
        codes in proptest::collection::vec(
            prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..60),
                "B\\$[HZ2][PTJCUB][0-9A-Z]{4}[0-9A-Z]{0,20}".prop_map(String::into_bytes),
                "p[0-9]{1,4}of[0-9]{1,4} [a-zA-Z0-9]{0,20}".prop_map(String::into_bytes),
            ],
            0..80,
        )
    ) {
        let mut collector = Collector::within(Wanted::Anything, Limits { messages: 3, bytes: 64 << 10 });
        for code in &codes {
            collector.take(code, NOW);
            prop_assert!(collector.messages() <= 3);
        }
    }
}
