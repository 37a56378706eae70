//! BBQr.

use anyhow::{Context, Result};
use cofferdam_testkit::peer::Peer;
use cofferdam_transport::bbqr::{Encoder, Encoding, FileType};
use cofferdam_transport::schedule::{Mode, Version, characters};
use cofferdam_transport::{Kind, Payload};
use serde_json::json;

use crate::{collect, half_noise, hex};

/// Messages of every type, small and large, each as long as no unit of any encoding.
fn messages() -> Vec<(FileType, &'static str, Payload)> {
    let mut messages = Vec::new();
    for length in [11, 997, 20_011] {
        let noise = half_noise(length);
        let with = |before: &[u8], after: &[u8]| [before, &noise, after].concat();
        for (file_type, letter, kind, bytes) in [
            (FileType::Psbt, "P", Kind::Psbt, with(b"psbt\xff", b"")),
            (FileType::Json, "J", Kind::Json, with(b"{\"a\":\"", b"\"}")),
            (
                FileType::Text,
                "U",
                Kind::Text,
                with(b"", "\u{20bf}".as_bytes()),
            ),
            (FileType::Cbor, "C", Kind::Bytes, with(b"\xa1", b"\x00")),
            (FileType::Binary, "B", Kind::Bytes, with(b"\x00", b"\xff")),
        ] {
            messages.push((file_type, letter, Payload { kind, bytes }));
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
        for (file_type, letter, payload) in messages() {
            for (encoding, _) in ENCODINGS {
                for version in [5, 17, 27, 40] {
                    let room = characters(
                        Version::new(version).context("a version")?,
                        Mode::Alphanumeric,
                    );
                    let encoder =
                        Encoder::with_encoding(encoding, file_type, &payload.bytes, room)?;
                    let parts: Vec<_> = (0..).map_while(|index| encoder.part(index)).collect();
                    let answer =
                        peer.ask(&json!({"format": "bbqr", "do": "decode", "parts": parts}))?;
                    assert_eq!(answer["type"], letter);
                    assert_eq!(answer["hex"], hex(&payload.bytes));
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
        for (_, letter, payload) in messages() {
            for (_, encoding) in ENCODINGS {
                for version in [6, 17, 27, 40] {
                    let answer = peer.ask(&json!({
                        "format": "bbqr", "do": "encode", "hex": hex(&payload.bytes),
                        "type": letter, "encoding": encoding, "size": version,
                    }))?;
                    assert_eq!(collect(&answer)?, payload);
                    read += 1;
                }
            }
        }
        println!("ours reads {read} BBQr messages of {}", peer.language);
    }
    Ok(())
}
