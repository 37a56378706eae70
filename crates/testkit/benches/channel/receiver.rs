//! The codes of a message, and those who read them.

use std::time::Duration;

use cofferdam_transport::Payload;
use cofferdam_transport::collect::{Collector, Seen, Wanted};
use cofferdam_transport::schedule::{Carrier, Schedule, Settings};

/// A scan begins within so many times the codes needed.
const STARTS: usize = 8;
/// A scan is given up after so many times the codes needed; none is.
const PATIENCE: usize = 40;

/// How a wallet collects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Receiver {
    /// Our collector.
    Ours,
    /// The peeling decoder of the crate `ur`.
    Peeling,
    /// Waits for every part of a loop.
    Loop,
}

/// The codes of one message, in the order in which they are shown, and how many of them a receiver
/// needs.
pub(crate) struct Stream {
    payload: Payload,
    codes: Vec<String>,
    receiver: Receiver,
    pub(crate) bytes: usize,
    pub(crate) count: usize,
}

impl Stream {
    pub(crate) fn new(
        payload: Payload,
        settings: Settings,
        carrier: Carrier,
        receiver: Receiver,
    ) -> Stream {
        let mut schedule = Schedule::in_format(payload.clone(), settings, carrier)
            .expect("a message that it carries");
        let count = schedule.count();
        let codes = (0..count * (STARTS + PATIENCE)).map(|_| {
            String::from_utf8(schedule.next_shown().content).expect("alphanumeric characters")
        });
        Stream {
            codes: codes.collect(),
            receiver,
            bytes: payload.bytes.len(),
            count,
            payload,
        }
    }

    /// Returns how many codes are shown, from a random place on, until the message is whole, given
    /// which are seen.
    pub(crate) fn frames_until_whole(&self, begin: usize, seen: &mut dyn FnMut() -> bool) -> usize {
        let codes = &self.codes[begin % (STARTS * self.count)..];
        let shown = match self.receiver {
            Receiver::Ours => {
                let mut collector = Collector::new(Wanted::Anything);
                shown_until(codes, seen, |code| {
                    match collector.take(code.as_bytes(), Duration::ZERO) {
                        Seen::Whole(payload) => {
                            assert_eq!(payload, self.payload);
                            true
                        }
                        _ => false,
                    }
                })
            }
            Receiver::Peeling => {
                let mut decoder = ur::Decoder::default();
                shown_until(codes, seen, |code| {
                    decoder.receive(code).is_ok() && decoder.complete()
                })
            }
            Receiver::Loop => {
                let mut missing: Vec<&String> = self.codes[..self.count].iter().collect();
                shown_until(codes, seen, |code| {
                    missing.retain(|part| *part != code);
                    missing.is_empty()
                })
            }
        };
        shown.expect("patience enough")
    }
}

fn shown_until(
    codes: &[String],
    seen: &mut dyn FnMut() -> bool,
    mut is_whole: impl FnMut(&String) -> bool,
) -> Option<usize> {
    codes
        .iter()
        .position(|code| seen() && is_whole(code))
        .map(|index| index + 1)
}
