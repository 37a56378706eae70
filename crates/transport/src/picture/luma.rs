//! One picture in shades of grey.

use super::error::PictureError;

/// How many pixels a picture may have: 3840 x 2160, the largest that cameras and screens commonly
/// give. A decoder holds about three bytes a pixel and a reader four, in turn, so that a worker
/// stays within 64 MB. 8K is refused.
pub const MAX_PIXELS: u64 = 3_840 * 2_160;

/// How long a side may be: 8,192 pixels. A strip longer than that holds no code that [`MAX_PIXELS`]
/// would not cut.
pub const MAX_SIDE: u64 = 8_192;

/// A picture: one byte a pixel, 0 is black, row by row from the top left, without gaps.
#[derive(Clone, PartialEq, Eq)]
pub struct Luma {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Luma {
    /// A picture from its pixels.
    ///
    /// # Errors
    /// As [`check_size`]; [`PictureError::Length`] if there are not width times height of them.
    pub fn new(width: usize, height: usize, pixels: Vec<u8>) -> Result<Luma, PictureError> {
        let expected = check_size(width as u64, height as u64)?;
        if pixels.len() != expected {
            return Err(PictureError::Length {
                expected,
                found: pixels.len(),
            });
        }
        Ok(Luma {
            width,
            height,
            pixels,
        })
    }

    /// A picture of one shade.
    ///
    /// # Errors
    /// As [`check_size`].
    pub fn plain(width: usize, height: usize, shade: u8) -> Result<Luma, PictureError> {
        let pixels = check_size(width as u64, height as u64)?;
        Ok(Luma {
            width,
            height,
            pixels: vec![shade; pixels],
        })
    }

    /// Pixels a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// The pixels, row by row.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The pixels, to be changed. Their number is fixed.
    pub fn pixels_mut(&mut self) -> &mut [u8] {
        &mut self.pixels
    }

    /// The pixel in column `x` and row `y`; the nearest one for places outside.
    pub fn at(&self, x: usize, y: usize) -> u8 {
        let (x, y) = (x.min(self.width - 1), y.min(self.height - 1));
        self.pixels.get(y * self.width + x).copied().unwrap_or(0)
    }

    /// The rows, each of [`Luma::width`] pixels.
    pub fn rows(&self) -> impl Iterator<Item = &[u8]> {
        self.pixels.chunks_exact(self.width)
    }
}

/// Shows no content: it can be a seed.
impl std::fmt::Debug for Luma {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Luma({} x {})", self.width, self.height)
    }
}

/// The number of pixels of a picture of this size, before anything is allocated for it.
///
/// # Errors
/// [`PictureError::Empty`] and [`PictureError::TooLarge`].
pub fn check_size(width: u64, height: u64) -> Result<usize, PictureError> {
    if width == 0 || height == 0 {
        return Err(PictureError::Empty { width, height });
    }
    let too_large = PictureError::TooLarge { width, height };
    if width > MAX_SIDE || height > MAX_SIDE || width * height > MAX_PIXELS {
        return Err(too_large);
    }
    usize::try_from(width * height).map_err(|_| too_large)
}

/// The luma of a colour (Rec. 601, as JPEG and cameras have it).
pub(crate) fn shade(red: u8, green: u8, blue: u8) -> u8 {
    let sum = 299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue) + 500;
    u8::try_from(sum / 1_000).unwrap_or(u8::MAX)
}

/// `ink` at `alpha` of 255 over `under`.
pub(crate) fn over(ink: u8, alpha: u8, under: u8) -> u8 {
    let (ink, alpha, under) = (u32::from(ink), u32::from(alpha), u32::from(under));
    u8::try_from((ink * alpha + under * (255 - alpha) + 127) / 255).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Luma, over, shade};
    use crate::picture::PictureError;

    #[test]
    fn sizes_are_checked() {
        assert!(Luma::plain(3_840, 2_160, 9).is_ok());
        assert!(matches!(
            Luma::plain(7_680, 4_320, 9),
            Err(PictureError::TooLarge { .. })
        ));
        assert!(matches!(
            Luma::plain(usize::MAX, usize::MAX, 9),
            Err(PictureError::TooLarge { .. })
        ));
        assert!(matches!(
            Luma::plain(8_193, 1, 9),
            Err(PictureError::TooLarge { .. })
        ));
        assert!(matches!(
            Luma::plain(0, 9, 9),
            Err(PictureError::Empty { .. })
        ));
        assert!(matches!(
            Luma::new(3, 3, vec![0; 8]),
            Err(PictureError::Length {
                expected: 9,
                found: 8
            })
        ));
    }

    #[test]
    fn colours_become_shades() {
        assert_eq!(
            (shade(255, 255, 255), shade(0, 0, 0), shade(255, 0, 0)),
            (255, 0, 76)
        );
        assert_eq!(
            (over(0, 255, 200), over(0, 0, 200), over(255, 128, 0)),
            (0, 200, 128)
        );
    }
}
