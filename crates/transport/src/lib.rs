//! What crosses the air gap, on either side: bytes <-> QR frames <-> pictures, and files. No input or output happens here:
//! clocks and random numbers are arguments.
//!
//! - [`carried`]: what came across, and what it is.
//! - [`assembly`]: what every format of several codes has in common.
//! - [`psbt_file`]: how PSBT files are called, and told from others.

pub mod assembly;
pub mod carried;
pub mod psbt_file;

pub use assembly::{Assembly, Progress, Step};
pub use carried::{Carried, Kind};
