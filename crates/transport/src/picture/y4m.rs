//! y4m (YUV4MPEG2), 8 bits a sample: the luma plane of each frame. Also written, so that recordings
//! can be made.

use std::io::{BufRead, BufReader, Read};

use super::error::PictureError;
use super::luma::{self, Luma};
use super::source::FrameSource;

const FORMAT: &str = "y4m";

/// How long a header line may be.
const MAX_LINE: u64 = 1_024;

/// The frames of a y4m stream.
pub struct Y4m<R> {
    stream: BufReader<R>,
    width: usize,
    height: usize,
    /// Bytes of the other planes behind each luma plane.
    chroma: u64,
}

impl<R: Read> Y4m<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// [`PictureError`] if it is malformed, or its pictures too large or of another depth.
    pub fn open(stream: R) -> Result<Self, PictureError> {
        let mut stream = BufReader::with_capacity(64 * 1024, stream);
        let line = line(&mut stream)?.unwrap_or_default();
        let mut fields = line.split(' ');
        if fields.next() != Some("YUV4MPEG2") {
            return Err(PictureError::damaged(FORMAT, "the header is missing"));
        }
        let (mut width, mut height, mut colours) = (0, 0, "420");
        for field in fields {
            let (key, value) = field.split_at_checked(1).unwrap_or_default();
            let number = || {
                value
                    .parse()
                    .map_err(|_| PictureError::damaged(FORMAT, "a side is no number"))
            };
            match key {
                "W" => width = number()?,
                "H" => height = number()?,
                "C" => colours = value,
                _ => {}
            }
        }
        let pixels = luma::check_size(width, height)? as u64;
        let halved = width.div_ceil(2);
        let chroma = match colours {
            "mono" => 0,
            "420" | "420jpeg" | "420paldv" | "420mpeg2" => 2 * halved * height.div_ceil(2),
            "411" => 2 * width.div_ceil(4) * height,
            "422" => 2 * halved * height,
            "444" => 2 * pixels,
            "444alpha" => 3 * pixels,
            _ => {
                return Err(PictureError::Unsupported {
                    format: FORMAT,
                    what: "its samples are not 8 bits wide, or laid out in an unknown way; convert it to yuv420p",
                });
            }
        };
        Ok(Y4m {
            stream,
            width: width as usize,
            height: height as usize,
            chroma,
        })
    }
}

impl<R: Read> FrameSource for Y4m<R> {
    fn next_frame(&mut self) -> Result<Option<Luma>, PictureError> {
        let Some(header) = line(&mut self.stream)? else {
            return Ok(None);
        };
        if header != "FRAME" && !header.starts_with("FRAME ") {
            return Err(PictureError::damaged(FORMAT, "a frame's header is missing"));
        }
        let mut picture = Luma::plain(self.width, self.height, 0)?;
        let cut = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof => {
                PictureError::damaged(FORMAT, "the last frame is cut off")
            }
            _ => error.into(),
        };
        self.stream.read_exact(picture.pixels_mut()).map_err(cut)?;
        let skipped = std::io::copy(
            &mut (&mut self.stream).take(self.chroma),
            &mut std::io::sink(),
        )?;
        if skipped < self.chroma {
            return Err(PictureError::damaged(FORMAT, "the last frame is cut off"));
        }
        Ok(Some(picture))
    }
}

/// The header of a stream of grey frames: `Cmono`.
pub fn header(width: usize, height: usize, frames_a_second: u32) -> Vec<u8> {
    format!("YUV4MPEG2 W{width} H{height} F{frames_a_second}:1 Ip A1:1 Cmono\n").into_bytes()
}

/// One frame of such a stream, header included.
pub fn frame(picture: &Luma) -> Vec<u8> {
    [b"FRAME\n", picture.pixels()].concat()
}

/// A line without its end; nothing at the end of the stream.
fn line(stream: &mut impl BufRead) -> Result<Option<String>, PictureError> {
    let mut line = Vec::new();
    stream.take(MAX_LINE).read_until(b'\n', &mut line)?;
    match line.pop() {
        None => Ok(None),
        Some(b'\n') => String::from_utf8(line)
            .map(Some)
            .map_err(|_| PictureError::damaged(FORMAT, "a header is no text")),
        Some(_) => Err(PictureError::damaged(
            FORMAT,
            "a header is cut off or too long",
        )),
    }
}
