//! Reading what a folder holds.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use rustix::fs::{Dir, Mode, OFlags, open};

/// Returns the names in a folder, in no order.
///
/// `std::fs::read_dir` panics when the folder cannot be closed, as on a failing disk; here that is
/// as good as closed.
pub(crate) fn names(folder: &Path) -> io::Result<Vec<OsString>> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut names = Vec::new();
    for entry in Dir::new(open(folder, flags, Mode::empty())?)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if name != b"." && name != b".." {
            names.push(OsStr::from_bytes(name).to_owned());
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn every_name_is_there_text_or_not() {
        let folder = tempfile::tempdir().unwrap();
        assert!(names(folder.path()).unwrap().is_empty());
        let expected =
            [&b".hidden"[..], b"..more", b"\xff"].map(|name| OsStr::from_bytes(name).to_owned());
        for name in &expected {
            fs::write(folder.path().join(name), b"").unwrap();
        }
        let mut found = names(folder.path()).unwrap();
        found.sort();
        let mut expected = expected.to_vec();
        expected.sort();
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_no_folder_is_an_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let kind = |path: &Path| names(path).unwrap_err().kind();
        assert_eq!(kind(file.path()), io::ErrorKind::NotADirectory);
        assert_eq!(
            kind(&file.path().join("nothing")),
            io::ErrorKind::NotADirectory
        );
        assert_eq!(kind(Path::new("/nonexistent")), io::ErrorKind::NotFound);
    }
}
