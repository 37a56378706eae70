//! From parts to their file.

use super::deflate::inflate;
use super::{Damage, Encoding, FileType, Header, JoinError, MAX_FILE};
use crate::assembly::{Assembly, Progress, Step};
use crate::payload::Payload;
use crate::single_frame;

/// Joins the parts of one file, in any order. It holds 3.5 MB at most.
///
/// A part that contradicts what was collected is refused. BBQr has no checksum: only when all parts
/// are there can the deflated stream, and the file's type, tell that something was foreign or
/// misread. The part that was last is dropped then.
pub struct Joiner {
    /// Of the first part; its index does not count.
    header: Header,
    /// Bytes of each part, by index.
    parts: Vec<Option<Vec<u8>>>,
    have: usize,
    held: usize,
}

impl Joiner {
    /// Opens the file that a part belongs to, without taking the part.
    pub fn open(part: &[u8]) -> Result<Self, JoinError> {
        let (header, _) = Header::read(part)?;
        Ok(Self {
            header,
            parts: vec![None; header.total],
            have: 0,
            held: 0,
        })
    }

    /// Bytes held.
    pub fn held(&self) -> usize {
        self.held + self.parts.len() * size_of::<Option<Vec<u8>>>()
    }

    /// Every part but the last has the length of every other, and the last no more.
    fn fits(&self, index: usize, length: usize) -> bool {
        let last = self.header.total - 1;
        let full = self.parts.iter().take(last).flatten().map(Vec::len).next();
        let runt = self.parts.get(last).and_then(Option::as_ref).map(Vec::len);
        if index == last {
            full.is_none_or(|full| length <= full)
        } else {
            full.is_none_or(|full| length == full) && runt.is_none_or(|runt| runt <= length)
        }
    }

    fn join(&self) -> Result<Payload, Damage> {
        let joined: Vec<u8> = self.parts.iter().flatten().flatten().copied().collect();
        let bytes = match self.header.encoding {
            Encoding::Hex | Encoding::Base32 => joined,
            Encoding::Zlib => inflate(&joined, MAX_FILE)?,
        };
        let is_of_its_type = match self.header.file_type {
            FileType::Psbt => single_frame::is_psbt(&bytes),
            FileType::Transaction => single_frame::is_transaction(&bytes),
            FileType::Json | FileType::Text => std::str::from_utf8(&bytes).is_ok(),
            FileType::Cbor | FileType::Binary => true,
        };
        if !is_of_its_type {
            return Err(Damage::Type);
        }
        Ok(Payload {
            kind: self.header.file_type.kind(),
            bytes,
        })
    }
}

impl Assembly for Joiner {
    type Error = JoinError;

    fn take(&mut self, part: &[u8]) -> Result<Step, JoinError> {
        let (header, text) = Header::read(part)?;
        if !self.header.same_file(&header) {
            return Err(JoinError::OtherFile);
        }
        let index = header.index;
        let bytes = header
            .encoding
            .to_bytes(text)
            .ok_or(JoinError::Characters(index))?;
        let fits = self.fits(index, bytes.len());
        let place = self
            .parts
            .get_mut(index)
            .ok_or(JoinError::Conflict(index))?;
        match place {
            Some(known) if *known == bytes => return Ok(Step::Known),
            Some(_) => return Err(JoinError::Conflict(index)),
            None if !fits => return Err(JoinError::Conflict(index)),
            None => {}
        }
        let length = bytes.len();
        *place = Some(bytes);
        if self.have + 1 == self.header.total {
            match self.join() {
                Ok(payload) => {
                    self.have += 1;
                    self.held += length;
                    return Ok(Step::Whole(payload));
                }
                Err(damage) => {
                    if let Some(place) = self.parts.get_mut(index) {
                        *place = None;
                    }
                    return Err(JoinError::Damaged(damage));
                }
            }
        }
        self.have += 1;
        self.held += length;
        Ok(Step::Nearer)
    }

    fn progress(&self) -> Progress {
        Progress {
            have: self.have,
            need: self.header.total,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bbqr::Encoder;
    use crate::payload::Kind;

    fn parts(
        encoding: Encoding,
        file_type: FileType,
        file: &[u8],
        characters: usize,
    ) -> Vec<Vec<u8>> {
        let encoder = Encoder::with_encoding(encoding, file_type, file, characters).unwrap();
        (0..)
            .map_while(|i| encoder.part(i))
            .map(String::into_bytes)
            .collect()
    }

    fn text(length: usize) -> Vec<u8> {
        let mut state = 1u32;
        let letters = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            b'a' + (state >> 24) as u8 % 26
        });
        letters.take(length).collect()
    }

    #[test]
    fn any_order_with_repeats_gives_the_file() {
        let file = text(500);
        for encoding in [Encoding::Hex, Encoding::Base32, Encoding::Zlib] {
            let parts = parts(encoding, FileType::Text, &file, 40);
            let mut joiner = Joiner::open(&parts[3]).unwrap();
            let (last, rest) = parts.split_last().unwrap();
            for (have, part) in rest.iter().rev().enumerate() {
                assert_eq!(joiner.take(part), Ok(Step::Nearer));
                assert_eq!(joiner.take(part), Ok(Step::Known));
                assert_eq!(
                    joiner.progress(),
                    Progress {
                        have: have + 1,
                        need: parts.len()
                    }
                );
            }
            let whole = Payload {
                kind: Kind::Text,
                bytes: file.clone(),
            };
            assert_eq!(joiner.take(last), Ok(Step::Whole(whole)));
            assert_eq!(joiner.take(last), Ok(Step::Known));
        }
    }

    #[test]
    fn a_part_that_contradicts_changes_nothing() {
        let file = text(100);
        let mine = parts(Encoding::Hex, FileType::Text, &file, 28);
        let mut joiner = Joiner::open(&mine[0]).unwrap();
        joiner.take(&mine[0]).unwrap();
        let before = joiner.progress();
        for (hostile, error) in [
            (&b"B$HU0A0031313131313131313131"[..], JoinError::Conflict(0)),
            (b"B$HU0A01313131", JoinError::Conflict(1)),
            (b"B$HU0A093131313131313131313131", JoinError::Conflict(9)),
            (
                b"B$HU0A0131313131313131313131313131",
                JoinError::Conflict(1),
            ),
            (b"B$HU0B01313131", JoinError::OtherFile),
            (b"B$HJ0A01313131", JoinError::OtherFile),
            (b"B$2U0A01313131", JoinError::OtherFile),
            (b"B$HU0A013g3131", JoinError::Characters(1)),
            (b"B$HU0A01313", JoinError::Characters(1)),
            (b"UR:BYTES/AA", JoinError::NotAPart),
        ] {
            assert_eq!(joiner.take(hostile), Err(error));
            assert_eq!(joiner.progress(), before);
        }
        for part in &mine[1..9] {
            assert_eq!(joiner.take(part), Ok(Step::Nearer));
        }
        assert!(matches!(joiner.take(&mine[9]), Ok(Step::Whole(_))));
    }

    #[test]
    fn a_foreign_last_part_is_dropped_and_the_right_one_taken() {
        let file = text(2000);
        let mine = parts(Encoding::Zlib, FileType::Text, &file, 200);
        let mut joiner = Joiner::open(&mine[0]).unwrap();
        for part in &mine[1..] {
            joiner.take(part).unwrap();
        }
        let mut foreign = mine[0].clone();
        for letter in &mut foreign[8..] {
            *letter = b'7';
        }
        let before = joiner.progress();
        assert!(matches!(joiner.take(&foreign), Err(JoinError::Damaged(_))));
        assert_eq!(joiner.progress(), before);
        assert!(matches!(joiner.take(&mine[0]), Ok(Step::Whole(_))));
    }

    #[test]
    fn a_file_of_another_type_than_claimed_is_damaged() {
        for (file_type, file) in [
            (FileType::Psbt, &b"no PSBT"[..]),
            (FileType::Transaction, b"no transaction"),
            (FileType::Text, b"\xff"),
            (FileType::Json, b"\xc0\x80"),
        ] {
            let part = &parts(Encoding::Hex, file_type, file, 100)[0];
            let mut joiner = Joiner::open(part).unwrap();
            assert_eq!(joiner.take(part), Err(JoinError::Damaged(Damage::Type)));
        }
    }

    #[test]
    fn memory_is_bounded_by_the_header() {
        let joiner = Joiner::open(b"B$HUZZ00FF").unwrap();
        assert!(joiner.held() < 64 << 10);
    }
}
