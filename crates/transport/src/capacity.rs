//! How many characters a code holds (ISO/IEC 18004, table 7), at error correction level L.
//!
//! A screen damages nothing, so that the lowest level is always the right one.

/// Codewords for data at level L, by version.
const CODEWORDS: [u16; 40] = [
    19, 34, 55, 80, 108, 136, 156, 194, 232, 274, 324, 370, 428, 461, 523, 589, 647, 721, 795, 861,
    932, 1006, 1094, 1174, 1276, 1370, 1468, 1531, 1631, 1735, 1843, 1955, 2071, 2191, 2306, 2434,
    2566, 2702, 2812, 2956,
];

/// The size of a code: 1 (21 modules a side) to 40 (177).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(u8);

impl Version {
    /// The smallest.
    pub const MIN: Version = Version(1);
    /// The greatest.
    pub const MAX: Version = Version(40);

    /// Returns the version of this number. None outside 1 to 40.
    pub const fn new(number: u8) -> Option<Self> {
        match number {
            1..=40 => Some(Self(number)),
            _ => None,
        }
    }

    /// Returns its number.
    pub fn number(self) -> u8 {
        self.0
    }

    /// Returns the modules of a side, without the quiet zone.
    pub fn modules(self) -> usize {
        17 + 4 * usize::from(self.0)
    }

    /// Returns the version `steps` further, clamped to `least` and `most`.
    pub(super) fn moved(self, steps: i8, least: Version, most: Version) -> Self {
        Self(self.0.saturating_add_signed(steps)).clamp(least, most)
    }
}

/// What the characters of a code are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// `0-9A-Z $%*+-./:`, 5.5 bits each.
    Alphanumeric,
    /// Bytes.
    Byte,
}

/// Returns how many characters a code of this version holds at level L, all of them in one mode.
pub fn characters(version: Version, mode: Mode) -> usize {
    let codewords = CODEWORDS
        .get(usize::from(version.0) - 1)
        .copied()
        .unwrap_or_default();
    let bits = usize::from(codewords) * 8 - 4;
    match mode {
        Mode::Alphanumeric => {
            let bits = bits - [9, 11, 13][count_class(version)];
            bits / 11 * 2 + usize::from(bits % 11 >= 6)
        }
        Mode::Byte => (bits - [8, 16, 16][count_class(version)]) / 8,
    }
}

/// The length of the character count is one of three, by version.
fn count_class(version: Version) -> usize {
    match version.0 {
        ..=9 => 0,
        10..=26 => 1,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use ::bbqr::qr::Version as Peer;
    use qrcode::{EcLevel, QrCode};

    use super::*;

    #[test]
    fn capacities_are_those_of_another_table() {
        for number in 1..=40u8 {
            let version = Version::new(number).unwrap();
            let peer = Peer::try_from(number).unwrap();
            assert_eq!(
                characters(version, Mode::Alphanumeric),
                peer.data_capacity()
            );
        }
    }

    #[test]
    fn a_code_takes_as_much_and_no_more() {
        for number in [1, 2, 9, 10, 26, 27, 40] {
            let version = Version::new(number).unwrap();
            for (mode, letter) in [(Mode::Alphanumeric, b'A'), (Mode::Byte, b'a')] {
                let fits = |length| {
                    let content = vec![letter; length];
                    QrCode::with_version(
                        content,
                        qrcode::Version::Normal(number.into()),
                        EcLevel::L,
                    )
                    .is_ok()
                };
                assert!(fits(characters(version, mode)), "{number} {mode:?}");
                assert!(!fits(characters(version, mode) + 1), "{number} {mode:?}");
            }
        }
    }

    #[test]
    fn versions_are_1_to_40() {
        assert_eq!(Version::new(0), None);
        assert_eq!(Version::new(41), None);
        assert_eq!((Version::MIN.modules(), Version::MAX.modules()), (21, 177));
        assert_eq!(
            Version::MAX.moved(3, Version::MIN, Version::MAX),
            Version::MAX
        );
        assert_eq!(Version::MIN.moved(-3, Version(4), Version::MAX), Version(4));
    }
}
