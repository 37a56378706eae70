//! The first version of UR (BCR-0005 of May 2020): BC32, and all parts of N needed. Some wallets
//! still show it; it is only read.
//!
//! `ur:bytes/letters`, or `ur:bytes/NofM/digest/letters`, where the letters of all parts together
//! are one BC32 text, and the digest is the SHA-256 of what it holds, in BC32 too.

use sha2::{Digest, Sha256};

use super::bc32;
use super::content::unwrap;
use super::part::decimal;
use super::{MAX_MESSAGE_BYTES, MAX_PART_CHARS, UrError, UrType};
use crate::{Assembly, Progress, Step};

/// The most parts: version 1 repeats them in a loop, which nobody watches for longer.
const MAX_PARTS: usize = 1_024;
/// Five bits a letter.
const MAX_CHARS: usize = MAX_MESSAGE_BYTES / 5 * 8;

/// Tells whether a text is of version 1: it has `of` between its numbers, or digits among its
/// letters, which bytewords have not.
pub fn looks_like_v1(text: &[u8]) -> bool {
    let text = text.get(..MAX_PART_CHARS).unwrap_or(text);
    let mut path = text.split(|&c| c == b'/');
    let is_ur = path
        .next()
        .and_then(|scheme| scheme.get(..3))
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"ur:"));
    match (path.next(), path.next()) {
        (Some(letters), None) => is_ur && letters.iter().any(u8::is_ascii_digit),
        (Some(sequence), Some(_)) => is_ur && !sequence.contains(&b'-'),
        _ => false,
    }
}

/// Assembles a message from the parts of version 1, in any order.
///
/// As the decoder of version 2: the first part decides which message it is, parts of others are
/// refused, and a wrong digest of the whole starts it again from nothing.
#[derive(Debug, Default)]
pub struct Decoder {
    message: Option<MessageId>,
    /// The letters of each part; empty where it is missing.
    parts: Vec<String>,
    whole: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct MessageId {
    ur_type: UrType,
    count: usize,
    digest: [u8; 32],
}

impl Decoder {
    /// Starts with nothing.
    pub fn new() -> Decoder {
        Decoder::default()
    }

    /// Returns the bytes held.
    pub fn held(&self) -> usize {
        self.parts
            .iter()
            .map(|part| size_of::<String>() + part.len())
            .sum()
    }

    fn take_whole(&mut self, ur_type: UrType, letters: &str) -> Result<Step, UrError> {
        let message = bc32::decode(letters.as_bytes()).ok_or(UrError::Letters)?;
        let id = MessageId {
            ur_type,
            count: 1,
            digest: Sha256::digest(&message).into(),
        };
        match &self.message {
            Some(known) if *known == id && self.whole => return Ok(Step::Known),
            Some(_) => return Err(UrError::Foreign),
            None => {}
        }
        let payload = unwrap(ur_type, message)?;
        self.message = Some(id);
        self.whole = true;
        Ok(Step::Whole(payload))
    }

    fn take_part(&mut self, id: MessageId, index: usize, letters: &str) -> Result<Step, UrError> {
        match &self.message {
            Some(known) if *known != id => return Err(UrError::Foreign),
            Some(_) if self.whole => return Ok(Step::Known),
            Some(_) => {}
            None => {
                self.parts = vec![String::new(); id.count];
                self.message = Some(id.clone());
            }
        }
        match self.parts.get_mut(index) {
            Some(part) if part.is_empty() => *part = letters.to_owned(),
            Some(part) if *part == letters => return Ok(Step::Known),
            _ => return Err(UrError::Contradiction),
        }
        if self.parts.iter().any(String::is_empty) {
            return Ok(Step::Nearer);
        }
        let text = std::mem::take(&mut self.parts).concat();
        self.message = None;
        let message = bc32::decode(text.as_bytes())
            .filter(|message| Sha256::digest(message)[..] == id.digest)
            .ok_or(UrError::Checksum)?;
        let payload = unwrap(id.ur_type, message)?;
        self.message = Some(id);
        self.whole = true;
        Ok(Step::Whole(payload))
    }
}

impl Assembly for Decoder {
    type Error = UrError;

    fn take(&mut self, part: &[u8]) -> Result<Step, UrError> {
        if !part
            .get(..3)
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"ur:"))
        {
            return Err(UrError::NotUr);
        }
        check_length(part, MAX_CHARS)?;
        let path = std::str::from_utf8(part)
            .ok()
            .and_then(|text| text.get(3..));
        let path = path.ok_or(UrError::NotUr)?.to_ascii_lowercase();
        let mut path = path.splitn(4, '/');
        let ur_type = path
            .next()
            .and_then(UrType::named)
            .ok_or(UrError::UnknownType)?;
        match (path.next(), path.next(), path.next()) {
            (Some(letters), None, _) => self.take_whole(ur_type, letters),
            (Some(sequence), Some(digest), Some(letters)) => {
                check_length(part, MAX_PART_CHARS)?;
                let (number, count) = sequence.split_once("of").ok_or(UrError::Sequence)?;
                let (number, found) = (decimal(number)?, decimal(count)?);
                let count = usize::try_from(found)
                    .ok()
                    .filter(|&count| count <= MAX_PARTS)
                    .ok_or(UrError::TooManyFragments {
                        limit: MAX_PARTS,
                        found,
                    })?;
                if number > found || letters.is_empty() {
                    return Err(UrError::Sequence);
                }
                let digest =
                    bc32::decode(digest.as_bytes()).and_then(|digest| digest.try_into().ok());
                let id = MessageId {
                    ur_type,
                    count,
                    digest: digest.ok_or(UrError::Letters)?,
                };
                self.take_part(id, number as usize - 1, letters)
            }
            _ => Err(UrError::NotUr),
        }
    }

    /// Different parts had, of all. Nothing is known before the first part: 0 of 1.
    fn progress(&self) -> Progress {
        let need = self.message.as_ref().map_or(1, |id| id.count);
        let have = if self.whole {
            need
        } else {
            self.parts.iter().filter(|part| !part.is_empty()).count()
        };
        Progress { have, need }
    }
}

fn check_length(text: &[u8], limit: usize) -> Result<(), UrError> {
    if text.len() > limit {
        return Err(UrError::TooLong {
            limit,
            found: text.len(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;
    use crate::ur::content::wrap;

    fn parts(psbt: &[u8], chars: usize) -> Vec<String> {
        let message = wrap(UrType::Bytes, psbt);
        let digest = bc32::encode(&Sha256::digest(&message));
        let text = bc32::encode(&message);
        let fragments: Vec<_> = text.as_bytes().chunks(chars).collect();
        let part = |(index, letters): (usize, &&[u8])| {
            let letters = std::str::from_utf8(letters).unwrap();
            let count = fragments.len();
            format!("ur:bytes/{}of{count}/{digest}/{letters}", index + 1).to_uppercase()
        };
        fragments.iter().enumerate().map(part).collect()
    }

    #[test]
    fn parts_come_together_in_any_order() {
        let psbt: Vec<u8> = b"psbt\xff".iter().copied().chain(0..=255).collect();
        let mut parts = parts(&psbt, 50);
        parts.reverse();
        let foreign = self::parts(b"psbt\xff\x00", 7);
        let mut decoder = Decoder::new();
        let (last, first) = parts.split_last().unwrap();
        for (index, part) in first.iter().enumerate() {
            assert!(looks_like_v1(part.as_bytes()));
            assert_eq!(decoder.take(part.as_bytes()), Ok(Step::Nearer));
            assert_eq!(decoder.take(part.as_bytes()), Ok(Step::Known));
            assert_eq!(decoder.take(foreign[0].as_bytes()), Err(UrError::Foreign));
            assert_eq!(
                decoder.progress(),
                Progress {
                    have: index + 1,
                    need: parts.len()
                }
            );
        }
        let Ok(Step::Whole(payload)) = decoder.take(last.as_bytes()) else {
            panic!("not whole");
        };
        assert_eq!((payload.kind, payload.bytes), (Kind::Psbt, psbt));
        assert_eq!(decoder.take(last.as_bytes()), Ok(Step::Known));
    }

    #[test]
    fn one_piece_is_read() {
        let text = format!("ur:bytes/{}", bc32::encode(&wrap(UrType::Bytes, b"Hello")));
        assert!(looks_like_v1(text.as_bytes()));
        let Ok(Step::Whole(payload)) = Decoder::new().take(text.as_bytes()) else {
            panic!("not whole");
        };
        assert_eq!(
            (payload.kind, &payload.bytes[..]),
            (Kind::Text, &b"Hello"[..])
        );
    }

    #[test]
    fn a_forged_part_starts_it_again() {
        let psbt = b"psbt\xff0123456789";
        let parts = parts(psbt, 10);
        let mut decoder = Decoder::new();
        let mut forged = parts[0].clone();
        forged.pop();
        forged.push('Q');
        assert_eq!(decoder.take(forged.as_bytes()), Ok(Step::Nearer));
        assert_eq!(
            decoder.take(parts[0].as_bytes()),
            Err(UrError::Contradiction)
        );
        let last = parts[1..]
            .iter()
            .map(|part| decoder.take(part.as_bytes()))
            .last();
        assert_eq!(last, Some(Err(UrError::Checksum)));
        let last = parts
            .iter()
            .map(|part| decoder.take(part.as_bytes()))
            .last();
        assert!(matches!(last, Some(Ok(Step::Whole(_)))));
    }

    #[test]
    fn hostile_texts_are_refused() {
        let digest = bc32::encode(&[0; 32]);
        for (text, error) in [
            ("bytes/1of3/q/q".to_owned(), UrError::NotUr),
            ("ur:bytes".into(), UrError::NotUr),
            ("ur:bytes/1of1/q".into(), UrError::NotUr),
            ("ur:seed/1of3/q/q".into(), UrError::UnknownType),
            (format!("ur:bytes/0of3/{digest}/q"), UrError::Sequence),
            (format!("ur:bytes/4of3/{digest}/q"), UrError::Sequence),
            (format!("ur:bytes/1of3/{digest}/"), UrError::Sequence),
            (format!("ur:bytes/-1of3/{digest}/q"), UrError::Sequence),
            (
                format!("ur:bytes/1of4000000000/{digest}/q"),
                UrError::TooManyFragments {
                    limit: MAX_PARTS,
                    found: 4_000_000_000,
                },
            ),
            ("ur:bytes/1of3/qqqqqq/q".into(), UrError::Letters),
            ("ur:bytes/b1".into(), UrError::Letters),
        ] {
            let mut decoder = Decoder::new();
            assert_eq!(decoder.take(text.as_bytes()), Err(error), "{text}");
            assert_eq!(decoder.progress(), Progress { have: 0, need: 1 });
        }
    }
}
