//! How much memory the decoders take at their limits, each in a process of its own that is fed from
//! a pipe.

#![allow(clippy::print_stdout)]

mod common;

use std::io::{BufRead, Write};
use std::process::{Command, Stdio};

use cofferdam_transport::ur::{MAX_FRAGMENTS, Names, Order};
use cofferdam_transport::{Assembly, Kind, Payload, Step, raptorq, ur};
use common::Random;

/// Set where this program is the one that is measured.
const DECODER: &str = "COFFERDAM_MEASURED_DECODER";
/// Bytes of a fragment or a symbol: with the most of them, 8 MiB.
const FRAGMENT: usize = 2_048;
const NAME: &str = "decoders_at_their_limits_take_what_the_documents_say";

#[test]
fn decoders_at_their_limits_take_what_the_documents_say() {
    if let Ok(decoder) = std::env::var(DECODER) {
        let peak = match decoder.as_str() {
            "ur" => peak_kib(&mut ur::Decoder::new()),
            _ => peak_kib(&mut raptorq::Decoder::new()),
        };
        println!("\npeak {peak}");
        return;
    }
    // Of 4,096 fragments, and of 4,096 symbols without any of the first round: the most to solve.
    // In MiB.
    for (decoder, parts, limit) in [("ur", ur_parts(), 24), ("fast", raptorq_frames(), 64)] {
        let kib = measured(decoder, &parts);
        println!("{decoder}: {:.1} MiB at most", kib as f64 / 1024.0);
        assert!((1..=limit * 1024).contains(&kib), "{decoder}: {kib} KiB");
    }
}

fn ur_parts() -> Vec<String> {
    // The head of the byte string is not for bundles.
    let mut encoder = ur::Encoder::new(
        &message(MAX_FRAGMENTS * FRAGMENT),
        Names::Old,
        FRAGMENT,
        Order::Standard,
    )
    .unwrap();
    assert_eq!(encoder.fragments(), MAX_FRAGMENTS);
    let parts = (0..MAX_FRAGMENTS * 21 / 10).map(|_| encoder.next_part());
    parts.skip(MAX_FRAGMENTS).collect()
}

fn raptorq_frames() -> Vec<String> {
    let hash = 32;
    let mut encoder =
        raptorq::Encoder::new(&message(raptorq::MAX_SYMBOLS * FRAGMENT - hash), FRAGMENT).unwrap();
    assert_eq!(encoder.symbols(), raptorq::MAX_SYMBOLS);
    let frames = (0..raptorq::MAX_SYMBOLS * 2 + 10).map(|_| encoder.next_frame());
    frames.skip(raptorq::MAX_SYMBOLS).collect()
}

fn message(length: usize) -> Payload {
    Payload {
        kind: Kind::Bundle,
        bytes: Random(1).bytes(length),
    }
}

/// Runs this test again as the decoder, and returns its peak.
fn measured(decoder: &str, parts: &[String]) -> usize {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([NAME, "--exact", "--nocapture"])
        .env(DECODER, decoder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    for part in parts {
        // It ends as soon as it has enough.
        if writeln!(input, "{part}").is_err() {
            break;
        }
    }
    drop(input);
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let peak = text.lines().find_map(|line| line.strip_prefix("peak "));
    peak.unwrap_or_else(|| panic!("{text}")).parse().unwrap()
}

/// Takes parts from standard input until the message is whole. Returns by how much the resident
/// memory grew, in KiB.
fn peak_kib(decoder: &mut impl Assembly) -> usize {
    let before = resident("VmRSS:");
    for line in std::io::stdin().lock().lines() {
        if let Step::Whole(payload) = decoder.take(line.unwrap().as_bytes()).unwrap() {
            assert!(payload.bytes.len() > 8_000_000);
            return resident("VmHWM:") - before;
        }
    }
    panic!("not whole at {:?}", decoder.progress());
}

fn resident(field: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(field))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
