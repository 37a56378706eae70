//! The loop of the process that collects what the decoder reads.

use std::io;
use std::time::{Duration, Instant};

use cofferdam_transport::collect::{Collector, Seen};
use cofferdam_transport::{Payload, Progress};

use crate::message::{Glance, Task, send};
use crate::scan_error::ScanError;
use crate::source::Source;
use crate::update::Update;
use crate::worker::{Gone, SILENCE, Worker, hear, ready};

/// How long a stream may bring nothing: its other end is started by hand, perhaps after this one.
const STREAM_SILENCE: Duration = Duration::from_secs(20);

/// How many frames in a row may end the decoder, with nothing new read between them, before the
/// scan is given up: a film of nothing else shall not take all day.
const MAX_CUTS: u32 = 32;

/// For how long a file or a folder is looked at that brings nothing new. Of a film that is longer,
/// this is thousands of pictures.
const BARREN: Duration = Duration::from_secs(60);

/// Looks at the sources, one after the other, until the collector has a message that is wanted.
///
/// `spawn` starts a decoder; one that was ended is followed by another, which begins behind the
/// frame that ended it.
///
/// # Errors
///
/// [`ScanError`]: there was no such message.
pub fn supervise(
    sources: &[Source],
    collector: &mut Collector,
    spawn: &mut dyn FnMut() -> io::Result<Worker>,
    tell: &mut dyn FnMut(Update),
) -> Result<Payload, ScanError> {
    watch_for(BARREN, sources, collector, spawn, tell)
}

/// As [`watch`]; a file or a folder that brings nothing new for so long is given up.
fn watch_for(
    barren: Duration,
    sources: &[Source],
    collector: &mut Collector,
    spawn: &mut dyn FnMut() -> io::Result<Worker>,
    tell: &mut dyn FnMut(Update),
) -> Result<Payload, ScanError> {
    let mut scan = Scan {
        collector,
        tell,
        start: Instant::now(),
        frames: 0,
        codes: 0,
        foreign: None,
        cuts: 0,
        new: Instant::now(),
        barren,
    };
    // One bad source of many does not end the scan; its error is told when nothing better comes.
    let mut failed = None;
    for source in sources {
        let failure = |error: io::Error| ScanError::Source {
            path: source.path().to_owned(),
            reason: error.to_string(),
        };
        let files = match source.expand() {
            Ok(files) => files,
            Err(error) => {
                failed = Some(failure(error));
                continue;
            }
        };
        let mut worker = None;
        scan.new = Instant::now();
        for file in &files {
            match scan.look(file, &mut worker, spawn)? {
                Looked::Whole(payload) => return Ok(payload),
                Looked::Over => {}
                Looked::Failed(reason) => {
                    let path = file.path().to_owned();
                    failed = Some(ScanError::Source { path, reason });
                }
                Looked::Barren => {
                    failed = Some(failure(io::Error::other(format!(
                        "nothing new was read in {} seconds of looking at its pictures; cut it to where the codes are",
                        barren.as_secs()
                    ))));
                    break;
                }
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
    /// How many frames ended the decoder since something new was read.
    cuts: u32,
    /// When something new was read, or this source was begun.
    new: Instant,
    /// For how long a file or a folder may bring nothing new.
    barren: Duration,
}

/// What came of one file or camera.
enum Looked {
    /// A message that is wanted.
    Whole(Payload),
    /// Its end.
    Over,
    /// No more pictures, for this reason.
    Failed(String),
    /// Nothing new for too long.
    Barren,
}

impl Scan<'_> {
    fn look(
        &mut self,
        source: &Source,
        worker: &mut Option<Worker>,
        spawn: &mut dyn FnMut() -> io::Result<Worker>,
    ) -> Result<Looked, ScanError> {
        let kind = Kind::of(source);
        let mut next = 0;
        loop {
            let decoder = match worker {
                Some(decoder) => decoder,
                None => worker.insert(ready(spawn).map_err(ScanError::Spawn)?),
            };
            let task = Task::new(source.path(), kind == Kind::Camera, kind.skip(next));
            // A decoder that is gone is found out below.
            let _ = send(&mut decoder.tasks, &task);
            let gone = loop {
                match hear(&mut decoder.glances, kind.patience()) {
                    Ok(Glance::Frame { number, codes }) => {
                        next = number.saturating_add(1);
                        self.frames += 1;
                        for code in codes {
                            if let Some(payload) = self.take(&code.0) {
                                return Ok(Looked::Whole(payload));
                            }
                        }
                    }
                    Ok(Glance::Ready | Glance::Skipped) => {}
                    Ok(Glance::End) => return Ok(Looked::Over),
                    Ok(Glance::Failed(reason)) => return Ok(Looked::Failed(reason)),
                    Err(gone) => break gone,
                }
                // It may be in the middle of a file: another one takes over what comes next.
                if kind == Kind::File && self.new.elapsed() > self.barren {
                    *worker = None;
                    return Ok(Looked::Barren);
                }
            };
            *worker = None;
            match (kind, gone) {
                (Kind::Camera, Gone::Silent) => {
                    return Ok(Looked::Failed("the camera gives no pictures".into()));
                }
                (Kind::Stream, Gone::Silent) => {
                    let seconds = STREAM_SILENCE.as_secs();
                    return Ok(Looked::Failed(format!(
                        "it brought no picture within {seconds} seconds; start the program that writes to it"
                    )));
                }
                _ => {}
            }
            self.cuts += 1;
            (self.tell)(Update::Cut { frame: next });
            if self.cuts >= MAX_CUTS {
                return Err(ScanError::TooManyCuts {
                    path: source.path().to_owned(),
                    cuts: self.cuts,
                });
            }
            if kind == Kind::Stream {
                // What came with it is lost, and what comes next does not begin with a header.
                return Ok(Looked::Failed(
                    "one of its pictures cost more time or memory than reading may, and a stream cannot be gone on with; \
                     begin it again, or record it to a file"
                        .into(),
                ));
            }
            next = next.saturating_add(1);
        }
    }

    fn take(&mut self, code: &[u8]) -> Option<Payload> {
        self.codes += 1;
        let now = self.start.elapsed();
        match self.collector.take(code, now) {
            Seen::Whole(payload) => {
                (self.tell)(Update::Whole { codes: self.codes });
                return Some(payload);
            }
            Seen::Nearer {
                message, progress, ..
            } => {
                (self.cuts, self.new) = (0, Instant::now());
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
            (None, None, None) => ScanError::Nothing {
                frames: self.frames,
            },
        }
    }
}

/// How pictures come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// From a file: again from its beginning.
    File,
    /// From a camera, which shows what is there now.
    Camera,
    /// From a pipe or a device: once.
    Stream,
}

impl Kind {
    fn of(source: &Source) -> Kind {
        match source {
            Source::Camera(_) => Kind::Camera,
            Source::Path(path) if path.metadata().is_ok_and(|path| !path.is_file()) => Kind::Stream,
            Source::Path(_) => Kind::File,
        }
    }

    /// How many frames the next decoder passes over.
    fn skip(self, next: u64) -> u64 {
        match self {
            Kind::File => next,
            Kind::Camera | Kind::Stream => 0,
        }
    }

    fn patience(self) -> Duration {
        match self {
            Kind::File | Kind::Camera => SILENCE,
            Kind::Stream => STREAM_SILENCE,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::fd::OwnedFd;
    use std::thread;

    use cofferdam_transport::collect::Wanted;

    use super::*;
    use crate::message::{Content, receive};

    /// Starts a decoder that does as told, and then ends.
    fn decoder(role: impl FnOnce(&mut File, &mut File) + Send + 'static) -> Worker {
        let (mut tasks, to) = pipe();
        let (from, mut glances) = pipe();
        thread::spawn(move || role(&mut tasks, &mut glances));
        Worker {
            tasks: to,
            glances: from,
            end: Box::new(|| {}),
        }
    }

    fn pipe() -> (File, File) {
        let (reader, writer) = std::io::pipe().unwrap();
        (OwnedFd::from(reader).into(), OwnedFd::from(writer).into())
    }

    /// A decoder on a film of three codes; the second is none, and ends it.
    fn on_film(tasks: &mut File, glances: &mut File) {
        let codes = [Some("p1of2 alpha"), None, Some("p2of2 beta")];
        send(glances, &Glance::Ready).unwrap();
        let task: Task = receive(tasks).unwrap().unwrap();
        for (number, code) in (0..).zip(codes) {
            if number < task.skip {
                send(glances, &Glance::Skipped).unwrap();
                continue;
            }
            let Some(code) = code else { return };
            let codes = vec![Content(code.into())];
            send(glances, &Glance::Frame { number, codes }).unwrap();
        }
        send(glances, &Glance::End).unwrap();
    }

    fn scan(
        source: Source,
        spawn: &mut dyn FnMut() -> io::Result<Worker>,
    ) -> (Result<Payload, ScanError>, Vec<Update>) {
        let mut told = Vec::new();
        let mut collector = Collector::new(Wanted::Anything);
        let result = supervise(&[source], &mut collector, spawn, &mut |update| {
            told.push(update)
        });
        (result, told)
    }

    fn file() -> Source {
        Source::Path("a.gif".into())
    }

    #[test]
    fn what_was_collected_is_kept_when_a_frame_ends_the_eye() {
        let (result, told) = scan(file(), &mut || Ok(decoder(on_film)));
        assert_eq!(result.unwrap().bytes, b"alphabeta");
        assert!(told.contains(&Update::Cut { frame: 1 }), "{told:?}");
    }

    #[test]
    fn a_stream_is_not_begun_again_behind_the_frame_that_ended_the_eye() {
        let (result, _) = scan(Source::Path("/dev/null".into()), &mut || {
            Ok(decoder(on_film))
        });
        let Err(ScanError::Incomplete { have: 1, need: 2 }) = result else {
            panic!("{result:?}");
        };
    }

    #[test]
    fn a_camera_goes_on_with_what_it_shows_now() {
        let mut decoders = 0;
        let mut spawn = || {
            decoders += 1;
            let first = decoders == 1;
            Ok(decoder(move |tasks, glances| {
                send(glances, &Glance::Ready).unwrap();
                let task: Task = receive(tasks).unwrap().unwrap();
                assert_eq!(task.skip, 0);
                let codes = vec![Content(if first {
                    b"p1of2 alpha".to_vec()
                } else {
                    b"p2of2 beta".to_vec()
                })];
                send(glances, &Glance::Frame { number: 0, codes }).unwrap();
            }))
        };
        let (result, _) = scan(Source::Camera("/dev/video9".into()), &mut spawn);
        assert_eq!(result.unwrap().bytes, b"alphabeta");
    }

    /// The pictures of a film without end; a camera may show nothing for as long as it likes.
    #[test]
    fn a_file_that_brings_nothing_new_is_given_up() {
        let barren = Duration::from_millis(100);
        let look = |source, film| {
            let mut spawn = || {
                Ok(decoder(move |_, glances| {
                    send(glances, &Glance::Ready).unwrap();
                    let start = Instant::now();
                    let mut number = 0;
                    while start.elapsed() < film {
                        let codes = vec![Content(b"p1of2 alpha".to_vec())];
                        if send(glances, &Glance::Frame { number, codes }).is_err() {
                            return;
                        }
                        number += 1;
                        thread::sleep(Duration::from_millis(5));
                    }
                    let codes = vec![Content(b"p2of2 beta".to_vec())];
                    let _ = send(glances, &Glance::Frame { number, codes });
                }))
            };
            let mut collector = Collector::new(Wanted::Anything);
            watch_for(barren, &[source], &mut collector, &mut spawn, &mut |_| {})
        };
        // Nobody looks that long: it ends when nobody looks any more.
        let given_up = look(file(), Duration::from_secs(600));
        assert!(
            matches!(given_up, Err(ScanError::Incomplete { have: 1, need: 2 })),
            "{given_up:?}"
        );
        assert_eq!(
            look(Source::Camera("/dev/video9".into()), 3 * barren)
                .unwrap()
                .bytes,
            b"alphabeta"
        );
    }

    #[test]
    fn an_eye_that_ends_at_every_frame_is_not_started_for_ever() {
        let mut decoders = 0;
        let mut spawn = || {
            decoders += 1;
            Ok(decoder(|_, glances| send(glances, &Glance::Ready).unwrap()))
        };
        let (result, told) = scan(file(), &mut spawn);
        assert!(
            matches!(result, Err(ScanError::TooManyCuts { cuts: MAX_CUTS, .. })),
            "{result:?}"
        );
        assert_eq!((decoders, told.len()), (MAX_CUTS, MAX_CUTS as usize));
    }

    #[test]
    fn an_eye_that_is_never_ready_is_a_failure_of_the_system_and_not_of_the_pictures() {
        let mut decoders = 0;
        let mut spawn = || {
            decoders += 1;
            Ok(decoder(|_, _| {}))
        };
        let (result, told) = scan(file(), &mut spawn);
        assert!(matches!(result, Err(ScanError::Spawn(_))), "{result:?}");
        assert_eq!((decoders, told.len()), (1, 0));
    }

    #[test]
    fn an_eye_that_speaks_nonsense_is_ended() {
        let nonsense: [&[u8]; 3] = [&[0xff; 4], &[3, 0, 0, 0, 1, 2, 3], &[9, 0]];
        for bytes in nonsense {
            let mut spawn = || {
                Ok(decoder(move |_, glances| {
                    use std::io::Write as _;
                    send(glances, &Glance::Ready).unwrap();
                    glances.write_all(bytes).unwrap();
                }))
            };
            let (result, _) = scan(file(), &mut spawn);
            assert!(
                matches!(result, Err(ScanError::TooManyCuts { .. })),
                "{result:?}"
            );
        }
    }
}
