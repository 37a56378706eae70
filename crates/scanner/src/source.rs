//! What can be looked at.

use std::io;
use std::path::{Path, PathBuf};

/// The most pictures of one folder.
pub const MAX_PICTURES: usize = 10_000;

/// Something that gives pictures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file (PNG, JPEG, GIF, y4m, MJPEG; animated ones too), a named pipe with a stream, or a
    /// folder of such files.
    Path(PathBuf),
    /// A V4L2 camera, by its device (`/dev/video0`).
    Camera(PathBuf),
}

impl Source {
    /// Returns the files and cameras that this stands for: of a folder, its files in the order of
    /// their names, numbers by their value (`2.png` before `10.png`).
    ///
    /// # Errors
    ///
    /// The folder cannot be read, or has nothing in it, or more than [`MAX_PICTURES`] files.
    pub(crate) fn expand(&self) -> io::Result<Vec<Source>> {
        let Source::Path(path) = self else {
            return Ok(vec![self.clone()]);
        };
        if !path.is_dir() {
            return Ok(vec![self.clone()]);
        }
        let mut files = Vec::new();
        for entry in std::fs::read_dir(path)? {
            let file = entry?.path();
            if !file.is_file() {
                continue;
            }
            if files.len() == MAX_PICTURES {
                return Err(io::Error::other(format!(
                    "the folder has more than {MAX_PICTURES} files"
                )));
            }
            files.push(file);
        }
        if files.is_empty() {
            return Err(io::Error::new(
                io::ErrorKind::NotFound,
                "the folder has no file",
            ));
        }
        files.sort_by_cached_key(|file| natural(file));
        Ok(files.into_iter().map(Source::Path).collect())
    }

    /// Returns the path that people are shown.
    pub fn path(&self) -> &Path {
        match self {
            Source::Path(path) | Source::Camera(path) => path,
        }
    }
}

/// A piece of a name; numbers come in the order of their value.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Piece {
    Number(usize, String),
    Text(Vec<u8>),
}

fn natural(path: &Path) -> Vec<Piece> {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    name.chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit())
        .map(|piece| match std::str::from_utf8(piece) {
            Ok(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                let value = digits.trim_start_matches('0');
                Piece::Number(value.len(), value.into())
            }
            _ => Piece::Text(piece.to_vec()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_a_folder_come_in_the_order_of_their_numbers() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["frame-10.png", "frame-9.png", "frame-0100.png", "a.png"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let names: Vec<_> = Source::Path(folder.path().into())
            .expand()
            .unwrap()
            .iter()
            .map(|source| source.path().file_name().unwrap().to_owned())
            .collect();
        assert_eq!(
            names,
            ["a.png", "frame-9.png", "frame-10.png", "frame-0100.png"]
        );
    }

    #[test]
    fn an_empty_folder_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Source::Path(folder.path().into()).expand().is_err());
    }
}
