//! QR codes (ISO/IEC 18004): drawing them, and reading them from pictures.
//!
//! - [`matrix`]: the modules of one code.
//! - [`draw`]: content to modules.
//! - [`read`]: pictures to contents.

mod attempt;
mod binary;
mod detect;
pub mod draw;
mod enhance;
pub mod matrix;
pub mod read;

pub use draw::{Correction, DrawError, Drawing};
pub use matrix::Matrix;
pub use read::{Reader, read_codes};
