//! Base43: bytes as characters of a code's alphanumeric mode, as Electrum writes them.
//!
//! The bytes are one great number, its most significant byte first, in base 43; each leading zero
//! byte is one leading `0`. The time is quadratic, so that the length is bounded.

const ALPHABET: &[u8; 43] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ$*+-./:";

/// Characters at most: what one code of version 40 holds.
pub const MAX_CHARACTERS: usize = 4296;

/// Bytes at most: what [`MAX_CHARACTERS`] hold, 5.43 bits in each.
pub const MAX_BYTES: usize = 2913;

/// Writes bytes. None when they are more than [`MAX_BYTES`].
pub fn encode(bytes: &[u8]) -> Option<String> {
    if bytes.len() > MAX_BYTES {
        return None;
    }
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let digits = convert(
        bytes.iter().skip(zeros).map(|byte| u32::from(*byte)),
        256,
        43,
    );
    let text = std::iter::repeat_n(0, zeros)
        .chain(digits.into_iter().rev())
        .filter_map(|digit| ALPHABET.get(digit as usize))
        .map(|character| char::from(*character))
        .collect();
    Some(text)
}

/// Reads text. None when it is longer than [`MAX_CHARACTERS`], or has a character of another
/// alphabet.
pub fn decode(text: &[u8]) -> Option<Vec<u8>> {
    if text.len() > MAX_CHARACTERS {
        return None;
    }
    let digits: Vec<u32> = text
        .iter()
        .map(|character| value(*character))
        .collect::<Option<_>>()?;
    let zeros = digits.iter().take_while(|digit| **digit == 0).count();
    let bytes = convert(digits.into_iter().skip(zeros), 43, 256);
    let bytes = std::iter::repeat_n(0, zeros)
        .chain(bytes.into_iter().rev())
        .filter_map(|byte| u8::try_from(byte).ok())
        .collect();
    Some(bytes)
}

fn value(character: u8) -> Option<u32> {
    let place = ALPHABET.iter().position(|known| *known == character)?;
    u32::try_from(place).ok()
}

/// Converts digits, the most significant first, to digits of another base, the least significant
/// first.
fn convert(digits: impl Iterator<Item = u32>, from: u32, to: u32) -> Vec<u32> {
    let mut converted: Vec<u32> = Vec::new();
    for digit in digits {
        let mut carry = digit;
        for place in &mut converted {
            carry += *place * from;
            *place = carry % to;
            carry /= to;
        }
        while carry > 0 {
            converted.push(carry % to);
            carry /= to;
        }
    }
    converted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn small_numbers_are_what_arithmetic_says() {
        for (bytes, text) in [
            (&b""[..], ""),
            (b"\x00", "0"),
            (b"\x01", "1"),
            (b"\x2a", ":"),
            (b"\x2b", "10"),
            (b"\xff", "5."),
            (b"\x00\x00\x01", "001"),
            (b"\x01\x00", "5/"),
        ] {
            assert_eq!(encode(bytes).unwrap(), text);
            assert_eq!(decode(text.as_bytes()).unwrap(), bytes);
        }
    }

    #[test]
    fn what_is_too_long_or_in_another_alphabet_is_refused() {
        assert_eq!(decode(b"a"), None);
        assert_eq!(decode(b"A B"), None);
        assert_eq!(decode(&[b'A'; MAX_CHARACTERS + 1]), None);
        assert_eq!(encode(&[1; MAX_BYTES + 1]), None);
        assert!(encode(&[255; MAX_BYTES]).unwrap().len() <= MAX_CHARACTERS);
        assert!(encode(&[255; MAX_BYTES]).unwrap().len() > MAX_CHARACTERS - 3);
        assert!(decode(&[b':'; MAX_CHARACTERS]).is_some());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert_eq!(decode(encode(&bytes).unwrap().as_bytes()).unwrap(), bytes);
        }
    }
}
