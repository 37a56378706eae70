//! The formats of several codes.

use std::fmt;

use super::Refusal;
use crate::assembly::{Assembly, Progress, Step};
use crate::{bbqr, raptorq, specter, ur};

/// A format of several codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Our own fast mode.
    Raptorq,
    /// BBQr.
    Bbqr,
    /// Specter's `pMofN`.
    Specter,
    /// BC-UR, version 2.
    Ur,
    /// BC-UR, version 1.
    Ur1,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Format::Raptorq => "Cofferdam's own",
            Format::Bbqr => "BBQr",
            Format::Specter => "Specter",
            Format::Ur => "UR",
            Format::Ur1 => "UR version 1",
        })
    }
}

/// An assembly that a [`Collector`](super::Collector) can open by itself.
pub trait Joins: Assembly + Sized {
    /// The format.
    const FORMAT: Format;

    /// Tells by its first bytes whether a code claims to be a part in this format.
    fn claims(part: &[u8]) -> bool;

    /// Opens the message that a part belongs to, without taking the part, and for that message
    /// alone. Allocates no more than a few tens of kilobytes.
    fn open(part: &[u8]) -> Result<Self, Self::Error>;

    /// Returns the bytes held. They are bounded whatever parts come.
    fn held(&self) -> usize;
}

/// The formats, in the order in which they are asked.
pub(super) const ENTRIES: &[Entry] = &[
    entry::<raptorq::Decoder>(),
    entry::<bbqr::Joiner>(),
    entry::<specter::Joiner>(),
    entry::<ur::v1::Decoder>(),
    entry::<ur::Decoder>(),
];

impl Joins for bbqr::Joiner {
    const FORMAT: Format = Format::Bbqr;

    fn claims(part: &[u8]) -> bool {
        bbqr::Header::claims(part)
    }

    fn open(part: &[u8]) -> Result<Self, bbqr::JoinError> {
        Self::open(part)
    }

    fn held(&self) -> usize {
        self.held()
    }
}

impl Joins for specter::Joiner {
    const FORMAT: Format = Format::Specter;

    fn claims(part: &[u8]) -> bool {
        specter::claims(part)
    }

    fn open(part: &[u8]) -> Result<Self, specter::SpecterError> {
        Self::open(part)
    }

    fn held(&self) -> usize {
        self.held()
    }
}

impl Joins for raptorq::Decoder {
    const FORMAT: Format = Format::Raptorq;

    fn claims(part: &[u8]) -> bool {
        part.starts_with(raptorq::PREFIX.as_bytes())
    }

    fn open(_: &[u8]) -> Result<Self, raptorq::RaptorqError> {
        Ok(Self::of_first())
    }

    fn held(&self) -> usize {
        self.held()
    }
}

impl Joins for ur::Decoder {
    const FORMAT: Format = Format::Ur;

    fn claims(part: &[u8]) -> bool {
        part.get(..3)
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"ur:"))
    }

    fn open(_: &[u8]) -> Result<Self, ur::UrError> {
        Ok(Self::of_first())
    }

    fn held(&self) -> usize {
        self.held()
    }
}

impl Joins for ur::v1::Decoder {
    const FORMAT: Format = Format::Ur1;

    fn claims(part: &[u8]) -> bool {
        ur::v1::looks_like_v1(part)
    }

    fn open(_: &[u8]) -> Result<Self, ur::UrError> {
        Ok(Self::new())
    }

    fn held(&self) -> usize {
        self.held()
    }
}

/// A line of the table.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    pub(super) format: Format,
    pub(super) claims: fn(&[u8]) -> bool,
    pub(super) open: Open,
}

/// Opens the message that a part belongs to.
type Open = fn(&[u8]) -> Result<Box<dyn Message>, Refusal>;

/// A message of any format.
pub(super) trait Message {
    fn take(&mut self, part: &[u8]) -> Result<Step, Refusal>;
    fn progress(&self) -> Progress;
    fn held(&self) -> usize;
}

impl<J: Joins> Message for J
where
    Refusal: From<J::Error>,
{
    fn take(&mut self, part: &[u8]) -> Result<Step, Refusal> {
        Ok(Assembly::take(self, part)?)
    }

    fn progress(&self) -> Progress {
        Assembly::progress(self)
    }

    fn held(&self) -> usize {
        Joins::held(self)
    }
}

const fn entry<J: Joins + 'static>() -> Entry
where
    Refusal: From<J::Error>,
{
    Entry {
        format: J::FORMAT,
        claims: J::claims,
        open: |part| Ok(Box::new(<J as Joins>::open(part)?)),
    }
}
