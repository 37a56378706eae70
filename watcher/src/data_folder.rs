//! The watcher's data folder and what lies in it.

use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::error::{Coded, Exit};
use crate::private::{self, Tightened};
use crate::remedy::Remedy;

/// A data folder that exists.
#[derive(Clone, Debug)]
pub struct DataFolder(PathBuf);

impl DataFolder {
    /// Opens `path`, and creates it (mode 0700) when it is not there.
    pub fn open(path: &Path) -> Result<Self, DataFolderError> {
        let failed = |source| DataFolderError::Unusable {
            path: path.into(),
            source,
        };
        match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => Ok(DataFolder(path.into())),
            Ok(_) => Err(DataFolderError::NotAFolder(path.into())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                std::fs::DirBuilder::new()
                    .recursive(true)
                    .mode(0o700)
                    .create(path)
                    .map_err(failed)?;
                // A umask may have taken what the owner needs.
                std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700))
                    .map_err(failed)?;
                Ok(DataFolder(path.into()))
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// Returns the folder used when none is named: `$XDG_DATA_HOME/cofferdam`, else
    /// `~/.local/share/cofferdam` (XDG Base Directory Specification).
    pub fn default_path() -> Option<PathBuf> {
        let absolute = |name| {
            std::env::var_os(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        absolute("XDG_DATA_HOME")
            .or_else(|| absolute("HOME").map(|home| home.join(".local/share")))
            .map(|data| data.join("cofferdam"))
    }

    /// Returns the folder's path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Takes the folder's files away from others, in whatever folder they lie; returns those that
    /// others could reach.
    ///
    /// Balances, payees and plans are nobody else's to read, and whoever may write to the ledger
    /// may make it lie.
    pub fn tighten(&self) -> Result<Vec<Tightened>, DataFolderError> {
        let databases = [self.ledger(), self.rehearsal()];
        let companions = databases.iter().flat_map(|database| {
            ["", "-wal", "-shm", "-journal"].map(|end| {
                let mut path = database.clone().into_os_string();
                path.push(end);
                PathBuf::from(path)
            })
        });
        let mut tightened = Vec::new();
        for path in companions.chain([self.settings()]) {
            let found = private::tighten(&path)
                .map_err(|source| DataFolderError::Exposed { path, source })?;
            tightened.extend(found);
        }
        Ok(tightened)
    }

    /// Returns the path of the ledger.
    pub fn ledger(&self) -> PathBuf {
        self.0.join("ledger.sqlite")
    }

    /// Returns the path of the rehearsal chain.
    pub fn rehearsal(&self) -> PathBuf {
        self.0.join("rehearsal.sqlite")
    }

    /// Returns the path of the settings.
    pub fn settings(&self) -> PathBuf {
        self.0.join("watcher.toml")
    }
}

/// The data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataFolderError {
    /// Neither `--data` nor a home folder is known.
    #[error("no data folder is named, and neither XDG_DATA_HOME nor HOME is set")]
    Unnamed,
    /// The path is a file.
    #[error("{0} is not a folder")]
    NotAFolder(PathBuf),
    /// Others can read or write a file, and that cannot be changed.
    #[error("others can reach {path}, and its permissions cannot be changed: {source}")]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The folder cannot be created or read.
    #[error("cannot use the data folder {path}: {source}")]
    Unusable {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Coded for DataFolderError {
    fn exit(&self) -> Exit {
        match self {
            DataFolderError::Unnamed => Exit::Usage,
            DataFolderError::NotAFolder(_)
            | DataFolderError::Exposed { .. }
            | DataFolderError::Unusable { .. } => Exit::Storage,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            DataFolderError::Unnamed => "data-folder-unnamed",
            DataFolderError::Exposed { .. } => "data-folder-exposed",
            DataFolderError::NotAFolder(_) | DataFolderError::Unusable { .. } => {
                "data-folder-unusable"
            }
        }
    }

    fn remedy(&self) -> Remedy {
        match self {
            DataFolderError::Unnamed => Remedy::NameFolder,
            DataFolderError::NotAFolder(_) => Remedy::NameAFolder,
            DataFolderError::Exposed { .. } => Remedy::KeepOthersOut,
            DataFolderError::Unusable { .. } => Remedy::CheckFolder,
        }
    }
}
