//! Steps at the watcher: its commands as orders, which can be run, killed, and run beside others.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cofferdam_testkit::{Watcher, payee};
use serde_json::Value;

use crate::history::History;
use crate::owner::{Debt, codes, items, text};
use crate::process::{Ran, Running};
use crate::template::copy_folder;

/// A data folder, and what it acknowledged.
pub(crate) struct Desk {
    pub(crate) folder: PathBuf,
    pub(crate) lists: BTreeMap<String, Kept>,
    pub(crate) copies: Vec<(PathBuf, BTreeMap<String, Kept>)>,
}

/// What a ledger acknowledged of a list.
#[derive(Clone, Default)]
pub(crate) struct Kept {
    /// Whether signatures were imported.
    signed: bool,
    /// Whether six blocks confirmed it.
    settled: bool,
    pub(crate) state: String,
}

/// A command of the watcher, and what its end means.
pub(crate) struct Order {
    pub(crate) desk: usize,
    words: Vec<String>,
    what: What,
}

enum What {
    Create,
    Export { list: String, file: PathBuf },
    Import { list: String },
    Other { list: Option<String> },
}

impl History<'_> {
    fn order(&self, desk: usize, what: What, words: &[&str]) -> Order {
        Order {
            desk,
            words: words.iter().map(|word| (*word).to_owned()).collect(),
            what,
        }
    }

    pub(crate) fn start(&mut self, order: &Order) -> Running {
        let watcher = Watcher::new(&self.desks[order.desk].folder);
        self.number += 1;
        Running::start(
            watcher.command(&order.words).unwrap(),
            self.told.path(),
            self.number,
        )
    }

    /// Runs an order to its end.
    pub(crate) fn run(&mut self, order: Order) -> Ran {
        let ran = self.start(&order).finish();
        self.absorb(&order, &ran);
        ran
    }

    /// Takes into the model what a command told.
    pub(crate) fn absorb(&mut self, order: &Order, ran: &Ran) {
        self.counted(ran);
        if ran.killed() {
            if let What::Export { list, file } = &order.what {
                self.exported(file, list);
            }
            return;
        }
        let list = match &order.what {
            What::Create => None,
            What::Export { list, .. } | What::Import { list } => Some(list.clone()),
            What::Other { list } => list.clone(),
        };
        if let Some(error) = ran.error() {
            let told = list.and_then(|list| self.owner.lists.get_mut(&list));
            if let Some(list) = told {
                list.told.extend(codes(&error));
            }
        }
        let Some(document) = ran.document() else {
            return;
        };
        match &order.what {
            What::Export { list, file } => {
                self.counts.note("exported");
                if let Some(kept) = self.desks[order.desk].lists.get_mut(list) {
                    kept.state = text(&document["state"]);
                }
                self.exported(file, list);
            }
            _ if document["payments"].is_array() => {
                self.looked(order.desk, &document);
                if let What::Import { list } = &order.what {
                    self.counts.note("signatures imported");
                    self.desks[order.desk].lists.get_mut(list).unwrap().signed = true;
                }
            }
            _ => {}
        }
    }

    fn exported(&mut self, file: &Path, list: &str) {
        if file.exists() {
            self.owner.exported.push((file.to_owned(), list.to_owned()));
        }
    }

    /// Holds what a ledger shows of a list against what it acknowledged.
    fn looked(&mut self, desk: usize, document: &Value) {
        for code in codes(document) {
            self.counts.find(&code);
        }
        let wrong = self.owner.learn(document);
        self.harm(wrong);
        let id = text(&document["id"]);
        if id.is_empty() {
            return;
        }
        let state = text(&document["state"]);
        let settled = document["final"] == true;
        let unsigned = items(&document["transactions"]).any(|transaction| {
            transaction["state"] == "planned" || transaction["state"] == "exported"
        });
        let kept = self.desks[desk].lists.entry(id.clone()).or_default();
        let mut lost = Vec::new();
        if kept.signed && unsigned {
            lost.push("its signatures");
        }
        if kept.settled && !settled && !self.deep {
            lost.push("that it is final");
        }
        kept.settled |= settled;
        kept.state = state;
        if self.beside {
            lost.clear();
        }
        for lost in lost {
            self.harm(Some(format!("the list {id} has lost {lost}: {document}")));
        }
    }

    /// Draws a list that a ledger knows.
    pub(crate) fn some_list(&mut self, desk: usize) -> Option<String> {
        let known = &self.desks[desk].lists;
        let lists: Vec<String> = self
            .owner
            .order
            .iter()
            .filter(|id| known.contains_key(*id))
            .cloned()
            .collect();
        self.rng.one(&lists).cloned()
    }

    pub(crate) fn some_desk(&mut self) -> usize {
        self.rng.below(self.desks.len())
    }

    /// Plans a list of new debts, or of some that were planned before: as they were, or with other
    /// amounts.
    pub(crate) fn create(&mut self, desk: usize, command: &str) -> Order {
        let mut debts: Vec<Debt> = Vec::new();
        let again = !self.owner.debts.is_empty() && self.rng.percent(45);
        let mut lists: Vec<Vec<Debt>> = self
            .owner
            .order
            .iter()
            .map(|id| self.owner.lists[id].debts.clone())
            .collect();
        lists.retain(|debts| !debts.is_empty());
        if again && self.rng.percent(60) {
            debts = self.rng.one(&lists).cloned().unwrap_or_default();
        } else if again {
            debts.extend(self.rng.one(&self.owner.debts.clone()).cloned());
        }
        if again && self.rng.percent(30) {
            for debt in &mut debts {
                debt.satoshi += 1 + self.rng.below(60_000) as u64;
            }
        }
        if debts.is_empty() || self.rng.percent(15) {
            for _ in 0..=self.rng.below(2) {
                let debt = Debt {
                    id: format!("d-{}", self.owner.debts.len()),
                    address: payee(self.rng.below(8)),
                    satoshi: 20_000 + 10_000 * self.rng.below(15) as u64,
                };
                self.owner.debts.push(debt.clone());
                debts.push(debt);
            }
        }
        let mut list = String::from("payout_id,address,amount,unit\n");
        for debt in &debts {
            list.push_str(&format!(
                "{},{},{},sat\n",
                debt.id, debt.address, debt.satoshi
            ));
        }
        let file = self.new_file("csv");
        fs::write(&file, list).unwrap();
        let (rate, seed) = (
            (2 + self.rng.below(20)).to_string(),
            self.rng.below(1 << 30).to_string(),
        );
        let (file, wallet) = (file.display().to_string(), self.script);
        let mut words = vec![
            "payout",
            command,
            &file,
            "--wallet",
            wallet,
            "--fee-rate",
            &rate,
        ];
        words.extend(["--seed", &seed]);
        if again && self.rng.percent(50) {
            words.extend(["--again", "--accept", "payment-open"]);
        }
        self.order(desk, What::Create, &words)
    }

    /// Plans a list; what is warned of is accepted, or not.
    pub(crate) fn create_and_answer(&mut self, desk: usize) {
        let order = self.create(desk, "create");
        let ran = self.start(&order).finish();
        self.absorb(&order, &ran);
        if ran.code() == "warning-not-accepted" && self.rng.percent(70) {
            let named = codes(&ran.error().unwrap());
            let mut more = words(&order);
            for code in named.iter().filter(|code| *code != "warning-not-accepted") {
                more.extend(["--accept", code]);
            }
            let order = self.order(desk, What::Create, &more);
            self.run(order);
            self.counts.note("accepted what is named");
        }
    }

    pub(crate) fn export(&mut self, desk: usize, list: &str) -> Order {
        let bundle = self.rng.percent(70);
        let file = self.new_file(if bundle { "bundle" } else { "psbt" });
        let name = file.display().to_string();
        let format = if bundle { "bundle" } else { "psbt" };
        let words = ["payout", "export", list, "--out", &name, "--format", format];
        let list = list.to_owned();
        self.order(desk, What::Export { list, file }, &words)
    }

    pub(crate) fn import(&mut self, desk: usize, list: &str, file: &Path) -> Order {
        let name = file.display().to_string();
        let mut words = vec!["payout", "import", list, &name];
        if self.owner.knows && self.rng.percent(30) {
            words.push("--follow-journal");
        }
        let list = list.to_owned();
        self.order(desk, What::Import { list }, &words)
    }

    /// An order about a list that has no further words.
    pub(crate) fn about(&mut self, desk: usize, command: &str, list: &str) -> Order {
        let chain = self.chain.node.chain_arguments();
        let mut words = vec!["payout", command, list];
        if command == "broadcast" {
            words.extend(chain.iter().map(String::as_str));
        }
        let rate = (10 + self.rng.below(60)).to_string();
        if command == "cancel" && self.rng.percent(40) {
            words.extend(["--fee-rate", &rate]);
        }
        let list = Some(list.to_owned());
        self.order(desk, What::Other { list }, &words)
    }

    pub(crate) fn sync(&mut self, desk: usize) -> Order {
        let chain = self.chain.node.chain_arguments();
        let mut words = vec!["sync"];
        words.extend(chain.iter().map(String::as_str));
        if self.rng.percent(5) {
            words.push("--rescan");
        }
        self.order(desk, What::Other { list: None }, &words)
    }

    /// Looks at all lists of a ledger: those that it acknowledged are there, and what a killed
    /// command made is learned.
    pub(crate) fn look_at_lists(&mut self, desk: usize, each: bool) {
        let order = self.order(desk, What::Other { list: None }, &["payout", "list"]);
        let ran = self.run(order);
        let Some(document) = ran.document() else {
            return;
        };
        let listed: Vec<String> = items(&document["payouts"])
            .map(|list| text(&list["id"]))
            .collect();
        let known: Vec<String> = self.desks[desk].lists.keys().cloned().collect();
        for id in known.iter().filter(|id| !listed.contains(id)) {
            self.harm(Some(format!("the list {id} is gone")));
        }
        for id in listed.iter().filter(|id| each || !known.contains(id)) {
            let order = self.about(desk, "show", id);
            self.run(order);
        }
    }

    /// Draws any command.
    pub(crate) fn any_order(&mut self, desk: usize) -> Order {
        let list = self.some_list(desk);
        let Some(list) = list.filter(|_| self.rng.percent(75)) else {
            return match self.rng.percent(50) {
                true => self.sync(desk),
                false => self.create(desk, "create"),
            };
        };
        let files = self.owner.returned.clone();
        let file = self.rng.one(&files).cloned();
        match (self.rng.below(6), file) {
            (0, _) => self.about(desk, "cancel", &list),
            (1, _) => self.about(desk, "show", &list),
            (2, _) => self.export(desk, &list),
            (3, Some((file, list))) if self.desks[desk].lists.contains_key(&list) => {
                self.import(desk, &list, &file)
            }
            (4, _) => self.create(desk, "create"),
            _ => self.about(desk, "broadcast", &list),
        }
    }

    /// Kills a command of the watcher at any moment; what it made is learned after.
    pub(crate) fn kill_watcher(&mut self) {
        let desk = self.some_desk();
        let order = self.any_order(desk);
        let moment = Duration::from_micros(self.rng.below(30_000) as u64);
        let ran = self.start(&order).kill_after(moment);
        self.absorb(&order, &ran);
        self.look_at_lists(desk, false);
    }

    /// Runs two commands on one ledger at once.
    pub(crate) fn two_at_once(&mut self) {
        let desk = self.some_desk();
        let orders = [self.any_order(desk), self.any_order(desk)];
        let running = orders.each_ref().map(|order| self.start(order));
        // What one shows may be of before what the other did.
        self.beside = true;
        for (order, running) in orders.iter().zip(running) {
            let ran = running.finish();
            self.absorb(order, &ran);
        }
        self.beside = false;
        self.counts.note("two watchers at once");
        self.look_at_lists(desk, false);
    }

    /// Copies a data folder, puts a copy back, or goes on in one beside it.
    pub(crate) fn copy_ledger(&mut self) {
        let at = self.some_desk();
        let number = self.new_file("data");
        let pick = self.rng.below(10);
        let ledgers = self.desks.len();
        let desk = &mut self.desks[at];
        match pick {
            0..=4 => {
                copy_folder(&desk.folder, &number);
                desk.copies.push((number, desk.lists.clone()));
                self.counts.note("ledger copied");
            }
            5..=7 => {
                let Some((copy, lists)) = desk.copies.last().cloned() else {
                    return;
                };
                fs::remove_dir_all(&desk.folder).unwrap();
                copy_folder(&copy, &desk.folder);
                desk.lists = lists;
                self.counts.note("ledger put back");
            }
            _ if ledgers < 3 => {
                copy_folder(&desk.folder, &number);
                let clone = Desk {
                    folder: number,
                    lists: desk.lists.clone(),
                    copies: Vec::new(),
                };
                self.desks.push(clone);
                self.counts.note("ledger cloned");
            }
            _ => {}
        }
    }
}

fn words(order: &Order) -> Vec<&str> {
    order.words.iter().map(String::as_str).collect()
}
