//! The names of a vault's files.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::StoreError;
use super::durable::folder_of;

/// The path of a vault, with symbolic links resolved, and the names derived from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VaultPath {
    vault: PathBuf,
    file_name: OsString,
}

impl VaultPath {
    /// Takes the path that the operator named. The vault need not exist; its folder must.
    ///
    /// # Errors
    ///
    /// When the folder is missing or cannot be searched, or the path names no file.
    pub(crate) fn new(path: &Path) -> Result<Self, StoreError> {
        let vault = match fs::symlink_metadata(path) {
            Ok(metadata) if metadata.is_symlink() => {
                fs::canonicalize(path).map_err(StoreError::io("follow the link", path))?
            }
            Ok(_) => path.to_path_buf(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                require_folder(folder_of(path))?;
                path.to_path_buf()
            }
            Err(error) => return Err(StoreError::io("open", path)(error)),
        };
        let Some(file_name) = vault.file_name().map(OsStr::to_os_string) else {
            return Err(StoreError::NotAFile(vault));
        };
        Ok(VaultPath { vault, file_name })
    }

    /// Returns the vault's own path, `V`.
    pub(crate) fn vault(&self) -> &Path {
        &self.vault
    }

    /// Returns the path of the journal, `V.journal`.
    pub(crate) fn journal(&self) -> PathBuf {
        self.with_suffix("journal")
    }

    pub(super) fn lock_file(&self) -> PathBuf {
        self.with_suffix("lock")
    }

    pub(super) fn generation(&self, generation: u64) -> PathBuf {
        self.with_suffix(&generation.to_string())
    }

    pub(super) fn aside(&self, number: u64) -> PathBuf {
        self.with_suffix(&format!("aside.{number}"))
    }

    pub(super) fn temporary(&self) -> PathBuf {
        let mut name = OsString::from(".");
        name.push(&self.file_name);
        name.push(".tmp");
        self.vault.with_file_name(name)
    }

    pub(super) fn folder(&self) -> &Path {
        folder_of(&self.vault)
    }

    /// Returns the number of an earlier generation's file name, or of one set aside.
    pub(super) fn parse_name(&self, file_name: &OsStr) -> Option<KeptName> {
        let suffix = file_name
            .as_bytes()
            .strip_prefix(self.file_name.as_bytes())?
            .strip_prefix(b".")?;
        match suffix.strip_prefix(b"aside.") {
            Some(number) => number_of(number).map(KeptName::Aside),
            None => number_of(suffix).map(KeptName::Generation),
        }
    }

    fn with_suffix(&self, suffix: &str) -> PathBuf {
        let mut path = OsString::from(&self.vault);
        path.push(".");
        path.push(suffix);
        PathBuf::from(path)
    }
}

fn require_folder(folder: &Path) -> Result<(), StoreError> {
    use io::ErrorKind::{NotADirectory, NotFound};
    match fs::metadata(folder) {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Err(error) if !matches!(error.kind(), NotFound | NotADirectory) => {
            Err(StoreError::io("look at", folder)(error))
        }
        _ => Err(StoreError::FolderMissing(folder.to_path_buf())),
    }
}

/// What a file beside the vault is, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeptName {
    /// `V.<generation>`
    Generation(u64),
    /// `V.aside.<k>`
    Aside(u64),
}

/// A positive decimal number without leading zeros or signs.
fn number_of(digits: &[u8]) -> Option<u64> {
    if digits.first() == Some(&b'0') || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::{KeptName, VaultPath};

    #[test]
    fn only_exact_names_are_generations() {
        let path = VaultPath::new(&std::env::temp_dir().join("treasury.vault")).unwrap();
        let name = |name: &str| path.parse_name(OsStr::new(name));
        assert_eq!(name("treasury.vault.7"), Some(KeptName::Generation(7)));
        assert_eq!(
            name("treasury.vault.18446744073709551615"),
            Some(KeptName::Generation(u64::MAX))
        );
        assert_eq!(name("treasury.vault.aside.2"), Some(KeptName::Aside(2)));
        for other in [
            "treasury.vault",
            "treasury.vault.",
            "treasury.vault.0",
            "treasury.vault.07",
            "treasury.vault.+7",
            "treasury.vault.7.bak",
            "treasury.vault.18446744073709551616",
            "treasury.vault.lock",
            "treasury.vault.journal",
            "treasury.vault.aside.",
            ".treasury.vault.tmp",
            "other.vault.7",
        ] {
            assert_eq!(name(other), None, "{other}");
        }
    }
}
