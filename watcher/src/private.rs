//! Files of the data folder that only their owner may read and write, whatever folder and umask
//! they meet.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// What an owner may do, and nobody else anything.
const MODE: u32 = 0o600;
/// What others may do with a file.
const OTHERS: u32 = 0o077;

/// A file that others could reach until now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tightened {
    /// The file.
    pub path: PathBuf,
    /// The permissions that it had.
    pub mode: u32,
}

/// Makes an empty file that its owner alone may read and write, or tightens the one that is there.
///
/// # Errors
/// The file cannot be made, or belongs to somebody else.
pub fn ensure(path: &Path) -> io::Result<Option<Tightened>> {
    match create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => tighten(path),
        made => made.map(|_| None),
    }
}

/// Takes a file that is there away from others; returns what they could do with it before.
///
/// # Errors
/// The file belongs to somebody else.
pub fn tighten(path: &Path) -> io::Result<Option<Tightened>> {
    let metadata = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        found => found?,
    };
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & OTHERS == 0 || !metadata.is_file() {
        return Ok(None);
    }
    fs::set_permissions(path, Permissions::from_mode(mode & !OTHERS))?;
    Ok(Some(Tightened {
        path: path.to_owned(),
        mode,
    }))
}

/// Replaces a file at once and durably: a temporary file beside it, fsync, rename, fsync of the
/// folder. No symbolic link is followed, neither at the file's name, where the link itself is
/// replaced, nor at the temporary one's.
///
/// # Errors
/// Nothing was replaced.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}", std::process::id()));
    let temporary = path.with_file_name(name);
    // What a killed process of the same id left, or somebody put there.
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = create(&temporary)?;
    let written = file
        .write_all(bytes)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written?;
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// Makes a file where nothing is, not even a link to nowhere.
fn create(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(MODE)
        .open(path)?;
    // A umask may have taken what the owner needs.
    file.set_permissions(Permissions::from_mode(MODE))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_file_is_made_private_or_becomes_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        assert_eq!(tighten(&path).unwrap(), None);
        assert_eq!(ensure(&path).unwrap(), None);
        assert_eq!(mode(&path), 0o600);
        fs::write(&path, "kept").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o664)).unwrap();
        let told = ensure(&path).unwrap().unwrap();
        assert_eq!((mode(&path), told.mode), (0o600, 0o664));
        assert_eq!(fs::read_to_string(&path).unwrap(), "kept");
        assert_eq!(ensure(&path).unwrap(), None);
    }

    /// Whoever may write in the folder cannot make us write elsewhere.
    #[test]
    fn nothing_is_written_through_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("victim"), "untouched").unwrap();
        symlink(at("victim"), at("settings")).unwrap();
        symlink(
            at("victim"),
            at(&format!("settings.{}", std::process::id())),
        )
        .unwrap();
        replace(&at("settings"), b"ours").unwrap();
        assert_eq!(fs::read_to_string(at("victim")).unwrap(), "untouched");
        assert!(!fs::symlink_metadata(at("settings")).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(at("settings")).unwrap(), "ours");
        assert_eq!(mode(&at("settings")), 0o600);
        symlink(at("nowhere"), at("dangling")).unwrap();
        create(&at("dangling")).unwrap_err();
        assert!(!at("nowhere").exists());
    }

    #[test]
    fn a_replacement_that_fails_leaves_no_file_behind() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("settings");
        fs::create_dir(&target).unwrap();
        replace(&target, b"ours").unwrap_err();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
