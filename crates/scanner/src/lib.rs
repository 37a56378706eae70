//! What both programs do with cameras, pictures and screens.
//!
//! Pictures are the attacker's, and the libraries that decode them and read codes can be kept busy,
//! or made to crash or to fill memory, by crafted ones. So they run in a process of their own, the
//! *decoder*, which has no vault and no ledger, and which the operating system stops when a frame
//! costs more than its budget. Whoever started it, the *watch*, hears the contents of codes frame
//! by frame, collects them, and begins again behind a frame that stopped the decoder.
//!
//! Both programs use it: the signer forks its decoder, the watcher starts itself as one.
//!
//! - [`decoder`]: the loop of that process; [`budget`]: what it is held to.
//! - [`supervise`]: the loop of the other.
//! - [`source`]: what can be looked at.
//! - [`show`](show()): codes on a terminal; [`pictures()`]: as files.
//! - [`open_regular`]: files that are named to be read.
//! - [`args`]: the options of the command lines that do all this.

pub mod args;
pub mod budget;
pub mod decoder;
mod message;
mod pictures;
mod regular;
mod scan_error;
mod show;
pub mod source;
mod supervisor;
mod update;
mod worker;

pub use pictures::{Picture, PicturesError, check_pictures, pictures};
pub use regular::{NotRegular, open_regular};
pub use scan_error::ScanError;
pub use show::{ShowError, Theme, largest_on_terminal, show};
pub use source::Source;
pub use supervisor::supervise;
pub use update::{Teller, Told, Update};
pub use worker::Worker;
