//! A message while it is shown.

use super::{Carrier, Parts, ScheduleError, Settings, Version};
use crate::payload::Payload;

/// Versions that one step of density goes.
const STEP: i8 = 2;

/// A code and how long to show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The content of the code.
    pub content: Vec<u8>,
    /// For how long.
    pub millis: u32,
}

/// The codes of a message, without end. Density and pace can be changed while they are shown.
pub struct Schedule {
    payload: Payload,
    settings: Settings,
    carrier: Carrier,
    parts: Box<dyn Parts>,
}

impl Schedule {
    /// Shows a message with these settings, in the first of their formats that is written here.
    pub fn new(payload: Payload, settings: Settings) -> Result<Self, ScheduleError> {
        let best = settings
            .carriers
            .iter()
            .copied()
            .find(|carrier| carrier.is_written());
        let first = settings.carriers.first().copied();
        let carrier = best.or(first).unwrap_or(Carrier::Bbqr);
        Self::in_format(payload, settings, carrier)
    }

    /// Shows a message with these settings, in a format that may not be among theirs.
    pub fn in_format(
        payload: Payload,
        settings: Settings,
        carrier: Carrier,
    ) -> Result<Self, ScheduleError> {
        let parts = carrier.parts(&payload, settings.version, settings.order)?;
        Ok(Self {
            payload,
            settings,
            carrier,
            parts,
        })
    }

    /// Returns the format.
    pub fn carrier(&self) -> Carrier {
        self.carrier
    }

    /// Returns the size of the codes at most.
    pub fn version(&self) -> Version {
        self.settings.version
    }

    /// Returns for how many milliseconds a code is shown.
    pub fn millis(&self) -> u32 {
        self.settings.millis
    }

    /// Returns how many codes a receiver needs at least.
    pub fn count(&self) -> usize {
        self.parts.count()
    }

    /// Returns the next code. There is always one.
    pub fn next_shown(&mut self) -> Shown {
        Shown {
            content: self.parts.next_part(),
            millis: self.settings.millis,
        }
    }

    /// Puts more into each code, and begins again. Returns whether it could.
    pub fn denser(&mut self) -> Result<bool, ScheduleError> {
        self.change_density(STEP)
    }

    /// Puts less into each code, and begins again. Returns whether it could. When the format does
    /// not count that many codes, all stays as it is.
    pub fn sparser(&mut self) -> Result<bool, ScheduleError> {
        self.change_density(-STEP)
    }

    /// Shows each code for four fifths of the time. Returns whether it could.
    pub fn faster(&mut self) -> bool {
        self.change_pace(self.settings.millis.saturating_mul(4) / 5)
    }

    /// Shows each code for five fourths of the time. Returns whether it could.
    pub fn slower(&mut self) -> bool {
        self.change_pace((self.settings.millis.saturating_mul(5)) / 4)
    }

    fn change_density(&mut self, steps: i8) -> Result<bool, ScheduleError> {
        let Settings {
            version,
            sparsest,
            densest,
            order,
            ..
        } = self.settings;
        let changed = version.moved(steps, sparsest, densest);
        if changed == version {
            return Ok(false);
        }
        self.parts = self.carrier.parts(&self.payload, changed, order)?;
        self.settings.version = changed;
        Ok(true)
    }

    fn change_pace(&mut self, millis: u32) -> bool {
        let changed = millis.clamp(self.settings.fastest, self.settings.slowest);
        std::mem::replace(&mut self.settings.millis, changed) != changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bbqr::{EncodeError, Joiner};
    use crate::payload::Kind;
    use crate::schedule::{Mode, Preset, characters};
    use crate::single_frame::Form;
    use crate::{Assembly, Step};

    fn payload(length: u32) -> Payload {
        let bytes = (0..length)
            .flat_map(|n| n.wrapping_mul(0x9e37_79b9).to_be_bytes())
            .collect();
        Payload {
            kind: Kind::Bytes,
            bytes,
        }
    }

    fn read(schedule: &mut Schedule) -> Payload {
        let mut joiner: Option<Joiner> = None;
        loop {
            let shown = schedule.next_shown();
            let joiner = joiner.get_or_insert_with(|| Joiner::open(&shown.content).unwrap());
            if let Step::Whole(payload) = joiner.take(&shown.content).unwrap() {
                return payload;
            }
        }
    }

    #[test]
    fn density_changes_begin_the_parts_again_and_stop_at_the_ends() {
        let message = payload(2000);
        let settings = Preset::ColdcardQ.settings();
        let mut schedule = Schedule::new(message.clone(), settings).unwrap();
        assert_eq!(schedule.carrier(), Carrier::Bbqr);
        schedule.next_shown();
        let count = schedule.count();
        while schedule.denser().unwrap() {
            assert_eq!(&schedule.next_shown().content[6..8], b"00");
            assert_eq!(read(&mut schedule), message);
        }
        assert_eq!(schedule.version(), settings.densest);
        assert!(schedule.count() < count);
        while schedule.sparser().unwrap() {
            let room = characters(schedule.version(), Mode::Alphanumeric);
            assert!(schedule.next_shown().content.len() <= room);
            assert_eq!(read(&mut schedule), message);
        }
        assert_eq!(schedule.version(), settings.sparsest);
        assert!(schedule.count() > count);
    }

    #[test]
    fn a_density_that_cannot_be_leaves_all_as_it_was() {
        let mut schedule = Schedule::new(payload(40_000), Preset::ColdcardQ.settings()).unwrap();
        let error = loop {
            if let Err(error) = schedule.sparser() {
                break error;
            }
        };
        assert!(matches!(
            error,
            ScheduleError::Bbqr(EncodeError::TooManyParts(_))
        ));
        assert_eq!(read(&mut schedule), payload(40_000));
    }

    #[test]
    fn pace_stops_at_the_ends() {
        let settings = Preset::ColdcardQ.settings();
        let mut schedule = Schedule::new(payload(10), settings).unwrap();
        assert_eq!(schedule.next_shown().millis, 250);
        while schedule.faster() {}
        assert_eq!(schedule.millis(), settings.fastest);
        while schedule.slower() {}
        assert_eq!(schedule.next_shown().millis, settings.slowest);
    }

    #[test]
    fn one_code_stays_one_code() {
        let settings = Preset::Own.settings();
        let message = payload(50);
        let mut schedule = Schedule::in_format(
            message.clone(),
            settings,
            Carrier::SingleFrame(Form::Base64),
        )
        .unwrap();
        assert_eq!(schedule.count(), 1);
        assert_eq!(schedule.next_shown(), schedule.next_shown());
        let error =
            Schedule::in_format(payload(5000), settings, Carrier::SingleFrame(Form::Hex)).err();
        assert!(matches!(error, Some(ScheduleError::SingleFrame(_))));
    }
}
