//! A camera and its frames.

use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use cofferdam_transport::picture::{FrameSource, Luma, PictureError};
use linuxvideo::format::{PixFormat, PixelFormat};
use linuxvideo::stream::ReadStream;
use linuxvideo::{BufType, CapabilityFlags, Device};
use thiserror::Error;

use crate::layout::Layout;

/// The frame size that is asked for; the driver chooses the nearest it has. A code of version 30
/// has five pixels a module in it, and reading takes well under a thirtieth of a second.
const WANTED: (u32, u32) = (1280, 720);

/// How many frames in a row may be unusable. Cameras deliver some while they start.
const MAX_SPOILT: usize = 30;

/// Why a camera cannot be used.
#[derive(Debug, Error)]
pub enum CameraError {
    /// There is no such file.
    #[error("there is no {0}; plug the camera in, and see which /dev/video* there are")]
    Missing(PathBuf),
    /// Not one of `/dev/video*`.
    #[error("{0} is no camera device; give one of /dev/video*")]
    NotADevice(PathBuf),
    /// It does not deliver video: cameras have such devices for their metadata.
    #[error("{0} delivers no video; try the next of /dev/video*")]
    NoCapture(PathBuf),
    /// This user may not open it.
    #[error("{0} may not be opened; add yourself to the group that owns it, usually \"video\"")]
    Permission(PathBuf),
    /// Another program has it.
    #[error("{0} is in use by another program; close that")]
    Busy(PathBuf),
    /// It delivers nothing that is read here.
    #[error("{path} delivers only {offered}; one of GREY, NV12, YUYV and MJPG is needed")]
    Layout {
        /// The device.
        path: PathBuf,
        /// The four character codes that it offers.
        offered: String,
    },
    /// Anything else that the system says.
    #[error("{path} cannot be used: {error}")]
    Io {
        /// The device.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

/// An open camera. It delivers until it is dropped.
pub struct Camera {
    stream: ReadStream,
    layout: Layout,
    width: usize,
    height: usize,
    stride: usize,
}

impl Camera {
    /// Opens one of `/dev/video*` (or a link to it) and begins to take pictures at about 1280
    /// x 720.
    ///
    /// # Errors
    /// [`CameraError`].
    pub fn open(path: &Path) -> Result<Camera, CameraError> {
        let said = |error| CameraError::from_io(path, error);
        let device = Device::open(camera_device(path)?).map_err(said)?;
        let capabilities = device.capabilities().map_err(said)?.device_capabilities();
        if !capabilities.contains(CapabilityFlags::VIDEO_CAPTURE) {
            return Err(CameraError::NoCapture(path.to_owned()));
        }
        let mut offered = Vec::new();
        // A driver that never ends its list is cut off.
        for format in device.formats(BufType::VIDEO_CAPTURE).take(256) {
            offered.push(format.map_err(said)?.pixel_format().as_fourcc());
        }
        let unknown = || CameraError::Layout {
            path: path.to_owned(),
            offered: offered
                .iter()
                .map(|code| String::from_utf8_lossy(code))
                .collect::<Vec<_>>()
                .join(", "),
        };
        let layout = Layout::BEST_FIRST
            .into_iter()
            .find(|layout| offered.contains(&layout.code()));
        let wanted = PixelFormat::from_fourcc(layout.ok_or_else(unknown)?.code());
        let capture = device
            .video_capture(PixFormat::new(WANTED.0, WANTED.1, wanted))
            .map_err(said)?;
        let format = capture.format();
        let layout = Layout::of(format.pixel_format().as_fourcc()).ok_or_else(unknown)?;
        let (width, height) = (format.width() as usize, format.height() as usize);
        let stride = format.bytes_per_line() as usize;
        let stream = capture.into_stream().map_err(said)?;
        Ok(Camera {
            stream,
            layout,
            width,
            height,
            stride,
        })
    }

    /// The frame size that the driver chose, and the layout.
    pub fn format(&self) -> (usize, usize, Layout) {
        (self.width, self.height, self.layout)
    }
}

impl FrameSource for Camera {
    /// The next frame, when it is there. Spoilt frames are skipped, up to thirty in a row.
    fn next_frame(&mut self) -> Result<Option<Luma>, PictureError> {
        let Camera {
            stream,
            layout,
            width,
            height,
            stride,
        } = self;
        let mut last = None;
        for _ in 0..MAX_SPOILT {
            let taken = stream.dequeue(|frame| {
                Ok(if frame.is_error() {
                    None
                } else {
                    Some(layout.luma(&frame, *width, *height, *stride))
                })
            });
            match taken.map_err(|error| PictureError::Camera(error.to_string()))? {
                Some(Ok(picture)) => return Ok(Some(picture)),
                Some(Err(error)) => last = Some(error),
                None => {}
            }
        }
        Err(last.unwrap_or_else(|| {
            PictureError::Camera("it delivers only spoilt frames; plug it in again".into())
        }))
    }
}

impl CameraError {
    fn from_io(path: &Path, error: io::Error) -> CameraError {
        let path = path.to_owned();
        match error.kind() {
            io::ErrorKind::NotFound => CameraError::Missing(path),
            io::ErrorKind::PermissionDenied => CameraError::Permission(path),
            io::ErrorKind::ResourceBusy => CameraError::Busy(path),
            _ => CameraError::Io { path, error },
        }
    }
}

/// Where `path` leads, if that is a character device among `/dev/video*`: nothing else is ever
/// opened.
fn camera_device(path: &Path) -> Result<PathBuf, CameraError> {
    let said = |error| CameraError::from_io(path, error);
    let device = path.canonicalize().map_err(said)?;
    let named = device.parent() == Some(Path::new("/dev"))
        && device
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"video"));
    if named
        && device
            .metadata()
            .map_err(said)?
            .file_type()
            .is_char_device()
    {
        Ok(device)
    } else {
        Err(CameraError::NotADevice(path.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::Path;

    use super::{Camera, CameraError};

    fn refusal(path: &str) -> CameraError {
        match Camera::open(Path::new(path)) {
            Ok(_) => panic!("{path} is no camera"),
            Err(error) => error,
        }
    }

    #[test]
    fn what_is_no_camera_is_never_opened() {
        for path in ["/dev/null", "/dev/zero", "/dev", "/proc/self/environ", "/"] {
            assert!(
                matches!(refusal(path), CameraError::NotADevice(_)),
                "{path}"
            );
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = refusal("/dev/video-that-is-not-there");
        assert!(matches!(error, CameraError::Missing(_)));
        assert!(error.to_string().contains("/dev/video-that-is-not-there"));
    }

    #[test]
    fn what_the_system_says_is_told_apart() {
        let path = Path::new("/dev/video0");
        let of = |kind: io::ErrorKind| CameraError::from_io(path, kind.into());
        assert!(matches!(
            of(io::ErrorKind::PermissionDenied),
            CameraError::Permission(_)
        ));
        assert!(matches!(
            of(io::ErrorKind::ResourceBusy),
            CameraError::Busy(_)
        ));
        assert!(matches!(
            of(io::ErrorKind::NotFound),
            CameraError::Missing(_)
        ));
        assert!(matches!(of(io::ErrorKind::Other), CameraError::Io { .. }));
    }
}
