//! Pictures one after the other, whatever they come from.

use std::io::{Cursor, Read};

use super::error::PictureError;
use super::gif::Gif;
use super::jpeg;
use super::luma::Luma;
use super::mjpeg::Mjpeg;
use super::png::Png;
use super::y4m::Y4m;

/// How many pictures one file may give: an hour at 27 a second. It ends files that repeat a frame
/// of a few bytes for ever.
pub const MAX_FRAMES: usize = 100_000;

/// How long a file that must be held whole (PNG, JPEG) may be: 24 MiB, more than any picture within
/// [`super::luma::MAX_PIXELS`] needs, and little enough for a worker of 64 MB.
pub const MAX_FILE: usize = 24 * 1024 * 1024;

/// Gives pictures one after the other.
pub trait FrameSource {
    /// The next picture; nothing at the end. Whole pictures before a damaged one are given first;
    /// after an error of a file there is nothing more.
    ///
    /// # Errors
    /// [`PictureError`].
    fn next_frame(&mut self) -> Result<Option<Luma>, PictureError>;
}

impl<S: FrameSource + ?Sized> FrameSource for Box<S> {
    fn next_frame(&mut self) -> Result<Option<Luma>, PictureError> {
        (**self).next_frame()
    }
}

/// The pictures of a file's bytes: PNG and animated PNG, JPEG, GIF, y4m, or MJPEG with or without
/// multipart headers. Its first bytes say which.
///
/// # Errors
/// [`PictureError::Unknown`]; what is wrong with the header otherwise.
pub fn open(bytes: Vec<u8>) -> Result<Box<dyn FrameSource + Send>, PictureError> {
    open_stream(Cursor::new(bytes))
}

/// As [`open`], from a stream. GIF, y4m and MJPEG are read as they come; PNG is read whole, up to
/// [`MAX_FILE`].
///
/// # Errors
/// As [`open`]; [`PictureError::Io`] if the stream fails.
pub fn open_stream(
    mut stream: impl Read + Send + 'static,
) -> Result<Box<dyn FrameSource + Send>, PictureError> {
    let mut magic = Vec::with_capacity(16);
    (&mut stream).take(16).read_to_end(&mut magic)?;
    let kind = Format::of(&magic).ok_or(PictureError::Unknown)?;
    let mut whole = Cursor::new(magic).chain(stream);
    Ok(match kind {
        Format::Png => {
            let mut bytes = Vec::new();
            (&mut whole)
                .take(MAX_FILE as u64 + 1)
                .read_to_end(&mut bytes)?;
            if bytes.len() > MAX_FILE {
                return Err(PictureError::damaged(
                    "PNG",
                    "the file is longer than 24 MiB",
                ));
            }
            Box::new(Guarded::new(Png::open(bytes)?))
        }
        Format::Gif => Box::new(Guarded::new(Gif::open(whole)?)),
        Format::Y4m => Box::new(Guarded::new(Y4m::open(whole)?)),
        Format::Jpegs => Box::new(Guarded::new(Mjpeg::new(whole))),
    })
}

/// Every picture of a file, until its end or an error, whichever is first, each handed to `see`;
/// how many there were.
///
/// # Errors
/// As [`open`] and [`FrameSource::next_frame`].
pub fn read_all(bytes: &[u8], mut see: impl FnMut(&Luma)) -> Result<usize, PictureError> {
    let mut source = open(bytes.to_vec())?;
    let mut count = 0;
    while let Some(frame) = source.next_frame()? {
        see(&frame);
        count += 1;
    }
    Ok(count)
}

enum Format {
    Png,
    Gif,
    Y4m,
    Jpegs,
}

impl Format {
    fn of(magic: &[u8]) -> Option<Format> {
        if magic.starts_with(b"\x89PNG\r\n\x1a\n") {
            Some(Format::Png)
        } else if magic.starts_with(b"GIF87a") || magic.starts_with(b"GIF89a") {
            Some(Format::Gif)
        } else if magic.starts_with(b"YUV4MPEG2") {
            Some(Format::Y4m)
        } else if magic.starts_with(&jpeg::START)
            || magic.starts_with(b"--")
            || magic.starts_with(b"\r\n--")
        {
            // A multipart stream begins with its boundary.
            Some(Format::Jpegs)
        } else {
            None
        }
    }
}

/// Ends a source after an error, and after [`MAX_FRAMES`].
struct Guarded<S> {
    source: S,
    given: usize,
    over: bool,
}

impl<S> Guarded<S> {
    fn new(source: S) -> Self {
        Guarded {
            source,
            given: 0,
            over: false,
        }
    }
}

impl<S: FrameSource> FrameSource for Guarded<S> {
    fn next_frame(&mut self) -> Result<Option<Luma>, PictureError> {
        if self.over {
            return Ok(None);
        }
        let frame = self.source.next_frame();
        self.over = !matches!(frame, Ok(Some(_)));
        self.given += 1;
        if !self.over && self.given > MAX_FRAMES {
            self.over = true;
            return Err(PictureError::TooMany);
        }
        frame
    }
}
