//! The formats that carry a message to a receiver.

use super::{Mode, Order, Parts, Version, characters};
use crate::bbqr;
use crate::carried::Carried;
use crate::still::{Form, Still, StillError};
use crate::{fast, ur};

/// A format in which messages are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Carrier {
    /// The private mode between our own two ends.
    Fast,
    /// BC-UR version 2 (BCR-2020-005), under the names of types that every wallet reads:
    /// `crypto-psbt`, ...
    Ur,
    /// The same under the newer names: `psbt`, ...
    UrNew,
    /// BBQr.
    Bbqr,
    /// One code.
    Still(Form),
}

/// Makes the parts of a message.
type Make = fn(&Carried, Version, Order) -> Result<Box<dyn Parts>, ScheduleError>;

/// The carriers of several codes that can be shown.
const ENCODERS: &[(Carrier, Make)] = &[
    (Carrier::Bbqr, |carried, version, _| {
        Ok(Box::new(bbqr::Encoder::new(
            carried,
            characters(version, Mode::Alphanumeric),
        )?))
    }),
    (Carrier::Fast, |carried, version, _| {
        let room = characters(version, Mode::Alphanumeric);
        let symbol = fast::symbol_bytes(room).ok_or(ScheduleError::NoRoom(version.number()))?;
        Ok(Box::new(fast::Encoder::new(carried, symbol)?))
    }),
    (Carrier::Ur, |carried, version, order| {
        uniform_resource(carried, version, order, ur::Names::Old)
    }),
    (Carrier::UrNew, |carried, version, order| {
        uniform_resource(carried, version, order, ur::Names::New)
    }),
];

fn uniform_resource(
    carried: &Carried,
    version: Version,
    order: Order,
    names: ur::Names,
) -> Result<Box<dyn Parts>, ScheduleError> {
    let room = characters(version, Mode::Alphanumeric);
    let fragment = ur::fragment_bytes(carried.kind, names, carried.bytes.len(), room);
    let fragment = fragment.ok_or(ScheduleError::NoRoom(version.number()))?;
    let order = match order {
        Order::Standard => ur::Order::Standard,
        Order::Alternating => ur::Order::Fresh,
    };
    Ok(Box::new(ur::Encoder::new(carried, names, fragment, order)?))
}

impl Parts for fast::Encoder {
    fn next_part(&mut self) -> Vec<u8> {
        self.next_frame().into_bytes()
    }

    fn count(&self) -> usize {
        self.symbols()
    }
}

impl Parts for ur::Encoder {
    fn next_part(&mut self) -> Vec<u8> {
        self.next_part().into_bytes()
    }

    fn count(&self) -> usize {
        self.fragments()
    }
}

/// Why a message is not shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// BBQr cannot carry it.
    #[error(transparent)]
    Bbqr(#[from] bbqr::EncodeError),
    /// One code cannot carry it.
    #[error(transparent)]
    Still(#[from] StillError),
    /// Our own format cannot carry it.
    #[error(transparent)]
    Fast(#[from] fast::EncodeError),
    /// A UR cannot carry it.
    #[error(transparent)]
    Ur(#[from] ur::EncodeError),
    /// The codes are too small for the format's own characters.
    #[error("codes of version {0} are too small for the message; choose a higher version")]
    NoRoom(u8),
    /// No encoder for the carrier.
    #[error("nothing here writes {0:?} codes; choose another format")]
    NoEncoder(Carrier),
}

impl Carrier {
    /// Returns its name on command lines and in `--json`.
    pub fn name(self) -> &'static str {
        match self {
            Carrier::Fast => "fast",
            Carrier::Ur => "ur",
            Carrier::UrNew => "ur-new",
            Carrier::Bbqr => "bbqr",
            Carrier::Still(Form::Base64) => "base64",
            Carrier::Still(Form::Base43) => "base43",
            Carrier::Still(Form::Hex) => "hex",
            Carrier::Still(Form::Binary) => "binary",
        }
    }

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
