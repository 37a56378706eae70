//! Base45 (RFC 9285): two bytes as three characters of QR's alphanumeric mode.

const ALPHABET: &[u8; 45] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

/// Returns how many characters some bytes become.
pub(super) fn chars(bytes: usize) -> usize {
    bytes / 2 * 3 + bytes % 2 * 2
}

/// Returns how many bytes fit into some characters.
pub(super) fn bytes(chars: usize) -> usize {
    chars / 3 * 2 + chars % 3 / 2
}

/// Appends bytes to a text.
pub(super) fn encode(bytes: &[u8], text: &mut String) {
    let mut push = |value: usize| text.push(char::from(ALPHABET[value % 45]));
    for pair in bytes.chunks(2) {
        match *pair {
            [high, low] => {
                let value = usize::from(high) << 8 | usize::from(low);
                push(value);
                push(value / 45);
                push(value / 2025);
            }
            [last] => {
                push(usize::from(last));
                push(usize::from(last) / 45);
            }
            _ => {}
        }
    }
}

/// Reads a text; none when a character is not of the alphabet, or a group's value is too great.
pub(super) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(self::bytes(text.len()));
    for group in text.chunks(3) {
        let mut value = 0;
        for &letter in group.iter().rev() {
            value = value * 45 + digit(letter)?;
        }
        match group.len() {
            3 => bytes.extend(u16::try_from(value).ok()?.to_be_bytes()),
            2 => bytes.push(u8::try_from(value).ok()?),
            _ => return None,
        }
    }
    Some(bytes)
}

fn digit(letter: u8) -> Option<u32> {
    let index = ALPHABET.iter().position(|&known| known == letter)?;
    u32::try_from(index).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_rfc_9285_go_both_ways() {
        for (bytes, text) in [
            (&b"AB"[..], "BB8"),
            (b"Hello!!", "%69 VD92EX0"),
            (b"base-45", "UJCLQE7W581"),
            (b"ietf!", "QED8WEX0"),
            (b"", ""),
        ] {
            let mut encoded = String::new();
            encode(bytes, &mut encoded);
            assert_eq!(encoded, text);
            assert_eq!(encoded.len(), chars(bytes.len()));
            assert_eq!(self::bytes(encoded.len()), bytes.len());
            assert_eq!(decode(text.as_bytes()).as_deref(), Some(bytes));
        }
    }

    #[test]
    fn what_is_not_base45_is_refused() {
        // RFC 9285: "GGW" is 65,536; a lone character is never right.
        for text in ["GGW", ":::", "::", "A", "BB8A", "bb8", "BB8\u{e9}"] {
            assert_eq!(decode(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn all_pairs_of_bytes_come_back() {
        for value in 0..=u16::MAX {
            let mut text = String::new();
            encode(&value.to_be_bytes(), &mut text);
            assert_eq!(
                decode(text.as_bytes()).as_deref(),
                Some(&value.to_be_bytes()[..])
            );
        }
    }
}
