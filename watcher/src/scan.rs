//! Collecting what QR codes hold. Decoding pictures and reading codes runs in a process of its own, which this program starts
//! as itself: pictures are the attacker's.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use cofferdam_core::count::counted;
use cofferdam_optics::{ScanError, Source, Update, Worker, watch};
use cofferdam_transport::Carried;
use cofferdam_transport::collect::{Collector, Wanted};

use crate::error::{Coded, Exit};

/// The hidden command that makes this program an eye.
pub const EYE: &str = "look-at-pictures";

/// How often people are told of progress.
const TELL: Duration = Duration::from_millis(250);

/// A scan brought nothing.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct ScanFailure(#[from] ScanError);

impl Coded for ScanFailure {
    fn exit(&self) -> Exit {
        match self.0 {
            ScanError::Spawn(_) => Exit::Unexpected,
            _ => Exit::Malformed,
        }
    }

    fn code(&self) -> &'static str {
        match self.0 {
            ScanError::Incomplete { .. } => "scan-incomplete",
            ScanError::Nothing { .. } => "no-code",
            ScanError::Foreign { .. } => "foreign-code",
            ScanError::Source { .. } => "unreadable-picture",
            ScanError::TooManyCuts { .. } => "hostile-pictures",
            ScanError::Spawn(_) => "unexpected",
        }
    }

    fn hint(&self) -> String {
        match self.0 {
            ScanError::Incomplete { .. } => {
                "show all codes for longer, or record them for longer, and scan again; more light and a steady hand help"
            }
            ScanError::Nothing { .. } => {
                "fill the picture with the code, in focus; or make the codes sparser where they are shown"
            }
            ScanError::Foreign { .. } => "show the codes of a signed transaction, a return or a wallet",
            ScanError::Source { .. } => {
                "name a PNG, JPEG, GIF, y4m or MJPEG file, a folder of them, or a camera with --camera"
            }
            ScanError::TooManyCuts { .. } => {
                "these are no pictures of codes alone; find out where they come from"
            }
            ScanError::Spawn(_) => "run the command again; if it fails the same way, report it",
        }
        .into()
    }
}

/// Looks until a message that is wanted, and that `takes` takes, is whole. Blocks. `tell` hears of progress in words.
pub fn look(
    sources: &[Source],
    wanted: Wanted,
    takes: fn(&Carried) -> bool,
    tell: &mut dyn FnMut(String, bool),
) -> Result<Carried, ScanFailure> {
    let (mut told, mut foreign): (Option<Instant>, Option<String>) = (None, None);
    let mut update = |update: Update| match update {
        Update::Nearer {
            progress,
            frames_per_second,
            ..
        } => {
            let whole = progress.have == progress.need;
            if whole || told.is_none_or(|told| told.elapsed() >= TELL) {
                told = Some(Instant::now());
                tell(
                    format!(
                        "read {} of {} codes, {frames_per_second:.1} a second",
                        progress.have, progress.need
                    ),
                    true,
                );
            }
        }
        Update::Whole { codes } => tell(
            format!("read all of it, from {}", counted(codes as usize, "code")),
            false,
        ),
        // A code that stays in sight is told once.
        Update::Foreign(reason) if foreign.as_ref() == Some(&reason) => {}
        Update::Foreign(reason) => {
            tell(format!("passed over a code: {reason}"), false);
            foreign = Some(reason);
        }
        Update::Cut { frame } => tell(
            format!("passed over picture {}: it cost too much to read", frame + 1),
            false,
        ),
    };
    Ok(watch(
        sources,
        &mut Collector::new(wanted).judged_by(takes),
        &mut spawn,
        &mut update,
    )?)
}

/// Starts this program as an eye.
fn spawn() -> io::Result<Worker> {
    let mut child = Command::new("/proc/self/exe")
        .arg(EYE)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let pipes = child.stdin.take().zip(child.stdout.take());
    let (tasks, glances) = pipes.ok_or_else(|| io::Error::other("the process has no pipes"))?;
    Ok(Worker {
        tasks: File::from(OwnedFd::from(tasks)),
        glances: File::from(OwnedFd::from(glances)),
        end: Box::new(move || end(&mut child)),
    })
}

fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}
