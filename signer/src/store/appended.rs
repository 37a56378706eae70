//! A file that only ever grows at its end, and that nobody else may have touched since it was read.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::StoreError;
use super::durable::{Identity, identity_of, is_taken, sync_folder};

/// How many of a file's last bytes are compared: of a journal more than a hash, which covers all
/// before it.
const END: usize = 4096;

/// How much is read of a file that does not begin as it should.
const GLANCE: u64 = 64 * 1024;

/// A file as it was read, or that there was none; what is appended goes to this very file or
/// nowhere.
#[derive(Debug)]
pub(crate) struct Appended {
    path: PathBuf,
    read: Option<Seen>,
}

/// What was read or written last.
#[derive(Debug)]
struct Seen {
    /// Stays open, so that no other file gets its number.
    file: File,
    facts: Facts,
    /// The file's last bytes: the clock of changes has coarse ticks on older kernels.
    end: Vec<u8>,
}

/// What tells whether a file is as it was: the kernel renews the time of the last change by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Facts {
    identity: Identity,
    len: u64,
    changed: (i64, i64),
}

impl Facts {
    fn of(metadata: &Metadata) -> Self {
        Facts {
            identity: identity_of(metadata),
            len: metadata.len(),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

impl Appended {
    /// A file that is not there yet.
    pub(crate) fn absent(path: PathBuf) -> Self {
        Appended { path, read: None }
    }

    /// Reads a regular file of at most `limit` bytes; none when it is not there. Of one that does
    /// not begin with `magic`, only the beginning is read.
    ///
    /// # Errors
    ///
    /// When it is a folder, a pipe or a device, is too long, or the system refuses.
    pub(crate) fn read(
        path: &Path,
        limit: u64,
        magic: &[u8],
    ) -> Result<(Self, Option<Vec<u8>>), StoreError> {
        let opened = OpenOptions::new()
            .read(true)
            .custom_flags(OFlags::NONBLOCK.bits() as i32)
            .open(path);
        let mut file = match opened {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok((Appended::absent(path.to_path_buf()), None));
            }
            Err(error) => return Err(StoreError::io("open", path)(error)),
        };
        let failed = || StoreError::io("read", path);
        let metadata = file.metadata().map_err(failed())?;
        if !metadata.is_file() {
            return Err(StoreError::NotAFile(path.to_path_buf()));
        }
        let facts = Facts::of(&metadata);
        let mut bytes = Vec::new();
        let mut beginning = (&mut file).take(magic.len() as u64);
        beginning.read_to_end(&mut bytes).map_err(failed())?;
        let most = match bytes.starts_with(magic) {
            true if facts.len > limit => {
                return Err(StoreError::TooLong {
                    path: path.to_path_buf(),
                    found: facts.len,
                    limit,
                });
            }
            true => facts.len,
            false => facts.len.min(GLANCE),
        };
        bytes.reserve_exact(most as usize);
        let mut rest = (&mut file).take(most.saturating_sub(magic.len() as u64));
        // A writer may be at work meanwhile: who writes itself holds the lock, and checks.
        rest.read_to_end(&mut bytes).map_err(failed())?;
        let whole = bytes.len() as u64 == facts.len;
        let end = if whole { end_of(&bytes) } else { Vec::new() };
        let read = Some(Seen { file, facts, end });
        let path = path.to_path_buf();
        Ok((Appended { path, read }, Some(bytes)))
    }

    /// Returns its path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Proves that the file is what was read or written last, in its place.
    ///
    /// # Errors
    ///
    /// [`StoreError::Changed`] when it is another, longer, shorter or written to.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        let found = match std::fs::metadata(&self.path) {
            Ok(metadata) => Some(Facts::of(&metadata)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(StoreError::io("look at", &self.path)(error)),
        };
        if found != self.read.as_ref().map(|seen| seen.facts) {
            return Err(self.changed());
        }
        let Some(Seen { file, facts, end }) = &self.read else {
            return Ok(());
        };
        let mut now = vec![0; end.len()];
        file.read_exact_at(&mut now, facts.len - end.len() as u64)
            .map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => self.changed(),
                _ => StoreError::io("read", &self.path)(error),
            })?;
        match now == *end {
            true => Ok(()),
            false => Err(self.changed()),
        }
    }

    /// Appends `bytes` after the first `keep` bytes, durably. What was read beyond them, the end of
    /// a write that was cut off, is moved to a file of its own.
    ///
    /// On an error the file is as before, unless that cannot be undone (killed, failing disk): then
    /// a part of `bytes` may stand at its end.
    ///
    /// # Errors
    ///
    /// When the file is not what was read, or the system refuses.
    pub(crate) fn append(&mut self, keep: u64, bytes: &[u8]) -> Result<(), StoreError> {
        let file = self.open_again()?;
        self.check_again(&file)?;
        let found = self.read.as_ref().map_or(0, |seen| seen.facts.len);
        if found < keep {
            return Err(self.changed());
        }
        if found > keep {
            self.keep_torn(&file, keep, found)?;
            file.set_len(keep)
                .map_err(StoreError::io("shorten", &self.path))?;
        }
        // Opened to append, it appends wherever `keep` is by now: pwrite(2), "BUGS".
        let appended = file
            .write_all_at(bytes, keep)
            .and_then(|()| file.sync_all());
        let metadata = file
            .metadata()
            .map_err(StoreError::io("read", &self.path))?;
        let ours = metadata.len() <= keep + bytes.len() as u64;
        if let Err(error) = appended {
            // Undoing is a courtesy: readers take an unpromised end for what it is.
            if ours {
                let _ = file.set_len(keep).and_then(|()| file.sync_all());
            }
            return Err(StoreError::io("append to", &self.path)(error));
        }
        let facts = Facts::of(&metadata);
        if self.read.is_none() {
            sync_folder(&self.path)?;
        }
        let mut end = self.read.take().map(|seen| seen.end).unwrap_or_default();
        end.truncate(end.len().saturating_sub((found - keep) as usize));
        end.extend_from_slice(bytes);
        let end = end_of(&end);
        self.read = Some(Seen { file, facts, end });
        if !ours {
            // Somebody appended at the same time: what is not ours stays.
            self.take_back(bytes);
            return Err(self.changed());
        }
        self.check()
    }

    /// Proves that the file that was opened anew is the one that was read, unless there was none.
    fn check_again(&self, file: &File) -> Result<(), StoreError> {
        let metadata = file
            .metadata()
            .map_err(StoreError::io("read", &self.path))?;
        match &self.read {
            Some(seen) if seen.facts != Facts::of(&metadata) => Err(self.changed()),
            Some(_) => self.check(),
            None => Ok(()),
        }
    }

    /// Opens the file for appending.
    fn open_again(&self) -> Result<File, StoreError> {
        let opened = OpenOptions::new()
            .read(true)
            .append(true)
            .create_new(self.read.is_none())
            .mode(0o600)
            .custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits() as i32)
            .open(&self.path);
        opened.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::AlreadyExists => self.changed(),
            _ => StoreError::io("open", &self.path)(error),
        })
    }

    /// Keeps what stands beyond `keep` in the first free `<path>.torn.<k>`.
    fn keep_torn(&self, file: &File, keep: u64, found: u64) -> Result<(), StoreError> {
        let mut torn = vec![0; (found - keep) as usize];
        file.read_exact_at(&mut torn, keep)
            .map_err(StoreError::io("read", &self.path))?;
        let mut number = 1;
        let path = loop {
            let path = self.with_suffix(&format!("torn.{number}"));
            if !is_taken(&path)? {
                break path;
            }
            number += 1;
        };
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .and_then(|mut aside| aside.write_all(&torn).and_then(|()| aside.sync_all()))
            .map_err(StoreError::io("write", &path))?;
        sync_folder(&path)
    }

    /// Cuts off `bytes` again, if they stand at the very end.
    fn take_back(&self, bytes: &[u8]) {
        let Some(Seen { file, facts, .. }) = &self.read else {
            return;
        };
        let Some(at) = facts.len.checked_sub(bytes.len() as u64) else {
            return;
        };
        let mut end = vec![0; bytes.len()];
        if file.read_exact_at(&mut end, at).is_ok() && end == bytes {
            let _ = file.set_len(at).and_then(|()| file.sync_all());
        }
    }

    fn changed(&self) -> StoreError {
        StoreError::Changed(self.path.clone())
    }

    fn with_suffix(&self, suffix: &str) -> PathBuf {
        let mut path = self.path.as_os_str().to_owned();
        path.push(".");
        path.push(suffix);
        PathBuf::from(path)
    }
}

/// Returns a file's last bytes.
fn end_of(bytes: &[u8]) -> Vec<u8> {
    bytes[bytes.len().saturating_sub(END)..].to_vec()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;
    use crate::store::Kind;

    const MAGIC: &[u8] = b"fi";

    fn read(path: &Path) -> (Appended, Option<Vec<u8>>) {
        Appended::read(path, 1 << 20, MAGIC).unwrap()
    }

    #[test]
    fn appending_is_exact_and_keeps_what_was_torn() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let mut file = Appended::absent(path.clone());
        file.append(0, b"first").unwrap();
        file.append(5, b"second").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"firstsecond");
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );

        let (mut file, bytes) = read(&path);
        assert_eq!(bytes.as_deref(), Some(&b"firstsecond"[..]));
        file.append(8, b"ond").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"firstsecond");
        assert_eq!(
            fs::read(folder.path().join("journal.torn.1")).unwrap(),
            b"ond"
        );
        assert_eq!(file.append(12, b"x").unwrap_err().kind(), Kind::Changed);

        let link = folder.path().join("link");
        symlink(&path, &link).unwrap();
        let (mut file, _) = read(&link);
        assert_eq!(file.append(11, b"x").unwrap_err().kind(), Kind::Io);
    }

    /// Whatever happened to the file since it was read: nothing is cut off, nothing is added.
    #[test]
    fn a_file_that_changed_since_it_was_read_is_left_as_it_is() {
        type Change = fn(&Path);
        let changes: [(&str, Change); 7] = [
            ("longer", |path| {
                let mut file = OpenOptions::new().append(true).open(path).unwrap();
                file.write_all(b"theirs").unwrap();
            }),
            ("shorter", |path| {
                OpenOptions::new()
                    .write(true)
                    .open(path)
                    .unwrap()
                    .set_len(3)
                    .unwrap();
            }),
            ("equally long", |path| {
                let file = OpenOptions::new().write(true).open(path).unwrap();
                file.write_all_at(b"F", 0).unwrap();
            }),
            ("another, with the same bytes", |path| {
                let other = path.with_extension("new");
                fs::copy(path, &other).unwrap();
                fs::rename(other, path).unwrap();
            }),
            ("gone", |path| fs::remove_file(path).unwrap()),
            ("a folder", |path| {
                fs::remove_file(path).unwrap();
                fs::create_dir(path).unwrap();
            }),
            ("a link to itself elsewhere", |path| {
                let other = path.with_extension("moved");
                fs::rename(path, &other).unwrap();
                symlink(&other, path).unwrap();
            }),
        ];
        for (name, change) in changes {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("journal");
            fs::write(&path, b"first").unwrap();
            let (mut file, _) = read(&path);
            file.check().unwrap();
            change(&path);
            let before = fs::read(&path).ok();
            let error = file.append(5, b"ours").unwrap_err();
            assert!(
                [Kind::Changed, Kind::Io].contains(&error.kind()),
                "{name}: {error}"
            );
            assert_eq!(fs::read(&path).ok(), before, "{name}");
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let mut file = Appended::absent(path.clone());
        fs::write(&path, b"first").unwrap();
        assert_eq!(file.append(0, b"ours").unwrap_err().kind(), Kind::Changed);
        assert_eq!(fs::read(&path).unwrap(), b"first", "it came since");
    }

    #[test]
    fn only_regular_files_are_read_and_no_more_than_their_kind_has() {
        assert_eq!(
            Appended::read(Path::new("/dev/zero"), 10, MAGIC)
                .unwrap_err()
                .kind(),
            Kind::NotAVault
        );
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sparse");
        File::create(&path).unwrap().set_len(1 << 40).unwrap();
        let (_, bytes) = Appended::read(&path, 1 << 50, MAGIC).unwrap();
        assert_eq!(bytes.unwrap().len() as u64, GLANCE);
        fs::write(&path, b"first").unwrap();
        let error = Appended::read(&path, 4, MAGIC).unwrap_err();
        assert!(matches!(
            error,
            StoreError::TooLong {
                found: 5,
                limit: 4,
                ..
            }
        ));
    }
}
