//! Shades of grey to black and white, by what is around each place.

use rxing::common::{BitMatrix, HybridBinarizer};
use rxing::{Binarizer, Luma8Source};

use crate::picture::Luma;

/// What is black in a picture: each block of 8 x 8 pixels has a threshold from the 5 x 5 blocks
/// around it.
pub(super) fn black(picture: &Luma) -> Option<BitMatrix> {
    let (width, height) = (
        u32::try_from(picture.width()).ok()?,
        u32::try_from(picture.height()).ok()?,
    );
    let source = Luma8Source::new_with_slice(picture.pixels(), width, height).ok()?;
    HybridBinarizer::new(source)
        .get_black_matrix()
        .ok()
        .cloned()
}
