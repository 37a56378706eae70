//! What to show, and for how long: the codes of a message, at a pace and a density that the
//! receiver can read.
//!
//! - [`Preset`]: receivers by name, and the [`Settings`] for each.
//! - [`Schedule`]: an endless sequence of [`Shown`], adjustable while it runs.
//! - [`Parts`]: what every format of several codes can do when it is shown.
//! - [`characters`]: what a code holds.

mod carrier;
mod preset;
mod run;

pub use crate::capacity::{Mode, Version, characters};
pub use crate::parts::{Order, Parts};
pub use carrier::{Carrier, ScheduleError};
pub use preset::{Preset, Settings, UnknownPreset};
pub use run::{Schedule, Shown};
