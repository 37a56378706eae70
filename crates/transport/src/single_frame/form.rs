//! The ways to write a message into one code.

use data_encoding::{BASE64, HEXUPPER};

use crate::base43;
use crate::capacity::{Mode, Version, characters};
use crate::parts::Parts;
use crate::payload::{Kind, Payload};

/// How one code holds a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// Base64 (RFC 4648, with padding), as most wallets read a PSBT.
    Base64,
    /// Base43, Electrum's: the densest that alphanumeric mode allows.
    Base43,
    /// Hexadecimal, upper case.
    Hex,
    /// The bytes themselves: text as it is, and binary for receivers that read it.
    Binary,
}

impl Form {
    /// The mode of the code that this form is written in.
    pub fn mode(self) -> Mode {
        match self {
            Form::Base43 | Form::Hex => Mode::Alphanumeric,
            Form::Base64 | Form::Binary => Mode::Byte,
        }
    }
}

/// Why a message is not shown as one code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SingleFrameError {
    /// There is nothing to show.
    #[error("there is nothing to show as a code: the message is empty")]
    Empty,
    /// A seed.
    #[error("a seed is not shown as a code")]
    Seed,
    /// More characters than the code holds.
    #[error(
        "the message needs more than the {room} characters that one code of version {version} holds; show it as several codes"
    )]
    Room {
        /// Characters of the code.
        room: usize,
        /// The code's version.
        version: u8,
    },
}

/// Writes a message as the content of one code. None when it is too long for base43 in any code.
pub fn encode(bytes: &[u8], form: Form) -> Option<Vec<u8>> {
    Some(match form {
        Form::Base64 => BASE64.encode(bytes).into_bytes(),
        Form::Base43 => base43::encode(bytes)?.into_bytes(),
        Form::Hex => HEXUPPER.encode(bytes).into_bytes(),
        Form::Binary => bytes.to_vec(),
    })
}

/// A message in one code: a loop of one part.
#[derive(Clone, Debug)]
pub struct SingleFrame {
    content: Vec<u8>,
}

impl SingleFrame {
    /// Writes a message for a code of this version or smaller.
    pub fn new(payload: &Payload, form: Form, version: Version) -> Result<Self, SingleFrameError> {
        let room = characters(version, form.mode());
        let too_long = SingleFrameError::Room {
            room,
            version: version.number(),
        };
        match payload.bytes.len() {
            _ if payload.kind == Kind::Seed => return Err(SingleFrameError::Seed),
            0 => return Err(SingleFrameError::Empty),
            length if length > room => return Err(too_long),
            _ => {}
        }
        encode(&payload.bytes, form)
            .filter(|content| content.len() <= room)
            .map(|content| Self { content })
            .ok_or(too_long)
    }
}

impl Parts for SingleFrame {
    fn next_part(&mut self) -> Vec<u8> {
        self.content.clone()
    }

    fn count(&self) -> usize {
        1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::single_frame::recognise;

    #[test]
    fn every_form_of_a_psbt_is_read_again() {
        let bytes = b"psbt\xff\x01\x00\xc3\x28 and so on".to_vec();
        let payload = Payload {
            kind: Kind::Psbt,
            bytes,
        };
        for form in [Form::Base64, Form::Base43, Form::Hex, Form::Binary] {
            let mut frame = SingleFrame::new(&payload, form, Version::MAX).unwrap();
            assert_eq!(
                recognise(&frame.next_part()).as_ref(),
                Ok(&payload),
                "{form:?}"
            );
        }
    }

    #[test]
    fn what_does_not_fit_says_so() {
        let payload = |length| Payload {
            kind: Kind::Bytes,
            bytes: vec![7; length],
        };
        let version = Version::new(40).unwrap();
        assert!(SingleFrame::new(&payload(2148), Form::Hex, version).is_ok());
        let room = |room| SingleFrameError::Room { room, version: 40 };
        assert_eq!(
            SingleFrame::new(&payload(2149), Form::Hex, version).unwrap_err(),
            room(4296)
        );
        assert!(SingleFrame::new(&payload(2953), Form::Binary, version).is_ok());
        assert_eq!(
            SingleFrame::new(&payload(2954), Form::Binary, version).unwrap_err(),
            room(2953)
        );
        assert_eq!(
            SingleFrame::new(&payload(2914), Form::Base43, version).unwrap_err(),
            room(4296)
        );
        assert_eq!(
            SingleFrame::new(&payload(0), Form::Hex, version).unwrap_err(),
            SingleFrameError::Empty
        );
        let seed = Payload {
            kind: Kind::Seed,
            bytes: vec![7; 16],
        };
        assert_eq!(
            SingleFrame::new(&seed, Form::Hex, version).unwrap_err(),
            SingleFrameError::Seed
        );
    }
}
