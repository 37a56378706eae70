//! What tests of several files need.

/// A small seeded generator (SplitMix64), so that every run is the same.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next() as u8).collect()
    }
}

/// Returns the first frame of the fast mode with the symbol of the second, its checksum right.
#[allow(dead_code)]
pub(crate) fn with_symbol_of(frame: &str, other: &str) -> String {
    let (frame, other) = (base45_bytes(&frame[4..]), base45_bytes(&other[4..]));
    let mut bytes = [&frame[..11], &other[11..other.len() - 4]].concat();
    let mut crc = flate2::Crc::new();
    crc.update(&bytes);
    bytes.extend(crc.sum().to_be_bytes());
    format!("CF1:{}", base45_text(&bytes))
}

const BASE45: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

fn base45_bytes(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().map(|c| BASE45.find(c).unwrap() as u32).collect();
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
        let value = pair.iter().fold(0, |value, &byte| value << 8 | usize::from(byte));
        let digits = [value % 45, value / 45 % 45, value / 2025];
        let count = pair.len() + 1;
        digits[..count]
            .iter()
            .map(|&digit| BASE45.as_bytes()[digit] as char)
            .collect::<String>()
    };
    bytes.chunks(2).map(group).collect()
}
