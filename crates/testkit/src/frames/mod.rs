//! Codes as bad cameras see them, and files that were made to harm: deterministic by seed.
//!
//! - [`condition`]: what makes a frame bad, and how bad.
//! - [`camera`]: a screen, seen by a camera.
//! - [`grid`]: the frames that read rates are measured on.
//! - [`hostile`]: files that were made to harm a reader.

pub mod camera;
pub mod condition;
pub mod grid;
pub mod hostile;
mod random;

pub use camera::{Shot, shoot};
pub use condition::{Condition, moderate};
pub use grid::{Case, grid};
pub use hostile::hostile;
pub use random::Random;
