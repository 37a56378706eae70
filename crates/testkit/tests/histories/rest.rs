//! The end of a history: everything is brought to rest, and works.

use std::collections::BTreeSet;
use std::fs;
use std::time::Instant;

use crate::history::History;
use crate::offline::signed_in;
use crate::owner::{items, text};
use crate::process::DEADLINE;

impl History<'_> {
    pub(crate) fn rest(&mut self) {
        if let Some(waiting) = self.waiting.take() {
            self.answer(waiting);
        }
        self.chain.settle();
        for desk in 0..self.desks.len() {
            self.rest_ledger(desk);
        }
        for pair in self.owner.paid_twice() {
            match pair {
                Ok(told) => self.counts.note(told),
                Err(harm) => self.harm(Some(harm)),
            }
        }
        for place in 0..self.places.len() {
            self.rest_vault(place);
        }
    }

    /// A ledger syncs, has all that it acknowledged, and holds what the node says that it holds.
    fn rest_ledger(&mut self, desk: usize) {
        let start = Instant::now();
        loop {
            let order = self.sync(desk);
            let ran = self.run(order);
            if ran.document().is_some() {
                break;
            }
            // Another process may hold the lease until it has run out: only one that was killed.
            let busy = ["lease-held", "ledger-locked"].contains(&ran.code().as_str());
            if !busy || start.elapsed() > DEADLINE {
                return self.harm(Some(format!("a ledger does not sync: {}", ran.err)));
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        self.look_at_lists(desk, true);
        let words = ["balance", "--wallet", self.script];
        let watcher = cofferdam_testkit::Watcher::new(&self.desks[desk].folder);
        let balance = watcher.run(&words).unwrap().json().unwrap();
        let holds = self.chain.holds(&self.template.descriptors[self.script]);
        let wrong = balance["confirmed"] != holds || balance["pending"] != 0;
        self.harm(wrong.then(|| format!("the node says {holds}, the ledger {balance}")));
    }

    /// A vault writes again, by what its errors advise or from its words, and has all that it
    /// acknowledged.
    fn rest_vault(&mut self, place: usize) {
        let Some(remembered) = self.bring_back(place) else {
            self.counts.note("restored at the end");
            return self.restore_into(place);
        };
        let lost: Vec<String> = self.places[place]
            .acked
            .signed
            .difference(&remembered)
            .cloned()
            .collect();
        self.harm((!lost.is_empty()).then(|| format!("vault {place} forgot {lost:?}")));
    }

    /// Does what the errors of a vault advise until it writes; returns what it has signed.
    pub(crate) fn bring_back(&mut self, place: usize) -> Option<BTreeSet<String>> {
        self.remembered(place);
        let start = Instant::now();
        let bound = self.next_bound().to_string();
        let mut journals = self.journals_for(place);
        for _ in 0..40 {
            let ran = self.sign_off(place, &["policy", "set", "max-fee-sat", &bound]);
            if ran.document().is_some() {
                return Some(self.held_its_bound(place, &bound));
            }
            let remedy = ran.code();
            let remedied = match remedy.as_str() {
                "vault-busy" => start.elapsed() < DEADLINE,
                "vault-damaged" | "vault-tampered" | "not-a-vault" | "vault-missing" => {
                    self.repair(place)
                }
                "vault-behind-journal" | "generation-implausible" => self
                    .sign_off(place, &["repair", "--reseal", "--yes"])
                    .document()
                    .is_some(),
                "journal-damaged" => match journals.pop() {
                    Some(file) => {
                        self.sign_off(place, &["journal", "import", &file]);
                        true
                    }
                    None => false,
                },
                _ => false,
            };
            if !remedied {
                return None;
            }
            self.counts.note(&format!("remedy for {remedy}"));
            if remedy != "vault-busy" && remedy != "journal-damaged" {
                self.places[place].acked.bounds.clear();
            }
        }
        None
    }

    /// Returns to the newest whole file, or takes one of a copy.
    fn repair(&mut self, place: usize) -> bool {
        let ran = self.sign_off(place, &["repair"]);
        let document = ran.document().unwrap_or_default();
        if document["repaired"] == true {
            self.see_generation(place, &document);
            return true;
        }
        for (at, (copy, _)) in self.places[place].copies.clone().iter().enumerate().rev() {
            let file = self.told.path().join(format!("{place}-{at}.vault"));
            let Some(bytes) = copy.get("vault") else {
                continue;
            };
            fs::write(&file, bytes).unwrap();
            let ran = self.sign_off(place, &["repair", "--use", &file.display().to_string()]);
            if let Some(document) = ran.document() {
                self.see_generation(place, &document);
                return true;
            }
        }
        false
    }

    /// Copies of the journal, the newest last.
    fn journals_for(&mut self, place: usize) -> Vec<String> {
        let copies = self.places[place].copies.clone();
        let mut files = Vec::new();
        for (at, (copy, _)) in copies.iter().enumerate() {
            let file = self.told.path().join(format!("{place}-{at}.journal"));
            if let Some(bytes) = copy.get("vault.journal") {
                fs::write(&file, bytes).unwrap();
                files.push(file.display().to_string());
            }
        }
        files
    }

    /// The bound of before, which the journal names, is one that was acknowledged.
    fn held_its_bound(&mut self, place: usize, bound: &str) -> BTreeSet<String> {
        let ran = self.sign_off(place, &["journal", "show"]);
        let document = ran.document().unwrap_or_default();
        let sought = format!("max-fee-sat {bound} (was ");
        let was = items(&document["entries"])
            .flat_map(|entry| items(&entry["changes"]))
            .filter_map(|change| text(change).strip_prefix(&sought).map(str::to_owned))
            .last();
        self.see(place, &document);
        let was = was.map(|was| was.trim_end_matches(')').parse::<u64>().ok());
        let bounds = self.places[place].acked.bounds.clone();
        let kept = bounds.is_empty() || was.is_some_and(|was| bounds.contains(&was));
        self.harm((!kept).then(|| format!("the bound was {was:?}, not one of {bounds:?}")));
        self.places[place].acked.bounds.clear();
        signed_in(&document)
    }
}
