//! The loop of the process that collects what the eye reads.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use cofferdam_transport::collect::{Collector, MessageId, Seen};
use cofferdam_transport::{Carried, Progress};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use zeroize::Zeroizing;

use crate::message::{Glance, MAX_MESSAGE, Task, send};
use crate::source::Source;

/// How long the eye may say nothing: it is ended by its own limit after a tenth of this, unless it no longer obeys or
/// waits for a camera that gives no pictures.
const SILENCE: Duration = Duration::from_secs(5);

/// How many frames may end the eye before the source is given up: a film of nothing else shall not take all day.
const MAX_CUTS: u32 = 32;

/// A running eye.
pub struct Worker {
    /// Where it is told what to look at.
    pub tasks: File,
    /// Where it says what it saw.
    pub glances: File,
    /// Ends it, and waits for its end.
    pub end: Box<dyn FnMut()>,
}

impl Drop for Worker {
    fn drop(&mut self) {
        (self.end)();
    }
}

/// What people are told while a scan goes on.
#[derive(Clone, Debug, PartialEq)]
pub enum Update {
    /// A part came, or the rate changed.
    Nearer {
        /// Which message.
        message: MessageId,
        /// How far it is.
        progress: Progress,
        /// How many frames are read in a second.
        frames_per_second: f64,
    },
    /// The message that was wanted is whole.
    Whole {
        /// How many codes were read for it, repeated ones too.
        codes: u64,
    },
    /// A code that belongs to nothing that is collected.
    Foreign(String),
    /// A frame ended the eye, and is passed over.
    Cut {
        /// The frame, from 0.
        frame: u64,
    },
}

/// A scan that brought nothing whole.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The pictures ended before the message was whole.
    #[error("the pictures ended with {have} of the {need} parts that are needed")]
    Incomplete {
        /// What was had.
        have: usize,
        /// What is needed.
        need: usize,
    },
    /// No code was read.
    #[error("no QR code was read in {frames} pictures")]
    Nothing {
        /// How many pictures were looked at.
        frames: u64,
    },
    /// Codes were read, and none belongs to anything that is taken here.
    #[error("the {codes} QR codes that were read hold nothing that is taken here: {last}")]
    Foreign {
        /// How many were read.
        codes: u64,
        /// Why the last one was not taken.
        last: String,
    },
    /// A file or a camera gives no pictures.
    #[error("{}: {reason}", path.display())]
    Source {
        /// The file, folder or device.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Too many frames ended the eye.
    #[error("{}: {cuts} of its pictures took too long to read", path.display())]
    TooManyCuts {
        /// The file or device.
        path: PathBuf,
        /// How many.
        cuts: u32,
    },
    /// The eye does not start.
    #[error("the process that looks at pictures could not be started: {0}")]
    Spawn(io::Error),
}

/// The eye says nothing more: it has ended, or does not obey.
struct Silence;

/// Looks at the sources, one after the other, until the collector has a message that is wanted.
///
/// `spawn` starts an eye; one that was ended is followed by another, which begins behind the frame that ended it.
///
/// # Errors
///
/// [`ScanError`]: there was no such message.
pub fn watch(
    sources: &[Source],
    collector: &mut Collector,
    spawn: &mut dyn FnMut() -> io::Result<Worker>,
    tell: &mut dyn FnMut(Update),
) -> Result<Carried, ScanError> {
    let mut scan = Scan {
        collector,
        tell,
        start: Instant::now(),
        frames: 0,
        codes: 0,
        foreign: None,
    };
    let mut failed = None;
    for source in sources {
        let files = source.expand().map_err(|error| ScanError::Source {
            path: source.path().to_owned(),
            reason: error.to_string(),
        })?;
        let mut worker = None;
        for file in &files {
            match scan.look(file, &mut worker, spawn) {
                Ok(Some(carried)) => return Ok(carried),
                Ok(None) => {}
                // One bad picture of many does not end the scan; its error is told when nothing better comes.
                Err(error @ ScanError::Source { .. }) => failed = Some(error),
                Err(error) => return Err(error),
            }
        }
    }
    Err(scan.ended(failed))
}

struct Scan<'a> {
    collector: &'a mut Collector,
    tell: &'a mut dyn FnMut(Update),
    start: Instant,
    frames: u64,
    codes: u64,
    foreign: Option<String>,
}

impl Scan<'_> {
    fn look(
        &mut self,
        source: &Source,
        worker: &mut Option<Worker>,
        spawn: &mut dyn FnMut() -> io::Result<Worker>,
    ) -> Result<Option<Carried>, ScanError> {
        let (mut next, mut cuts) = (0, 0);
        loop {
            let eye = match worker {
                Some(eye) => eye,
                None => worker.insert(spawn().map_err(ScanError::Spawn)?),
            };
            let task = Task::new(source.path(), matches!(source, Source::Camera(_)), next);
            // An eye that is gone is found out below.
            let _ = send(&mut eye.tasks, &task);
            loop {
                match hear(&mut eye.glances) {
                    Ok(Glance::Frame { number, codes }) => {
                        next = number.saturating_add(1);
                        self.frames += 1;
                        for code in codes {
                            if let Some(carried) = self.take(&code.0) {
                                return Ok(Some(carried));
                            }
                        }
                    }
                    Ok(Glance::End) => return Ok(None),
                    Ok(Glance::Failed(reason)) => {
                        return Err(ScanError::Source {
                            path: source.path().to_owned(),
                            reason,
                        });
                    }
                    Err(Silence) => break,
                }
            }
            *worker = None;
            if let Source::Camera(path) = source
                && next == 0
            {
                return Err(ScanError::Source {
                    path: path.clone(),
                    reason: "the camera gives no pictures".into(),
                });
            }
            cuts += 1;
            (self.tell)(Update::Cut { frame: next });
            if cuts >= MAX_CUTS {
                return Err(ScanError::TooManyCuts {
                    path: source.path().to_owned(),
                    cuts,
                });
            }
            next = next.saturating_add(1);
        }
    }

    fn take(&mut self, code: &[u8]) -> Option<Carried> {
        self.codes += 1;
        let now = self.start.elapsed();
        match self.collector.take(code, now) {
            Seen::Whole(carried) => {
                (self.tell)(Update::Whole { codes: self.codes });
                return Some(carried);
            }
            Seen::Nearer {
                message, progress, ..
            } => {
                (self.tell)(Update::Nearer {
                    message,
                    progress,
                    frames_per_second: self.collector.frames_per_second(now),
                });
            }
            Seen::Foreign(reason) => {
                let reason = reason.to_string();
                (self.tell)(Update::Foreign(reason.clone()));
                self.foreign = Some(reason);
            }
            Seen::Known => {}
        }
        None
    }

    fn ended(self, failed: Option<ScanError>) -> ScanError {
        match (self.collector.progress(), failed, self.foreign) {
            (Some((_, Progress { have, need })), _, _) => ScanError::Incomplete { have, need },
            (None, Some(failed), _) => failed,
            (None, None, Some(last)) => ScanError::Foreign {
                codes: self.codes,
                last,
            },
            (None, None, None) => ScanError::Nothing { frames: self.frames },
        }
    }
}

/// Waits for one message, for at most [`SILENCE`].
fn hear(from: &mut File) -> Result<Glance, Silence> {
    let deadline = Instant::now() + SILENCE;
    let mut length = [0; 4];
    fill(from, &mut length, deadline)?;
    let length = u32::from_le_bytes(length) as usize;
    if length > MAX_MESSAGE {
        return Err(Silence);
    }
    let mut body = Zeroizing::new(vec![0; length]);
    fill(from, &mut body, deadline)?;
    minicbor::decode(&body).map_err(|_| Silence)
}

fn fill(from: &mut File, mut buffer: &mut [u8], deadline: Instant) -> Result<(), Silence> {
    while !buffer.is_empty() {
        let left = deadline.checked_duration_since(Instant::now()).ok_or(Silence)?;
        let timeout = Timespec::try_from(left).map_err(|_| Silence)?;
        match poll(&mut [PollFd::new(from, PollFlags::IN)], Some(&timeout)) {
            Ok(0) => return Err(Silence),
            Err(rustix::io::Errno::INTR) => continue,
            Err(_) => return Err(Silence),
            Ok(_) => {}
        }
        match from.read(buffer) {
            Ok(0) => return Err(Silence),
            Ok(count) => buffer = &mut buffer[count..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return Err(Silence),
        }
    }
    Ok(())
}
