//! Codes of a wanted kind that are not what is looked for.

use std::time::Duration;

use cofferdam_transport::bbqr::{Encoder, Encoding, FileType};
use cofferdam_transport::collect::{Collector, Refusal, Seen, Wanted};
use cofferdam_transport::schedule::Parts as _;
use cofferdam_transport::{Kind, Payload};

const NOW: Duration = Duration::ZERO;

fn is_descriptor(payload: &Payload) -> bool {
    payload.kind != Kind::Text || payload.bytes.starts_with(b"wpkh(")
}

#[test]
fn a_link_on_the_wall_does_not_end_a_scan() {
    let descriptor = "wpkh(".repeat(100);
    let wanted = Wanted::Kinds(&[Kind::Psbt, Kind::Text]);
    let mut collector = Collector::new(wanted).judged_by(is_descriptor);
    let encoder =
        Encoder::with_encoding(Encoding::Hex, FileType::Text, descriptor.as_bytes(), 200).unwrap();
    let mut seen = Seen::Known;
    for part in 0..encoder.count() {
        assert_eq!(
            collector.take(b"https://example.org", NOW),
            Seen::Foreign(Refusal::Unwanted(Kind::Text))
        );
        seen = collector.take(encoder.part(part).unwrap().as_bytes(), NOW);
    }
    assert_eq!(
        seen,
        Seen::Whole(Payload {
            kind: Kind::Text,
            bytes: descriptor.into_bytes()
        })
    );
}
