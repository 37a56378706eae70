//! The intake: it reads and parses foreign files, in a process that has no vault and no key.
//!
//! Only what it accepts goes to the process with the keys. A file that would crash a parser crashes
//! this one.

use std::cell::RefCell;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use cofferdam_core::psbt::{Limits, Parsed, PsbtError, Size};
use cofferdam_scanner::open_regular;
use cofferdam_transport::bundle::{Bundle, BundleError, looks_like_bundle};
use cofferdam_transport::collect::Wanted;
use cofferdam_transport::journals::SeenJournal;
use cofferdam_transport::{Kind, psbt_file};

use super::{landlock_rules, scan, unconfined};
use crate::error::{Exit, Failure};
use crate::files;
use crate::folder;
use crate::process::{Channel, confine, keep_for_reading};
use crate::protocol::{Blob, BundleFile, IntakeReply, IntakeRequest, PsbtFile, SeenFacts, Sight};
use crate::standard_input;

/// The longest file, in whatever encoding: what it takes to answer it is bounded by what it is.
const MAX_FILE: usize = 128 << 20;

/// The most files of one run.
const MAX_FILES: usize = 1_000;

/// The longest run, in bytes: a process has it in memory twice for a moment.
const MAX_RUN: u64 = 192 << 20;

/// The process that reads files, and collects what codes hold.
pub(crate) fn intake(channel: Channel) {
    let channel = RefCell::new(Some(channel));
    // The screen may end without asking for anything.
    let Some(Ok(request)) = channel.borrow_mut().as_mut().map(Channel::receive) else {
        return;
    };
    let alone = match channel.borrow().as_ref() {
        Some(channel) => keep_for_reading(channel, landlock_rules::read_by(&request)),
        None => Ok(()),
    };
    let done = alone
        .and_then(|()| confine(&landlock_rules::of_intake(&request)))
        .map_err(unconfined)
        .and_then(|_| match request {
            IntakeRequest::Files { paths, expected } => {
                let mut run = Run::default();
                read_all(&paths, &mut run, &channel)
                    .and_then(|()| read_expected(&expected, &mut run, &channel))
            }
            IntakeRequest::Scan(sights) => read_codes(&sights, &channel),
        });
    let last = match done {
        Ok(()) => IntakeReply::End,
        Err(failure) => IntakeReply::Failed(failure),
    };
    // When the screen is gone there is nobody left to tell.
    let _ = send(&channel, &last);
}

fn send(channel: &RefCell<Option<Channel>>, reply: &IntakeReply) -> Result<(), Failure> {
    match channel.borrow_mut().as_mut() {
        Some(channel) => channel.send(reply).map_err(Failure::unexpected),
        None => Err(Failure::unexpected("the intake has no channel")),
    }
}

/// Reads a PSBT or a bundle from codes.
fn read_codes(sights: &[Sight], channel: &RefCell<Option<Channel>>) -> Result<(), Failure> {
    let wanted = Wanted::Kinds(&[Kind::Psbt, Kind::Bundle]);
    let mut tell = |looking| send(channel, &IntakeReply::Looking(looking));
    let payload = scan::look(sights, wanted, channel, &mut tell)?;
    match payload.kind {
        Kind::Bundle => {
            let mut run = Run::default();
            read_bundle(
                PathBuf::from("scanned.bundle"),
                payload.bytes,
                &mut run,
                channel,
            )
        }
        _ => {
            let path = PathBuf::from("scanned.psbt");
            Parsed::parse(&payload.bytes, &Limits::DEFAULT)
                .map_err(|error| malformed(&path, &error))?;
            let bytes = Blob(payload.bytes);
            send(channel, &IntakeReply::File(PsbtFile { path, bytes }))
        }
    }
}

/// What the files of a run are together.
#[derive(Default)]
struct Run {
    bytes: u64,
    size: Size,
}

impl Run {
    /// Checks that a file is a PSBT, and that the run stays within what one run may be.
    fn add(&mut self, path: &Path, bytes: &[u8]) -> Result<(), Failure> {
        self.bytes += bytes.len() as u64;
        if self.bytes > MAX_RUN {
            return Err(too_much(format!(
                "the files have more than {MAX_RUN} bytes together"
            )));
        }
        let parsed =
            Parsed::parse(bytes, &Limits::DEFAULT).map_err(|error| malformed(path, &error))?;
        self.size = self.size.and(parsed.size());
        match self.size.within(&Limits::DEFAULT) {
            Err(PsbtError::TooMany { what, found, limit }) => Err(too_much(format!(
                "the files have {found} {what} together, the limit is {limit}"
            ))),
            _ => Ok(()),
        }
    }
}

/// Reads what is to be reviewed.
fn read_all(
    paths: &[PathBuf],
    run: &mut Run,
    channel: &RefCell<Option<Channel>>,
) -> Result<(), Failure> {
    let paths = expand(paths, Chosen::ToSign)?;
    if paths.len() > MAX_FILES {
        return Err(too_many(paths.len()));
    }
    let alone = paths.len() == 1;
    for path in paths {
        let (path, bytes) = read(path)?;
        if looks_like_bundle(&bytes) {
            return match alone {
                true => read_bundle(path, bytes, run, channel),
                false => Err(Failure::usage(
                    format!(
                        "{} is a bundle, and other files are named with it",
                        path.display()
                    ),
                    "name the bundle alone; what goes together goes into one bundle",
                )),
            };
        }
        run.add(&path, &bytes)?;
        let bytes = Blob(bytes);
        send(channel, &IntakeReply::File(PsbtFile { path, bytes }))?;
    }
    Ok(())
}

/// Reads what another machine made, after the other files of the run.
fn read_expected(
    paths: &[PathBuf],
    run: &mut Run,
    channel: &RefCell<Option<Channel>>,
) -> Result<(), Failure> {
    let paths = expand(paths, Chosen::Signed)?;
    if paths.len() > MAX_FILES {
        return Err(too_many(paths.len()));
    }
    for path in paths {
        let (path, bytes) = read(path)?;
        run.add(&path, &bytes)?;
        let bytes = Blob(bytes);
        send(channel, &IntakeReply::Expected(PsbtFile { path, bytes }))?;
    }
    Ok(())
}

fn too_many(count: usize) -> Failure {
    too_much(format!("{count} files are more than {MAX_FILES}"))
}

/// Rebuilds the PSBTs of a bundle. Each is parsed like a file's: a bundle is believed nothing.
fn read_bundle(
    path: PathBuf,
    bytes: Vec<u8>,
    run: &mut Run,
    channel: &RefCell<Option<Channel>>,
) -> Result<(), Failure> {
    let refused = |error: BundleError| {
        Failure::new(
            Exit::Malformed,
            match error {
                BundleError::Rebuilt => "too-large",
                _ => "malformed-bundle",
            },
            format!("{}: {error}", path.display()),
            "copy the bundle again, or export the list again",
        )
    };
    let bundle = Bundle::parse(&bytes).map_err(refused)?;
    drop(bytes);
    let from = BundleFile {
        path: path.clone(),
        wallet_id: bundle.wallet_id(),
        seen: bundle.seen().map(|seen| seen.iter().map(facts).collect()),
    };
    send(channel, &IntakeReply::Bundle(from))?;
    // Nothing is done with one before the end is told.
    bundle
        .rebuild(|index, bytes| {
            let path = path.join(psbt_file::numbered_name(
                bundle.name(),
                index + 1,
                bundle.count(),
            ));
            run.add(&path, &bytes)?;
            let bytes = Blob(bytes);
            send(channel, &IntakeReply::File(PsbtFile { path, bytes }))?;
            Ok::<_, NotTaken>(())
        })
        .map_err(|reason| match reason {
            NotTaken::Bundle(error) => refused(error),
            NotTaken::Psbt(failure) => *failure,
        })
}

/// Why a bundle's PSBTs are not taken.
enum NotTaken {
    Bundle(BundleError),
    Psbt(Box<Failure>),
}

impl From<BundleError> for NotTaken {
    fn from(error: BundleError) -> Self {
        NotTaken::Bundle(error)
    }
}

impl From<Failure> for NotTaken {
    fn from(failure: Failure) -> Self {
        NotTaken::Psbt(Box::new(failure))
    }
}

fn facts(seen: &SeenJournal) -> SeenFacts {
    SeenFacts {
        vault_id: seen.vault_id,
        count: seen.count,
        head: seen.head,
    }
}

/// Which PSBTs of a folder are meant.
#[derive(Clone, Copy)]
enum Chosen {
    /// Those that a signer shall sign.
    ToSign,
    /// Those that a signer made.
    Signed,
}

/// Puts in a folder's place the PSBTs in it, told by their content, in the order of their names.
fn expand(paths: &[PathBuf], chosen: Chosen) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let unreadable = |error: io::Error| Failure::reading("the folder", path, &error);
        let mut inside = Vec::new();
        for name in folder::names(path).map_err(unreadable)? {
            let file = path.join(name);
            if file.is_file() && is_psbt(&file).map_err(unreadable)? {
                inside.push(file);
            }
        }
        let name = |file: &PathBuf| file.file_name().unwrap_or_default().to_owned();
        let (mut inside, what, which) = match chosen {
            Chosen::ToSign => (psbt_file::to_sign(inside, name), "unsigned", "exported"),
            Chosen::Signed => (psbt_file::came_back(inside, name), "signed", "signed"),
        };
        if inside.is_empty() {
            return Err(Failure::new(
                Exit::Malformed,
                "no-psbt",
                format!("there is no {what} PSBT in the folder {}", path.display()),
                format!("name the folder with the {which} PSBTs"),
            ));
        }
        inside.sort();
        if let Some(nameless) = inside.iter().find(|file| file.to_str().is_none()) {
            return Err(Failure::new(
                Exit::Malformed,
                "file-name",
                format!(
                    "the name of the file {} is not UTF-8 text",
                    nameless.display()
                ),
                "rename the file",
            ));
        }
        files.extend(inside);
    }
    Ok(files)
}

fn is_psbt(path: &Path) -> io::Result<bool> {
    let mut start = Vec::new();
    open_regular(path)?
        .take(psbt_file::LOOK as u64)
        .read_to_end(&mut start)?;
    Ok(psbt_file::looks_like_psbt(&start))
}

/// Reads a file, or standard input; returns its content under the name that it has from here on.
fn read(path: PathBuf) -> Result<(PathBuf, Vec<u8>), Failure> {
    let (read, path) = match standard_input::is_named_by(&path) {
        true => (standard_input::read(MAX_FILE), standard_input::SHOWN.into()),
        false => (files::read(&path, MAX_FILE as u64), path),
    };
    match read {
        Ok(Some(bytes)) => Ok((path, bytes)),
        Ok(None) => Err(too_much(format!(
            "{} is longer than any PSBT may be",
            path.display()
        ))),
        Err(error) => Err(unreadable(&path, &error)),
    }
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let mut failure = Failure::reading("the PSBT", path, error);
    if failure.code == "not-a-file" {
        failure.hint = "name a regular file, or pipe the PSBT in and name it -".into();
    }
    failure
}

fn malformed(path: &Path, error: &PsbtError) -> Failure {
    Failure::new(
        Exit::Malformed,
        "malformed-psbt",
        format!("{}: {error}", path.display()),
        "copy the file again, or export it again from where it came",
    )
}

fn too_much(message: String) -> Failure {
    Failure::new(
        Exit::Malformed,
        "too-large",
        message,
        "split the payout over several transactions, and sign them in several runs",
    )
}
