//! The model: what the owner of the treasury was told, and what left.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::Value;

/// Findings of the signer that say that coins or payments were signed before, or that it cannot
/// know.
pub(crate) const SIGNER_TELLS: [&str; 11] = [
    "signed-before",
    "fee-bump",
    "supersedes",
    "paid-before",
    "payee-paid-before",
    "no-memory",
    "memory-imported",
    "journal-rolled-back",
    "journal-forked",
    "coin-amount-changed",
    "amount-differs",
];

/// Findings and refusals of the watcher that say that a payment may be made twice, or that another
/// vault or ledger signs.
pub(crate) const WATCHER_TELLS: [&str; 9] = [
    "payment-open",
    "paid-before",
    "payout-id-known",
    "same-list",
    "same-file",
    "vault-rolled-back",
    "journal-forked",
    "journal-unasked",
    "other-vault",
];

/// A payment that somebody is owed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Debt {
    pub(crate) id: String,
    pub(crate) address: String,
    pub(crate) satoshi: u64,
}

/// What one list is, wherever it stands.
pub(crate) struct List {
    pub(crate) debts: Vec<Debt>,
    /// The coins of each transaction.
    pub(crate) coins: Vec<BTreeSet<String>>,
    /// The codes that were told of it.
    pub(crate) told: BTreeSet<String>,
}

/// A transaction whose signatures left the signer.
#[derive(Debug)]
pub(crate) struct Signed {
    pub(crate) txid: String,
    pub(crate) list: String,
    pub(crate) coins: BTreeSet<String>,
    pub(crate) ids: BTreeSet<String>,
    /// The codes that the signer told of it.
    pub(crate) told: BTreeSet<String>,
    /// Whether the owner knew by then that a vault had gone back or had parted from another one.
    pub(crate) knew: bool,
}

/// What an owner writes down of a vault after each session.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    pub(crate) count: u64,
    pub(crate) head: String,
    pub(crate) generation: u64,
}

/// What the owner knows.
#[derive(Default)]
pub(crate) struct Owner {
    pub(crate) debts: Vec<Debt>,
    pub(crate) lists: BTreeMap<String, List>,
    /// Their ids, in the order in which they were learned: ids are drawn, and a seed has to draw
    /// the same lists again.
    pub(crate) order: Vec<String>,
    pub(crate) signed: Vec<Signed>,
    /// The last note of each vault, by its id.
    pub(crate) notes: BTreeMap<String, Note>,
    /// Whether a note told that a vault had gone back, or had parted from another one.
    pub(crate) knows: bool,
    /// Files that the watcher wrote for the signer, with their lists.
    pub(crate) exported: Vec<(PathBuf, String)>,
    /// Files that the signer wrote, with their lists.
    pub(crate) returned: Vec<(PathBuf, String)>,
}

impl Owner {
    /// Compares what a screen shows with the note, and notes it; tells whether it went back.
    pub(crate) fn compare(&mut self, vault: &str, shown: Note) -> bool {
        let back = self.notes.get(vault).is_some_and(|noted| {
            shown.count < noted.count
                || shown.generation < noted.generation
                || (shown.count == noted.count && shown.head != noted.head)
        });
        self.knows |= back;
        self.notes.insert(vault.to_owned(), shown);
        back
    }

    /// Learns of a list from what a watcher prints; tells where it is not what it was.
    pub(crate) fn learn(&mut self, list: &Value) -> Option<String> {
        let id = list["id"].as_str()?.to_owned();
        let debts: Vec<Debt> = items(&list["payments"])
            .map(|payment| Debt {
                id: text(&payment["payout_id"]),
                address: text(&payment["address"]),
                satoshi: payment["amount_sat"].as_u64().unwrap(),
            })
            .collect();
        let coins: Vec<BTreeSet<String>> = items(&list["transactions"])
            .map(|transaction| {
                items(&transaction["inputs"])
                    .map(|input| text(&input["outpoint"]))
                    .collect()
            })
            .collect();
        let told = codes(list);
        if !self.lists.contains_key(&id) {
            self.order.push(id.clone());
        }
        let known = self.lists.entry(id.clone()).or_insert_with(|| List {
            debts: debts.clone(),
            coins: coins.clone(),
            told: BTreeSet::new(),
        });
        known.told.extend(told);
        let same = known.debts == debts && known.coins == coins;
        (!same).then(|| format!("the list {id} is another one than before: {list}"))
    }

    /// Returns the list and the payments of a transaction, by its coins.
    pub(crate) fn payments_of(&self, list: &str, coins: &BTreeSet<String>) -> BTreeSet<String> {
        let Some(list) = self.lists.get(list) else {
            return BTreeSet::new();
        };
        // Lists of these histories have one transaction, or pay nobody.
        match list.coins.contains(coins) {
            true => list.debts.iter().map(|debt| debt.id.clone()).collect(),
            false => BTreeSet::new(),
        }
    }

    /// Returns, of each pair of transactions that pay one debt and can both confirm, who told of
    /// it, or what was not told.
    pub(crate) fn paid_twice(&self) -> Vec<Result<&'static str, String>> {
        let mut pairs = Vec::new();
        for (at, second) in self.signed.iter().enumerate() {
            for first in &self.signed[..at] {
                let twice = first.ids.intersection(&second.ids).next();
                let Some(id) = twice.filter(|_| first.coins.is_disjoint(&second.coins)) else {
                    continue;
                };
                let signer = |codes| tells(&first.told, codes) || tells(&second.told, codes);
                let watcher = |codes| {
                    let lists = [&first.list, &second.list].map(|list| &self.lists[list]);
                    lists.iter().any(|list| tells(&list.told, codes))
                };
                pairs.push(if signer(&SIGNER_TELLS) {
                    Ok("paid twice, and the signer told")
                } else if watcher(&WATCHER_TELLS) {
                    Ok("paid twice, and the watcher told")
                } else if watcher(&["receipt-missing"]) {
                    Ok("paid twice, and a receipt was missed")
                } else if second.knew {
                    Ok("paid twice, and the note had told")
                } else {
                    Err(format!("{id} is paid twice, unsaid: {first:?} {second:?}"))
                });
            }
        }
        pairs
    }
}

pub(crate) fn tells(told: &BTreeSet<String>, codes: &[&str]) -> bool {
    told.iter().any(|code| codes.contains(&code.as_str()))
}

pub(crate) fn items(array: &Value) -> impl Iterator<Item = &Value> {
    array.as_array().into_iter().flatten()
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Returns the codes of the findings of a document or an error, and the error's own.
pub(crate) fn codes(document: &Value) -> BTreeSet<String> {
    let findings = items(&document["findings"]).map(|finding| text(&finding["code"]));
    let own = document["code"].as_str().map(str::to_owned);
    findings.chain(own).collect()
}

/// Reads where a vault stands out of what people are told: `vault ID generation N, journal N
/// records, head HEAD`.
pub(crate) fn shown_state(said: &str) -> Value {
    // A line goes on after a bar, which a terminal that is read byte by byte spells otherwise.
    let joined = ["\n  │ ", "\n  \u{e2}\u{94}\u{82} "]
        .iter()
        .fold(said.replace('\r', ""), |said, broken| {
            said.replace(broken, "")
        });
    let words: Vec<&str> = joined
        .split([' ', ',', '\n'])
        .filter(|word| !word.is_empty())
        .collect();
    let number = |word: &str| word.parse::<u64>().ok();
    let found = words
        .windows(9)
        .find(|words| words[0] == "vault" && words[2] == "generation" && words[7] == "head");
    found.map_or(Value::Null, |words| {
        serde_json::json!({
            "vault_id": words[1],
            "generation": number(words[3]),
            "journal": {"count": number(words[5]), "head": words[8]},
        })
    })
}
