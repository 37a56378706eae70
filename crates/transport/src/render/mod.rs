//! Codes as pictures: each with its full quiet zone, dark on light.
//!
//! - [`still`]: PNG and SVG.
//! - [`animation`]: animated GIF.
//! - [`text`]: the terminal.

pub mod animation;
pub mod single;
pub mod text;

pub use animation::animated_gif;
pub use single::{luma, png, svg};
pub use text::{Theme, fits, size_in_terminal, terminal};

use thiserror::Error;

use crate::picture::PictureError;

/// Why a code cannot be rendered.
#[derive(Debug, Error)]
pub enum RenderError {
    /// The picture would be empty or too large.
    #[error("the picture cannot be drawn: {0}")]
    Size(#[from] PictureError),
    /// A module must be at least one pixel wide.
    #[error("a module of no pixels cannot be seen; ask for at least one")]
    Scale,
    /// An animation needs a frame.
    #[error("an animation without frames cannot be shown; give at least one code")]
    NoFrames,
    /// The encoder failed.
    #[error("the picture cannot be encoded: {0}")]
    Encoder(String),
}
