//! The rehearsal chain: paying from its faucet, mining, reorganising.

use bitcoin::{Amount, TxOut};
use cofferdam_core::Network;
use cofferdam_core::wallet::Branch;

use super::{FundRequest, FundedDocument, MinedDocument, Service, ServiceError};
use crate::chain::rehearsal::Rehearsal;
use crate::chain::{Blocks as _, ChainError, Tip};
use crate::settings::ChainKind;
use crate::{Error, addresses, clock, sync, wallets};

impl Service {
    /// Pays a wallet from the faucet, and mines the block that confirms it.
    ///
    /// # Errors
    ///
    /// The ledger follows a real chain: its wallets are paid there. Or the faucet is empty, or the
    /// coins would be dust.
    pub async fn fund(&self, request: FundRequest) -> Result<FundedDocument, Error> {
        self.refuse_real_chain().await?;
        let outputs = self.faucet_outputs(&request).await?;
        let chain = self.rehearsal().await?;
        let funded = chain.fund(&outputs, now()).await?;
        let tip: Tip = match request.unconfirmed {
            true => chain.tip().await?,
            false => chain.mine(1, now()).await?.0,
        };
        Ok(FundedDocument {
            wallet: request.wallet,
            amount_sat: request.amount.to_sat(),
            coins: request.coins,
            txids: funded.txids.iter().map(ToString::to_string).collect(),
            height: tip.height,
            confirmed: !request.unconfirmed,
        })
    }

    /// Mines blocks that take up the memory pool.
    ///
    /// # Errors
    ///
    /// The ledger follows a real chain.
    pub async fn mine(&self, blocks: u32) -> Result<MinedDocument, Error> {
        self.refuse_real_chain().await?;
        let (tip, transactions) = self.rehearsal().await?.mine(blocks, now()).await?;
        Ok(mined(tip, transactions))
    }

    /// Replaces the last blocks by others without their transactions.
    ///
    /// # Errors
    ///
    /// The ledger follows a real chain, or there are not so many blocks.
    pub async fn reorganise(&self, depth: u32) -> Result<MinedDocument, Error> {
        self.refuse_real_chain().await?;
        let tip = self.rehearsal().await?.reorganise(depth, now()).await?;
        Ok(mined(tip, 0))
    }

    async fn refuse_real_chain(&self) -> Result<(), Error> {
        let mut view = self.store.read().await?;
        Ok(sync::refuse_other_kind(&mut view, ChainKind::Rehearsal).await?)
    }

    async fn rehearsal(&self) -> Result<Rehearsal, Error> {
        Ok(Rehearsal::open(&self.folder.rehearsal()).await?)
    }

    /// Hands out an address for each coin, and shares the sum among them.
    async fn faucet_outputs(&self, request: &FundRequest) -> Result<Vec<TxOut>, Error> {
        let mut write = self.store.write().await?;
        let record = wallets::find(&mut write, &request.wallet).await?;
        let found = record.wallet.network();
        if found != Network::Regtest {
            return Err(ChainError::OtherNetwork {
                expected: found,
                found: Network::Regtest,
            }
            .into());
        }
        let coins = u64::from(request.coins.max(1));
        let share = request.amount / coins;
        let rest = (request.amount % coins).to_sat();
        let mut outputs = Vec::new();
        for coin in 0..coins {
            let index = addresses::reserve(&mut write, &record, Branch::Receive).await?;
            let script_pubkey = record
                .wallet
                .script_pubkey(Branch::Receive, index)
                .map_err(|error| {
                    ServiceError::Unexpected(format!("cannot derive an address: {error}"))
                })?;
            if share < script_pubkey.minimal_non_dust() {
                return Err(ServiceError::Dust(share.to_sat()).into());
            }
            let value = if coin < rest {
                share + Amount::ONE_SAT
            } else {
                share
            };
            outputs.push(TxOut {
                value,
                script_pubkey,
            });
        }
        write.commit().await?;
        Ok(outputs)
    }
}

fn mined(tip: Tip, transactions: usize) -> MinedDocument {
    MinedDocument {
        height: tip.height,
        hash: tip.hash.to_string(),
        transactions,
    }
}

fn now() -> u32 {
    // Block times end in 2106.
    u32::try_from(clock::now()).unwrap_or(u32::MAX)
}
