//! Bringing the ledger to the tip of the chain.

use std::sync::Arc;

use super::{Progress, Service, SyncReport, SyncRequest};
use crate::sync::SyncOptions;
use crate::{Error, chain, settings, sync};

impl Service {
    /// Brings the ledger to the tip of the chain, and remembers where blocks came from. It can be
    /// stopped at any time, and continues where it was.
    ///
    /// # Errors
    ///
    /// The source is not ready, shows another chain, or shows what it cannot prove; another process
    /// syncs.
    pub async fn sync(
        &self,
        request: &SyncRequest,
        progress: &dyn Progress,
    ) -> Result<SyncReport, Error> {
        let settings = self.source_settings(&request.source)?;
        let source = chain::open(&settings, &self.folder).await?;
        let options = SyncOptions {
            rescan: request.rescan,
            every_block: request.every_block,
            accept_less_work: request.accept_less_work,
            ..SyncOptions::default()
        };
        let source = Arc::from(source);
        let report = sync::sync(&self.store, &source, settings.kind(), options, progress).await?;
        settings::save(&self.folder, &settings)?;
        Ok(report)
    }
}
