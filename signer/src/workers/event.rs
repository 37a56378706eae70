//! What is only to be told, while work goes on.

use crate::machine::Unfit;
use crate::protocol::{Looking, Unlocked};

/// Something that people are told, if anybody looks on.
#[derive(Debug)]
pub(crate) enum Event<'a> {
    /// Something about the machine does not keep it from working, and is to be known.
    Warning(&'a str),
    /// The machine is not fit in one way, and the policy lets it go on.
    UnfitButPermitted(Unfit),
    /// What the key process does.
    Progress(&'a str),
    /// The vault was unlocked.
    Unlocked(&'a Unlocked),
    /// How far a scan is.
    Looking(&'a Looking),
}
