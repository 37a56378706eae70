//! What QR codes hold: recognised, and taken where it belongs.

use cofferdam_core::psbt::{Limits, Parsed};
use cofferdam_core::wallet::{ImportOptions, Wallet, WalletError};
use cofferdam_scanner::{Source, Told};
use cofferdam_transport::collect::Wanted;
use cofferdam_transport::returned::Return;
use cofferdam_transport::{Kind, Payload, registry};

use super::{
    ImportDocument, Journals, ScanRequest, ScannedDocument, Service, ServiceError, SignedFile,
};
use crate::payout::{import, show};
use crate::{Error, scan};

/// What is taken of signatures.
const SIGNATURES: [Kind; 3] = [Kind::Psbt, Kind::Transaction, Kind::Return];
/// What is taken of wallets. One of another program can be text.
const WALLETS: [Kind; 5] = [
    Kind::HdKey,
    Kind::Output,
    Kind::Account,
    Kind::Json,
    Kind::Text,
];
/// What is taken where nothing is told.
const EITHER: [Kind; 8] = [
    Kind::Psbt,
    Kind::Transaction,
    Kind::Return,
    Kind::HdKey,
    Kind::Output,
    Kind::Account,
    Kind::Json,
    Kind::Text,
];

impl ScanRequest {
    fn wanted(&self) -> Wanted {
        let wallet = &self.wallet;
        let of_wallet = wallet.name.is_some()
            || wallet.network.is_some()
            || wallet.birthday.is_some()
            || wallet.script_type.is_some()
            || wallet.gap.is_some();
        match (&self.list, of_wallet) {
            (Some(_), _) => Wanted::Kinds(&SIGNATURES),
            (None, true) => Wanted::Kinds(&WALLETS),
            (None, false) => Wanted::Kinds(&EITHER),
        }
    }
}

impl Service {
    /// Looks at pictures or a camera until something that is wanted is whole, and imports it.
    /// `hear` is told how far it is.
    ///
    /// # Errors
    ///
    /// Nothing came, or what came is refused where it belongs.
    pub async fn scan(
        &self,
        sources: Vec<Source>,
        request: ScanRequest,
        mut hear: impl FnMut(&Told) + Send + 'static,
    ) -> Result<ScannedDocument, Error> {
        let wanted = request.wanted();
        let looked =
            tokio::task::spawn_blocking(move || scan::look(&sources, wanted, is_meant, &mut hear));
        let payload = looked
            .await
            .map_err(|error| ServiceError::Unexpected(error.to_string()))??;
        if SIGNATURES.contains(&payload.kind) {
            let imported = self.take_signatures(request.list, payload).await?;
            return Ok(ScannedDocument::Signatures(Box::new(imported)));
        }
        let bytes = match payload.kind {
            Kind::HdKey | Kind::Output | Kind::Account => registry::descriptors(&payload)
                .map_err(|error| ServiceError::ScannedWallet(error.to_string()))?
                .into_bytes(),
            _ => payload.bytes,
        };
        let imported = self.import_wallet(&bytes, request.wallet).await?;
        Ok(ScannedDocument::Wallet(imported))
    }

    async fn take_signatures(
        &self,
        list: Option<String>,
        payload: Payload,
    ) -> Result<ImportDocument, Error> {
        let id = match list {
            Some(id) => id,
            None => show::list_of(&self.store, &txids(&payload)?).await?,
        };
        let name = match payload.kind {
            Kind::Return => "scanned.return",
            Kind::Transaction => "scanned.tx",
            _ => "scanned.psbt",
        };
        let file = SignedFile {
            name: name.into(),
            bytes: payload.bytes,
        };
        self.import_signed(&id, vec![file], Journals::Keep).await
    }
}

/// Returns the txids of what was signed, by which its list is found.
fn txids(payload: &Payload) -> Result<Vec<bitcoin::Txid>, ServiceError> {
    Ok(match payload.kind {
        Kind::Return => Return::parse(&payload.bytes)
            .map_err(|error| ServiceError::Scanned(error.to_string()))?
            .transactions()
            .iter()
            .map(|transaction| transaction.txid())
            .collect(),
        Kind::Transaction => import::transaction(&payload.bytes)
            .map(|finished| import::without_signatures(&finished).compute_txid())
            .into_iter()
            .collect(),
        _ => {
            let psbt = Parsed::parse(&payload.bytes, &Limits::DEFAULT)
                .map_err(|error| ServiceError::Scanned(error.to_string()))?;
            vec![psbt.txid()]
        }
    })
}

/// Tells text that is no wallet, such as a link on the wall. What is meant as one ends the scan,
/// and why it is refused is told.
fn is_meant(payload: &Payload) -> bool {
    if !matches!(payload.kind, Kind::Json | Kind::Text) {
        return true;
    }
    match Wallet::import(&payload.bytes, &ImportOptions::default()) {
        Err(WalletError::NoDescriptor | WalletError::Json { .. }) => false,
        // A descriptor of a wallet has an extended key, and so one of xpub, ypub, zpub, tpub, ...
        Err(WalletError::Syntax) => payload.bytes.windows(3).any(|part| part == b"pub"),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_meant_as_a_wallet_ends_a_scan() {
        for (kind, bytes, meant) in [
            (Kind::Text, "https://example.org/", false),
            (Kind::Text, "see the lobby (second floor)", false),
            (Kind::Json, "{\"visitor\": \"guest\"}", false),
            (Kind::Json, "{visitor}", false),
            (Kind::Text, "wpkh(xpub6CUGRUo/<0;1>/*)", true),
            (
                Kind::Json,
                "{\"format\": \"cofferdam-wallet\", \"version\": 3}",
                true,
            ),
            (Kind::Psbt, "", true),
        ] {
            let payload = Payload {
                kind,
                bytes: bytes.into(),
            };
            assert_eq!(is_meant(&payload), meant, "{bytes}");
        }
    }
}
