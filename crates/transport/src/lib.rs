//! What crosses the air gap, on either side: bytes <-> QR frames <-> pictures, and files. No input
//! or output happens here: clocks and random numbers are arguments.
//!
//! - [`payload`]: what came across, and what it is.
//! - [`bundle`]: what goes to the signer in one go; [`returned`]: what comes back; [`envelope`]:
//!   what those two have in common.
//! - [`journals`]: what both say of the signer's journal.
//! - [`assembly`]: what every format of several codes has in common.
//! - [`bbqr`], [`specter`], [`ur`], [`raptorq`]: formats of several codes; [`raptorq`] is the one
//!   between our own two ends.
//! - [`still`]: one code that holds the whole message; [`base43`]: one way to write it.
//! - [`seed_qr`]: a seed in one code, read offline and on demand.
//! - [`collect`]: codes of any format become messages.
//! - [`schedule`]: messages become codes that a receiver can read.
//! - [`code`]: QR codes, drawn and read.
//! - [`picture`]: pictures in shades of grey, decoded and rendered.
//! - [`registry`]: the keys, descriptors and accounts that uniform resources carry.
//! - [`psbt_file`]: how PSBT files are called, and told from others.

pub mod assembly;
pub mod base43;
pub mod bbqr;
pub mod bundle;
mod capacity;
pub mod code;
pub mod collect;
pub mod envelope;
pub mod journals;
pub mod parts;
mod payload;
pub mod picture;
pub mod psbt_file;
pub mod raptorq;
pub mod registry;
pub mod render;
pub mod returned;
pub mod schedule;
pub mod seed_qr;
pub mod single_frame;
pub mod specter;
pub mod ur;

pub use assembly::{Assembly, Progress, Step};
pub use payload::{Kind, Payload};
