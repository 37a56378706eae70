//! Frames as drivers lay them out.

use cofferdam_transport::picture::luma::check_size;
use cofferdam_transport::picture::mjpeg::decode_jpeg;
use cofferdam_transport::picture::{Luma, PictureError};

/// How a driver lays out a frame (the four character codes of V4L2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// `GREY`: a byte of luma a pixel.
    Grey,
    /// `NV12`: as `GREY`, and the colours behind it.
    Nv12,
    /// `YUYV`: two bytes a pixel, the first of them luma.
    Yuyv,
    /// `MJPG`: a JPEG a frame.
    Mjpeg,
}

impl Layout {
    /// The best first: least work, least loss. MJPEG comes last, but is all that some cameras give
    /// at 30 frames a second.
    pub const BEST_FIRST: [Layout; 4] = [Layout::Grey, Layout::Nv12, Layout::Yuyv, Layout::Mjpeg];

    /// Its four character code.
    pub fn code(self) -> [u8; 4] {
        *match self {
            Layout::Grey => b"GREY",
            Layout::Nv12 => b"NV12",
            Layout::Yuyv => b"YUYV",
            Layout::Mjpeg => b"MJPG",
        }
    }

    /// The layout of this code.
    pub fn of(code: [u8; 4]) -> Option<Layout> {
        Layout::BEST_FIRST
            .into_iter()
            .find(|layout| layout.code() == code)
    }

    /// A frame's luma. Rows are `stride` bytes apart; zero means without gaps. The size of a JPEG
    /// is its own.
    ///
    /// # Errors
    /// [`PictureError::Length`] if the frame is too short, and what [`Luma::new`] and the JPEG
    /// decoder say.
    pub fn luma(
        self,
        frame: &[u8],
        width: usize,
        height: usize,
        stride: usize,
    ) -> Result<Luma, PictureError> {
        let step = match self {
            Layout::Grey | Layout::Nv12 => 1,
            Layout::Yuyv => 2,
            Layout::Mjpeg => return decode_jpeg(frame),
        };
        let pixels = check_size(width as u64, height as u64)?;
        let row = width * step;
        let stride = stride.max(row);
        let expected = stride.saturating_mul(height - 1).saturating_add(row);
        if frame.len() < expected {
            return Err(PictureError::Length {
                expected,
                found: frame.len(),
            });
        }
        let mut luma = Vec::with_capacity(pixels);
        for row in frame.chunks(stride).take(height) {
            luma.extend(row.iter().step_by(step).take(width));
        }
        Luma::new(width, height, luma)
    }
}

#[cfg(test)]
mod tests {
    use cofferdam_transport::picture::PictureError;

    use super::Layout;

    #[test]
    fn luma_is_taken_from_every_layout() {
        let expected = [1, 2, 3, 4];
        let cases: [(Layout, &[u8], usize); 6] = [
            (Layout::Grey, &[1, 2, 3, 4], 0),
            (Layout::Grey, &[1, 2, 99, 3, 4, 99], 3),
            (Layout::Nv12, &[1, 2, 3, 4, 128, 128], 2),
            (Layout::Yuyv, &[1, 128, 2, 128, 3, 128, 4, 128], 0),
            (
                Layout::Yuyv,
                &[1, 128, 2, 128, 0, 0, 3, 128, 4, 128, 0, 0],
                6,
            ),
            // Some drivers leave the last row's padding out.
            (Layout::Yuyv, &[1, 128, 2, 128, 0, 0, 3, 128, 4, 128], 6),
        ];
        for (layout, frame, stride) in cases {
            let luma = layout.luma(frame, 2, 2, stride).expect("a picture");
            assert_eq!(luma.pixels(), expected, "{layout:?} {stride}");
        }
    }

    #[test]
    fn short_and_absurd_frames_are_refused() {
        assert!(matches!(
            Layout::Yuyv.luma(&[0; 7], 2, 2, 0),
            Err(PictureError::Length {
                expected: 8,
                found: 7
            })
        ));
        assert!(matches!(
            Layout::Grey.luma(&[0; 9], 2, 2, usize::MAX),
            Err(PictureError::Length { .. })
        ));
        assert!(matches!(
            Layout::Grey.luma(&[], 0, 2, 0),
            Err(PictureError::Empty { .. })
        ));
        assert!(matches!(
            Layout::Grey.luma(&[], 60_000, 60_000, 0),
            Err(PictureError::TooLarge { .. })
        ));
        assert!(matches!(
            Layout::Mjpeg.luma(&[0xff, 0xd8, 0xff], 2, 2, 0),
            Err(PictureError::Damaged { .. })
        ));
    }

    #[test]
    fn codes_go_back_and_forth() {
        for layout in Layout::BEST_FIRST {
            assert_eq!(Layout::of(layout.code()), Some(layout));
        }
        assert_eq!(Layout::of(*b"H264"), None);
    }
}
