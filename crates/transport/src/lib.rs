//! What crosses the air gap, on either side: names and bytes in, names and bytes out. No input or output happens here.
//!
//! - [`psbt_file`]: how PSBT files are called, and told from others.

pub mod psbt_file;
