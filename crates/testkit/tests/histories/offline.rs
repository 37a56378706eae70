//! Steps at the signer: signatures, policies, imports, and what the owner sees of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cofferdam_testkit::Signer;
use serde_json::{Value, json};

use crate::history::History;
use crate::owner::{Note, SIGNER_TELLS, Signed, codes, items, shown_state, tells, text};
use crate::process::{Ran, Running};

/// Refusals that say how the vault is brought back.
const ADVISE_REPAIR: [&str; 6] = [
    "vault-damaged",
    "vault-missing",
    "not-a-vault",
    "journal-damaged",
    "vault-behind-journal",
    "generation-implausible",
];

/// A folder with a vault, and what it acknowledged.
pub(crate) struct Place {
    pub(crate) folder: PathBuf,
    /// The vault's id, once it was shown.
    pub(crate) vault: String,
    pub(crate) acked: Acked,
    pub(crate) copies: Vec<(BTreeMap<String, Vec<u8>>, Acked)>,
}

/// What a vault acknowledged.
#[derive(Clone, Default)]
pub(crate) struct Acked {
    pub(crate) signed: BTreeSet<String>,
    /// The bounds that the policy may have: the one that was acknowledged, and those that a killed
    /// command may have set; nothing where the owner has to look anew.
    pub(crate) bounds: Vec<Option<u64>>,
}

/// A file that is signed: from the watcher, for a list, to another file.
#[derive(Clone)]
pub(crate) struct Paper {
    pub(crate) place: usize,
    pub(crate) file: PathBuf,
    pub(crate) list: String,
    pub(crate) out: PathBuf,
}

impl History<'_> {
    pub(crate) fn some_place(&mut self) -> usize {
        self.rng.below(self.places.len())
    }

    pub(crate) fn signer(&self, place: usize) -> Signer {
        Signer::at(&self.places[place].folder)
    }

    pub(crate) fn start_signer(&mut self, place: usize, words: &[&str]) -> Running {
        let mut command = self.signer(place).command().unwrap();
        command.arg("--json").args(words);
        self.number += 1;
        Running::start(command, self.told.path(), self.number)
    }

    /// Starts a command as a person does: where the vault stands is told at the unlock.
    pub(crate) fn start_for_people(&mut self, place: usize, words: &[&str]) -> Running {
        let mut command = self.signer(place).command().unwrap();
        command.args(words);
        self.number += 1;
        Running::start(command, self.told.path(), self.number)
    }

    /// Runs a command of the signer to its end.
    pub(crate) fn sign_off(&mut self, place: usize, words: &[&str]) -> Ran {
        let ran = self.start_signer(place, words).finish();
        self.counted(&ran);
        ran
    }

    /// Draws a file that the watcher wrote, mostly one of the last.
    pub(crate) fn some_paper(&mut self) -> Option<Paper> {
        let files = self.owner.exported.clone();
        let last = files
            .len()
            .saturating_sub(if self.rng.percent(70) { 2 } else { usize::MAX });
        let (file, list) = self.rng.one(&files[last..]).cloned()?;
        let bundle = file.extension().is_some_and(|end| end == "bundle");
        Some(Paper {
            place: self.some_place(),
            file,
            list,
            out: self.new_file(if bundle { "return" } else { "signed.psbt" }),
        })
    }

    /// Signs what a watcher exported; what is named is accepted, or not.
    pub(crate) fn sign(&mut self, paper: &Paper) {
        let mut told = BTreeSet::new();
        let mut more = Vec::new();
        for _ in 0..3 {
            let ran = self.sign_off(paper.place, &sign_words(paper, &more));
            if let Some(document) = ran.document() {
                return self.signed(paper, &document, told);
            }
            let error = ran.error().unwrap_or_default();
            told.extend(codes(&error));
            if ADVISE_REPAIR.contains(&ran.code().as_str()) && self.rng.percent(60) {
                if self.bring_back(paper.place).is_none() && self.rng.percent(60) {
                    self.counts.note("restored, as nothing else helps");
                    self.restore_into(paper.place);
                }
                continue;
            }
            let asked = named(&error);
            if asked.is_empty() || !self.rng.percent(75) {
                return;
            }
            for word in asked.iter().filter(|word| !word.starts_with("--")) {
                told.insert(word.clone());
            }
            more.extend(asked);
            self.counts.note("signed what was named");
        }
    }

    /// Takes into the model that signatures left.
    pub(crate) fn signed(&mut self, paper: &Paper, document: &Value, told: BTreeSet<String>) {
        let review = &document["review"];
        for code in codes(review) {
            self.counts.find(&code);
        }
        self.see(paper.place, &review["vault"]);
        self.see(paper.place, &document["vault"]);
        self.see(paper.place, &document["return"]["receipt"]);
        for file in items(&review["files"]) {
            let txid = text(&file["unsigned_txid"]);
            self.places[paper.place].acked.signed.insert(txid);
            let mut told = told.clone();
            told.extend(codes(review));
            self.left(paper, file, told);
        }
        self.owner
            .returned
            .push((paper.out.clone(), paper.list.clone()));
    }

    /// A signature left: no coin of it was signed for anything else unsaid.
    pub(crate) fn left(&mut self, paper: &Paper, file: &Value, told: BTreeSet<String>) {
        let txid = text(&file["unsigned_txid"]);
        if self.owner.signed.iter().any(|signed| signed.txid == txid) {
            return;
        }
        let coins: BTreeSet<String> = items(&file["inputs"])
            .map(|input| text(&input["outpoint"]))
            .collect();
        let new = Signed {
            ids: self.owner.payments_of(&paper.list, &coins),
            list: paper.list.clone(),
            knew: self.owner.knows,
            txid,
            coins,
            told,
        };
        self.counts.signatures += 1;
        let said = tells(&new.told, &SIGNER_TELLS);
        let clashes: Vec<(String, bool)> = self
            .owner
            .signed
            .iter()
            .map(|old| {
                (
                    old.txid.clone(),
                    !old.coins.is_disjoint(&new.coins),
                    !old.ids.is_disjoint(&new.ids),
                )
            })
            .filter(|(_, coin, debt)| *coin || *debt)
            .map(|(txid, coin, _)| (txid, coin))
            .collect();
        if !clashes.is_empty() && said {
            self.counts.note("signed again, and told");
        } else if !clashes.is_empty() {
            // Where the owner knew already that the vault had gone back, it need not know better
            // than its journal.
            let remembered = self.remembered(paper.place);
            for (old, coin) in clashes {
                let known = remembered.contains(&old);
                if known || (coin && !new.knew) {
                    let what = if coin { "a coin" } else { "a debt" };
                    self.harm(Some(format!(
                        "{what} of {old} is signed again, unsaid (in the journal: {known}): {new:?}"
                    )));
                } else {
                    self.counts.note("signed again, and known before");
                }
            }
        }
        self.owner.signed.push(new);
    }

    /// Returns what a vault's journal says that was signed.
    pub(crate) fn remembered(&mut self, place: usize) -> BTreeSet<String> {
        let ran = self.sign_off(place, &["journal", "show"]);
        let document = ran.document().unwrap_or_default();
        self.see(place, &document);
        signed_in(&document)
    }

    /// The owner compares what a screen shows of a vault with the note.
    pub(crate) fn see(&mut self, place: usize, shown: &Value) {
        let journal = match &shown["journal"] {
            Value::Null => shown,
            journal => journal,
        };
        let (Some(count), Some(vault)) = (journal["count"].as_u64(), shown["vault_id"].as_str())
        else {
            return;
        };
        self.places[place].vault = vault.to_owned();
        let known = self
            .owner
            .notes
            .get(vault)
            .map_or(0, |note| note.generation);
        let note = Note {
            count,
            head: text(&journal["head"]),
            // Where none is shown, nothing can be compared.
            generation: shown["generation"].as_u64().unwrap_or(known),
        };
        if self.owner.compare(vault, note) {
            self.counts.find("the count and head that were noted");
            let acked = &mut self.places[place].acked;
            acked.signed.clear();
            acked.bounds.clear();
        }
    }

    /// The owner compares the generation alone, where no more is shown: of a vault that `repair`
    /// brought back.
    pub(crate) fn see_generation(&mut self, place: usize, shown: &Value) {
        let vault = self.places[place].vault.clone();
        let Some(note) = self.owner.notes.get(&vault) else {
            return;
        };
        let shown = json!({
            "vault_id": vault,
            "generation": shown["generation"],
            "journal": {"count": note.count, "head": note.head},
        });
        self.see(place, &shown);
    }

    /// Returns a lower bound of fees than any before.
    pub(crate) fn next_bound(&mut self) -> u64 {
        self.number += 1;
        9_000_000 - self.number as u64
    }

    /// Lowers the bound of fees; killed at any moment, or not.
    pub(crate) fn tighten(&mut self, place: usize, killed: Option<Duration>) {
        let bound = self.next_bound();
        let value = bound.to_string();
        let words = ["policy", "set", "max-fee-sat", &value];
        let running = self.start_for_people(place, &words);
        let ran = match killed {
            None => running.finish(),
            Some(moment) => running.kill_after(moment),
        };
        self.counted(&ran);
        self.see(place, &shown_state(&ran.err));
        let bounds = &mut self.places[place].acked.bounds;
        if ran.done() {
            *bounds = vec![Some(bound)];
            self.counts.note("policy changed");
        } else if !bounds.is_empty() {
            bounds.push(Some(bound));
        }
    }

    /// Kills the signer at any moment of a command; the owner looks at the vault after.
    pub(crate) fn kill_signer(&mut self) {
        let moment = Duration::from_micros(self.rng.below(350_000) as u64);
        let place = self.some_place();
        let paper = self.some_paper().filter(|_| self.rng.percent(70));
        let Some(paper) = paper else {
            self.tighten(place, Some(moment));
            self.remembered(place);
            return;
        };
        let review = self.inspected(&paper);
        let words = sign_words(&paper, &[]);
        let ran = self.start_signer(paper.place, &words).kill_after(moment);
        self.counted(&ran);
        match ran.document() {
            Some(document) => self.signed(&paper, &document, BTreeSet::new()),
            None => self.left_all_the_same(&paper, &review),
        }
        self.remembered(paper.place);
    }

    /// Shows a review without signing, and what the owner sees in it.
    pub(crate) fn inspected(&mut self, paper: &Paper) -> Value {
        let file = paper.file.display().to_string();
        let ran = self.start_signer(paper.place, &["inspect", &file]).finish();
        // What inspect prints with a refusal is its document.
        let review: Value = serde_json::from_str(&ran.out).unwrap_or_default();
        if review.is_null() {
            self.counted(&ran);
        }
        self.see(paper.place, &review["vault"]);
        review
    }

    /// A signer that was killed may have written the file: its signatures left.
    pub(crate) fn left_all_the_same(&mut self, paper: &Paper, review: &Value) {
        if !paper.out.exists() {
            return;
        }
        self.counts.note("a killed signer's file");
        self.owner
            .returned
            .push((paper.out.clone(), paper.list.clone()));
        for file in items(&review["files"]) {
            self.left(paper, file, codes(review));
        }
    }
}

pub(crate) fn sign_words<'a>(paper: &'a Paper, more: &'a [String]) -> Vec<&'a str> {
    let mut words = vec!["sign", paper.file.to_str().unwrap(), "--yes"];
    words.extend(["--out", paper.out.to_str().unwrap()]);
    words.extend(more.iter().map(String::as_str));
    words
}

/// Returns the options that an error names for going on all the same.
pub(crate) fn named(error: &Value) -> Vec<String> {
    let messages = items(&error["findings"]).map(|finding| text(&finding["message"]));
    let spoken: Vec<String> = messages.chain([text(&error["hint"])]).collect();
    let spoken = spoken.join(" ");
    let words: Vec<&str> = spoken.split([' ', ',', ';']).collect();
    let pairs = words.windows(2);
    let mut named: Vec<String> = Vec::new();
    for pair in pairs.filter(|pair| pair[0] == "--accept" || pair[0] == "--supersede") {
        let known = named.chunks(2).any(|known| known == pair);
        if !known {
            named.extend(pair.iter().map(|word| (*word).to_owned()));
        }
    }
    named
}

/// Returns what a journal says that was signed.
pub(crate) fn signed_in(journal: &Value) -> BTreeSet<String> {
    items(&journal["entries"])
        .filter(|entry| entry["event"] != "refused")
        .filter_map(|entry| {
            entry["transaction"]["unsigned_txid"]
                .as_str()
                .map(str::to_owned)
        })
        .collect()
}

/// Returns the files of a vault in a folder.
pub(crate) fn vault_files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names
        .filter(|name| name.starts_with("vault") || name.starts_with(".vault"))
        .filter_map(|name| fs::read(folder.join(&name)).ok().map(|bytes| (name, bytes)))
        .collect()
}
