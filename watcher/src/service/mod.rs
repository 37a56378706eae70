//! What this program does for whoever asks: typed requests in, documents and events out.
//!
//! A face (the command line today) parses what somebody wants into a request, hands it to
//! [`Service`], and shows the document that comes back. Nothing here prints, asks, or knows how a
//! face words things: what can be done about a failure is a [`Remedy`](crate::remedy::Remedy).
//!
//! - [`requests`]: what can be asked for.
//! - [`documents`]: what comes back, which is what `--json` prints: the contract with scripts.
//! - [`wallets`], [`addresses`], [`payouts`], [`sync`], [`scan`], [`rehearsal`]: the work, by what
//!   it is about; each opens the database transactions that it needs.
//! - [`chain`]: which chain source is used.
//!
//! Events while the work goes on: [`Progress`] of a sync, [`Told`] of a scan.

mod addresses;
mod chain;
pub mod documents;
mod error;
mod payouts;
mod rehearsal;
pub mod requests;
mod scan;
mod sync;
mod wallets;

use std::path::Path;

use crate::Error;
use crate::data_folder::{DataFolder, DataFolderError};
use crate::store::Store;

pub use crate::csv::{Format as ListFormat, Ids, MAX_FILE_BYTES as MAX_LIST_BYTES, Unit};
pub use crate::payout::export::{Contents, Format as HandoverFormat};
pub use crate::payout::finding::{ACCEPTABLE, PAYMENT_OPEN};
pub use crate::payout::import::{Journals, MAX_FILE_BYTES as MAX_SIGNED_BYTES, SignedFile};
pub use crate::payout::split::MAX_COINS as MAX_SPLIT;
pub use crate::payout::state::FINAL_CONFIRMATIONS;
pub use crate::plan::{DEFAULT_MAX_WEIGHT, FeeRate, LEAST_MAX_WEIGHT, STANDARD_MAX_WEIGHT, Seed};
pub use crate::private::Tightened;
pub use crate::scan::DECODER;
pub use crate::sync::progress::{Phase, Progress};
pub use cofferdam_scanner::Told;
pub use documents::*;
pub use error::ServiceError;
pub use requests::*;

/// An opened data folder, and all that can be done with it.
#[derive(Debug)]
pub struct Service {
    folder: DataFolder,
    store: Store,
}

impl Service {
    /// Opens a data folder and the ledger in it, and creates both when they are not there; without
    /// a folder, the user's own. Returns also the files that others could reach until now.
    ///
    /// # Errors
    ///
    /// There is no folder of the user's; or the folder or its ledger cannot be used.
    pub async fn open(folder: Option<&Path>) -> Result<(Self, Vec<Tightened>), Error> {
        let path = match folder {
            Some(path) => path.to_owned(),
            None => DataFolder::default_path().ok_or(DataFolderError::Unnamed)?,
        };
        let folder = DataFolder::open(&path)?;
        let tightened = folder.tighten()?;
        let store = Store::open(&folder.ledger()).await?;
        Ok((Service { folder, store }, tightened))
    }

    /// Closes the ledger.
    pub async fn close(&self) {
        self.store.close().await;
    }
}
