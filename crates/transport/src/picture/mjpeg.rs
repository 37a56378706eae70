//! MJPEG: JPEGs one after the other, with or without multipart headers between them. One JPEG is a
//! stream of one.

use std::io::{BufRead, ErrorKind, Read};

use super::error::PictureError;
use super::jpeg;
use super::luma::Luma;
use super::source::FrameSource;

/// How long one JPEG may be: more than any within the limits on pixels needs.
const MAX_JPEG: usize = 16 * 1024 * 1024;

/// How much may stand between two JPEGs: multipart headers are a few hundred bytes.
const MAX_BETWEEN: usize = 64 * 1024;

/// The JPEGs of a stream.
pub struct Mjpeg<R> {
    bytes: std::io::BufReader<R>,
}

impl<R: Read> Mjpeg<R> {
    /// The JPEGs of this stream.
    pub fn new(stream: R) -> Self {
        Mjpeg {
            bytes: std::io::BufReader::with_capacity(64 * 1024, stream),
        }
    }

    fn byte(&mut self) -> Result<Option<u8>, PictureError> {
        let mut byte = [0];
        loop {
            match self.bytes.read(&mut byte) {
                Ok(0) => return Ok(None),
                Ok(_) => return Ok(Some(byte[0])),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Skips to behind the next start of image; false at the end.
    fn skip_to_start(&mut self) -> Result<bool, PictureError> {
        let mut last = 0;
        for _ in 0..MAX_BETWEEN {
            let Some(byte) = self.byte()? else {
                return Ok(false);
            };
            if [last, byte] == jpeg::START[..2] {
                return Ok(true);
            }
            last = byte;
        }
        Err(PictureError::damaged(
            "MJPEG",
            "there is no picture in 64 KiB",
        ))
    }

    /// Takes bytes up to the end of image (T.81, B.1.1): segments by their lengths, coded data up
    /// to the next marker.
    fn take_to_end(&mut self) -> Result<Vec<u8>, PictureError> {
        let mut jpeg = vec![0xff, 0xd8];
        let mut coded = false;
        loop {
            if coded {
                self.take_to_marker(&mut jpeg)?;
            } else if self.taken(&mut jpeg)? != 0xff {
                return Err(PictureError::damaged("MJPEG", "a marker is missing"));
            }
            let mut marker = 0xff;
            while marker == 0xff {
                marker = self.taken(&mut jpeg)?;
            }
            match marker {
                0xd9 => return Ok(jpeg),
                // Stuffing, and restarts within coded data.
                0x00 | 0xd0..=0xd7 if coded => {}
                0x01 | 0xd0..=0xd8 => {}
                _ => {
                    let length = usize::from(u16::from_be_bytes([
                        self.taken(&mut jpeg)?,
                        self.taken(&mut jpeg)?,
                    ]));
                    self.take_exactly(length.saturating_sub(2), &mut jpeg)?;
                    coded = marker == 0xda;
                }
            }
        }
    }

    /// Takes coded data up to the next 0xff, which it takes too.
    fn take_to_marker(&mut self, jpeg: &mut Vec<u8>) -> Result<(), PictureError> {
        let room = MAX_JPEG.saturating_sub(jpeg.len());
        let taken = (&mut self.bytes).take(room as u64).read_until(0xff, jpeg)?;
        match jpeg.last() {
            Some(0xff) if taken > 0 => Ok(()),
            _ if jpeg.len() >= MAX_JPEG => Err(too_long()),
            _ => Err(cut_off()),
        }
    }

    fn take_exactly(&mut self, count: usize, jpeg: &mut Vec<u8>) -> Result<(), PictureError> {
        if jpeg.len() + count > MAX_JPEG {
            return Err(too_long());
        }
        let taken = (&mut self.bytes).take(count as u64).read_to_end(jpeg)?;
        if taken < count {
            Err(cut_off())
        } else {
            Ok(())
        }
    }

    fn taken(&mut self, jpeg: &mut Vec<u8>) -> Result<u8, PictureError> {
        if jpeg.len() >= MAX_JPEG {
            return Err(too_long());
        }
        let byte = self.byte()?.ok_or_else(cut_off)?;
        jpeg.push(byte);
        Ok(byte)
    }
}

fn too_long() -> PictureError {
    PictureError::damaged("MJPEG", "one picture is longer than 16 MiB")
}

fn cut_off() -> PictureError {
    PictureError::damaged("MJPEG", "the last picture is cut off")
}

impl<R: Read> FrameSource for Mjpeg<R> {
    fn next_frame(&mut self) -> Result<Option<Luma>, PictureError> {
        if !self.skip_to_start()? {
            return Ok(None);
        }
        jpeg::decode(&self.take_to_end()?).map(Some)
    }
}

/// Decodes one JPEG, of a camera that gives them one at a time.
///
/// # Errors
/// [`PictureError`].
pub fn decode_jpeg(bytes: &[u8]) -> Result<Luma, PictureError> {
    jpeg::decode(bytes)
}
