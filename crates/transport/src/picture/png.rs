//! PNG, still and animated (APNG), composed onto its canvas.

use std::io::Cursor;

use png::{BlendOp, ColorType, Decoder, DisposeOp, FrameControl, Limits, Reader, Transformations};

use super::error::PictureError;
use super::luma::{self, Luma, over, shade};
use super::source::FrameSource;

const FORMAT: &str = "PNG";

/// What the decoder may allocate for chunks and rows. Pixels are not among it: they are taken row
/// by row.
const DECODER_BYTES: usize = 4 * 1024 * 1024;

/// What an interlaced picture may take: it cannot be taken row by row.
const INTERLACED_BYTES: usize = 16 * 1024 * 1024;

/// The frames of a PNG. Transparent places show white, as a viewer's page does.
pub(super) struct Png {
    reader: Reader<Cursor<Vec<u8>>>,
    canvas: Luma,
    left: u32,
    begun: bool,
    after: After,
}

enum After {
    Keep,
    Clear(FrameControl),
    Restore(Vec<u8>),
}

impl Png {
    pub(super) fn open(bytes: Vec<u8>) -> Result<Self, PictureError> {
        let mut decoder = Decoder::new_with_limits(
            Cursor::new(bytes),
            Limits {
                bytes: DECODER_BYTES,
            },
        );
        decoder.set_ignore_text_chunk(true);
        decoder.set_ignore_iccp_chunk(true);
        decoder.set_transformations(Transformations::normalize_to_color8());
        let header = decoder.read_header_info().map_err(damaged)?;
        luma::check_size(u64::from(header.width), u64::from(header.height))?;
        let mut reader = decoder.read_info().map_err(damaged)?;

        let info = reader.info();
        let pixels = luma::check_size(u64::from(info.width), u64::from(info.height))?;
        let canvas = Luma::new(info.width as usize, info.height as usize, vec![255; pixels])?;
        let left = info
            .animation_control
            .map_or(1, |animation| animation.num_frames);
        if info.animation_control.is_some() && info.frame_control.is_none() {
            // The first picture is for viewers that do not know APNG, and no part of the animation.
            reader.next_frame_info().map_err(damaged)?;
        }
        Ok(Png {
            reader,
            canvas,
            left,
            begun: false,
            after: After::Keep,
        })
    }

    fn dispose(&mut self) {
        match std::mem::replace(&mut self.after, After::Keep) {
            After::Keep => {}
            After::Clear(area) => {
                let width = self.canvas.width();
                let rows = self.canvas.pixels_mut().chunks_exact_mut(width);
                for row in rows.skip(area.y_offset as usize).take(area.height as usize) {
                    let pixels = row
                        .iter_mut()
                        .skip(area.x_offset as usize)
                        .take(area.width as usize);
                    pixels.for_each(|pixel| *pixel = 255);
                }
            }
            After::Restore(pixels) => self.canvas.pixels_mut().copy_from_slice(&pixels),
        }
    }

    /// Paints one frame row by row.
    fn paint(&mut self, area: FrameControl) -> Result<(), PictureError> {
        let (colour, _) = self.reader.output_color_type();
        let width = self.canvas.width();
        let onto = area.blend_op == BlendOp::Over;
        let rows = self
            .canvas
            .pixels_mut()
            .chunks_exact_mut(width)
            .skip(area.y_offset as usize);
        let rows = rows
            .take(area.height as usize)
            .map(|row| row.get_mut(area.x_offset as usize..).unwrap_or_default());
        if self.reader.info().interlaced {
            let bytes = self.reader.output_buffer_size().unwrap_or(usize::MAX);
            if bytes > INTERLACED_BYTES {
                return Err(PictureError::Unsupported {
                    format: FORMAT,
                    what: "it is interlaced and larger than 16 MiB; save it without interlacing",
                });
            }
            let mut buffer = vec![0; bytes];
            let frame = self.reader.next_frame(&mut buffer).map_err(damaged)?;
            for (row, inks) in rows.zip(buffer.chunks(frame.line_size.max(1))) {
                paint_row(row, inks, colour, area.width as usize, onto)?;
            }
        } else {
            for row in rows {
                let inks = self.reader.next_row().map_err(damaged)?;
                let inks = inks.ok_or_else(|| PictureError::damaged(FORMAT, "a row is missing"))?;
                paint_row(row, inks.data(), colour, area.width as usize, onto)?;
            }
            // Nothing follows the last row but the checksum.
            if self.reader.next_row().map_err(damaged)?.is_some() {
                return Err(PictureError::damaged(
                    FORMAT,
                    "more rows than the picture has",
                ));
            }
        }
        Ok(())
    }
}

impl FrameSource for Png {
    fn next_frame(&mut self) -> Result<Option<Luma>, PictureError> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        if std::mem::replace(&mut self.begun, true) {
            self.reader.next_frame_info().map_err(damaged)?;
        }
        let area = self.reader.info().frame_control.unwrap_or(FrameControl {
            width: self.canvas.width() as u32,
            height: self.canvas.height() as u32,
            ..FrameControl::default()
        });
        luma::check_size(u64::from(area.width), u64::from(area.height))?;
        self.dispose();
        self.after = match area.dispose_op {
            DisposeOp::None => After::Keep,
            DisposeOp::Background => After::Clear(area),
            DisposeOp::Previous => After::Restore(self.canvas.pixels().to_vec()),
        };
        self.paint(area)?;
        if self.left == 0 {
            return Ok(Some(std::mem::replace(
                &mut self.canvas,
                Luma::plain(1, 1, 255)?,
            )));
        }
        Ok(Some(self.canvas.clone()))
    }
}

/// Lays one row of samples over (`onto`) or instead of a row of pixels.
fn paint_row(
    row: &mut [u8],
    inks: &[u8],
    colour: ColorType,
    width: usize,
    onto: bool,
) -> Result<(), PictureError> {
    let blend = |pixel: &mut u8, ink: u8, alpha: u8| {
        *pixel = over(ink, alpha, if onto { *pixel } else { 255 })
    };
    let row = row.iter_mut().take(width);
    match colour {
        ColorType::Grayscale => row.zip(inks).for_each(|(pixel, ink)| *pixel = *ink),
        ColorType::GrayscaleAlpha => row.zip(inks.chunks_exact(2)).for_each(|(pixel, ink)| {
            if let [ink, alpha] = *ink {
                blend(pixel, ink, alpha);
            }
        }),
        ColorType::Rgb => row.zip(inks.chunks_exact(3)).for_each(|(pixel, ink)| {
            if let [red, green, blue] = *ink {
                *pixel = shade(red, green, blue);
            }
        }),
        ColorType::Rgba => row.zip(inks.chunks_exact(4)).for_each(|(pixel, ink)| {
            if let [red, green, blue, alpha] = *ink {
                blend(pixel, shade(red, green, blue), alpha);
            }
        }),
        ColorType::Indexed => return Err(PictureError::damaged(FORMAT, "its palette is missing")),
    }
    Ok(())
}

fn damaged(error: png::DecodingError) -> PictureError {
    PictureError::damaged(FORMAT, error)
}
