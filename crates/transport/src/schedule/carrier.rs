//! The formats that carry a message to a receiver.

use super::{Mode, Order, Parts, Version, characters};
use crate::bbqr;
use crate::payload::Payload;
use crate::single_frame::{Form, SingleFrame, SingleFrameError};
use crate::{raptorq, ur};

/// A format in which messages are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Carrier {
    /// The private mode between our own two ends.
    Raptorq,
    /// BC-UR version 2 (BCR-2020-005), under the names of types that every wallet reads:
    /// `crypto-psbt`, ...
    Ur,
    /// The same under the newer names: `psbt`, ...
    UrNew,
    /// BBQr.
    Bbqr,
    /// One code.
    SingleFrame(Form),
}

/// Makes the parts of a message.
type Make = fn(&Payload, Version, Order) -> Result<Box<dyn Parts>, ScheduleError>;

/// The carriers of several codes that can be shown.
const ENCODERS: &[(Carrier, Make)] = &[
    (Carrier::Bbqr, |payload, version, _| {
        Ok(Box::new(bbqr::Encoder::new(
            payload,
            characters(version, Mode::Alphanumeric),
        )?))
    }),
    (Carrier::Raptorq, |payload, version, _| {
        let room = characters(version, Mode::Alphanumeric);
        let symbol = raptorq::symbol_bytes(room).ok_or(ScheduleError::NoRoom(version.number()))?;
        Ok(Box::new(raptorq::Encoder::new(payload, symbol)?))
    }),
    (Carrier::Ur, |payload, version, order| {
        uniform_resource(payload, version, order, ur::Names::Old)
    }),
    (Carrier::UrNew, |payload, version, order| {
        uniform_resource(payload, version, order, ur::Names::New)
    }),
];

fn uniform_resource(
    payload: &Payload,
    version: Version,
    order: Order,
    names: ur::Names,
) -> Result<Box<dyn Parts>, ScheduleError> {
    let room = characters(version, Mode::Alphanumeric);
    let fragment = ur::fragment_bytes(payload.kind, names, payload.bytes.len(), room);
    let fragment = fragment.ok_or(ScheduleError::NoRoom(version.number()))?;
    let order = match order {
        Order::Standard => ur::Order::Standard,
        Order::Alternating => ur::Order::Fresh,
    };
    Ok(Box::new(ur::Encoder::new(payload, names, fragment, order)?))
}

impl Parts for raptorq::Encoder {
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
    SingleFrame(#[from] SingleFrameError),
    /// Our own format cannot carry it.
    #[error(transparent)]
    Raptorq(#[from] raptorq::EncodeError),
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
            Carrier::Raptorq => "fast",
            Carrier::Ur => "ur",
            Carrier::UrNew => "ur-new",
            Carrier::Bbqr => "bbqr",
            Carrier::SingleFrame(Form::Base64) => "base64",
            Carrier::SingleFrame(Form::Base43) => "base43",
            Carrier::SingleFrame(Form::Hex) => "hex",
            Carrier::SingleFrame(Form::Binary) => "binary",
        }
    }

    /// Tells whether messages can be shown in it.
    pub fn is_written(self) -> bool {
        matches!(self, Carrier::SingleFrame(_)) || encoder(self).is_some()
    }

    /// Makes the parts of a message, each for a code of this version or smaller.
    pub fn parts(
        self,
        payload: &Payload,
        version: Version,
        order: Order,
    ) -> Result<Box<dyn Parts>, ScheduleError> {
        if let Carrier::SingleFrame(form) = self {
            return Ok(Box::new(SingleFrame::new(payload, form, version)?));
        }
        let make = encoder(self).ok_or(ScheduleError::NoEncoder(self))?;
        make(payload, version, order)
    }
}

fn encoder(carrier: Carrier) -> Option<Make> {
    ENCODERS
        .iter()
        .find(|(known, _)| *known == carrier)
        .map(|(_, make)| *make)
}
