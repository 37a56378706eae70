//! QR formats against other people's implementations: theirs reads ours, and ours reads theirs.

#![allow(clippy::print_stdout)]

use std::time::Duration;

use anyhow::{Context, Result};
use cofferdam_testkit::peer::Peer;
use cofferdam_transport::bbqr::{Encoder, Encoding, FileType};
use cofferdam_transport::collect::{Collector, Seen, Wanted};
use cofferdam_transport::schedule::{Mode, Version, characters};
use cofferdam_transport::{Carried, Kind};
use serde_json::{Value, json};

/// Bytes that deflate to about a half.
fn half_noise(length: usize) -> Vec<u8> {
    let mut state = 7u32;
    let bytes = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        b'a' + (state >> 28) as u8
    });
    bytes.take(length).collect()
}

/// Messages of every type, small and large, each as long as no unit of any encoding.
fn messages() -> Vec<(FileType, &'static str, Carried)> {
    let mut messages = Vec::new();
    for length in [11, 997, 20_011] {
        let noise = half_noise(length);
        let with = |before: &[u8], after: &[u8]| [before, &noise, after].concat();
        for (file_type, letter, kind, bytes) in [
            (FileType::Psbt, "P", Kind::Psbt, with(b"psbt\xff", b"")),
            (FileType::Json, "J", Kind::Json, with(b"{\"a\":\"", b"\"}")),
            (FileType::Text, "U", Kind::Text, with(b"", "\u{20bf}".as_bytes())),
            (FileType::Cbor, "C", Kind::Bytes, with(b"\xa1", b"\x00")),
            (FileType::Binary, "B", Kind::Bytes, with(b"\x00", b"\xff")),
        ] {
            messages.push((file_type, letter, Carried { kind, bytes }));
        }
    }
    messages
}

const ENCODINGS: [(Encoding, &str); 3] = [
    (Encoding::Hex, "H"),
    (Encoding::Base32, "2"),
    (Encoding::Zlib, "Z"),
];

#[test]
fn theirs_reads_our_bbqr() -> Result<()> {
    for mut peer in Peer::start_all()? {
        let mut read = 0;
        for (file_type, letter, carried) in messages() {
            for (encoding, _) in ENCODINGS {
                for version in [5, 17, 27, 40] {
                    let room = characters(Version::new(version).context("a version")?, Mode::Alphanumeric);
                    let encoder = Encoder::with_encoding(encoding, file_type, &carried.bytes, room)?;
                    let parts: Vec<_> = (0..).map_while(|index| encoder.part(index)).collect();
                    let answer = peer.ask(&json!({"format": "bbqr", "do": "decode", "parts": parts}))?;
                    assert_eq!(answer["type"], letter);
                    assert_eq!(answer["hex"], hex(&carried.bytes));
                    read += 1;
                }
            }
        }
        println!("{} reads {read} of our BBQr messages", peer.language);
    }
    Ok(())
}

#[test]
fn ours_reads_their_bbqr() -> Result<()> {
    for mut peer in Peer::start_all()? {
        let mut read = 0;
        for (_, letter, carried) in messages() {
            for (_, encoding) in ENCODINGS {
                for version in [6, 17, 27, 40] {
                    let answer = peer.ask(&json!({
                        "format": "bbqr", "do": "encode", "hex": hex(&carried.bytes),
                        "type": letter, "encoding": encoding, "size": version,
                    }))?;
                    assert_eq!(collect(&answer)?, carried);
                    read += 1;
                }
            }
        }
        println!("ours reads {read} BBQr messages of {}", peer.language);
    }
    Ok(())
}

/// The peers agree with each other about UR, so that either can be held against ours.
#[test]
fn one_peer_reads_the_urs_of_the_other() -> Result<()> {
    let mut peers = Peer::start_all()?;
    let mut read = 0;
    for length in [32, 1000, 10_000] {
        let cbor = hex(&[
            &[0x59, (length >> 8) as u8, length as u8][..],
            &half_noise(length),
        ]
        .concat());
        for writer in 0..peers.len() {
            let written = peers[writer].ask(&json!({
                "format": "ur", "do": "encode", "hex": cbor, "type": "bytes", "size": 100, "parts": 400,
            }))?;
            for reader in &mut peers {
                let answer =
                    reader.ask(&json!({"format": "ur", "do": "decode", "parts": written["parts"]}))?;
                assert_eq!((&answer["type"], &answer["hex"]), (&json!("bytes"), &json!(cbor)));
                read += 1;
            }
        }
    }
    println!("{read} URs went from peer to peer");
    Ok(())
}

fn collect(answer: &Value) -> Result<Carried> {
    let mut collector = Collector::new(Wanted::Anything);
    let parts = answer["parts"].as_array().context("parts")?;
    parts
        .iter()
        .rev()
        .filter_map(Value::as_str)
        .find_map(|part| match collector.take(part.as_bytes(), Duration::ZERO) {
            Seen::Whole(carried) => Some(carried),
            _ => None,
        })
        .context("the message is not whole")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
