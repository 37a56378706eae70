//! BBQr against its authors' files, and against another implementation (the `bbqr` crate).

#![allow(clippy::print_stdout)]

mod external;

use bbqr::encode::Encoding as PeerEncoding;
use bbqr::file_type::FileType as PeerType;
use bbqr::join::Joined;
use bbqr::qr::Version;
use bbqr::split::{Split, SplitOptions};
use cofferdam_transport::bbqr::{Encoder, Encoding, FileType, Joiner};
use cofferdam_transport::schedule::Parts;
use cofferdam_transport::{Assembly, Kind, Payload, Step};

const FILES: [&str; 4] = [
    "bbqr-1in2out.psbt",
    "bbqr-1in20out.psbt",
    "bbqr-1in100out.psbt",
    "bbqr-1in1000out.psbt",
];

fn join<P: AsRef<[u8]>>(parts: &[P]) -> Option<Payload> {
    let mut joiner = Joiner::open(parts.first()?.as_ref()).unwrap();
    parts
        .iter()
        .find_map(|part| match joiner.take(part.as_ref()).unwrap() {
            Step::Whole(payload) => Some(payload),
            Step::Known | Step::Nearer => None,
        })
}

fn all_parts(encoder: &Encoder) -> Vec<String> {
    (0..encoder.count())
        .map(|index| encoder.part(index).unwrap())
        .collect()
}

#[test]
fn a_real_scan_with_repeats_and_disorder_is_read() {
    let Some(scan) = external::bytes("bbqr-real-scan.txt") else {
        return;
    };
    let lines: Vec<&[u8]> = scan
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .collect();
    let payload = join(&lines).unwrap();
    let text = String::from_utf8(payload.bytes).unwrap();
    assert_eq!(payload.kind, Kind::Text);
    let peer = Joined::try_from_parts(
        lines
            .iter()
            .map(|line| String::from_utf8(line.to_vec()).unwrap())
            .collect(),
    )
    .unwrap();
    assert_eq!(text.as_bytes(), peer.data);
    println!("the real scan: {} lines, {} bytes", lines.len(), text.len());
}

#[test]
fn psbts_go_through_ours_and_theirs_both_ways() {
    let mut round_trips = 0;
    for name in FILES {
        let Some(psbt) = external::bytes(name) else {
            return;
        };
        let payload = Payload {
            kind: Kind::Psbt,
            bytes: psbt.clone(),
        };
        for characters in [279, 535, 1249, 2132, 4296] {
            for (encoding, theirs) in [
                (Encoding::Hex, PeerEncoding::Hex),
                (Encoding::Base32, PeerEncoding::Base32),
                (Encoding::Zlib, PeerEncoding::Zlib),
            ] {
                let ours =
                    Encoder::with_encoding(encoding, FileType::Psbt, &psbt, characters).unwrap();
                let parts = all_parts(&ours);
                assert_eq!(join(&parts).as_ref(), Some(&payload));
                let joined = Joined::try_from_parts(parts).unwrap();
                assert_eq!(
                    (joined.encoding, joined.file_type),
                    (theirs, PeerType::Psbt)
                );
                assert_eq!(joined.data, psbt);
                round_trips += 1;
            }
        }
        for encoding in [PeerEncoding::Hex, PeerEncoding::Base32, PeerEncoding::Zlib] {
            for version in [Version::V10, Version::V27, Version::V40] {
                let options = SplitOptions {
                    encoding,
                    min_version: version,
                    max_version: version,
                    ..SplitOptions::default()
                };
                let split = Split::try_from_data(&psbt, PeerType::Psbt, options).unwrap();
                assert_eq!(join(&split.parts).as_ref(), Some(&payload));
                round_trips += 1;
            }
        }
        let best = Encoder::new(&payload, 2132).unwrap();
        println!(
            "{name}: {} bytes, {} parts of version 27, {:?}",
            psbt.len(),
            best.count(),
            best.encoding()
        );
        assert_eq!(best.encoding(), Encoding::Zlib);
    }
    println!("{round_trips} round trips between ours and the bbqr crate");
}

/// The specification's table of sizes after deflating with a window of 2^10.
#[test]
fn files_deflate_as_the_specification_says() {
    for (name, deflated) in FILES.into_iter().zip([458, 897, 2654, 22095]) {
        let Some(psbt) = external::bytes(name) else {
            return;
        };
        let encoder = Encoder::with_encoding(Encoding::Zlib, FileType::Psbt, &psbt, 4296).unwrap();
        let characters: usize = all_parts(&encoder).iter().map(|part| part.len() - 8).sum();
        let bytes = characters * 5 / 8;
        println!(
            "{name}: {} bytes deflate to {bytes}, the specification has {deflated}",
            psbt.len()
        );
        assert!(bytes.abs_diff(deflated) * 50 <= deflated, "{name}: {bytes}");
    }
}
