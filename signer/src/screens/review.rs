//! The review: what the operator reads before saying yes.

use std::fmt::Write as _;

use bitcoin::Amount;
use cofferdam_core::review::{
    AmountProof, FindingReport, InputReport, MoreFindings, OutputClass, OutputReport, OwnerReport,
    Report, Severity, Totals,
};
use cofferdam_core::sanitize::{block, folded, neutralised};

use super::{btc, counted, grouped, sat};
use crate::amount::thousands;
use crate::memory_state::MemoryState;
use crate::policy::Amounts;
use crate::protocol::{FileReview, RunReview};

/// Writes a review as text.
pub(crate) fn review(run: &RunReview) -> String {
    let mut text = String::new();
    let t = &mut text;
    for file in &run.files {
        one(t, file);
    }
    if run.files.len() > 1 {
        let _ = writeln!(t, "━━ All {} files together", run.files.len());
        totals(t, &run.totals);
    }
    let about_run: Vec<_> = run
        .findings
        .iter()
        .filter(|found| found.file.is_none())
        .collect();
    if !about_run.is_empty() {
        let _ = writeln!(t, "  Findings about the run");
        about_run
            .iter()
            .for_each(|found| finding(t, &found.finding));
        let _ = writeln!(t);
    }
    // Files tell their own.
    if run.files.iter().any(|file| file.report.not_shown.is_some()) {
        more(t, &run.more_findings);
    }
    let _ = writeln!(t, "{}", super::unlocked(&run.vault));
    if run.memory == MemoryState::Missing {
        let _ = writeln!(
            t,
            "this vault does not remember what its words signed before it was restored"
        );
    }
    if run.amounts == Amounts::Remembered {
        let _ = writeln!(
            t,
            "amounts that nothing proves are taken as the files tell them, as the policy says: the vault signs no other for a coin"
        );
    }
    let _ = writeln!(t, "review {}", run.review);
    let verdict = match (run.would_sign, run.warnings.is_empty()) {
        (false, _) => "REFUSED: this is not signed.".to_owned(),
        (true, true) => "Nothing speaks against signing, if it is what you mean.".to_owned(),
        (true, false) => format!(
            "WARNINGS to accept before signing: {}",
            run.warnings.join(", ")
        ),
    };
    let _ = writeln!(t, "{verdict}");
    folded(&text)
}

fn one(t: &mut String, file: &FileReview) {
    let report = &file.report;
    let _ = writeln!(t, "━━ {}", super::path(&file.file));
    let _ = writeln!(t, "  unsigned tx  {}", report.unsigned_txid);
    let wallet = report
        .wallet
        .as_ref()
        .map_or("none of this vault's".to_owned(), |wallet| {
            match report.network {
                Some(network) => format!("{} on {network}", wallet.name),
                None => wallet.name.to_string(),
            }
        });
    let _ = writeln!(t, "  wallet       {wallet}");
    let _ = writeln!(
        t,
        "  form         PSBT version {}, transaction version {}, {}",
        report.psbt_version,
        report.transaction_version,
        match report.replaceable {
            true => "replaceable",
            false => "not marked replaceable",
        }
    );
    let _ = writeln!(
        t,
        "  lock time    {} ({})\n",
        report.lock_time.value, report.lock_time.words
    );

    if let Some(left) = report.not_shown {
        let _ = writeln!(
            t,
            "  NOT SHOWN: {} and {}\n",
            counted(left.inputs, "input"),
            counted(left.outputs, "output")
        );
        findings(t, report);
        return;
    }
    let _ = writeln!(t, "  Spends {}", counted(report.inputs.len(), "coin"));
    for (index, spent) in report.inputs.iter().enumerate() {
        input(t, index, spent);
    }
    let _ = writeln!(t, "\n  Pays {}", counted(report.outputs.len(), "output"));
    for (index, paid) in report.outputs.iter().enumerate() {
        output(t, index, paid);
    }
    let _ = writeln!(t);
    totals(t, &report.totals);
    fee(t, report);
    findings(t, report);
}

fn findings(t: &mut String, report: &Report) {
    if !report.findings.is_empty() {
        let _ = writeln!(t, "  Findings");
        report.findings.iter().for_each(|found| finding(t, found));
        more(t, &report.more_findings);
        let _ = writeln!(t);
    }
}

/// Says how many findings are not listed.
fn more(t: &mut String, more: &[MoreFindings]) {
    for left in more {
        let _ = writeln!(
            t,
            "    {:<8} and {} more of {}",
            severity(left.severity),
            thousands(left.count),
            left.code
        );
    }
}

fn input(t: &mut String, index: usize, input: &InputReport) {
    let amount = amount(input.amount);
    let owner = input.owner.as_ref().map_or("NOT OURS".to_owned(), place);
    let proof = match input.proof {
        Some(AmountProof::PreviousTransaction) => "amount proven by its previous transaction",
        Some(AmountProof::TaprootSighash) => "amount covered by the signature",
        Some(AmountProof::Remembered) => "amount NOT PROVEN, but the only one that was signed",
        None => "amount NOT PROVEN",
    };
    let _ = writeln!(t, "  {index:>5}  {amount}");
    let _ = writeln!(t, "         {owner}, {proof}");
    let _ = writeln!(t, "         coin {}", input.outpoint);
    if let Some(lock) = &input.relative_lock {
        let _ = writeln!(t, "         {}", neutralised(lock));
    }
}

fn output(t: &mut String, index: usize, output: &OutputReport) {
    let class = match output.class {
        OutputClass::Payment => "PAYMENT",
        OutputClass::Change => "change",
        OutputClass::SelfTransfer => "to ourselves",
        OutputClass::Data => "DATA",
        OutputClass::Unknown => "UNKNOWN SCRIPT",
    };
    let _ = writeln!(t, "  {index:>5}  {}  {class}", amount(Some(output.amount)));
    if let Some(owner) = &output.owner {
        let _ = writeln!(t, "         {}", place(owner));
    }
    match &output.address {
        Some(address) => {
            let _ = writeln!(t, "         {}", grouped(&neutralised(address)));
        }
        None => {
            let _ = writeln!(t, "         script {}", output.script);
        }
    }
    if let Some(data) = &output.data {
        let _ = write!(t, "         data\n{}", block(11, &data.hex));
        if let Some(text) = &data.text {
            let _ = write!(t, "         as text\n{}", block(11, text));
        }
    }
}

fn totals(t: &mut String, totals: &Totals) {
    let rows = [
        ("spent", totals.inputs),
        ("leaves the wallet", totals.leaves),
        ("change", totals.change),
        ("to ourselves", totals.self_transfer),
        ("fee", totals.fee),
    ];
    for (name, value) in rows {
        if name != "to ourselves" || value.is_none_or(|value| value > Amount::ZERO) {
            let _ = writeln!(t, "  {name:<18} {}", amount(value));
        }
    }
    let _ = writeln!(t);
}

fn fee(t: &mut String, report: &Report) {
    let Some(fee) = &report.fee else {
        let _ = writeln!(t, "  the fee is NOT KNOWN\n");
        return;
    };
    let share = match fee.permille {
        Some(share) => format!(
            "{}.{} % of what leaves the wallet",
            thousands(share / 10),
            share % 10
        ),
        None => "and nothing leaves the wallet".to_owned(),
    };
    let _ = writeln!(
        t,
        "  fee rate           {}.{:03} sat/vB over {} vB; {share}\n",
        thousands(fee.sat_per_kvb / 1000),
        fee.sat_per_kvb % 1000,
        thousands(fee.vsize)
    );
}

fn finding(t: &mut String, found: &FindingReport) {
    let _ = writeln!(
        t,
        "    {:<8} {} at {}: {}",
        severity(found.severity),
        found.code,
        found.place,
        neutralised(&found.message)
    );
    for (name, value) in [("expected", &found.expected), ("found", &found.found)] {
        if let Some(value) = value {
            let _ = writeln!(t, "             {name}: {}", neutralised(value));
        }
    }
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Refusal => "REFUSAL",
        Severity::Warning => "WARNING",
        Severity::Note => "note",
    }
}

fn place(owner: &OwnerReport) -> String {
    format!("{} {} {}", owner.wallet, owner.branch, owner.index)
}

fn amount(amount: Option<Amount>) -> String {
    match amount {
        Some(amount) => format!("{:>24}  {:>26}", btc(amount), sat(amount)),
        None => format!("{:>24}  {:>26}", "NOT KNOWN", ""),
    }
}
