//! The corpus on disk.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::Case;

/// Returns the folder of the corpus in this repository.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/hostile")
}

/// Reads every case of the folder, in the order of their names.
///
/// # Errors
/// When one cannot be read.
pub fn read() -> Result<Vec<Case>> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(folder())? {
        folders.push(entry?.path());
    }
    folders.sort();
    folders.iter().map(|folder| Case::read(folder)).collect()
}

/// Writes the folder anew.
///
/// # Errors
/// When a file cannot be written.
pub fn bless(cases: &[Case]) -> io::Result<()> {
    let root = folder();
    if root.exists() {
        fs::remove_dir_all(&root)?;
    }
    for case in cases {
        let folder = root.join(&case.name);
        fs::create_dir_all(&folder)?;
        for (name, bytes) in case.folder() {
            fs::write(folder.join(name), bytes)?;
        }
    }
    Ok(())
}

/// Returns the paths that the folder lacks, that no case makes, or whose content is another.
///
/// # Errors
/// When the folder cannot be read.
pub fn differences(cases: &[Case]) -> io::Result<Vec<String>> {
    let mut wanted = BTreeMap::new();
    for case in cases {
        for (name, bytes) in case.folder() {
            wanted.insert(format!("{}/{name}", case.name), bytes);
        }
    }
    let mut different = Vec::new();
    for case in fs::read_dir(folder())? {
        let case = case?.path();
        for file in fs::read_dir(&case)? {
            let file = file?.path();
            let path =
                [&case, &file].map(|path| path.file_name().unwrap_or_default().to_string_lossy());
            let path = path.join("/");
            if wanted.remove(&path) != Some(fs::read(file)?) {
                different.push(path);
            }
        }
    }
    different.extend(wanted.into_keys());
    different.sort();
    Ok(different)
}
