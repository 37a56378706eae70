//! What commands work on.

use std::path::Path;

use crate::data_folder::{DataFolder, DataFolderError};
use crate::error::{Error, shown_path};
use crate::store::Store;

/// The opened data folder.
#[derive(Debug)]
pub struct Context {
    /// The data folder.
    pub folder: DataFolder,
    /// The ledger.
    pub store: Store,
    /// Whether progress may be shown on standard error.
    pub progress: bool,
}

impl Context {
    /// Opens the data folder and the ledger in it; creates both when they are not there.
    pub async fn open(data: Option<&Path>, json: bool) -> Result<Self, Error> {
        let path = match data {
            Some(path) => path.to_owned(),
            None => DataFolder::default_path().ok_or(DataFolderError::Unnamed)?,
        };
        let folder = DataFolder::open(&path)?;
        for file in folder.tighten()? {
            let others = format!("{:04o}", file.mode);
            let path = shown_path(&file.path);
            eprintln!(
                "warning: others could reach {path} (mode {others}); from now on only its owner can"
            );
        }
        let store = Store::open(&folder.ledger()).await?;
        let progress = !json && std::io::IsTerminal::is_terminal(&std::io::stderr());
        Ok(Context {
            folder,
            store,
            progress,
        })
    }
}
