//! Collecting the codes that pictures show. Decoding pictures and reading codes runs in a process
//! of its own, the decoder.

use std::cell::RefCell;

use cofferdam_scanner::{ScanError, Source, Teller, Told, Update, supervise};
use cofferdam_transport::Payload;
use cofferdam_transport::collect::{Collector, Wanted};

use crate::error::{Exit, Failure};
use crate::process::{Channel, spawn_decoder};
use crate::protocol::{Looking, Sight};

/// Looks until a message is whole. The channel is that of this process; the decoder does not keep
/// it.
pub(super) fn look(
    sights: &[Sight],
    wanted: Wanted,
    channel: &RefCell<Option<Channel>>,
    tell: &mut dyn FnMut(Looking) -> Result<(), Failure>,
) -> Result<Payload, Failure> {
    let sources: Vec<Source> = sights
        .iter()
        .map(|sight| match sight.camera {
            true => Source::Camera(sight.path.clone()),
            false => Source::Path(sight.path.clone()),
        })
        .collect();
    let (mut teller, mut untold) = (Teller::default(), Ok(()));
    let mut update = |update: Update| {
        let looking = match teller.tell(update) {
            Some(Told::Parts { have, need, rate }) => Looking::Parts { have, need, rate },
            Some(Told::Note(note)) => Looking::Note(note),
            None => return,
        };
        if untold.is_ok() {
            untold = tell(looking);
        }
    };
    let mut spawn = || spawn_decoder(channel, sights.iter().map(|sight| sight.path.as_path()));
    let payload = supervise(
        &sources,
        &mut Collector::new(wanted),
        &mut spawn,
        &mut update,
    );
    untold?;
    payload.map_err(|error| failure(&error, wanted))
}

fn failure(error: &ScanError, wanted: Wanted) -> Failure {
    if let ScanError::Spawn(_) = error {
        return Failure::unexpected(error);
    }
    let hint = error.hint(match wanted {
        Wanted::Seed => "a SeedQR or a CompactSeedQR",
        Wanted::Anything | Wanted::Kinds(_) => "the codes of an unsigned transaction",
    });
    Failure::new(Exit::Malformed, error.code(), error, hint)
}
