//! What commands work on.

use std::path::Path;

use crate::error::{Error, shown_path};
use crate::service::Service;

/// The opened data folder, and whoever looks on.
#[derive(Debug)]
pub struct Context {
    /// What can be done with the data folder.
    pub service: Service,
    /// Whether progress may be shown on standard error.
    pub progress: bool,
}

impl Context {
    /// Opens the data folder and the ledger in it; creates both when they are not there.
    pub async fn open(data: Option<&Path>, json: bool) -> Result<Self, Error> {
        let (service, tightened) = Service::open(data).await?;
        for file in tightened {
            let others = format!("{:04o}", file.mode);
            let path = shown_path(&file.path);
            eprintln!(
                "warning: others could reach {path} (mode {others}); from now on only its owner can"
            );
        }
        let progress = !json && std::io::IsTerminal::is_terminal(&std::io::stderr());
        Ok(Context { service, progress })
    }
}
