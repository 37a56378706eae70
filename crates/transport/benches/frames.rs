//! How many frames must be shown until a message is whole, when the scan begins at a random place
//! of the stream.
//!
//! `cargo bench -p cofferdam-transport --bench frames [-- TRIALS]`; without a number, 60 of each.
//! Everything is seeded: the same command prints the same table.

#![allow(clippy::print_stdout)]

use std::collections::HashSet;
use std::time::Instant;

use cofferdam_transport::ur::{Encoder, Names, Order};
use cofferdam_transport::{Assembly, Kind, Payload, Step, raptorq, ur};

/// Bytes of a fragment: they do not matter for the count.
const FRAGMENT: usize = 20;
/// Streams of different messages, over which the trials go round.
const MESSAGES: usize = 4;
/// A scan begins at one of this many times K frames.
const STARTS: usize = 8;
/// A scan is given up after this many times K frames; none here is.
const PATIENCE: usize = 16;

fn main() {
    let trials = std::env::args()
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(60);
    println!("Mean / 95th percentile of {trials} scans.\n");
    println!(
        "| K | loss | ours, standard UR | ours, fresh UR | `ur`, standard UR | `ur`, fresh UR | loop of K parts | fast mode |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    for count in [3, 25, 250] {
        let streams: Vec<Streams> = (0..MESSAGES)
            .map(|seed| Streams::new(count, seed as u64))
            .collect();
        for loss in [0, 10, 30, 50] {
            let cells: Vec<String> = READERS
                .iter()
                .map(|reader| {
                    let ratios = (0..trials).map(|trial| {
                        let mut random = Random(1_000 * trial as u64 + loss);
                        let streams = &streams[trial % MESSAGES];
                        let begin = random.below(STARTS * count);
                        let shown = reader(streams, begin, count, &mut |_| {
                            random.below(100) as u64 >= loss
                        });
                        shown as f64 / count as f64
                    });
                    summary(ratios.collect())
                })
                .collect();
            println!("| {count} | {loss} % | {} |", cells.join(" | "));
        }
    }
    println!("\nHow long decoding takes, beginning K / 2 frames late without loss, on one core:");
    speed();
}

/// How long the decoders take for the largest messages.
fn speed() {
    println!(
        "\n| decoder | K | fragment, bytes | all, ms | slowest frame, ms |\n| --- | --- | --- | --- | --- |"
    );
    for (count, fragment) in [(250, 500), (1_000, 1_000), (4_000, 2_000)] {
        let mut encoder = Encoder::new(
            &message(count * fragment, 1),
            Names::Old,
            fragment,
            Order::Standard,
        )
        .expect("a message within the limits");
        let parts = (0..count / 2 + count + count / 10).map(|_| encoder.next_part());
        let parts: Vec<String> = parts.skip(count / 2).collect();
        time("UR", count, fragment, &mut ur::Decoder::new(), &parts);
        let mut encoder = raptorq::Encoder::new(&message(count * fragment - 32, 1), fragment)
            .expect("a message within the limits");
        let frames = (0..count / 2 + count + 10).map(|_| encoder.next_frame());
        let frames: Vec<String> = frames.skip(count / 2).collect();
        time(
            "fast",
            count,
            fragment,
            &mut raptorq::Decoder::new(),
            &frames,
        );
    }
}

fn time(name: &str, count: usize, fragment: usize, decoder: &mut impl Assembly, parts: &[String]) {
    let (mut all, mut slowest) = (0.0, 0.0f64);
    let mut whole = false;
    for part in parts {
        let start = Instant::now();
        let step = decoder.take(part.as_bytes());
        let spent = start.elapsed().as_secs_f64() * 1_000.0;
        all += spent;
        slowest = slowest.max(spent);
        if let Ok(Step::Whole(_)) = step {
            whole = true;
            break;
        }
    }
    let mark = if whole { "" } else { " (not whole)" };
    println!("| {name} | {count} | {fragment} | {all:.0}{mark} | {slowest:.1} |");
}

/// The frames of one message, in each order.
struct Streams {
    standard: Vec<String>,
    fresh: Vec<String>,
    fast: Vec<String>,
}

impl Streams {
    fn new(count: usize, seed: u64) -> Streams {
        let length = (STARTS + PATIENCE) * count;
        let parts = |order| {
            let message = message(count * FRAGMENT, seed);
            let mut encoder = Encoder::new(&message, Names::Old, FRAGMENT, order)
                .expect("a message within the limits");
            assert_eq!(encoder.fragments(), count);
            (0..length).map(|_| encoder.next_part()).collect()
        };
        let mut encoder = raptorq::Encoder::new(&message(count * FRAGMENT - 32, seed), FRAGMENT)
            .expect("a message within the limits");
        assert_eq!(encoder.symbols(), count);
        Streams {
            standard: parts(Order::Standard),
            fresh: parts(Order::Fresh),
            fast: (0..length).map(|_| encoder.next_frame()).collect(),
        }
    }
}

/// Returns how many frames were shown from `begin` on, given which of them are seen.
type Reader =
    fn(&Streams, begin: usize, count: usize, seen: &mut dyn FnMut(usize) -> bool) -> usize;

const READERS: [Reader; 6] = [
    |streams, begin, _, seen| assembled(&mut ur::Decoder::new(), &streams.standard[begin..], seen),
    |streams, begin, _, seen| assembled(&mut ur::Decoder::new(), &streams.fresh[begin..], seen),
    |streams, begin, count, seen| peeled(&streams.standard[begin..], count, seen),
    |streams, begin, count, seen| peeled(&streams.fresh[begin..], count, seen),
    |_, begin, count, seen| looped(begin, count, seen),
    |streams, begin, _, seen| assembled(&mut raptorq::Decoder::new(), &streams.fast[begin..], seen),
];

fn assembled(
    decoder: &mut impl Assembly,
    parts: &[String],
    seen: &mut dyn FnMut(usize) -> bool,
) -> usize {
    for (index, part) in parts.iter().enumerate() {
        if seen(index) && matches!(decoder.take(part.as_bytes()), Ok(Step::Whole(_))) {
            return index + 1;
        }
    }
    parts.len()
}

/// The decoder of the crate `ur`.
fn peeled(parts: &[String], count: usize, seen: &mut dyn FnMut(usize) -> bool) -> usize {
    let mut decoder = ::ur::Decoder::default();
    let patience = PATIENCE * count;
    for (index, part) in parts.iter().take(patience).enumerate() {
        if seen(index) && decoder.receive(part).is_ok() && decoder.complete() {
            return index + 1;
        }
    }
    patience
}

/// K parts shown over and over, as in BBQr.
fn looped(begin: usize, count: usize, seen: &mut dyn FnMut(usize) -> bool) -> usize {
    let mut had = HashSet::new();
    for index in 0.. {
        if seen(index) && had.insert((begin + index) % count) && had.len() == count {
            return index + 1;
        }
    }
    0
}

fn summary(mut ratios: Vec<f64>) -> String {
    ratios.sort_by(f64::total_cmp);
    let mean = ratios.iter().sum::<f64>() / ratios.len() as f64;
    let high = ratios[(ratios.len() * 95).div_ceil(100) - 1];
    format!("{mean:.2} / {high:.2}")
}

/// A bundle of bytes that do not compress; as a UR it has no bytes around it.
fn message(size: usize, seed: u64) -> Payload {
    let mut random = Random(seed);
    Payload {
        kind: Kind::Bundle,
        bytes: (0..size).map(|_| random.next() as u8).collect(),
    }
}

/// A small seeded generator (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }
}
