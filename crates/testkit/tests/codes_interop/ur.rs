//! Uniform resources, version 2.

use anyhow::{Context, Result, ensure};
use cofferdam_testkit::peer::Peer;
use cofferdam_transport::ur::{Encoder, Names, Order};
use cofferdam_transport::{Kind, Payload};
use serde_json::json;

use crate::{collect, half_noise, hex};

/// Lengths of messages, and bytes of their fragments: in one piece, a few parts, and 200.
const SIZES: [(usize, usize); 5] = [
    (11, 100),
    (99, 100),
    (997, 90),
    (20_011, 700),
    (20_011, 101),
];

/// The names of types that carry a byte string.
fn types() -> [(Kind, Names, &'static str); 3] {
    [
        (Kind::Bytes, Names::Old, "bytes"),
        (Kind::Psbt, Names::Old, "crypto-psbt"),
        (Kind::Psbt, Names::New, "psbt"),
    ]
}

fn message(kind: Kind, length: usize) -> Payload {
    let start: &[u8] = match kind {
        Kind::Psbt => b"psbt\xff",
        // No text.
        _ => b"\xff\x00",
    };
    let bytes = [start, &half_noise(length)].concat();
    Payload { kind, bytes }
}

/// A CBOR byte string (RFC 8949).
fn byte_string(bytes: &[u8]) -> Vec<u8> {
    let head = match bytes.len() {
        length @ 0..=23 => vec![0x40 | length as u8],
        length @ 24..=255 => vec![0x58, length as u8],
        length => vec![0x59, (length >> 8) as u8, length as u8],
    };
    [&head, bytes].concat()
}

/// From the first part on, and, so that mixed parts count, from the middle of the first round.
#[test]
fn theirs_reads_our_ur() -> Result<()> {
    for mut peer in Peer::start_all()? {
        let (mut single, mut several) = (0, 0);
        for (kind, names, name) in types() {
            for (length, fragment) in SIZES {
                for order in [Order::Standard, Order::Fresh] {
                    let payload = message(kind, length);
                    let mut encoder = Encoder::new(&payload, names, fragment, order)?;
                    let count = encoder.fragments();
                    // Decoders that peel need several rounds.
                    let parts: Vec<_> = (0..8 * count).map(|_| encoder.next_part()).collect();
                    for start in [0, count / 2] {
                        let answer = peer.ask(
                            &json!({"format": "ur", "do": "decode", "parts": parts[start..]}),
                        )?;
                        assert_eq!(answer["type"], name);
                        assert_eq!(answer["hex"], hex(&byte_string(&payload.bytes)));
                        *if count == 1 {
                            &mut single
                        } else {
                            &mut several
                        } += 1;
                    }
                }
            }
        }
        println!(
            "{} reads {single} of our URs in one piece and {several} in parts",
            peer.language
        );
    }
    Ok(())
}

/// The parts come last first, so that half of the pure ones are not needed.
#[test]
fn ours_reads_their_ur() -> Result<()> {
    for mut peer in Peer::start_all()? {
        let (mut single, mut several) = (0, 0);
        for (kind, _, name) in types() {
            for (length, fragment) in SIZES {
                let payload = message(kind, length);
                let cbor = byte_string(&payload.bytes);
                let count = cbor.len().div_ceil(fragment);
                let answer = peer.ask(&json!({
                    "format": "ur", "do": "encode", "hex": hex(&cbor),
                    "type": name, "size": fragment, "parts": (3 * count).div_ceil(2) + 3,
                }))?;
                ensure!(answer["parts"].as_array().context("parts")?.len() > count);
                assert_eq!(collect(&answer)?, payload);
                *if count == 1 {
                    &mut single
                } else {
                    &mut several
                } += 1;
            }
        }
        println!(
            "ours reads {single} URs in one piece and {several} in parts of {}",
            peer.language
        );
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
                let answer = reader
                    .ask(&json!({"format": "ur", "do": "decode", "parts": written["parts"]}))?;
                assert_eq!(
                    (&answer["type"], &answer["hex"]),
                    (&json!("bytes"), &json!(cbor))
                );
                read += 1;
            }
        }
    }
    println!("{read} URs went from peer to peer");
    Ok(())
}
