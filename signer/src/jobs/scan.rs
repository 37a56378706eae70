//! Collecting the codes that pictures show. Decoding pictures and reading codes runs in a process of its own, the eye.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use cofferdam_optics::{ScanError, Source, Update, watch};
use cofferdam_transport::Carried;
use cofferdam_transport::collect::{Collector, Wanted};

use crate::error::{Exit, Failure};
use crate::process::{Channel, spawn_eye};
use crate::protocol::{Looking, Sight};
use crate::screens;

/// How often people are told of progress.
const TELL: Duration = Duration::from_millis(250);

/// Looks until a message is whole. The channel is that of this process; the eye does not keep it.
pub(super) fn look(
    sights: &[Sight],
    wanted: Wanted,
    channel: &RefCell<Option<Channel>>,
    tell: &mut dyn FnMut(Looking) -> Result<(), Failure>,
) -> Result<Carried, Failure> {
    let sources: Vec<Source> = sights
        .iter()
        .map(|sight| match sight.camera {
            true => Source::Camera(sight.path.clone()),
            false => Source::Path(sight.path.clone()),
        })
        .collect();
    let (mut told, mut foreign): (Option<Instant>, Option<String>) = (None, None);
    let mut untold = Ok(());
    let mut update = |update: Update| {
        let looking = match update {
            Update::Nearer {
                progress,
                frames_per_second,
                ..
            } => {
                if progress.have < progress.need && told.is_some_and(|told| told.elapsed() < TELL) {
                    return;
                }
                told = Some(Instant::now());
                Looking::Parts {
                    have: progress.have,
                    need: progress.need,
                    rate: frames_per_second,
                }
            }
            Update::Whole { codes } => Looking::Note(format!(
                "read all of it, from {}",
                screens::counted(codes as usize, "code")
            )),
            // A code that stays in sight is told once.
            Update::Foreign(reason) if foreign.as_ref() == Some(&reason) => return,
            Update::Foreign(reason) => {
                foreign = Some(reason.clone());
                Looking::Note(format!("passed over a code: {reason}"))
            }
            Update::Cut { frame } => Looking::Note(format!(
                "passed over picture {}: it cost too much to read",
                frame + 1
            )),
        };
        if untold.is_ok() {
            untold = tell(looking);
        }
    };
    let mut spawn = || spawn_eye(channel, sights.iter().map(|sight| sight.path.as_path()));
    let carried = watch(&sources, &mut Collector::new(wanted), &mut spawn, &mut update);
    untold?;
    carried.map_err(|error| failure(&error))
}

fn failure(error: &ScanError) -> Failure {
    let (code, hint) = match error {
        ScanError::Incomplete { .. } => (
            "scan-incomplete",
            "show all codes for longer, or record them for longer, and scan again; more light and a steady hand help",
        ),
        ScanError::Nothing { .. } => (
            "no-code",
            "fill the picture with the code, in focus; or make the codes sparser where they are shown",
        ),
        ScanError::Foreign { .. } => ("foreign-code", "show the codes of an unsigned transaction"),
        ScanError::Source { .. } => (
            "unreadable-picture",
            "name a PNG, JPEG, GIF, y4m or MJPEG file, a folder of them, or a camera with --camera",
        ),
        ScanError::TooManyCuts { .. } => (
            "hostile-pictures",
            "these are no pictures of codes alone; find out where they come from",
        ),
        ScanError::Spawn(_) => return Failure::unexpected(error),
    };
    Failure::new(Exit::Malformed, code, error, hint)
}
