//! JPEG (ITU-T T.81): its luma alone.

use std::io::Cursor;

use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::error::PictureError;
use super::luma::{self, Luma, shade};

const FORMAT: &str = "JPEG";

/// Start of image, and the first byte of the marker that must follow.
pub(super) const START: [u8; 3] = [0xff, 0xd8, 0xff];

/// A progressive picture holds its coefficients, six bytes a pixel, until the last scan: 24 MB at
/// this size.
const MAX_PROGRESSIVE_PIXELS: usize = 4 * 1024 * 1024;

/// Each scan of a progressive picture goes over all of it again. Encoders write about ten.
const MAX_SCANS: usize = 24;

/// Decodes one whole JPEG.
pub(super) fn decode(bytes: &[u8]) -> Result<Luma, PictureError> {
    let header = Header::find(bytes)
        .ok_or_else(|| PictureError::damaged(FORMAT, "it has no frame header"))?;
    let pixels = luma::check_size(u64::from(header.width), u64::from(header.height))?;
    if header.progressive && pixels > MAX_PROGRESSIVE_PIXELS {
        return Err(PictureError::Unsupported {
            format: FORMAT,
            what: "it is progressive and has more than 4 million pixels; save it as baseline",
        });
    }
    let options = DecoderOptions::default()
        .set_max_width(usize::from(header.width))
        .set_max_height(usize::from(header.height))
        .jpeg_set_max_scans(MAX_SCANS)
        .jpeg_set_out_colorspace(if header.components == 4 {
            ColorSpace::RGB
        } else {
            ColorSpace::Luma
        });
    let mut decoder = JpegDecoder::new_with_options(Cursor::new(bytes), options);
    let samples = decoder
        .decode()
        .map_err(|error| PictureError::damaged(FORMAT, format!("{error:?}")))?;
    let shades = if samples.len() == pixels.saturating_mul(3) {
        let colours = samples.chunks_exact(3);
        colours
            .map(|colour| {
                if let [red, green, blue] = *colour {
                    shade(red, green, blue)
                } else {
                    0
                }
            })
            .collect()
    } else {
        samples
    };
    Luma::new(
        usize::from(header.width),
        usize::from(header.height),
        shades,
    )
}

/// What the frame header says (T.81, B.2.2).
struct Header {
    progressive: bool,
    width: u16,
    height: u16,
    components: u8,
}

impl Header {
    /// The first frame header.
    fn find(bytes: &[u8]) -> Option<Header> {
        let mut rest = bytes.strip_prefix(&START[..2])?;
        loop {
            let [0xff, marker, ..] = *rest else {
                return None;
            };
            rest = rest.get(1..)?;
            if marker == 0xff {
                continue;
            }
            rest = rest.get(1..)?;
            if (0xd0..=0xd8).contains(&marker) || marker == 0x01 {
                continue;
            }
            let length = usize::from(u16::from_be_bytes([*rest.first()?, *rest.get(1)?]));
            // C4, C8 and CC are no frame headers.
            if (0xc0..=0xcf).contains(&marker) && ![0xc4, 0xc8, 0xcc].contains(&marker) {
                let field =
                    |at: usize| Some(u16::from_be_bytes([*rest.get(at)?, *rest.get(at + 1)?]));
                return Some(Header {
                    progressive: marker == 0xc2,
                    height: field(3)?,
                    width: field(5)?,
                    components: *rest.get(7)?,
                });
            }
            rest = rest.get(length..)?;
        }
    }
}
