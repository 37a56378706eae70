//! `export`: a wallet, written for others.

use cofferdam_core::keys::MasterKey;
use cofferdam_core::wallet::WalletName;

use super::Screen;
use super::Work;
use super::account;
use super::session::Opening;
use crate::error::Failure;
use crate::protocol::{ExportFormat, ExportOutcome, Outcome};
use serde::{Deserialize, Serialize};

/// Writes an account's public wallet.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ExportJob {
    /// Whose.
    pub(crate) account: WalletName,
    /// How.
    pub(crate) format: ExportFormat,
}

impl Work for ExportJob {
    fn run(self, open: Opening, screen: &mut Screen) -> Result<Outcome, Failure> {
        export(open, &self.account, self.format, screen)
    }
}

/// Writes an account's public wallet.
pub(super) fn export(
    open: Opening,
    name: &WalletName,
    format: ExportFormat,
    screen: &mut Screen,
) -> Result<Outcome, Failure> {
    let session = open.read(screen)?;
    let wallet = account::wallet(&session, name)?.wallet.clone();
    let wallet = match session.body.account(name) {
        Some(_) => {
            let master = MasterKey::from_seed(&session.seed, session.body.network)?;
            wallet.with_receipt_key(Some(master.receipt_key()?.public_key()))
        }
        None => wallet,
    };
    let text = match format {
        ExportFormat::Json => wallet.to_json(),
        ExportFormat::Core => wallet.core_import_json(),
        ExportFormat::Descriptor => wallet.descriptor_text(),
    };
    Ok(Outcome::Export(ExportOutcome {
        name: wallet.name().to_string(),
        id: wallet.id(),
        format,
        text: format!("{}\n", text.trim_end_matches('\n')),
    }))
}
