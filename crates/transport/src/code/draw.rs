//! Content to modules.

use std::ops::RangeInclusive;

use qrcode::bits::Bits;
use qrcode::{Color, EcLevel, QrCode, Version};
use thiserror::Error;

use super::matrix::Matrix;

/// How much of a code may be damaged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Correction {
    /// About 7 %: the most content. For codes on screens, where a frame that is not read is shown
    /// again.
    #[default]
    Low,
    /// About 15 %.
    Medium,
    /// About 25 %.
    Quartile,
    /// About 30 %: for paper.
    High,
}

/// Why a code cannot be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DrawError {
    /// The content does not fit.
    #[error(
        "{bytes} bytes do not fit a code of version {version}; split them over several codes, or allow a higher version"
    )]
    TooLong {
        /// How long the content is.
        bytes: usize,
        /// The highest version that was allowed.
        version: u8,
    },
    /// There is no such version.
    #[error("a code has a version between 1 and 40, not {0}")]
    Version(u8),
}

/// How to draw: the error correction, and which versions may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawing {
    /// The error correction.
    pub correction: Correction,
    /// The versions that may be used. The smallest that holds the content is; `v..=v` keeps the
    /// frames of an animation of one size.
    pub versions: RangeInclusive<u8>,
}

impl Default for Drawing {
    fn default() -> Self {
        Drawing {
            correction: Correction::Low,
            versions: 1..=40,
        }
    }
}

impl Drawing {
    /// Draws `content` in the shortest of: one alphanumeric segment, one byte segment, and the mix
    /// of segments that `qrcode` proposes.
    ///
    /// # Errors
    /// [`DrawError::TooLong`] if it does not fit, [`DrawError::Version`] for a version that does
    /// not exist.
    pub fn draw(&self, content: &[u8]) -> Result<Matrix, DrawError> {
        let (first, last) = (*self.versions.start(), *self.versions.end());
        for version in [first, last] {
            if !(1..=40).contains(&version) {
                return Err(DrawError::Version(version));
            }
        }
        let too_long = DrawError::TooLong {
            bytes: content.len(),
            version: last,
        };
        if content.len() > MOST_CHARACTERS {
            return Err(too_long);
        }
        let correction = self.correction.level();
        let bits = first_fit(content, first, last, correction).ok_or(too_long)?;
        let code = QrCode::with_bits(bits, correction).map_err(|_| too_long)?;
        let Version::Normal(version) = code.version() else {
            return Err(too_long);
        };
        let version = u8::try_from(version).map_err(|_| too_long)?;
        let dark = code
            .to_colors()
            .into_iter()
            .map(|module| module == Color::Dark)
            .collect();
        Matrix::new(version, dark).ok_or(too_long)
    }
}

/// What version 40 holds of digits, the densest mode: nothing longer fits any code.
const MOST_CHARACTERS: usize = 7_089;

/// The last versions of the three classes in which character counts have the same width (ISO/IEC
/// 18004, table 3).
const CLASSES: [u8; 3] = [9, 26, 40];

fn first_fit(content: &[u8], first: u8, last: u8, correction: EcLevel) -> Option<Bits> {
    let mut from = first;
    for class in CLASSES {
        let until = class.min(last);
        if from > until {
            continue;
        }
        if let Some(needed) = shortest(content, class).map(|bits| bits.len()) {
            for version in from..=until {
                let room = Bits::new(normal(version)).max_len(correction).ok()?;
                if needed <= room {
                    let mut bits = shortest(content, version)?;
                    bits.push_terminator(correction).ok()?;
                    return Some(bits);
                }
            }
        }
        from = class + 1;
    }
    None
}

/// The shortest encoding in `version`, without terminator and padding.
fn shortest(content: &[u8], version: u8) -> Option<Bits> {
    let mixed = encoded(version, |bits| bits.push_optimal_data(content));
    let plain = encoded(version, |bits| {
        if content.iter().copied().all(is_alphanumeric) {
            bits.push_alphanumeric_data(content)
        } else {
            bits.push_byte_data(content)
        }
    });
    [mixed, plain].into_iter().flatten().min_by_key(Bits::len)
}

fn encoded(version: u8, push: impl FnOnce(&mut Bits) -> qrcode::QrResult<()>) -> Option<Bits> {
    let mut bits = Bits::new(normal(version));
    push(&mut bits).ok()?;
    Some(bits)
}

fn normal(version: u8) -> Version {
    Version::Normal(i16::from(version))
}

fn is_alphanumeric(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'A'..=b'Z' | b' ' | b'$' | b'%' | b'*' | b'+' | b'-' | b'.' | b'/' | b':')
}

impl Correction {
    fn level(self) -> EcLevel {
        match self {
            Correction::Low => EcLevel::L,
            Correction::Medium => EcLevel::M,
            Correction::Quartile => EcLevel::Q,
            Correction::High => EcLevel::H,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Correction, DrawError, Drawing};

    #[test]
    fn the_smallest_version_is_used() {
        // ISO/IEC 18004, table 7: at L, version 1 holds 25 alphanumeric characters or 17 bytes; 40
        // holds 4,296 and 2,953.
        for (content, version) in [
            (vec![b'A'; 25], 1),
            (vec![b'A'; 26], 2),
            (vec![b'a'; 17], 1),
            (vec![b'a'; 18], 2),
            (vec![b'A'; 4_296], 40),
            (vec![b'a'; 2_953], 40),
            (vec![b'7'; 7_089], 40),
            (vec![], 1),
        ] {
            let matrix = Drawing::default().draw(&content).expect("a code");
            assert_eq!(matrix.version(), version, "{} characters", content.len());
            assert_eq!(matrix.size(), 17 + 4 * usize::from(version));
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (content, versions) in [
            (vec![b'A'; 4_297], 1..=40),
            (vec![b'a'; 2_954], 1..=40),
            (vec![b'7'; 7_090], 1..=40),
            (vec![b'A'; 26], 1..=1),
            (vec![0; 50_000_000], 1..=40),
        ] {
            let drawing = Drawing {
                versions,
                ..Drawing::default()
            };
            assert!(matches!(
                drawing.draw(&content),
                Err(DrawError::TooLong { .. })
            ));
        }
        for versions in [0..=5, 1..=41, 200..=255] {
            let drawing = Drawing {
                versions,
                ..Drawing::default()
            };
            assert!(matches!(drawing.draw(b"A"), Err(DrawError::Version(_))));
        }
    }

    #[test]
    fn a_version_can_be_kept() {
        let drawing = Drawing {
            correction: Correction::High,
            versions: 12..=12,
        };
        assert_eq!(drawing.draw(b"short").expect("a code").version(), 12);
    }

    #[test]
    fn digits_among_letters_cost_nothing() {
        // A fountain part in hexadecimal: never longer than as one alphanumeric segment.
        let content: Vec<u8> = (0..2_000_u32)
            .flat_map(|n| format!("{:02X}", n * n % 251).into_bytes())
            .collect();
        let mixed = Drawing::default().draw(&content).expect("a code");
        assert!(mixed.version() <= 39, "version {}", mixed.version());
    }
}
