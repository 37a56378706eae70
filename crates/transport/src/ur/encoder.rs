//! A message as parts.

use super::content::wrap;
use super::{
    EncodeError, MAX_FRAGMENT_BYTES, MAX_FRAGMENTS, MAX_MESSAGE_BYTES, MAX_PART_CHARS, Names,
    UrType,
};
use crate::{Kind, Payload};

/// In which order parts are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Order {
    /// The K fragments, then mixed parts without end: the order of BCR-2020-005, and the best for
    /// our decoder.
    #[default]
    Standard,
    /// The K fragments, then K mixed parts, then the K fragments again, then the next K mixed
    /// parts, and so on. A receiver that only peels needs fewer parts so when it starts late.
    Fresh,
}

/// Shows a message as parts, in upper case for the alphanumeric mode of QR.
#[derive(Debug)]
pub struct Encoder {
    form: Form,
}

enum Form {
    Single(String),
    Parts {
        fountain: ur::Encoder<'static>,
        pure: Vec<String>,
        order: Order,
        shown: usize,
    },
}

impl Encoder {
    /// Makes the parts of a message, of at most `max_fragment` bytes each. One that fits into a
    /// fragment becomes a UR in one piece.
    pub fn new(
        payload: &Payload,
        names: Names,
        max_fragment: usize,
        order: Order,
    ) -> Result<Encoder, EncodeError> {
        let ur_type = UrType::carrying(payload.kind, names).ok_or(EncodeError::Secret)?;
        if payload.bytes.is_empty() {
            return Err(EncodeError::Empty);
        }
        if payload.bytes.len() > MAX_MESSAGE_BYTES {
            return Err(EncodeError::TooLong {
                found: payload.bytes.len(),
            });
        }
        Encoder::of_message(&wrap(ur_type, &payload.bytes), ur_type, max_fragment, order)
    }

    fn of_message(
        message: &[u8],
        ur_type: UrType,
        max_fragment: usize,
        order: Order,
    ) -> Result<Encoder, EncodeError> {
        if message.len() > MAX_MESSAGE_BYTES {
            return Err(EncodeError::TooLong {
                found: message.len(),
            });
        }
        let wrong_size = EncodeError::FragmentSize {
            found: max_fragment,
        };
        if !(1..=MAX_FRAGMENT_BYTES).contains(&max_fragment)
            || message.len().div_ceil(max_fragment) > MAX_FRAGMENTS
        {
            return Err(wrong_size);
        }
        if message.len() <= max_fragment {
            let single = ur::encode(message, &ur::Type::Custom(ur_type.name()));
            return Ok(Encoder {
                form: Form::Single(single.to_ascii_uppercase()),
            });
        }
        let mut fountain =
            ur::Encoder::new(message, max_fragment, ur_type.name()).map_err(|_| wrong_size)?;
        let pure = (0..fountain.fragment_count())
            .map(|_| next_of(&mut fountain))
            .collect();
        Ok(Encoder {
            form: Form::Parts {
                fountain,
                pure,
                order,
                shown: 0,
            },
        })
    }

    /// Returns K, the number of fragments: how many parts the fastest receiver needs.
    pub fn fragments(&self) -> usize {
        match &self.form {
            Form::Single(_) => 1,
            Form::Parts { pure, .. } => pure.len(),
        }
    }

    /// Returns the next part to show. There is always one; a UR in one piece is shown again and
    /// again.
    pub fn next_part(&mut self) -> String {
        match &mut self.form {
            Form::Single(single) => single.clone(),
            Form::Parts {
                fountain,
                pure,
                order,
                shown,
            } => {
                let (round, index) = (*shown / pure.len(), *shown % pure.len());
                *shown += 1;
                let is_pure = match order {
                    Order::Standard => round == 0,
                    Order::Fresh => round % 2 == 0,
                };
                match pure.get(index).filter(|_| is_pure) {
                    Some(part) => part.clone(),
                    None => next_of(fountain),
                }
            }
        }
    }
}

impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Form::Single(_) => f.write_str("Single"),
            Form::Parts { pure, order, .. } => write!(f, "Parts({}, {order:?})", pure.len()),
        }
    }
}

fn next_of(fountain: &mut ur::Encoder<'static>) -> String {
    // Its only error is that of writing to a vector, which has none.
    fountain
        .next_part()
        .unwrap_or_default()
        .to_ascii_uppercase()
}

/// Returns the greatest fragment, in bytes, with which each of the first 65,535 parts of a message
/// has at most `max_chars` characters; none where not even a byte fits. To be given to
/// [`Encoder::new`].
pub fn fragment_bytes(
    kind: Kind,
    names: Names,
    message_bytes: usize,
    max_chars: usize,
) -> Option<usize> {
    let name = UrType::carrying(kind, names)?.name();
    // ur: name / seqNum - seqLen /, and two letters for each byte.
    let path = 3 + name.len() + 1 + SEQUENCE_DIGITS + 1 + COUNT_DIGITS + 1;
    let bytes = max_chars.min(MAX_PART_CHARS).checked_sub(path)? / 2;
    // The head of the array and its numbers, the head of the byte string, and the checksum of
    // bytewords.
    let length = if message_bytes < 65_000 { 3 } else { 5 };
    let around = 1 + 3 + 3 + length + 5 + 3 + 4;
    let fragment = bytes.checked_sub(around)?.min(MAX_FRAGMENT_BYTES);
    (fragment > 0).then_some(fragment)
}

/// Of 65,535: as many parts as a sender shows in an hour and a half.
const SEQUENCE_DIGITS: usize = 5;
/// Of [`MAX_FRAGMENTS`].
const COUNT_DIGITS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    fn psbt(size: usize) -> Payload {
        let mut bytes = b"psbt\xff".to_vec();
        bytes.resize(size, 7);
        Payload {
            kind: Kind::Psbt,
            bytes,
        }
    }

    #[test]
    fn parts_fit_where_they_shall() {
        for max_chars in [100, 300, 1_000, 4_296] {
            for names in [Names::Old, Names::New] {
                let fragment = fragment_bytes(Kind::Psbt, names, 30_000, max_chars).unwrap();
                // With the head of its byte string, twenty full fragments.
                let message = psbt(fragment * 20 - 3);
                let mut encoder = Encoder::new(&message, names, fragment, Order::Standard).unwrap();
                let longest = (0..100).map(|_| encoder.next_part().len()).max().unwrap();
                assert!(longest <= max_chars, "{longest} > {max_chars}");
                assert!(longest + 24 > max_chars, "{longest} of {max_chars}");
            }
        }
        assert_eq!(fragment_bytes(Kind::Psbt, Names::Old, 30_000, 60), None);
        assert_eq!(fragment_bytes(Kind::Seed, Names::Old, 10, 1_000), None);
    }

    #[test]
    fn fresh_order_repeats_the_fragments_and_never_a_mixed_part() {
        let mut standard = Encoder::new(&psbt(1_000), Names::Old, 100, Order::Standard).unwrap();
        let mut fresh = Encoder::new(&psbt(1_000), Names::Old, 100, Order::Fresh).unwrap();
        let count = standard.fragments();
        assert_eq!(count, 11);
        let standard: Vec<_> = (0..3 * count).map(|_| standard.next_part()).collect();
        let fresh: Vec<_> = (0..5 * count).map(|_| fresh.next_part()).collect();
        let (pure, mixed) = standard.split_at(count);
        assert_eq!(fresh[..2 * count], standard[..2 * count]);
        assert_eq!(fresh[2 * count..3 * count], *pure);
        assert_eq!(fresh[3 * count..4 * count], mixed[count..]);
        assert_eq!(fresh[4 * count..], *pure);
    }

    #[test]
    fn parts_are_for_the_alphanumeric_mode() {
        let mut encoder = Encoder::new(&psbt(1_000), Names::Old, 100, Order::Fresh).unwrap();
        for _ in 0..30 {
            let part = encoder.next_part();
            assert!(part.starts_with("UR:CRYPTO-PSBT/"));
            assert!(
                part.bytes()
                    .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || b"-/:".contains(&c))
            );
        }
    }

    #[test]
    fn what_cannot_be_shown_is_refused() {
        let show = |payload: &Payload, fragment| {
            Encoder::new(payload, Names::Old, fragment, Order::Standard).map(|_| ())
        };
        let of = |kind, bytes: &[u8]| Payload {
            kind,
            bytes: bytes.to_vec(),
        };
        assert_eq!(
            show(&of(Kind::Seed, b"0000"), 100),
            Err(EncodeError::Secret)
        );
        assert_eq!(show(&of(Kind::Text, b""), 100), Err(EncodeError::Empty));
        for found in [0, 1, MAX_FRAGMENT_BYTES + 1] {
            assert_eq!(
                show(&psbt(MAX_FRAGMENTS + 1), found),
                Err(EncodeError::FragmentSize { found })
            );
        }
        let found = MAX_MESSAGE_BYTES + 1;
        assert_eq!(
            show(&psbt(found), 2_000),
            Err(EncodeError::TooLong { found })
        );
    }

    #[test]
    fn the_reference_parts_are_reproduced() {
        let vectors: serde_json::Value =
            serde_json::from_str(include_str!("../../../../fixtures/ur/encoder.json")).unwrap();
        let strings = |value: &serde_json::Value| -> Vec<String> {
            let values = value.as_array().unwrap();
            values
                .iter()
                .map(|part| part.as_str().unwrap().to_uppercase())
                .collect()
        };
        let message = |name: &str| {
            let hex = vectors[name].as_str().unwrap();
            data_encoding::HEXLOWER.decode(hex.as_bytes()).unwrap()
        };
        // The messages are CBOR byte strings already.
        let encode = |name: &str, fragment| {
            Encoder::of_message(&message(name), UrType::Bytes, fragment, Order::Standard).unwrap()
        };
        assert_eq!(
            encode("single_message", 2_000).next_part(),
            vectors["single"].as_str().unwrap().to_uppercase()
        );
        let mut encoder = encode("parts_message", 30);
        assert_eq!(encoder.fragments(), 9);
        for expected in strings(&vectors["parts"]) {
            assert_eq!(encoder.next_part(), expected);
        }
    }
}
