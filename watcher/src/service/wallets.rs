//! Wallets: importing, showing, what they hold.

use std::collections::HashMap;

use cofferdam_core::wallet::{Branch, ImportOptions, Wallet, WalletKind};

use super::{
    Balance, CoinEntry, ImportedWallet, MarkRequest, MarkedDocument, Service, WalletDocument,
    WalletRequest, Watched,
};
use crate::Error;
use crate::coins;
use crate::store::wallets::{self as rows, BranchState, WalletNo, WalletRecord};
use crate::store::{StoreError, balances};
use crate::wallets::{self, MarkedUsed, WalletsError};

/// Where each branch of each wallet stands.
type Branches = HashMap<(WalletNo, Branch), BranchState>;

impl Service {
    /// Imports the wallet in these bytes: the signer's JSON, a descriptor, or Bitcoin Core's,
    /// Sparrow's or Specter's export.
    ///
    /// # Errors
    ///
    /// They hold no wallet, or one that clashes with those that are there.
    pub async fn import_wallet(
        &self,
        bytes: &[u8],
        request: WalletRequest,
    ) -> Result<ImportedWallet, Error> {
        let options = ImportOptions {
            name: request.name,
            network: request.network,
            birthday: request.birthday,
            script_type: request.script_type,
        };
        let wallet = Wallet::import(bytes, &options).map_err(WalletsError::Malformed)?;
        let imported = wallets::import(&self.store, wallet, request.gap).await?;
        let mut view = self.store.read().await?;
        Ok(ImportedWallet {
            wallet: document(&imported.record, &rows::branches(&mut view).await?)?,
            known: imported.known,
        })
    }

    /// Returns all wallets.
    pub async fn wallets(&self) -> Result<Vec<WalletDocument>, Error> {
        let mut view = self.store.read().await?;
        let mut documents = Vec::new();
        let branches = rows::branches(&mut view).await?;
        for record in rows::all(&mut view).await? {
            documents.push(document(&record, &branches)?);
        }
        Ok(documents)
    }

    /// Returns the wallet of a name.
    pub async fn wallet(&self, name: &str) -> Result<WalletDocument, Error> {
        let mut view = self.store.read().await?;
        let record = wallets::find(&mut view, name).await?;
        Ok(document(&record, &rows::branches(&mut view).await?)?)
    }

    /// Takes note that an index is in use: it is watched from then on.
    ///
    /// # Errors
    ///
    /// There is no such wallet, or no such index.
    pub async fn mark_used(&self, request: &MarkRequest) -> Result<MarkedDocument, Error> {
        let MarkRequest {
            wallet,
            branch,
            index,
        } = request;
        let (record, marked) = wallets::mark_used(&self.store, wallet, *branch, *index).await?;
        Ok(MarkedDocument {
            name: record.wallet.name().to_string(),
            branch: *branch,
            index: *index,
            watched: match marked {
                MarkedUsed::Watched => Watched::Already,
                MarkedUsed::UpToIt => Watched::UpToIt,
                MarkedUsed::Alone => Watched::Alone,
            },
        })
    }

    /// Returns what a wallet holds.
    pub async fn balance(&self, wallet: &str) -> Result<Balance, Error> {
        let mut view = self.store.read().await?;
        let record = wallets::find(&mut view, wallet).await?;
        Ok(balances::balance(&mut view, record.no).await?)
    }

    /// Returns a wallet's unspent coins: confirmed ones, oldest first, then pending ones.
    pub async fn coins(&self, wallet: &str) -> Result<Vec<CoinEntry>, Error> {
        let mut view = self.store.read().await?;
        let record = wallets::find(&mut view, wallet).await?;
        Ok(coins::list(&mut view, &record).await?)
    }
}

fn document(record: &WalletRecord, branches: &Branches) -> Result<WalletDocument, StoreError> {
    let next = |branch| {
        let state = branches.get(&(record.no, branch));
        state
            .map(|state| state.next_index)
            .ok_or_else(|| StoreError::damaged("a wallet without a branch"))
    };
    let wallet = &record.wallet;
    let WalletKind::Single(script) = wallet.kind();
    Ok(WalletDocument {
        id: wallet.id().to_string(),
        name: wallet.name().to_string(),
        network: wallet.network(),
        descriptor: wallet.descriptor_text(),
        birthday: wallet.birthday(),
        receipt_key: wallet.receipt_key().map(|key| key.to_string()),
        script,
        gap: record.gap,
        next_receive_index: next(Branch::Receive)?,
        next_change_index: next(Branch::Change)?,
        synced_height: record.next_height.and_then(|next| next.checked_sub(1)),
    })
}
