//! The formats that carry a message to a receiver.

use super::{Mode, Order, Parts, Version, characters};
use crate::bbqr;
use crate::carried::Carried;
use crate::still::{Form, Still, StillError};

/// A format in which messages are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Carrier {
    /// The private mode between our own two ends.
    Fast,
    /// BC-UR version 2 (BCR-2020-005).
    Ur,
    /// BBQr.
    Bbqr,
    /// One code.
    Still(Form),
}

/// Makes the parts of a message.
type Make = fn(&Carried, Version, Order) -> Result<Box<dyn Parts>, ScheduleError>;

/// The carriers of several codes that can be shown.
const ENCODERS: &[(Carrier, Make)] = &[(Carrier::Bbqr, |carried, version, _| {
    Ok(Box::new(bbqr::Encoder::new(
        carried,
        characters(version, Mode::Alphanumeric),
    )?))
})];

/// Why a message is not shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// BBQr cannot carry it.
    #[error(transparent)]
    Bbqr(#[from] bbqr::EncodeError),
    /// One code cannot carry it.
    #[error(transparent)]
    Still(#[from] StillError),
    /// No encoder for the carrier.
    #[error("nothing here writes {0:?} codes; choose another format")]
    NoEncoder(Carrier),
}

impl Carrier {
    /// Tells whether messages can be shown in it.
    pub fn is_written(self) -> bool {
        matches!(self, Carrier::Still(_)) || encoder(self).is_some()
    }

    /// Makes the parts of a message, each for a code of this version or smaller.
    pub fn parts(
        self,
        carried: &Carried,
        version: Version,
        order: Order,
    ) -> Result<Box<dyn Parts>, ScheduleError> {
        if let Carrier::Still(form) = self {
            return Ok(Box::new(Still::new(carried, form, version)?));
        }
        let make = encoder(self).ok_or(ScheduleError::NoEncoder(self))?;
        make(carried, version, order)
    }
}

fn encoder(carrier: Carrier) -> Option<Make> {
    ENCODERS
        .iter()
        .find(|(known, _)| *known == carrier)
        .map(|(_, make)| *make)
}
