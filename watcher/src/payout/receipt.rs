//! The receipts of returns: whether they verify, whether a vault went back or was copied, and which
//! signatures have none.

use bitcoin::Txid;
use cofferdam_transport::journals::{JournalAnswer, Kept, SeenJournal};
use cofferdam_transport::returned::{Receipt, Return, VaultState};
use serde::Serialize;

use crate::store::payouts::{self, TransactionRecord};
use crate::store::wallets::WalletRecord;
use crate::store::{Connection, StoreError, receipts};

use super::state::ChainFacts;
use super::verify::Reason;

/// What to make of a receipt whose journal is another one than before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Journals {
    /// What was known stays what receipts are held against.
    Keep,
    /// From now on the receipt's journal is: somebody knows why it is another one.
    Follow,
}

/// What a return told beside its signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    /// Its receipt.
    pub(super) receipt: Option<ReceiptDocument>,
    /// What is worth telling, although the signatures were taken.
    pub(super) findings: Vec<ImportFinding>,
    /// What the receipt was worth, as the ledger notes it.
    pub(super) worth: &'static str,
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
    /// What the signer answers about the journals that its bundle asked for; null for a bundle of
    /// version 1.
    pub kept: Option<Vec<KeptDocument>>,
    /// Whether the wallet's receipt key verifies it.
    pub verified: bool,
}

/// An answer about a journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeptDocument {
    /// The number of records that was asked about.
    pub count: u64,
    /// The head that was asked about.
    pub head: String,
    /// "yes", "other" (another head at that count) or "shorter".
    pub kept: &'static str,
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

/// Remembers how far the vault of a return had come; returns what is to be shown. The receipt was
/// checked before.
///
/// `asked` is what the bundles of the list ask the signer of its journal.
pub(super) async fn remember(
    db: &mut Connection,
    wallet: &WalletRecord,
    returned: &Return,
    asked: &[SeenJournal],
    journals: Journals,
    file: String,
) -> Result<Told, StoreError> {
    let receipt = returned.receipt();
    let (Some(receipt), true) = (receipt, wallet.wallet.receipt_key().is_some()) else {
        return Ok(Told {
            receipt: receipt.map(|receipt| document(receipt, false)),
            findings: vec![unverified(file)],
            worth: payouts::UNVERIFIED,
        });
    };
    let found = *receipt.vault();
    let known = Known {
        farthest: receipts::of_wallet(db, wallet.no).await?,
        heads: receipts::heads(db, wallet.no).await?,
        asked,
    };
    let finding = compare(&known, &found, receipt.answers(), file);
    let is_other_vault = finding
        .as_ref()
        .is_some_and(|finding| finding.code == OTHER_VAULT);
    if finding.is_none() || is_other_vault || journals == Journals::Follow {
        receipts::note(db, wallet.no, &found).await?;
        let now = seen(&found);
        for head in known
            .heads
            .iter()
            .filter(|head| head.vault_id == now.vault_id)
        {
            if journals == Journals::Follow
                || holds(receipt.answers(), head) && head.count <= now.count
            {
                receipts::drop_head(db, wallet.no, head).await?;
            }
        }
        receipts::note_head(db, wallet.no, &now).await?;
    }
    Ok(Told {
        receipt: Some(document(receipt, true)),
        worth: finding
            .as_ref()
            .map_or(payouts::VERIFIED, |finding| finding.code),
        findings: finding.into_iter().collect(),
    })
}

/// What stands of a transaction from its import on: signed and without a receipt, or with one that
/// something spoke against.
pub(super) fn standing(
    wallet: &WalletRecord,
    record: &TransactionRecord,
    facts: &ChainFacts,
) -> Option<ImportFinding> {
    let place = format!("transaction {}", record.number);
    let finding = |code, found: Option<Txid>, message| ImportFinding {
        code,
        severity: "warning",
        place: place.clone(),
        expected: None,
        found: found.map(|txid| txid.to_string()),
        message,
    };
    let has_key = wallet.wallet.receipt_key().is_some();
    let is_signed = record.signed.is_some() || facts.height.is_some() || facts.in_pool;
    match record.receipt.as_deref() {
        None if has_key && is_signed => Some(finding(
            RECEIPT_MISSING,
            None,
            "its signatures came without a receipt, and this wallet's signer writes one of every bundle: nothing tells in which \
             state the vault was that signed; ask the operator for the return, and whether the vault was put back from a copy",
        )),
        None if has_key
            && facts
                .conflict
                .is_some_and(|conflict| conflict.ours.is_none()) =>
        {
            Some(finding(
                RECEIPT_MISSING,
                facts.conflict.map(|conflict| conflict.txid),
                "its coin was spent by a transaction that this ledger did not plan, and of which no receipt came: ask who signed it \
             with this wallet's keys",
            ))
        }
        Some(code) => WARNINGS
            .iter()
            .find(|(known, _)| *known == code)
            .map(|(code, message)| finding(code, None, message)),
        None => None,
    }
}

const RECEIPT_MISSING: &str = "receipt-missing";
const OTHER_VAULT: &str = "other-vault";
const ROLLED_BACK: &str = "vault-rolled-back";
const FORKED: &str = "journal-forked";
const UNASKED: &str = "journal-unasked";

/// The warnings of receipts, with cause and remedy.
const WARNINGS: [(&str, &str); 4] = [
    (
        OTHER_VAULT,
        "another vault than before signed with this wallet's keys; if nobody restored it from the words, find out who did",
    ),
    (
        ROLLED_BACK,
        "the vault was farther before: an older copy of it signed, which does not know what was signed since, or this \
         return is older than one that was imported; compare with what the signer shows when it unlocks, and once it is known \
         why, import with --follow-journal",
    ),
    (
        FORKED,
        "the vault's journal does not hold a record that an earlier receipt told: it was put back to an older copy and went on \
         from there, or two copies of the vault sign; keep one of them, and once it is known why, import with --follow-journal",
    ),
    (
        UNASKED,
        "the signer was not asked what this list's bundle asks of its journal, so nothing tells whether it still holds what \
         earlier receipts told: the bundle was changed on its way, or an older Cofferdam signed; export the bundle again and \
         have it signed once more",
    ),
];

/// What receipts are held against.
struct Known<'a> {
    /// The farthest state of each vault.
    farthest: Vec<VaultState>,
    /// Heads of which no later receipt said that its journal holds them.
    heads: Vec<SeenJournal>,
    /// What the bundles of the list ask.
    asked: &'a [SeenJournal],
}

/// Holds a vault's state, and what it answers, against what was known; returns what speaks against
/// it.
fn compare(
    known: &Known<'_>,
    found: &VaultState,
    answers: Option<&[JournalAnswer]>,
    file: String,
) -> Option<ImportFinding> {
    let warning = |code: &str, expected: String| {
        let (code, message) = WARNINGS.iter().find(|(known, _)| *known == code)?;
        Some(ImportFinding {
            code,
            severity: "warning",
            place: file.clone(),
            expected: Some(expected),
            found: Some(words(found)),
            message,
        })
    };
    let states = &known.farthest;
    let Some(before) = states.iter().find(|state| state.vault_id == found.vault_id) else {
        let others = states
            .iter()
            .map(words)
            .reduce(|all, one| format!("{all}; {one}"));
        return others.and_then(|others| warning(OTHER_VAULT, others));
    };
    let own = |head: &&SeenJournal| head.vault_id == found.vault_id.0;
    let asked: Vec<&SeenJournal> = known.asked.iter().filter(own).collect();
    let answers = answers.unwrap_or_default();
    let denied = |kept| {
        asked.iter().copied().find(|head| {
            answers
                .iter()
                .any(|answer| is_about(answer, head) && answer.kept == kept)
        })
    };
    if found.generation < before.generation || found.journal_count < before.journal_count {
        return warning(ROLLED_BACK, words(before));
    }
    if let Some(head) = denied(Kept::Shorter) {
        return warning(ROLLED_BACK, stood(head));
    }
    let other_at_its_count = |head: &&SeenJournal| {
        own(head) && head.count == found.journal_count && head.head != found.journal_head
    };
    let before = seen(before);
    let mut heads = known.heads.iter().chain([&before]);
    if let Some(head) = heads.find(other_at_its_count).or(denied(Kept::Other)) {
        return warning(FORKED, stood(head));
    }
    let was_asked = asked.len() == answers.len()
        && asked
            .iter()
            .all(|head| answers.iter().any(|answer| is_about(answer, head)));
    if !was_asked {
        return warning(
            UNASKED,
            asked
                .iter()
                .map(|head| stood(head))
                .reduce(|all, one| format!("{all}; {one}"))
                .unwrap_or_else(|| "no question".into()),
        );
    }
    None
}

fn is_about(answer: &JournalAnswer, head: &SeenJournal) -> bool {
    answer.count == head.count && answer.head == head.head
}

fn holds(answers: Option<&[JournalAnswer]>, head: &SeenJournal) -> bool {
    let mut answers = answers.unwrap_or_default().iter();
    answers.any(|answer| is_about(answer, head) && answer.kept == Kept::Yes)
}

fn seen(vault: &VaultState) -> SeenJournal {
    SeenJournal {
        vault_id: vault.vault_id.0,
        count: vault.journal_count,
        head: vault.journal_head,
    }
}

fn stood(head: &SeenJournal) -> String {
    format!(
        "vault {}, journal of {}, head {}",
        head.vault(),
        cofferdam_core::count::counted(head.count, "record"),
        hex(&head.head)
    )
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

fn document(receipt: &Receipt, verified: bool) -> ReceiptDocument {
    let vault = receipt.vault();
    ReceiptDocument {
        vault_id: vault.vault_id.to_string(),
        generation: vault.generation,
        journal: JournalDocument {
            count: vault.journal_count,
            head: hex(&vault.journal_head),
        },
        kept: receipt.answers().map(|answers| {
            answers
                .iter()
                .map(|answer| KeptDocument {
                    count: answer.count,
                    head: hex(&answer.head),
                    kept: match answer.kept {
                        Kept::Yes => "yes",
                        Kept::Other => "other",
                        Kept::Shorter => "shorter",
                    },
                })
                .collect()
        }),
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

    fn head(vault: u8, count: u64, head: u8) -> SeenJournal {
        seen(&state(vault, 0, count, head))
    }

    fn answer(count: u64, head: u8, kept: Kept) -> JournalAnswer {
        JournalAnswer {
            count,
            head: [head; 32],
            kept,
        }
    }

    #[test]
    fn a_vault_that_goes_back_is_told() {
        let known = Known {
            farthest: vec![state(1, 5, 9, 9)],
            heads: vec![head(1, 9, 9), head(1, 8, 8)],
            asked: &[],
        };
        for (found, code) in [
            (state(1, 5, 9, 9), None),
            (state(1, 6, 10, 1), None),
            (state(1, 4, 10, 1), Some("vault-rolled-back")),
            (state(1, 6, 8, 1), Some("vault-rolled-back")),
            (state(1, 5, 9, 1), Some("journal-forked")),
            (state(1, 6, 9, 1), Some("journal-forked")),
            (state(2, 1, 1, 1), Some("other-vault")),
        ] {
            let finding = compare(&known, &found, Some(&[]), "f".into());
            assert_eq!(finding.map(|finding| finding.code), code, "{found:?}");
        }
    }

    #[test]
    fn a_journal_that_grew_again_is_told_by_its_answer() {
        let asked = [head(1, 9, 9), head(2, 3, 3)];
        let known = Known {
            farthest: vec![state(1, 5, 9, 9), state(2, 3, 3, 3)],
            heads: asked.to_vec(),
            asked: &asked,
        };
        let found = state(1, 8, 14, 1);
        for (answers, code) in [
            (Some(vec![answer(9, 9, Kept::Yes)]), None),
            (
                Some(vec![answer(9, 9, Kept::Other)]),
                Some("journal-forked"),
            ),
            (
                Some(vec![answer(9, 9, Kept::Shorter)]),
                Some("vault-rolled-back"),
            ),
            // Another question, none, one more, and a bundle of version 1.
            (Some(vec![answer(8, 8, Kept::Yes)]), Some("journal-unasked")),
            (Some(vec![]), Some("journal-unasked")),
            (
                Some(vec![answer(9, 9, Kept::Yes), answer(8, 8, Kept::Other)]),
                Some("journal-unasked"),
            ),
            (None, Some("journal-unasked")),
        ] {
            let finding = compare(&known, &found, answers.as_deref(), "f".into());
            assert_eq!(finding.map(|finding| finding.code), code, "{answers:?}");
        }
    }
}
