//! Files that are named to be read: regular ones.
//!
//! Opening a named pipe waits for somebody to write, reading a terminal for somebody to type, and a
//! device may do something or never end. A name that leads to one of these is an error at once,
//! whoever put it there.

use std::fs::{File, FileType, Metadata};
use std::io;
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;

use rustix::fs::{Mode, OFlags, open};

/// A path leads to something else than a regular file. It is the inner error of what
/// [`open_regular`] returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is {0}, and only regular files are read")]
pub struct NotRegular(&'static str);

impl NotRegular {
    /// Tells whether an error of [`open_regular`] says that the path leads to no regular file.
    pub fn is_cause_of(error: &io::Error) -> bool {
        error
            .get_ref()
            .is_some_and(|inner| inner.is::<NotRegular>())
    }
}

/// Opens a regular file for reading, and nothing else; links are followed. It never waits.
///
/// # Errors
///
/// [`NotRegular`], as the inner error, and what opening fails with.
pub fn open_regular(path: &Path) -> io::Result<File> {
    // Before it is opened, for that alone can make a device do something.
    check(&path.metadata()?)?;
    // It may have become another since: so it is opened without waiting, and looked at again.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = File::from(open(path, flags, Mode::empty())?);
    check(&file.metadata()?)?;
    Ok(file)
}

fn check(facts: &Metadata) -> io::Result<()> {
    match facts.is_file() {
        true => Ok(()),
        false => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            NotRegular(kind(facts.file_type())),
        )),
    }
}

fn kind(found: FileType) -> &'static str {
    match () {
        () if found.is_dir() => "a folder",
        () if found.is_fifo() => "a pipe",
        () if found.is_socket() => "a socket",
        () if found.is_char_device() || found.is_block_device() => "a device",
        () => "no regular file",
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use rustix::fs::{CWD, FileType as Kind, mknodat};

    use super::*;

    #[test]
    fn what_is_no_regular_file_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        mknodat(CWD, at("pipe"), Kind::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        std::os::unix::fs::symlink(at("pipe"), at("link")).unwrap();
        mknodat(CWD, at("socket"), Kind::Socket, Mode::RUSR | Mode::WUSR, 0).unwrap();
        for (path, expected) in [
            (at("pipe"), "a pipe"),
            (at("link"), "a pipe"),
            (at("socket"), "a socket"),
            (folder.path().to_owned(), "a folder"),
            ("/dev/zero".into(), "a device"),
            ("/dev/tty".into(), "a device"),
        ] {
            let error = open_regular(&path).unwrap_err();
            assert!(NotRegular::is_cause_of(&error), "{path:?}: {error}");
            assert!(error.to_string().contains(expected), "{path:?}: {error}");
        }
        let missing = open_regular(&at("missing")).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
        assert!(!NotRegular::is_cause_of(&missing));
    }

    #[test]
    fn a_regular_file_is_read_through_a_link_too() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file"), "content").unwrap();
        std::os::unix::fs::symlink(folder.path().join("file"), folder.path().join("link")).unwrap();
        for name in ["file", "link"] {
            let mut text = String::new();
            let mut file = open_regular(&folder.path().join(name)).unwrap();
            file.read_to_string(&mut text).unwrap();
            assert_eq!(text, "content");
        }
    }
}
