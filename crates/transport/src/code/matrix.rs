//! The modules of one code.

/// How many light modules must surround a code on every side (ISO/IEC 18004, 9.1).
pub const QUIET_ZONE: usize = 4;

/// A QR code as modules, without its quiet zone.
#[derive(Clone, PartialEq, Eq)]
pub struct Matrix {
    version: u8,
    size: usize,
    dark: Vec<bool>,
}

impl Matrix {
    /// The modules of a code of `version` (1 to 40), row by row. Nothing unless there are exactly
    /// `(17 + 4 * version)^2`.
    pub fn new(version: u8, dark: Vec<bool>) -> Option<Matrix> {
        if !(1..=40).contains(&version) {
            return None;
        }
        let size = 17 + 4 * usize::from(version);
        (dark.len() == size * size).then_some(Matrix {
            version,
            size,
            dark,
        })
    }

    /// The version, 1 to 40.
    pub fn version(&self) -> u8 {
        self.version
    }

    /// Modules on a side, without the quiet zone.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Modules on a side, with the quiet zone.
    pub fn size_with_quiet_zone(&self) -> usize {
        self.size + 2 * QUIET_ZONE
    }

    /// Whether the module in column `x` and row `y` is dark. Outside of the code everything is
    /// light.
    pub fn dark(&self, x: usize, y: usize) -> bool {
        x < self.size && y < self.size && self.dark.get(y * self.size + x).copied().unwrap_or(false)
    }

    /// As [`Matrix::dark`], with the origin in the corner of the quiet zone.
    pub fn dark_from_quiet_zone(&self, x: usize, y: usize) -> bool {
        x >= QUIET_ZONE && y >= QUIET_ZONE && self.dark(x - QUIET_ZONE, y - QUIET_ZONE)
    }
}

/// Shows no content: it can be a seed.
impl std::fmt::Debug for Matrix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Matrix(version {})", self.version)
    }
}
