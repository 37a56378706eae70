//! Animated GIF.

use std::time::Duration;

use gif::{Encoder, Frame, Repeat};

use crate::code::Matrix;

use super::RenderError;
use super::single::side;

/// Codes one after the other for `each`, rounded to hundredths of a second and at least two of them
/// (viewers slow down what is faster), for ever; two colours, `scale` pixels a module. Smaller
/// codes stand in the middle of the largest.
///
/// # Errors
/// [`RenderError`].
pub fn animated_gif(
    codes: &[Matrix],
    scale: usize,
    each: Duration,
) -> Result<Vec<u8>, RenderError> {
    let most = codes
        .iter()
        .map(Matrix::size_with_quiet_zone)
        .max()
        .ok_or(RenderError::NoFrames)?;
    let side = side(most, scale)?;
    let pixels = u16::try_from(side).map_err(|_| RenderError::Scale)?;
    let encoder_error = |error: gif::EncodingError| RenderError::Encoder(error.to_string());

    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, pixels, pixels, &[255, 255, 255, 0, 0, 0])
        .map_err(encoder_error)?;
    encoder
        .set_repeat(Repeat::Infinite)
        .map_err(encoder_error)?;
    let delay = u16::try_from((each.as_millis() + 5) / 10)
        .unwrap_or(u16::MAX)
        .max(2);
    for code in codes {
        let margin = (side - code.size_with_quiet_zone() * scale) / 2;
        let mut buffer = vec![0; side * side];
        for (y, row) in buffer.chunks_exact_mut(side).enumerate().skip(margin) {
            for (x, pixel) in row.iter_mut().enumerate().skip(margin) {
                *pixel =
                    u8::from(code.dark_from_quiet_zone((x - margin) / scale, (y - margin) / scale));
            }
        }
        let frame = Frame {
            delay,
            width: pixels,
            height: pixels,
            buffer: buffer.into(),
            ..Frame::default()
        };
        encoder.write_frame(&frame).map_err(encoder_error)?;
    }
    drop(encoder);
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::animated_gif;
    use crate::code::{Drawing, Matrix};
    use crate::picture::open;
    use crate::render::{RenderError, luma};

    fn codes() -> Vec<Matrix> {
        [3, 7, 5]
            .map(|version| {
                Drawing {
                    versions: version..=version,
                    ..Drawing::default()
                }
                .draw(b"FRAME")
                .expect("a code")
            })
            .to_vec()
    }

    #[test]
    fn frames_come_back_in_order() {
        let file = animated_gif(&codes(), 2, Duration::from_millis(100)).expect("a GIF");
        let mut source = open(file.clone()).expect("a source");
        let frames: Vec<_> = std::iter::from_fn(|| source.next_frame().expect("a frame")).collect();
        assert_eq!(frames.len(), 3);
        assert_eq!(frames[1], luma(&codes()[1], 2).expect("a picture"));

        let mut decoder = gif::DecodeOptions::new()
            .read_info(&file[..])
            .expect("a GIF");
        assert_eq!(decoder.repeat(), gif::Repeat::Infinite);
        assert_eq!(
            decoder
                .next_frame_info()
                .expect("a frame")
                .expect("a frame")
                .delay,
            10
        );
    }

    #[test]
    fn what_cannot_be_drawn_is_refused() {
        let each = Duration::from_millis(100);
        assert!(matches!(
            animated_gif(&[], 2, each),
            Err(RenderError::NoFrames)
        ));
        assert!(matches!(
            animated_gif(&codes(), 0, each),
            Err(RenderError::Scale)
        ));
        assert!(matches!(
            animated_gif(&codes(), 5_000, each),
            Err(RenderError::Size(_))
        ));
    }
}
