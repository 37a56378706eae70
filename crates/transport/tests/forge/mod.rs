//! Parts with wrong content and right checksums, as a forger makes them. Tests use what they need
//! of it.

#![allow(dead_code)]

/// Returns the first frame of the RaptorQ mode with the symbol of the second, its checksum right.
pub(crate) fn with_symbol_of(frame: &str, other: &str) -> String {
    let (frame, other) = (base45_bytes(&frame[4..]), base45_bytes(&other[4..]));
    let mut bytes = [&frame[..11], &other[11..other.len() - 4]].concat();
    let mut crc = flate2::Crc::new();
    crc.update(&bytes);
    bytes.extend(crc.sum().to_be_bytes());
    format!("CF1:{}", base45_text(&bytes))
}

/// Returns the first part of a UR with the data of the second, its checksum right.
pub(crate) fn with_data_of(part: &str, other: &str) -> String {
    let (path, letters) = part.rsplit_once('/').unwrap();
    let [mut numbers, data] = [letters, other.rsplit_once('/').unwrap().1].map(|letters| {
        let style = ur::bytewords::Style::Minimal;
        ur::bytewords::decode(&letters.to_lowercase(), style).unwrap()
    });
    // The array's head, its numbers, and then the data, which are of one length.
    let mut cbor = minicbor::Decoder::new(&data);
    cbor.array().unwrap();
    (0..4).for_each(|_| cbor.skip().unwrap());
    let data = &data[cbor.position()..];
    numbers.truncate(numbers.len() - data.len());
    numbers.extend_from_slice(data);
    let letters = ur::bytewords::encode(&numbers, ur::bytewords::Style::Minimal);
    format!("{path}/{}", letters.to_uppercase())
}

const BASE45: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

fn base45_bytes(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text
        .chars()
        .map(|c| BASE45.find(c).unwrap() as u32)
        .collect();
    let group = |group: &[u32]| match *group {
        [a, b, c] => vec![
            ((a + 45 * b + 2025 * c) >> 8) as u8,
            (a + 45 * b + 2025 * c) as u8,
        ],
        [a, b] => vec![(a + 45 * b) as u8],
        _ => panic!("a lone character"),
    };
    digits.chunks(3).flat_map(group).collect()
}

fn base45_text(bytes: &[u8]) -> String {
    let group = |pair: &[u8]| {
        let value = pair
            .iter()
            .fold(0, |value, &byte| value << 8 | usize::from(byte));
        let digits = [value % 45, value / 45 % 45, value / 2025];
        let count = pair.len() + 1;
        digits[..count]
            .iter()
            .map(|&digit| BASE45.as_bytes()[digit] as char)
            .collect::<String>()
    };
    bytes.chunks(2).map(group).collect()
}
