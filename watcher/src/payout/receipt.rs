//! The receipts of returns: whether they verify, and whether a vault went back.

use cofferdam_transport::returned::{Return, VaultState};
use serde::Serialize;

use crate::store::wallets::WalletRecord;
use crate::store::{Connection, StoreError, receipts};

use super::verify::Reason;

/// What returns told beside their signatures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReturnedDocument {
    /// The receipts that came with them.
    pub receipts: Vec<ReceiptDocument>,
    /// What is worth telling, although the signatures were taken.
    pub findings: Vec<ImportFinding>,
}

/// A receipt, as people and scripts see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReceiptDocument {
    /// The vault that signed.
    pub vault_id: String,
    /// Its generation.
    pub generation: u64,
    /// Where its journal stood.
    pub journal: JournalDocument,
    /// Whether the wallet's receipt key verifies it.
    pub verified: bool,
}

/// Where a journal stood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JournalDocument {
    /// The number of its records.
    pub count: u64,
    /// The hash of the last one.
    pub head: String,
}

/// What is worth telling of an import that was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ImportFinding {
    /// The stable code.
    pub code: &'static str,
    /// "note" or "warning".
    pub severity: &'static str,
    /// The file.
    #[serde(rename = "where")]
    pub place: String,
    /// What was expected.
    pub expected: Option<String>,
    /// What was found.
    pub found: Option<String>,
    /// Cause and remedy.
    pub message: &'static str,
}

/// Verifies the receipt of a return for a wallet.
pub(super) fn check(wallet: &WalletRecord, returned: &Return) -> Result<(), Reason> {
    match wallet.wallet.receipt_key() {
        Some(key) => Ok(returned.verify_receipt(&key).map(|_| ())?),
        None => Ok(()),
    }
}

/// Remembers how far the vault of a return had come; returns what is to be shown. The receipt was checked before.
pub(super) async fn remember(
    db: &mut Connection,
    wallet: &WalletRecord,
    returned: &Return,
    file: String,
) -> Result<(Option<ReceiptDocument>, Vec<ImportFinding>), StoreError> {
    let Some(vault) = returned.receipt().map(|receipt| *receipt.vault()) else {
        return Ok((None, vec![unverified(file)]));
    };
    let verified = wallet.wallet.receipt_key().is_some();
    let document = Some(document(&vault, verified));
    if !verified {
        return Ok((document, vec![unverified(file)]));
    }
    let known = receipts::of_wallet(db, wallet.no).await?;
    let (findings, farthest) = compare(&known, &vault, file);
    receipts::note(db, wallet.no, &farthest).await?;
    Ok((document, findings))
}

/// Holds a vault's state against what was known; returns what speaks against it, and the state to know from now on.
fn compare(known: &[VaultState], found: &VaultState, file: String) -> (Vec<ImportFinding>, VaultState) {
    let warning = |code, expected: String, message| ImportFinding {
        code,
        severity: "warning",
        place: file.clone(),
        expected: Some(expected),
        found: Some(words(found)),
        message,
    };
    let Some(before) = known.iter().find(|state| state.vault_id == found.vault_id) else {
        let findings = known.iter().map(words).reduce(|all, one| format!("{all}; {one}"));
        let findings = findings.map(|known| {
            warning(
                "other-vault",
                known,
                "another vault than before signed with this wallet's keys; if nobody restored it from the words, find out \
                 who did",
            )
        });
        return (findings.into_iter().collect(), *found);
    };
    let back = found.generation < before.generation || found.journal_count < before.journal_count;
    if back {
        let finding = warning(
            "vault-rolled-back",
            words(before),
            "the vault was farther before: an older copy of it signed, which does not know what was signed since, or this \
             return is older than one that was imported; compare with what the signer shows when it unlocks",
        );
        return (vec![finding], *before);
    }
    if found.journal_count == before.journal_count && found.journal_head != before.journal_head {
        let finding = warning(
            "journal-forked",
            words(before),
            "the vault's journal has another last record than before, at the same length: two copies of the vault sign; \
             keep one of them",
        );
        return (vec![finding], *before);
    }
    (Vec::new(), *found)
}

fn unverified(file: String) -> ImportFinding {
    ImportFinding {
        code: "receipt-unverified",
        severity: "note",
        place: file,
        expected: None,
        found: None,
        message: "the wallet has no receipt key, so that nothing tells which vault signed, and whether it was rolled back; \
                  export the wallet as JSON from its signer and import that file",
    }
}

fn document(vault: &VaultState, verified: bool) -> ReceiptDocument {
    ReceiptDocument {
        vault_id: vault.vault_id.to_string(),
        generation: vault.generation,
        journal: JournalDocument {
            count: vault.journal_count,
            head: hex(&vault.journal_head),
        },
        verified,
    }
}

fn words(vault: &VaultState) -> String {
    format!(
        "vault {} generation {}, journal of {}, head {}",
        vault.vault_id,
        vault.generation,
        cofferdam_core::count::counted(vault.journal_count, "record"),
        hex(&vault.journal_head)
    )
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use cofferdam_core::seal::VaultId;

    use super::*;

    fn state(vault: u8, generation: u64, journal_count: u64, head: u8) -> VaultState {
        VaultState {
            vault_id: VaultId([vault; 16]),
            generation,
            journal_count,
            journal_head: [head; 32],
        }
    }

    #[test]
    fn a_vault_that_goes_back_is_told() {
        let known = [state(1, 5, 9, 9)];
        for (found, codes, farthest) in [
            (state(1, 5, 9, 9), &[][..], state(1, 5, 9, 9)),
            (state(1, 6, 10, 1), &[], state(1, 6, 10, 1)),
            (state(1, 4, 10, 1), &["vault-rolled-back"], known[0]),
            (state(1, 6, 8, 1), &["vault-rolled-back"], known[0]),
            (state(1, 5, 9, 1), &["journal-forked"], known[0]),
            (state(1, 6, 9, 1), &["journal-forked"], known[0]),
            (state(2, 1, 1, 1), &["other-vault"], state(2, 1, 1, 1)),
        ] {
            let (findings, then) = compare(&known, &found, "f".into());
            let found_codes: Vec<_> = findings.iter().map(|finding| finding.code).collect();
            assert_eq!((&found_codes[..], then), (codes, farthest), "{found:?}");
        }
        assert_eq!(compare(&[], &known[0], "f".into()), (Vec::new(), known[0]));
    }
}
