//! Durable writes.
//!
//! What is promised: when a function here returns without an error, what it wrote survives a power
//! cut.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, OFlags, RenameFlags, renameat_with};

use super::StoreError;

/// What a file is, whatever it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
}

/// Returns a file's identity.
pub(super) fn identity_of(metadata: &Metadata) -> Identity {
    Identity {
        device: metadata.dev(),
        inode: metadata.ino(),
    }
}

/// Opens a file for reading and writing; one that is not there is made, mode 0600. A symbolic link
/// is not followed.
pub(super) fn open_or_make(path: &Path) -> Result<File, StoreError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits() as i32)
        .open(path)
        .map_err(StoreError::io("open", path))
}

/// Reads a regular file of at most `max_len` bytes, following symbolic links; never waits on a pipe
/// or a device.
pub(super) fn read(path: &Path, max_len: u64) -> Result<Contents, StoreError> {
    let file = open_regular(path)?;
    let metadata = file.metadata().map_err(StoreError::io("read", path))?;
    if metadata.len() > max_len {
        return Ok(Contents::TooLong(metadata.len()));
    }
    let mut bytes = Vec::with_capacity(metadata.len() as usize);
    file.take(max_len + 1)
        .read_to_end(&mut bytes)
        .map_err(StoreError::io("read", path))?;
    Ok(if bytes.len() as u64 > max_len {
        Contents::TooLong(bytes.len() as u64)
    } else {
        Contents::Bytes(bytes)
    })
}

fn open_regular(path: &Path) -> Result<File, StoreError> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(OFlags::NONBLOCK.bits() as i32)
        .open(path)
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => StoreError::Missing(path.to_path_buf()),
            _ => StoreError::io("open", path)(error),
        })?;
    match file
        .metadata()
        .map_err(StoreError::io("read", path))?
        .is_file()
    {
        true => Ok(file),
        false => Err(StoreError::NotAFile(path.to_path_buf())),
    }
}

/// Reads the first `len` bytes of a regular file, or all that it has.
pub(super) fn read_start(path: &Path, len: u64) -> Result<Contents, StoreError> {
    let file = open_regular(path)?;
    let mut bytes = Vec::with_capacity(len as usize);
    file.take(len)
        .read_to_end(&mut bytes)
        .map_err(StoreError::io("read", path))?;
    Ok(Contents::Bytes(bytes))
}

/// What [`read`] found.
pub(super) enum Contents {
    /// The whole file.
    Bytes(Vec<u8>),
    /// The file is longer than asked for: its length.
    TooLong(u64),
}

/// A whole, synced file under a temporary name in the folder of its target; deleted when dropped
/// before it is placed.
pub(super) struct Temporary {
    path: PathBuf,
    placed: bool,
}

impl Temporary {
    /// Writes `bytes` to `path`, mode 0600, and syncs them. What a killed process left under this
    /// name is replaced: the caller holds the lock, so nobody writes there.
    pub(super) fn write(path: PathBuf, bytes: &[u8]) -> Result<Self, StoreError> {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(StoreError::io("replace", &path)(error));
            }
            _ => {}
        }
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(StoreError::io("create", &path))?;
        let temporary = Temporary {
            path,
            placed: false,
        };
        file.write_all(bytes)
            .and_then(|()| file.sync_all())
            .map_err(StoreError::io("write", &temporary.path))?;
        Ok(temporary)
    }

    /// Moves the file over `target`, if `check` still allows it, and syncs the folder.
    pub(super) fn replace(
        mut self,
        target: &Path,
        check: impl FnOnce() -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        check()?;
        fs::rename(&self.path, target).map_err(StoreError::io("replace", target))?;
        self.placed = true;
        sync_folder(target)
    }

    /// Moves the file to `target`, where nothing is, and syncs the folder.
    pub(super) fn place_new(mut self, target: &Path) -> Result<(), StoreError> {
        move_new(&self.path, target)?;
        self.placed = true;
        sync_folder(target)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.placed {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Gives the file at `from` the second name `to`, where nothing is, and syncs the folder.
///
/// Where the file system knows no hard links, `to` becomes a copy of `bytes`, which `from` holds,
/// by way of `temporary`.
pub(super) fn keep(
    from: &Path,
    bytes: &[u8],
    to: &Path,
    temporary: PathBuf,
) -> Result<(), StoreError> {
    match fs::hard_link(from, to) {
        Ok(()) => sync_folder(to),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(StoreError::NameTaken(to.to_path_buf()))
        }
        Err(error) if lacks_hard_links(&error) => Temporary::write(temporary, bytes)?.place_new(to),
        Err(error) => Err(StoreError::io("keep the present vault as", to)(error)),
    }
}

/// Gives a damaged file at `from` the second name `to`, or only that one where the file system
/// knows no hard links.
pub(super) fn keep_damaged(from: &Path, to: &Path) -> Result<(), StoreError> {
    match fs::hard_link(from, to) {
        Ok(()) => sync_folder(to),
        Err(error) if lacks_hard_links(&error) => move_new(from, to),
        Err(error) => Err(StoreError::io("set aside the damaged vault as", to)(error)),
    }
}

fn lacks_hard_links(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let errors = [Errno::PERM, Errno::OPNOTSUPP, Errno::NOSYS, Errno::MLINK];
    errors
        .iter()
        .any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

/// Tells whether a name is taken, by whatever. A name that cannot be looked at is an error, never a
/// free one.
pub(super) fn is_taken(path: &Path) -> Result<bool, StoreError> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(StoreError::io("look at", path)(error)),
    }
}

/// Renames a file to a name that must be free.
pub(super) fn move_new(from: &Path, to: &Path) -> Result<(), StoreError> {
    use rustix::io::Errno;
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(()),
        Err(Errno::EXIST) => Err(StoreError::NameTaken(to.to_path_buf())),
        // A file system that cannot promise it: the lock keeps others away meanwhile.
        Err(Errno::INVAL | Errno::NOSYS) => {
            if is_taken(to)? {
                return Err(StoreError::NameTaken(to.to_path_buf()));
            }
            fs::rename(from, to).map_err(StoreError::io("move to", to))
        }
        Err(error) => Err(StoreError::io("move to", to)(error.into())),
    }
}

/// Makes the names in the folder of `path` durable.
pub(super) fn sync_folder(path: &Path) -> Result<(), StoreError> {
    let folder = folder_of(path);
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(StoreError::io("sync", folder))
}

/// Returns the folder that holds `path`.
pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
