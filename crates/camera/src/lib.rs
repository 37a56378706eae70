//! Pictures from a V4L2 camera. The one crate that opens `/dev/video*`: `cofferdam-transport` does
//! no input or output, and both programs scan (ADR 70).
//!
//! - [`camera`]: opening a device, and its frames.
//! - [`layout`]: frames as drivers lay them out, to shades of grey.

pub mod camera;
pub mod layout;

pub use camera::{Camera, CameraError};
pub use layout::Layout;
