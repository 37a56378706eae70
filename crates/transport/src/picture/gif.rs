//! GIF, still and animated (GIF89a), composed onto its screen.

use std::io::Read;

use gif::{ColorOutput, DecodeOptions, Decoder, DisposalMethod, MemoryLimit};

use super::error::PictureError;
use super::luma::{self, Luma, shade};
use super::source::FrameSource;

const FORMAT: &str = "GIF";

/// The frames of a GIF. Transparent places show white, as a viewer's page does.
pub(super) struct Gif<R: Read> {
    decoder: Decoder<R>,
    canvas: Luma,
    after: After,
}

/// What to do to the canvas before the next frame.
enum After {
    Keep,
    Clear(Area),
    Restore(Vec<u8>),
}

#[derive(Clone, Copy)]
struct Area {
    left: usize,
    top: usize,
    width: usize,
    height: usize,
}

impl<R: Read> Gif<R> {
    pub(super) fn open(stream: R) -> Result<Self, PictureError> {
        let mut options = DecodeOptions::new();
        options.set_color_output(ColorOutput::Indexed);
        if let Some(limit) = std::num::NonZero::new(luma::MAX_PIXELS) {
            options.set_memory_limit(MemoryLimit::Bytes(limit));
        }
        let decoder = options.read_info(stream).map_err(damaged)?;
        let canvas = Luma::plain(
            usize::from(decoder.width()),
            usize::from(decoder.height()),
            255,
        )?;
        Ok(Gif {
            decoder,
            canvas,
            after: After::Keep,
        })
    }

    fn dispose(&mut self) {
        match std::mem::replace(&mut self.after, After::Keep) {
            After::Keep => {}
            After::Clear(area) => {
                let width = self.canvas.width();
                for row in self
                    .canvas
                    .pixels_mut()
                    .chunks_exact_mut(width)
                    .skip(area.top)
                    .take(area.height)
                {
                    row.iter_mut()
                        .skip(area.left)
                        .take(area.width)
                        .for_each(|pixel| *pixel = 255);
                }
            }
            After::Restore(pixels) => self.canvas.pixels_mut().copy_from_slice(&pixels),
        }
    }
}

impl<R: Read> FrameSource for Gif<R> {
    fn next_frame(&mut self) -> Result<Option<Luma>, PictureError> {
        let Some(frame) = self.decoder.next_frame_info().map_err(damaged)? else {
            return Ok(None);
        };
        let area = Area {
            left: usize::from(frame.left),
            top: usize::from(frame.top),
            width: usize::from(frame.width),
            height: usize::from(frame.height),
        };
        let (transparent, disposal) = (frame.transparent, frame.dispose);
        let indices = luma::check_size(area.width as u64, area.height as u64)?;
        let shades = shades(self.decoder.palette().map_err(damaged)?);
        let mut buffer = vec![0; indices];
        self.decoder
            .read_into_buffer(&mut buffer)
            .map_err(damaged)?;

        self.dispose();
        self.after = match disposal {
            DisposalMethod::Any | DisposalMethod::Keep => After::Keep,
            DisposalMethod::Background => After::Clear(area),
            DisposalMethod::Previous => After::Restore(self.canvas.pixels().to_vec()),
        };
        let width = self.canvas.width();
        let rows = self
            .canvas
            .pixels_mut()
            .chunks_exact_mut(width)
            .skip(area.top);
        for (row, indices) in rows.zip(buffer.chunks_exact(area.width)) {
            for (pixel, index) in row.iter_mut().skip(area.left).zip(indices) {
                if transparent != Some(*index) {
                    *pixel = shades[usize::from(*index)];
                }
            }
        }
        Ok(Some(self.canvas.clone()))
    }
}

/// Indices beyond the palette are black.
fn shades(palette: &[u8]) -> [u8; 256] {
    let mut shades = [0; 256];
    for (shade_of, colour) in shades.iter_mut().zip(palette.chunks_exact(3)) {
        if let [red, green, blue] = *colour {
            *shade_of = shade(red, green, blue);
        }
    }
    shades
}

fn damaged(error: gif::DecodingError) -> PictureError {
    PictureError::damaged(FORMAT, error)
}
