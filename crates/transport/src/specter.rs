//! Specter's parts: `pMofN` (M from 1), a space, and a piece of text. Read only.
//!
//! There is no checksum and no identity. What the joined text is, [`crate::single_frame`]
//! recognises.

use crate::assembly::{Assembly, Progress, Step};
use crate::single_frame::{MAX_CONTENT, UnrecognisedError, recognise};

/// Parts at most. Specter-DIY shows a few tens.
pub const MAX_PARTS: usize = 1000;

/// Bytes of a part at most: what a code of version 40 holds in alphanumeric mode at level L
/// (ISO/IEC 18004, table 7).
pub const MAX_PART: usize = 4296;

/// Why a part is not taken. What was collected stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpecterError {
    /// Not `pMofN`, a space, and something.
    #[error("this is no part of Specter's format: it does not begin with pMofN and a space")]
    NotAPart,
    /// Longer than a code.
    #[error("a part has {0} bytes, and no code holds more than {MAX_PART}")]
    PartTooLong(usize),
    /// M is 0 or greater than N, or N is greater than [`MAX_PARTS`].
    #[error(
        "a part claims to be number {number} of {total}; at most {MAX_PARTS} are taken: scan it again, or show denser codes"
    )]
    Number {
        /// The part's number, from 1.
        number: usize,
        /// The number of parts.
        total: usize,
    },
    /// A part of another message.
    #[error("this code is part of another message")]
    OtherMessage,
    /// A part that was read before with other content.
    #[error(
        "part {0} contradicts what was read before: it is of another message, or was misread; go on scanning"
    )]
    Conflict(usize),
    /// All parts together are too long.
    #[error("the message has more than {MAX_CONTENT} bytes; carry it as a file")]
    TooLong,
    /// The joined text is damaged.
    #[error("the message is damaged ({0}); the last code was dropped: go on scanning")]
    Damaged(UnrecognisedError),
}

/// Joins the parts of one message, in any order. It holds 4 MiB at most.
pub struct Joiner {
    parts: Vec<Option<Vec<u8>>>,
    have: usize,
    held: usize,
}

/// Tells whether a code's content claims to be a part.
pub fn claims(part: &[u8]) -> bool {
    split(part).is_some()
}

impl Joiner {
    /// Opens the message that a part belongs to, without taking the part.
    pub fn open(part: &[u8]) -> Result<Self, SpecterError> {
        let (_, total, _) = read(part)?;
        Ok(Self {
            parts: vec![None; total],
            have: 0,
            held: 0,
        })
    }

    /// Bytes held.
    pub fn held(&self) -> usize {
        self.held + self.parts.len() * size_of::<Option<Vec<u8>>>()
    }
}

impl Assembly for Joiner {
    type Error = SpecterError;

    fn take(&mut self, part: &[u8]) -> Result<Step, SpecterError> {
        let (number, total, piece) = read(part)?;
        if total != self.parts.len() {
            return Err(SpecterError::OtherMessage);
        }
        let place = self
            .parts
            .get_mut(number - 1)
            .ok_or(SpecterError::OtherMessage)?;
        match place {
            Some(known) if known == piece => return Ok(Step::Known),
            Some(_) => return Err(SpecterError::Conflict(number)),
            None if self.held + piece.len() > MAX_CONTENT => return Err(SpecterError::TooLong),
            None => {}
        }
        *place = Some(piece.to_vec());
        let step = if self.have + 1 == total {
            let joined: Vec<u8> = self.parts.iter().flatten().flatten().copied().collect();
            match recognise(&joined) {
                Ok(payload) => Step::Whole(payload),
                Err(error) => {
                    if let Some(place) = self.parts.get_mut(number - 1) {
                        *place = None;
                    }
                    return Err(SpecterError::Damaged(error));
                }
            }
        } else {
            Step::Nearer
        };
        self.have += 1;
        self.held += piece.len();
        Ok(step)
    }

    fn progress(&self) -> Progress {
        Progress {
            have: self.have,
            need: self.parts.len(),
        }
    }
}

/// Reads a part: its number from 1, the number of parts, its piece.
fn read(part: &[u8]) -> Result<(usize, usize, &[u8]), SpecterError> {
    let (number, total, piece) = split(part).ok_or(SpecterError::NotAPart)?;
    if part.len() > MAX_PART {
        return Err(SpecterError::PartTooLong(part.len()));
    }
    if number == 0 || number > total || total > MAX_PARTS {
        return Err(SpecterError::Number { number, total });
    }
    if piece.is_empty() {
        return Err(SpecterError::NotAPart);
    }
    Ok((number, total, piece))
}

fn split(part: &[u8]) -> Option<(usize, usize, &[u8])> {
    let [b'p' | b'P', rest @ ..] = part else {
        return None;
    };
    let (number, rest) = number(rest)?;
    let [b'o' | b'O', b'f' | b'F', rest @ ..] = rest else {
        return None;
    };
    let (total, rest) = self::number(rest)?;
    let [b' ', piece @ ..] = rest else {
        return None;
    };
    Some((number, total, piece))
}

/// Reads one to nine digits.
fn number(text: &[u8]) -> Option<(usize, &[u8])> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !(1..=9).contains(&digits) {
        return None;
    }
    let (digits, rest) = text.split_at_checked(digits)?;
    Some((std::str::from_utf8(digits).ok()?.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::{Kind, Payload};

    #[test]
    fn parts_in_any_order_are_a_psbt() {
        let mut joiner = Joiner::open(b"p3of3 BAA==").unwrap();
        assert_eq!(joiner.take(b"p3of3 BAA=="), Ok(Step::Nearer));
        assert_eq!(joiner.take(b"p1of3 cHNi"), Ok(Step::Nearer));
        assert_eq!(joiner.take(b"P1OF3 cHNi"), Ok(Step::Known));
        assert_eq!(joiner.progress(), Progress { have: 2, need: 3 });
        let whole = Payload {
            kind: Kind::Psbt,
            bytes: b"psbt\xff\x01\x00".to_vec(),
        };
        assert_eq!(joiner.take(b"p2of3 dP8"), Ok(Step::Whole(whole)));
        assert_eq!(joiner.take(b"p2of3 dP8"), Ok(Step::Known));
    }

    #[test]
    fn hostile_parts_change_nothing() {
        let mut joiner = Joiner::open(b"p1of2 cHNi").unwrap();
        joiner.take(b"p1of2 cHNi").unwrap();
        let mut long = b"p2of2 ".to_vec();
        long.resize(MAX_PART + 1, b'A');
        for (part, error) in [
            (&b"p1of2 dHNi"[..], SpecterError::Conflict(1)),
            (b"p1of3 cHNi", SpecterError::OtherMessage),
            (
                b"p0of2 cHNi",
                SpecterError::Number {
                    number: 0,
                    total: 2,
                },
            ),
            (
                b"p3of2 cHNi",
                SpecterError::Number {
                    number: 3,
                    total: 2,
                },
            ),
            (
                b"p1of999999999 cHNi",
                SpecterError::Number {
                    number: 1,
                    total: 999_999_999,
                },
            ),
            (b"p1of9999999999 cHNi", SpecterError::NotAPart),
            (b"p2of2 ", SpecterError::NotAPart),
            (b"p2of2", SpecterError::NotAPart),
            (b"p-1of2 a", SpecterError::NotAPart),
            (b"pof2 a", SpecterError::NotAPart),
            (b"", SpecterError::NotAPart),
            (&long, SpecterError::PartTooLong(MAX_PART + 1)),
            (
                b"p2of2 dP8\xff",
                SpecterError::Damaged(UnrecognisedError::DamagedBase64),
            ),
        ] {
            assert_eq!(joiner.take(part), Err(error));
            assert_eq!(joiner.progress(), Progress { have: 1, need: 2 });
        }
        assert!(matches!(joiner.take(b"p2of2 dP8BAA=="), Ok(Step::Whole(_))));
    }

    #[test]
    fn memory_is_bounded() {
        let mut joiner = Joiner::open(b"p1of1000 a").unwrap();
        let mut refused = 0;
        for number in 1..1000 {
            let mut part = format!("p{number}of1000 ").into_bytes();
            part.resize(MAX_PART, b'A');
            refused += usize::from(joiner.take(&part) == Err(SpecterError::TooLong));
            assert!(joiner.held() < MAX_CONTENT + (64 << 10));
        }
        assert!(refused > 0);
    }
}
