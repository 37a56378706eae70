//! What the content of one code is.

use bitcoin::Transaction;
use cofferdam_core::psbt::MAGIC;
use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};

use crate::base43;
use crate::payload::{Kind, Payload};

/// Bytes of content at most that are looked at: more than one code holds, and as much as Specter's
/// parts together.
pub const MAX_CONTENT: usize = 4 * 1024 * 1024;

/// Why the content of a code is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnrecognisedError {
    /// Nothing, or white space.
    #[error("the code is empty")]
    Empty,
    /// More than [`MAX_CONTENT`].
    #[error("the code claims to hold {0} bytes, more than any code does")]
    TooLong(usize),
    /// It begins as a PSBT in base64, and goes on as something else.
    #[error("the code begins as a PSBT in base64, and is damaged; show it again")]
    DamagedBase64,
}

/// Recognises the content of a code, in this order: a PSBT or a transaction, each in binary,
/// hexadecimal, base64 or base43; JSON by its brackets; other text; anything else.
///
/// White space around text forms is ignored. A PSBT is told by its magic bytes (BIP174); a
/// transaction by being one to its last byte, with inputs and outputs.
pub fn recognise(content: &[u8]) -> Result<Payload, UnrecognisedError> {
    if content.len() > MAX_CONTENT {
        return Err(UnrecognisedError::TooLong(content.len()));
    }
    let payload = |kind, bytes| Ok(Payload { kind, bytes });
    if let Some(kind) = bitcoin_kind(content) {
        return payload(kind, content.to_vec());
    }
    let text = content.trim_ascii();
    if text.is_empty() {
        return Err(UnrecognisedError::Empty);
    }
    for decode in [from_hex, from_base64, base43::decode] {
        let Some(bytes) = decode(text) else { continue };
        if let Some(kind) = bitcoin_kind(&bytes) {
            return payload(kind, bytes);
        }
    }
    if text.starts_with(b"cHNidP") {
        return Err(UnrecognisedError::DamagedBase64);
    }
    match (text.first(), text.last()) {
        _ if !is_text(content) => payload(Kind::Bytes, content.to_vec()),
        (Some(b'{'), Some(b'}')) | (Some(b'['), Some(b']')) => payload(Kind::Json, text.to_vec()),
        _ => payload(Kind::Text, text.to_vec()),
    }
}

fn bitcoin_kind(bytes: &[u8]) -> Option<Kind> {
    if is_psbt(bytes) {
        Some(Kind::Psbt)
    } else if is_transaction(bytes) {
        Some(Kind::Transaction)
    } else {
        None
    }
}

/// Tells a PSBT by its magic bytes.
pub(crate) fn is_psbt(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

/// Tells whether bytes are a transaction in consensus encoding, whole, with inputs and outputs.
pub(crate) fn is_transaction(bytes: &[u8]) -> bool {
    bitcoin::consensus::deserialize::<Transaction>(bytes)
        .is_ok_and(|transaction| !transaction.input.is_empty() && !transaction.output.is_empty())
}

/// Tells whether content is text that people wrote: UTF-8 without control characters other than
/// white space.
pub(crate) fn is_text(content: &[u8]) -> bool {
    std::str::from_utf8(content).is_ok_and(|text| {
        text.chars()
            .all(|character| !character.is_control() || matches!(character, '\t' | '\n' | '\r'))
    })
}

fn from_hex(text: &[u8]) -> Option<Vec<u8>> {
    HEXLOWER_PERMISSIVE.decode(text).ok()
}

fn from_base64(text: &[u8]) -> Option<Vec<u8>> {
    BASE64.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::single_frame::{Form, encode};

    /// The first transaction between two people: block 170.
    const TRANSACTION: &str = "0100000001c997a5e56e104102fa209c6a852dd90660a20b2d9c352423edce25857fcd3704000000004847304402204e45e16932b8af514961a1d3a1a25fdf3f4f7732e9d624c6c61548ab5fb8cd410220181522ec8eca07de4860a4acdd12909d831cc56cbbac4622082221a8768d1d0901ffffffff0200ca9a3b00000000434104ae1a62fe09c5f51b13905f07f06b99a2f7159b2225f374cd378d71302fa28414e7aab37397f554a7df5f142c21c1b7303b8a0626f1baded5c72a704f7e6cd84cac00286bee0000000043410411db93e1dcdb8a016b49840f8c53bc1eb68a382e97b1482ecad7b148a6909a5cb2e0eaddfb84ccf9744464f82e160bfa9b8b64f9d4c03f999b8643f656b412a3ac00000000";

    fn kind(content: &[u8]) -> Kind {
        recognise(content).unwrap().kind
    }

    #[test]
    fn transactions_are_known_in_every_form() {
        let bytes = from_hex(TRANSACTION.as_bytes()).unwrap();
        for form in [Form::Base64, Form::Base43, Form::Hex, Form::Binary] {
            let payload = recognise(&encode(&bytes, form).unwrap()).unwrap();
            assert_eq!(
                (payload.kind, &payload.bytes),
                (Kind::Transaction, &bytes),
                "{form:?}"
            );
        }
        let cut = &TRANSACTION[..TRANSACTION.len() - 2];
        assert_eq!(kind(cut.as_bytes()), Kind::Text);
        assert_eq!(kind(format!("{TRANSACTION}00").as_bytes()), Kind::Text);
    }

    #[test]
    fn psbts_are_known_with_white_space_around() {
        for content in [
            &b"psbt\xff\x01\x00"[..],
            b" cHNidP8BAA==\r\n",
            b"\n70736274ff0100",
            b"70736274FF0100 ",
        ] {
            let payload = recognise(content).unwrap();
            assert_eq!(
                (payload.kind, &payload.bytes[..]),
                (Kind::Psbt, &b"psbt\xff\x01\x00"[..])
            );
        }
    }

    #[test]
    fn other_content_is_what_it_looks_like() {
        for (content, expected) in [
            (&b"{\"a\": 1}"[..], Kind::Json),
            (b"[1]\n", Kind::Json),
            (
                b"wpkh([d34db33f/84h/0h/0h]xpub.../<0;1>/*)#checksum",
                Kind::Text,
            ),
            (
                b"bitcoin:BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4?amount=1",
                Kind::Text,
            ),
            (b"BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", Kind::Text),
            ("Gr\u{fc}\u{df}e".as_bytes(), Kind::Text),
            (b"psb", Kind::Text),
            (b"\x00\x01\x02", Kind::Bytes),
            (b"\xff\xfe{}", Kind::Bytes),
            (b"a\x1b[2Jb", Kind::Bytes),
        ] {
            assert_eq!(kind(content), expected, "{}", content.escape_ascii());
        }
    }

    #[test]
    fn what_is_nothing_or_damaged_is_refused() {
        assert_eq!(recognise(b""), Err(UnrecognisedError::Empty));
        assert_eq!(recognise(b" \n"), Err(UnrecognisedError::Empty));
        assert_eq!(
            recognise(b"cHNidP8B\xff"),
            Err(UnrecognisedError::DamagedBase64)
        );
        assert_eq!(
            recognise(b"cHNidP8BA"),
            Err(UnrecognisedError::DamagedBase64)
        );
        let long = vec![b'A'; MAX_CONTENT + 1];
        assert_eq!(
            recognise(&long),
            Err(UnrecognisedError::TooLong(long.len()))
        );
    }

    proptest! {
        #[test]
        fn nothing_panics(content in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = recognise(&content);
        }
    }
}
