//! Payout lists, from a file to its confirmations.

use cofferdam_core::psbt::Version;

use super::{
    CancelRequest, Contents, FeeRate, FeeRequest, HandoverFormat, ImportDocument, Journals,
    ListDocument, OrderRequest, PlanRequest, PlannedDocument, Service, SignedFile, SourceRequest,
    SplitRequest, Summary,
};
use crate::payout::cancel::CancelTerms;
use crate::payout::create::Order;
use crate::payout::draft::{self, Terms};
use crate::payout::split::Split;
use crate::payout::{PayoutError, broadcast, cancel, create, export, import, show, split};
use crate::{Error, csv};

impl Service {
    /// Plans a list without storing or reserving anything. `list` gives what it holds, once the
    /// wallet is known to be there.
    ///
    /// # Errors
    ///
    /// As [`create_list`](Self::create_list).
    pub async fn plan_list<E>(
        &self,
        request: OrderRequest,
        list: impl FnOnce() -> Result<Vec<u8>, E>,
    ) -> Result<PlannedDocument, Error>
    where
        Error: From<E>,
    {
        let order = self.order(request, list).await?;
        Ok(create::plan(&self.store, &order).await?)
    }

    /// Plans a list, stores the plan and reserves its coins: all or nothing.
    ///
    /// # Errors
    ///
    /// The list has problems or was planned before, the coins do not pay it, or a warning is not
    /// accepted.
    pub async fn create_list<E>(
        &self,
        request: OrderRequest,
        list: impl FnOnce() -> Result<Vec<u8>, E>,
    ) -> Result<PlannedDocument, Error>
    where
        Error: From<E>,
    {
        let order = self.order(request, list).await?;
        Ok(create::create(&self.store, &order).await?)
    }

    /// Divides coins among fresh addresses of the wallet.
    ///
    /// # Errors
    ///
    /// The coins do not suffice, the parts would be dust, or a warning is not accepted.
    pub async fn split_coins(&self, request: SplitRequest) -> Result<PlannedDocument, Error> {
        let terms = self.terms(request.plan).await?;
        let split = Split {
            into: request.into,
            each: request.each,
        };
        Ok(split::split(&self.store, split, &terms).await?)
    }

    /// Returns the lists after the one that is named, oldest first and at most `limit`; those of a
    /// wallet, or all.
    ///
    /// # Errors
    ///
    /// There is no such wallet, or no such list.
    pub async fn lists_after(
        &self,
        wallet: Option<&str>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Summary>, Error> {
        Ok(show::page(&self.store, wallet, after, limit).await?)
    }

    /// Returns all lists, or those of a wallet, oldest first.
    pub async fn lists(&self, wallet: Option<&str>) -> Result<Vec<Summary>, Error> {
        let mut all: Vec<Summary> = Vec::new();
        loop {
            let after = all.last().map(|last| last.id.as_str());
            let page = self.lists_after(wallet, after, show::PAGE).await?;
            let is_last = page.len() < show::PAGE as usize;
            all.extend(page);
            if is_last {
                return Ok(all);
            }
        }
    }

    /// Returns a list, its transactions and payments, as of the last sync.
    pub async fn list(&self, id: &str) -> Result<ListDocument, Error> {
        Ok(show::show(&self.store, id).await?)
    }

    /// Hands a list over to the signer, and returns what `prepare` made of it. Nothing of it may
    /// leave before this returns: only then the ledger knows that it did.
    ///
    /// # Errors
    ///
    /// The list is final or cancelled; or those of `prepare`.
    pub async fn hand_over<T>(
        &self,
        id: &str,
        version: Version,
        format: HandoverFormat,
        prepare: impl FnOnce(Contents) -> Result<T, Error>,
    ) -> Result<T, Error> {
        export::export(&self.store, id, version, format, prepare).await
    }

    /// Takes signatures of a list back, after verifying each of them: all or none.
    ///
    /// # Errors
    ///
    /// A file is nothing that a signer wrote, or is refused.
    pub async fn import_signed(
        &self,
        id: &str,
        files: Vec<SignedFile>,
        journals: Journals,
    ) -> Result<ImportDocument, Error> {
        Ok(import::import(&self.store, id, files, journals).await?)
    }

    /// Sends the signed transactions of a list; a retry sends the same bytes.
    ///
    /// # Errors
    ///
    /// A transaction is not signed yet, or the source refuses one or fails.
    pub async fn broadcast(&self, id: &str, source: &SourceRequest) -> Result<ListDocument, Error> {
        let source = self.source(source).await?;
        Ok(broadcast::broadcast(&self.store, source.as_ref(), id).await?)
    }

    /// Cancels what can be cancelled of a list.
    ///
    /// # Errors
    ///
    /// Nothing can, or a warning is not accepted.
    pub async fn cancel(&self, request: CancelRequest) -> Result<PlannedDocument, Error> {
        let terms = CancelTerms {
            fee_rate: request.fee_rate,
            max_fee_rate: request.consent.max_fee_rate,
            accept: request.consent.accept,
        };
        Ok(cancel::cancel(&self.store, &request.list, &terms).await?)
    }

    async fn order<E>(
        &self,
        request: OrderRequest,
        list: impl FnOnce() -> Result<Vec<u8>, E>,
    ) -> Result<Order, Error>
    where
        Error: From<E>,
    {
        let network = create::network(&self.store, &request.plan.wallet).await?;
        let list = csv::import(&list()?, &request.format, network).map_err(PayoutError::from)?;
        Ok(Order {
            list,
            format: request.format,
            again: request.again,
            terms: self.terms(request.plan).await?,
        })
    }

    async fn terms(&self, request: PlanRequest) -> Result<Terms, Error> {
        let fee_rate = match request.fee {
            FeeRequest::Rate(rate) => rate,
            FeeRequest::Target(blocks) => self.estimate(&request.source, blocks).await?,
        };
        Ok(Terms {
            wallet: request.wallet,
            fee_rate,
            max_weight: request.max_weight,
            confirmations: request.confirmations,
            seed: match request.seed {
                Some(seed) => seed,
                None => draft::new_seed()?,
            },
            max_fee_rate: request.consent.max_fee_rate,
            accept: request.consent.accept,
        })
    }

    async fn estimate(&self, source: &SourceRequest, blocks: u16) -> Result<FeeRate, Error> {
        let estimate = self.source(source).await?.estimate_fee(blocks).await?;
        let estimate = estimate.ok_or(PayoutError::NoEstimate { blocks })?;
        Ok(
            FeeRate::checked(estimate.0).map_err(|_| PayoutError::Estimate {
                blocks,
                rate: FeeRate::from_sat_per_kvb(estimate.0).to_string(),
            })?,
        )
    }
}
