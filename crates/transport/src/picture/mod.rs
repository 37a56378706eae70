//! Pictures in shades of grey: decoding files and streams, and drawing codes.
//!
//! - [`luma`]: one picture, and how large it may be.
//! - [`source`]: pictures one after the other, from any file that [`open`] recognises.
//! - [`render`]: codes as PNG, SVG, animated GIF and text.

mod error;
mod gif;
mod jpeg;
pub mod luma;
pub mod mjpeg;
mod png;
pub mod source;
pub mod y4m;

pub use error::PictureError;
pub use luma::Luma;
pub use source::{FrameSource, open, open_stream, read_all};
