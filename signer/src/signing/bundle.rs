//! What a bundle says of its PSBTs and of the vault, held against the review and the journal.

use bitcoin::hex::DisplayHex as _;
use cofferdam_core::count::counted;
use cofferdam_core::review::{FindingReport, Place, Report, Severity};
use cofferdam_core::seal::VaultId;
use cofferdam_core::wallet::WalletId;
use cofferdam_transport::journals::{JournalAnswer, Kept};

use crate::journal::Log;
use crate::protocol::SeenFacts;

/// `bundle-wallet`: the return names one wallet, and the watcher takes it for that wallet only.
pub(super) fn finding(claimed: WalletId, report: &Report) -> Option<FindingReport> {
    let found = report.wallet.as_ref().map(|wallet| wallet.id);
    // Of what was not looked at nobody knows the wallet; it is refused by itself.
    (found != Some(claimed) && report.not_shown.is_none()).then(|| FindingReport {
        code: "bundle-wallet".into(),
        severity: Severity::Refusal,
        place: Place::Transaction,
        expected: Some(claimed.to_string()),
        found: found.map(|id| id.to_string()),
        message: "the bundle says that it is for another wallet than the one that owns the coins; export the list again \
                  from a watcher that has this wallet"
            .into(),
    })
}

/// Answers, for each head that the watcher saw of this vault, whether its journal had it. Other
/// vaults of the same words have journals of their own, and are not answered for.
pub(crate) fn journal_answers(
    seen: &[SeenFacts],
    vault_id: VaultId,
    log: &Log,
) -> Vec<JournalAnswer> {
    let own = seen.iter().filter(|seen| seen.vault_id == vault_id.0);
    own.map(|seen| JournalAnswer {
        count: seen.count,
        head: seen.head,
        kept: match log.head_at(seen.count) {
            None => Kept::Shorter,
            Some(head) if head == seen.head => Kept::Yes,
            Some(_) => Kept::Other,
        },
    })
    .collect()
}

/// `journal-rolled-back` and `journal-forked`: the journal is not the one that the watcher saw in a
/// receipt, or not any more.
///
/// Warnings, for a watcher may lie: what it makes up must not lock anybody out. Who accepts one has
/// it in the journal, and the receipt tells the answer.
pub(super) fn journal(answers: &[JournalAnswer], log: &Log) -> Vec<FindingReport> {
    let first = |kept: Kept| answers.iter().find(|answer| answer.kept == kept);
    let finding =
        |code: &str, answer: &JournalAnswer, found: String, message: &str| FindingReport {
            code: code.into(),
            severity: Severity::Warning,
            place: Place::Transaction,
            expected: Some(stood(answer.count, &answer.head)),
            found: Some(found),
            message: message.into(),
        };
    let shorter = first(Kept::Shorter).map(|answer| {
        let now = log.checkpoint();
        finding(
            "journal-rolled-back",
            answer,
            stood(now.count, &now.head),
            "the watcher has a receipt of this vault from when its journal was longer: vault and journal are an older copy, \
             which does not know what was signed since, or the watcher lies; find out which, compare with paper or an older \
             receipt, and sign with the newest copy",
        )
    });
    let other = first(Kept::Other).map(|answer| {
        let head = log.head_at(answer.count).unwrap_or_default();
        finding(
            "journal-forked",
            answer,
            stood(answer.count, &head),
            "the watcher has a receipt of this vault whose last record this journal does not have: it was put back to an older \
             copy and went on from there, a copy of it signs elsewhere, or the watcher lies; find out which, compare with paper \
             or an older receipt, and sign with the copy that made the receipt",
        )
    });
    shorter.into_iter().chain(other).collect()
}

fn stood(count: u64, head: &[u8; 32]) -> String {
    format!(
        "{}, head {}",
        counted(count, "record"),
        head.to_lower_hex_string()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(vault: u8, count: u64, head: [u8; 32]) -> SeenFacts {
        SeenFacts {
            vault_id: [vault; 16],
            count,
            head,
        }
    }

    #[test]
    fn only_the_vaults_own_journal_is_answered_for() {
        let log = Log::empty(VaultId([1; 16]));
        let head = log.checkpoint().head;
        let asked = [
            seen(1, 0, head),
            seen(1, 0, [9; 32]),
            seen(1, 3, [9; 32]),
            seen(2, 3, [9; 32]),
        ];
        let answers = journal_answers(&asked, VaultId([1; 16]), &log);
        let kept: Vec<Kept> = answers.iter().map(|answer| answer.kept).collect();
        assert_eq!(kept, [Kept::Yes, Kept::Other, Kept::Shorter]);
        let codes = |answers: &[JournalAnswer]| -> Vec<String> {
            let findings = journal(answers, &log).into_iter();
            findings.map(|finding| finding.code).collect()
        };
        assert_eq!(codes(&answers), ["journal-rolled-back", "journal-forked"]);
        assert!(codes(&answers[..1]).is_empty());
    }
}
