//! Files that are there whole or not at all.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use cofferdam_scanner::{Picture, open_regular};
use cofferdam_transport::psbt_file;
use cofferdam_transport::returned::{self, looks_like_return};

use crate::error::{Coded, Exit, io_exit, shown_path};
use crate::remedy::Remedy;

/// A file that the user names cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileError {
    /// A file of that name has other contents.
    #[error("{} is there already, with other contents", shown_path(.0))]
    Exists(PathBuf),
    /// A file cannot be read or written.
    #[error("cannot {action} {}: {source}", shown_path(path))]
    Failed {
        /// "read" or "write".
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is larger than anything it could hold.
    #[error("{} is larger than {limit} bytes", shown_path(path))]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit.
        limit: u64,
    },
}

impl Coded for FileError {
    fn exit(&self) -> Exit {
        match self {
            FileError::Exists(_) => Exit::Conflict,
            FileError::Failed { source, .. } => io_exit(source),
            FileError::TooLarge { .. } => Exit::Malformed,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            FileError::Exists(_) => "file-exists",
            FileError::Failed { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                "file-missing"
            }
            FileError::Failed { .. } => "file-failed",
            FileError::TooLarge { .. } => "file-too-large",
        }
    }

    fn remedy(&self) -> Remedy {
        match self {
            FileError::Exists(_) => Remedy::OtherOut,
            FileError::Failed { .. } => Remedy::CheckPath,
            FileError::TooLarge { .. } => Remedy::CheckFile,
        }
    }
}

/// Reads a regular file, of which at most one byte more than `limit` is looked at: enough to have
/// it refused.
pub(super) fn read_up_to(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    open_regular(path)
        .and_then(|file| file.take(limit.saturating_add(1)).read_to_end(&mut bytes))
        .map_err(|source| FileError::Failed {
            action: "read",
            path: path.into(),
            source,
        })?;
    Ok(bytes)
}

/// Reads a regular file of at most `limit` bytes.
pub(super) fn read(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    let bytes = read_up_to(path, limit)?;
    match bytes.len() as u64 <= limit {
        true => Ok(bytes),
        false => Err(FileError::TooLarge {
            path: path.into(),
            limit,
        }),
    }
}

/// Returns the files that paths name: themselves, and of folders the PSBTs and returns in them that
/// came back, by name.
pub(super) fn named(paths: &[PathBuf]) -> Result<Vec<PathBuf>, FileError> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let failed = |source| FileError::Failed {
            action: "read",
            path: path.clone(),
            source,
        };
        let (mut within, mut returns) = (Vec::new(), Vec::new());
        for entry in fs::read_dir(path).map_err(failed)? {
            let entry = entry.map_err(failed)?.path();
            if !entry.is_file() {
                continue;
            }
            let start = start(&entry).map_err(failed)?;
            if psbt_file::looks_like_psbt(&start) {
                within.push(entry);
            } else if looks_like_return(&start) {
                returns.push(entry);
            }
        }
        let name = |file: &PathBuf| file.file_name().unwrap_or_default().to_owned();
        if returns.is_empty() {
            within = psbt_file::came_back(within, name);
        } else {
            // What the return is of may lie beside it, unsigned.
            within.retain(|file| psbt_file::is_signed_name(&name(file)));
            within.append(&mut returns);
        }
        if within.is_empty() {
            let source = io::Error::new(
                io::ErrorKind::NotFound,
                "there is no PSBT and no return in it",
            );
            return Err(FileError::Failed {
                action: "read",
                path: path.clone(),
                source,
            });
        }
        within.sort();
        files.extend(within);
    }
    Ok(files)
}

/// Returns the first bytes of a file, by which it is told.
fn start(path: &Path) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    open_regular(path)?
        .take(psbt_file::LOOK.max(returned::LOOK) as u64)
        .read_to_end(&mut start)?;
    Ok(start)
}

/// Writes pictures: one file where they have no names of their own, else a folder of them. What is
/// there already with the same contents stays; anything else is never overwritten.
pub(super) fn write_pictures(
    out: &Path,
    pictures: Vec<Picture>,
) -> Result<Vec<PathBuf>, FileError> {
    let is_folder = pictures.iter().any(|picture| picture.name.is_some());
    let files: Vec<(String, Vec<u8>)> = pictures
        .into_iter()
        .map(|picture| (picture.name.unwrap_or_default(), picture.bytes))
        .collect();
    let (destination, taken) = match (is_folder, files.as_slice()) {
        (false, [(_, bytes)]) => (
            Destination::File(out.to_owned()),
            out.exists() && !has(out, bytes),
        ),
        _ => {
            let folder: PathBuf = out.components().collect();
            let taken = is_filled(&folder)? && !holds(&folder, &files);
            (Destination::Folder(folder), taken)
        }
    };
    if taken {
        return Err(FileError::Exists(out.into()));
    }
    destination.write(&files)
}

/// Where files may go: nothing else is in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Destination {
    /// One file.
    File(PathBuf),
    /// A folder that appears with all of them at once.
    Folder(PathBuf),
}

impl Destination {
    /// Decides where files go, without writing.
    ///
    /// One file goes to `out`, or into it when it is a folder or ends with a slash. Several go into
    /// a new folder `out`; where a folder `out` with something in it exists, into a new folder `id`
    /// inside. What is there already with the same contents stays; anything else is never
    /// overwritten.
    pub(super) fn choose(
        out: &Path,
        id: &str,
        files: &[(String, Vec<u8>)],
    ) -> Result<Self, FileError> {
        let destination = match files {
            [(name, _)] if out.is_dir() => Destination::File(out.join(name)),
            // A slash at the end names a folder, which is made.
            [_] if out.as_os_str().as_encoded_bytes().ends_with(b"/") => {
                Destination::Folder(out.components().collect())
            }
            [_] => Destination::File(out.to_owned()),
            _ if is_filled(out)? && !holds(out, files) => Destination::Folder(out.join(id)),
            _ => Destination::Folder(out.to_owned()),
        };
        let path = destination.path();
        let taken = match (&destination, files) {
            (Destination::File(path), [(_, bytes)]) => path.exists() && !has(path, bytes),
            _ => path.exists() && !holds(path, files) && (!path.is_dir() || is_filled(path)?),
        };
        if taken {
            return Err(FileError::Exists(path.into()));
        }
        let parent = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty());
        match fs::metadata(parent.unwrap_or(Path::new("."))) {
            Ok(parent) if parent.is_dir() => {}
            Ok(_) => return Err(failed(path, io::ErrorKind::NotADirectory.into())),
            Err(source) => return Err(failed(path, source)),
        }
        Ok(destination)
    }

    fn path(&self) -> &Path {
        match self {
            Destination::File(path) | Destination::Folder(path) => path,
        }
    }

    /// Writes the files, all or none, and returns where they are; when this returns, they are on
    /// disk.
    pub(super) fn write(&self, files: &[(String, Vec<u8>)]) -> Result<Vec<PathBuf>, FileError> {
        match (self, files) {
            (Destination::File(path), [(_, bytes)]) => {
                if !has(path, bytes) {
                    write_file(path, bytes).map_err(|source| failed(path, source))?;
                }
                Ok(vec![path.clone()])
            }
            (Destination::File(path) | Destination::Folder(path), _) => {
                if !holds(path, files) {
                    write_folder(path, files).map_err(|source| failed(path, source))?;
                }
                Ok(files.iter().map(|(name, _)| path.join(name)).collect())
            }
        }
    }
}

fn failed(path: &Path, source: io::Error) -> FileError {
    FileError::Failed {
        action: "write",
        path: path.into(),
        source,
    }
}

fn write_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = beside(path)?;
    create(&temporary, bytes)
        .and_then(|()| fs::rename(&temporary, path))
        .and_then(|()| sync_parent(path))
        .inspect_err(|_| drop(fs::remove_file(&temporary)))
}

fn write_folder(folder: &Path, files: &[(String, Vec<u8>)]) -> io::Result<()> {
    let temporary = beside(folder)?;
    let write_all = || {
        fs::create_dir(&temporary)?;
        for (name, bytes) in files {
            create(&temporary.join(name), bytes)?;
        }
        File::open(&temporary)?.sync_all()?;
        // Replaces an empty folder, and nothing else (rename(2)).
        fs::rename(&temporary, folder)?;
        sync_parent(folder)
    };
    write_all().inspect_err(|_| drop(fs::remove_dir_all(&temporary)))
}

fn is_filled(folder: &Path) -> Result<bool, FileError> {
    match fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_some()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            Err(FileError::Exists(folder.into()))
        }
        Err(source) => Err(FileError::Failed {
            action: "read",
            path: folder.into(),
            source,
        }),
    }
}

/// Whether a folder has these files, with these contents.
fn holds(folder: &Path, files: &[(String, Vec<u8>)]) -> bool {
    files
        .iter()
        .all(|(name, bytes)| has(&folder.join(name), bytes))
}

/// Whether there is a regular file with these contents. Devices and pipes are not read: they may
/// never end.
fn has(path: &Path, bytes: &[u8]) -> bool {
    let same_size =
        fs::metadata(path).is_ok_and(|found| found.is_file() && found.len() == bytes.len() as u64);
    same_size && fs::read(path).is_ok_and(|found| found == bytes)
}

fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// A name beside `path` that nothing else uses, not even what a killed process left.
fn beside(path: &Path) -> io::Result<PathBuf> {
    let mut random = [0u8; 4];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{:08x}.tmp", u32::from_be_bytes(random)));
    Ok(path.with_file_name(name))
}

fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => File::open(".")?.sync_all(),
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(out: &Path, id: &str, files: &[(String, Vec<u8>)]) -> Result<Vec<PathBuf>, FileError> {
        Destination::choose(out, id, files)?.write(files)
    }

    fn two() -> Vec<(String, Vec<u8>)> {
        vec![("a.psbt".into(), vec![1]), ("b.psbt".into(), vec![2])]
    }

    /// Neither is waited for, nor read without end.
    #[test]
    fn a_pipe_or_a_device_in_the_place_of_a_file_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        for path in [&pipe, Path::new("/dev/zero"), folder.path()] {
            let Err(FileError::Failed { source, .. }) = read(path, 1_000) else {
                panic!("{} was read", path.display());
            };
            assert!(
                cofferdam_scanner::NotRegular::is_cause_of(&source),
                "{source}"
            );
        }
    }

    #[test]
    fn one_file_goes_where_it_is_told_and_never_over_another() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("x.psbt");
        let one = [("po-1.psbt".to_owned(), vec![1])];
        assert_eq!(write(&out, "po-1", &one).unwrap(), vec![out.clone()]);
        assert_eq!(write(&out, "po-1", &one).unwrap(), vec![out.clone()]);
        let other = [("po-1.psbt".to_owned(), vec![2])];
        assert!(matches!(
            write(&out, "po-1", &other),
            Err(FileError::Exists(_))
        ));
        assert_eq!(fs::read(&out).unwrap(), [1]);
        assert_eq!(
            write(folder.path(), "po-1", &other).unwrap(),
            [folder.path().join("po-1.psbt")]
        );
        assert!(matches!(
            write(&folder.path().join("no/x"), "po-1", &one),
            Err(FileError::Failed { .. })
        ));
    }

    #[test]
    fn a_slash_at_the_end_makes_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let out = PathBuf::from(format!("{}/new/", folder.path().display()));
        let one = [("po-1.psbt".to_owned(), vec![1])];
        for _ in 0..2 {
            assert_eq!(write(&out, "po-1", &one).unwrap(), [out.join("po-1.psbt")]);
        }
        assert_eq!(fs::read(out.join("po-1.psbt")).unwrap(), [1]);
    }

    #[test]
    fn several_files_appear_as_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        let paths = write(&out, "po-1", &two()).unwrap();
        assert_eq!(paths, [out.join("a.psbt"), out.join("b.psbt")]);
        assert_eq!(write(&out, "po-1", &two()).unwrap(), paths);
        let other = vec![
            ("a.psbt".to_owned(), vec![9]),
            ("b.psbt".to_owned(), vec![2]),
        ];
        assert_eq!(
            write(&out, "po-2", &other).unwrap()[0],
            out.join("po-2/a.psbt")
        );
        fs::write(folder.path().join("file"), [0]).unwrap();
        assert!(matches!(
            write(&folder.path().join("file"), "x", &two()),
            Err(FileError::Exists(_))
        ));
        let left: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert!(
            left.iter()
                .all(|name| !name.to_string_lossy().ends_with(".tmp")),
            "{left:?}"
        );
    }

    #[test]
    fn folders_name_their_psbts() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(
            named(&[folder.path().into()]),
            Err(FileError::Failed { .. })
        ));
        for name in ["b.psbt", "a.psbt"] {
            fs::write(folder.path().join(name), b"psbt\xff").unwrap();
        }
        fs::write(folder.path().join("c.txt"), [0]).unwrap();
        let found = |names: [&str; 2]| names.map(|name| folder.path().join(name));
        assert_eq!(
            named(&[folder.path().into()]).unwrap(),
            found(["a.psbt", "b.psbt"])
        );
        for name in ["b.signed.psbt", "a.signed.psbt"] {
            fs::write(folder.path().join(name), b"cHNidP8=").unwrap();
        }
        assert_eq!(
            named(&[folder.path().into()]).unwrap(),
            found(["a.signed.psbt", "b.signed.psbt"])
        );
    }
}
