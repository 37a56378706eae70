//! MJPEG: JPEGs one after the other, with or without multipart headers between them. One JPEG is a stream of one.

use std::io::{ErrorKind, Read};

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
        Err(PictureError::damaged("MJPEG", "there is no picture in 64 KiB"))
    }

    /// Takes bytes up to the end of image (T.81, B.1.1): segments by their lengths, coded data up to the next marker.
    fn take_to_end(&mut self) -> Result<Vec<u8>, PictureError> {
        let mut jpeg = vec![0xff, 0xd8];
        let mut coded = false;
        loop {
            let byte = self.taken(&mut jpeg)?;
            if byte != 0xff {
                if coded {
                    continue;
                }
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
                    for _ in 2..length {
                        self.taken(&mut jpeg)?;
                    }
                    coded = marker == 0xda;
                }
            }
        }
    }

    fn taken(&mut self, jpeg: &mut Vec<u8>) -> Result<u8, PictureError> {
        if jpeg.len() >= MAX_JPEG {
            return Err(PictureError::damaged(
                "MJPEG",
                "one picture is longer than 16 MiB",
            ));
        }
        let byte = self
            .byte()?
            .ok_or_else(|| PictureError::damaged("MJPEG", "the last picture is cut off"))?;
        jpeg.push(byte);
        Ok(byte)
    }
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
