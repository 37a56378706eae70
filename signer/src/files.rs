//! Files that the command line names: reading regular ones, and writing whole or not at all.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt};
use std::path::{Path, PathBuf};

pub(crate) use cofferdam_scanner::open_regular;
use rustix::fs::FallocateFlags;
use rustix::io::Errno;

use crate::error::{Exit, Failure};
use crate::process::uninterrupted;

/// Reads a regular file of at most `limit` bytes; none if it is longer. It never waits.
///
/// # Errors
///
/// When the path leads to something else, a pipe or a device: see [`open_regular`].
pub(crate) fn read(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let file = open_regular(path)?;
    // Of what is longer than allowed, and of files that do not know their length, nothing is taken
    // in advance.
    let expected = usize::try_from(file.metadata()?.len().min(limit)).unwrap_or_default();
    let mut bytes = Vec::with_capacity(expected + 1);
    file.take(limit + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= limit).then_some(bytes))
}

/// Opens a regular file to read, or a pipe that the operator named: what is neither has no end that
/// can be relied on.
pub(crate) fn open_or_pipe(path: &Path) -> io::Result<File> {
    let kind = fs::metadata(path)?.file_type();
    if kind.is_file() || kind.is_fifo() {
        return File::open(path);
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        "it is neither a regular file nor a pipe",
    ))
}

/// What to do when the file is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Existing {
    /// Replace it, unless it is a vault or a journal: for what can be made again.
    Replace,
    /// Keep it: an equal one is as good as written, a different one is a refusal.
    Keep,
}

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Readers {
    /// Everybody, unless the process's umask says otherwise.
    All,
    /// Its owner.
    Owner,
}

/// Writes one file, durably.
pub(crate) fn write(path: &Path, bytes: &[u8], existing: Existing) -> Result<(), Failure> {
    write_for(&[(path.to_owned(), bytes)], existing, Readers::All)
}

/// Writes one file that only its owner may read, durably.
pub(crate) fn write_private(path: &Path, bytes: &[u8], existing: Existing) -> Result<(), Failure> {
    write_for(&[(path.to_owned(), bytes)], existing, Readers::Owner)
}

/// Writes several files, durably; when one cannot be written, none is.
///
/// Each is written beside its place and synced; then all are moved into place, which an interrupt
/// does not part.
pub(crate) fn write_all(files: &[(PathBuf, &[u8])], existing: Existing) -> Result<(), Failure> {
    write_for(files, existing, Readers::All)
}

/// Checks that a new file of about so many bytes can be written there, and leaves nothing behind.
/// What is there already stays, if it begins like what would be written: it may be the same.
///
/// # Errors
///
/// When it cannot be written, or something else is in its place: before anything is done that is
/// only good for being written there.
pub(crate) fn probe(
    path: &Path,
    bytes: u64,
    begins: impl Fn(&[u8]) -> bool,
) -> Result<(), Failure> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Pending::probe(path, bytes).map_err(|error| Failure::writing(path, &error))
        }
        Err(error) => Err(Failure::writing(path, &error)),
        Ok(_) => {
            let mut start = Vec::new();
            open_regular(path)
                .and_then(|file| file.take(LOOK).read_to_end(&mut start))
                .ok()
                .filter(|_| begins(&start))
                .map(|_| ())
                .ok_or_else(|| different(path))
        }
    }
}

/// How many bytes of a file tell what it is.
const LOOK: u64 = 64;

fn write_for(
    files: &[(PathBuf, &[u8])],
    existing: Existing,
    readers: Readers,
) -> Result<(), Failure> {
    let mut pending = Vec::new();
    for (path, bytes) in files {
        match existing {
            Existing::Keep if keeps(path, bytes)? => continue,
            Existing::Replace if is_precious(path) => return Err(different(path)),
            _ => {}
        }
        pending.push(
            Pending::write(path, bytes, readers).map_err(|error| Failure::writing(path, &error))?,
        );
    }
    uninterrupted(|| {
        let mut placed: Vec<PathBuf> = Vec::new();
        for file in pending {
            let path = file.path.clone();
            if let Err(error) = file.place(existing) {
                for path in placed {
                    let _ = fs::remove_file(path);
                }
                return Err(match error.kind() {
                    io::ErrorKind::AlreadyExists => different(&path),
                    _ => Failure::writing(&path, &error),
                });
            }
            if existing == Existing::Keep {
                placed.push(path);
            }
        }
        Ok(())
    })
}

/// Tells whether the file is there with this content.
///
/// # Errors
///
/// When it is there with another.
fn keeps(path: &Path, bytes: &[u8]) -> Result<bool, Failure> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Failure::writing(path, &error)),
        Ok(facts) if facts.is_file() && facts.len() == bytes.len() as u64 => {
            let found =
                read(path, bytes.len() as u64).map_err(|error| Failure::writing(path, &error))?;
            match found.as_deref() == Some(bytes) {
                true => Ok(true),
                false => Err(different(path)),
            }
        }
        Ok(_) => Err(different(path)),
    }
}

/// Tells whether the file is a vault or a journal of any format: both begin alike.
fn is_precious(path: &Path) -> bool {
    let mut start = [0; 4];
    open_regular(path)
        .and_then(|mut file| file.read_exact(&mut start))
        .is_ok()
        && start == *b"CFDR"
}

fn different(path: &Path) -> Failure {
    Failure::new(
        Exit::Conflict,
        "file-exists",
        format!("{} exists already, and is another file", path.display()),
        "name another --out, or move the file away; it is not overwritten",
    )
}

/// A file that is written, but not in its place; removed when dropped.
struct Pending {
    path: PathBuf,
    temporary: PathBuf,
    folder: PathBuf,
}

impl Pending {
    fn write(path: &Path, bytes: &[u8], readers: Readers) -> io::Result<Pending> {
        let (pending, mut file) = Pending::create(path, readers)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        Ok(pending)
    }

    /// Takes the place on the disk, and gives it back.
    fn probe(path: &Path, bytes: u64) -> io::Result<()> {
        let (pending, file) = Pending::create(path, Readers::Owner)?;
        let taken = rustix::fs::fallocate(&file, FallocateFlags::empty(), 0, bytes.max(1));
        drop(pending);
        match taken {
            // File systems of memory sticks cannot promise it.
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(()),
            taken => Ok(taken?),
        }
    }

    fn create(path: &Path, readers: Readers) -> io::Result<(Pending, File)> {
        let name = path
            .file_name()
            .ok_or_else(|| io::Error::from(io::ErrorKind::IsADirectory))?;
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let mut temporary = std::ffi::OsString::from(".");
        temporary.push(name);
        temporary.push(format!(".{}.tmp", std::process::id()));
        let pending = Pending {
            path: path.to_owned(),
            temporary: folder.join(temporary),
            folder: folder.to_owned(),
        };
        // Left by a process of the same number that was killed; or put there by somebody, to be
        // followed elsewhere.
        let _ = fs::remove_file(&pending.temporary);
        let file = File::options()
            .write(true)
            .create_new(true)
            .mode(match readers {
                Readers::All => 0o644,
                Readers::Owner => 0o600,
            })
            .open(&pending.temporary)?;
        Ok((pending, file))
    }

    fn place(self, existing: Existing) -> io::Result<()> {
        match existing {
            Existing::Replace => fs::rename(&self.temporary, &self.path)?,
            // A rename would replace what appeared in the meantime.
            Existing::Keep => match fs::hard_link(&self.temporary, &self.path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(error),
                // Some file systems of memory sticks have no links.
                Err(_) => rustix::fs::renameat_with(
                    rustix::fs::CWD,
                    &self.temporary,
                    rustix::fs::CWD,
                    &self.path,
                    rustix::fs::RenameFlags::NOREPLACE,
                )
                .or_else(|_| match self.path.exists() {
                    true => Err(rustix::io::Errno::EXIST),
                    false => rustix::fs::rename(&self.temporary, &self.path),
                })?,
                Ok(()) => {}
            },
        }
        File::open(&self.folder)?.sync_all()
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.temporary);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_folder_or_a_device_is_no_secret_to_read() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "x").unwrap();
        assert!(open_or_pipe(&folder.path().join("file")).is_ok());
        for other in [
            folder.path(),
            Path::new("/dev/zero"),
            Path::new("/nonexistent"),
        ] {
            assert!(open_or_pipe(other).is_err(), "{}", other.display());
        }
    }

    #[test]
    fn a_different_file_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        write(&path, b"one", Existing::Keep).unwrap();
        write(&path, b"one", Existing::Keep).unwrap();
        for other in [&b"two"[..], b"longer", b""] {
            assert_eq!(
                write(&path, other, Existing::Keep).unwrap_err().exit,
                Exit::Conflict
            );
        }
        assert_eq!(fs::read(&path).unwrap(), b"one");
        write(&path, b"two", Existing::Replace).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(names(folder.path()), ["a"]);
    }

    #[test]
    fn what_cannot_be_written_is_known_before() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let psbt = |start: &[u8]| start.starts_with(b"psbt");
        fs::write(at("other"), "no psbt").unwrap();
        fs::write(at("same"), "psbt").unwrap();
        fs::create_dir(at("folder")).unwrap();
        for (name, code) in [
            ("new", None),
            ("same", None),
            ("other", Some("file-exists")),
            ("folder", Some("file-exists")),
            ("missing/new", Some("cannot-write")),
            ("other/new", Some("cannot-write")),
        ] {
            let probed = probe(&at(name), 10_000, psbt)
                .err()
                .map(|failure| failure.code);
            assert_eq!(probed.as_deref(), code, "{name}");
        }
        // More than any disk has.
        let full = probe(&at("new"), 1 << 60, psbt).unwrap_err();
        assert_eq!(full.exit, Exit::Storage);
        assert_eq!(
            names(folder.path()),
            ["folder", "other", "same"],
            "nothing is left"
        );
    }

    #[test]
    fn a_vault_or_journal_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("v");
        for precious in ["CFDRVLT\x01...", "CFDRJNL\x02..."] {
            fs::write(&path, precious).unwrap();
            let refused = write(&path, b"{}", Existing::Replace).unwrap_err();
            assert_eq!(refused.exit, Exit::Conflict);
            assert_eq!(fs::read(&path).unwrap(), precious.as_bytes());
        }
    }

    #[test]
    fn a_link_in_the_temporary_place_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("victim"), "precious").unwrap();
        let temporary = format!(".a.{}.tmp", std::process::id());
        std::os::unix::fs::symlink(at("victim"), at(&temporary)).unwrap();
        write(&at("a"), b"new", Existing::Replace).unwrap();
        assert_eq!(fs::read(at("victim")).unwrap(), b"precious");
        assert_eq!(fs::read(at("a")).unwrap(), b"new");
    }

    #[test]
    fn several_files_are_written_all_or_none() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("b"), "there").unwrap();
        let files = [
            (at("a"), &b"1"[..]),
            (at("b"), &b"2"[..]),
            (at("c"), &b"3"[..]),
        ];
        assert_eq!(
            write_all(&files, Existing::Keep).unwrap_err().code,
            "file-exists"
        );
        assert_eq!(names(folder.path()), ["b"]);
        let missing = [(at("a"), &b"1"[..]), (at("no/c"), &b"3"[..])];
        assert_eq!(
            write_all(&missing, Existing::Keep).unwrap_err().exit,
            Exit::Storage
        );
        assert_eq!(names(folder.path()), ["b"]);
    }
}
