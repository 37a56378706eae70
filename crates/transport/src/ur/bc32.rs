//! BC32 (BCR-2020-004): the letters of bech32 (BIP173) with its checksum, without a human-readable
//! part.

const LETTERS: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const GENERATOR: [u32; 5] = [
    0x3b6a_57b2,
    0x2650_8e6d,
    0x1ea1_19fa,
    0x3d42_33dd,
    0x2a14_62b3,
];
const CHECKSUM_LETTERS: usize = 6;
/// What the checksum of a right text leaves. Bech32 leaves 1.
const RESIDUE: u32 = 0x3fff_ffff;

/// Reads BC32 in lower case: checks the checksum and returns the bytes. Bits that fill up the last
/// letter must be 0.
pub(super) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let values: Vec<u8> = text
        .iter()
        .map(|&letter| value(letter))
        .collect::<Option<_>>()?;
    let body = values.len().checked_sub(CHECKSUM_LETTERS)?;
    // An empty human-readable part expands to a single 0.
    let residue = values
        .iter()
        .fold(step(1, 0), |sum, &value| step(sum, value));
    if residue != RESIDUE {
        return None;
    }
    let mut bytes = Vec::with_capacity(body * 5 / 8);
    let (mut buffer, mut bits) = (0u32, 0);
    for &value in values.get(..body)? {
        buffer = (buffer << 5 | u32::from(value)) & 0xfff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((buffer >> bits) as u8);
        }
    }
    (bits < 5 && buffer & ((1 << bits) - 1) == 0).then_some(bytes)
}

fn value(letter: u8) -> Option<u8> {
    let index = LETTERS.iter().position(|&known| known == letter)?;
    u8::try_from(index).ok()
}

fn step(sum: u32, value: u8) -> u32 {
    let top = sum >> 25;
    let mut sum = (sum & 0x01ff_ffff) << 5 ^ u32::from(value);
    for (bit, generator) in GENERATOR.into_iter().enumerate() {
        if top >> bit & 1 == 1 {
            sum ^= generator;
        }
    }
    sum
}

/// Writes BC32 in lower case; for tests only, as version 1 is only read.
#[cfg(test)]
pub(super) fn encode(bytes: &[u8]) -> String {
    let mut values = Vec::new();
    let (mut buffer, mut bits) = (0u32, 0);
    for &byte in bytes {
        buffer = (buffer << 8 | u32::from(byte)) & 0xfff;
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            values.push((buffer >> bits & 31) as u8);
        }
    }
    if bits > 0 {
        values.push((buffer << (5 - bits) & 31) as u8);
    }
    let padded = values.iter().chain(&[0; CHECKSUM_LETTERS]);
    let sum = padded.fold(step(1, 0), |sum, &value| step(sum, value)) ^ RESIDUE;
    values.extend(
        (0..CHECKSUM_LETTERS)
            .rev()
            .map(|index| (sum >> (5 * index) & 31) as u8),
    );
    values
        .into_iter()
        .map(|value| char::from(LETTERS[usize::from(value)]))
        .collect()
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;

    use super::*;

    /// BCR-2020-004 and BCR-0005.
    const VECTORS: [(&str, &str); 4] = [
        ("48656c6c6f20776f726c64", "fpjkcmr0ypmk7unvvsh4ra4j"),
        (
            "d934063e82001eec0585ee41ab5d8e4b703a4be1f73aec21e143912c56",
            "my6qv05zqq0wcpv9aeq6khvwfdcr5jlp7uawcg0pgwgjc4shjm6xu",
        ),
        ("48656c6c6f2c20776f726c64", "fpjkcmr09ss8wmmjd3jq6ax7w9"),
        (
            "94d9d7cbb398c9b4d83cf7ca2784bf69220243c0bb7a0b1725a66da391d181a3",
            "jnva0jannrymfkpu7l9z0p9ldy3qys7qhdaqk9e95ek68yw3sx3s2akpkn",
        ),
    ];

    #[test]
    fn the_vectors_go_both_ways() {
        for (hex, text) in VECTORS {
            let bytes = HEXLOWER.decode(hex.as_bytes()).unwrap();
            assert_eq!(decode(text.as_bytes()), Some(bytes.clone()));
            assert_eq!(encode(&bytes), text);
        }
    }

    #[test]
    fn any_wrong_letter_is_seen() {
        let (_, text) = VECTORS[0];
        for index in 0..text.len() {
            let mut wrong = text.as_bytes().to_vec();
            wrong[index] = if wrong[index] == b'q' { b'p' } else { b'q' };
            assert_eq!(decode(&wrong), None);
        }
        for short in [
            &b""[..],
            b"q",
            b"qqqqq",
            b"qqqqqq",
            b"b",
            b"\xff\xff\xff\xff\xff\xff",
        ] {
            assert_eq!(decode(short), None);
        }
    }
}
