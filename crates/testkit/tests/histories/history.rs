//! One history: its places and ledgers, and what happens in them.

use std::path::PathBuf;

use tempfile::TempDir;

use crate::chain::Chain;
use crate::counts::Counts;
use crate::meddle::Waiting;
use crate::offline::{Acked, Paper, Place};
use crate::online::Desk;
use crate::owner::{Owner, codes};
use crate::process::Ran;
use crate::rng::Rng;
use crate::template::{SCRIPTS, Template, copy_folder};

/// The steps of one history.
const STEPS: usize = 45;

/// What a wallet begins with.
const COINS: (usize, u64) = (8, 600_000);

pub(crate) struct History<'a> {
    pub(crate) seed: u64,
    pub(crate) rng: Rng,
    pub(crate) template: &'a Template,
    pub(crate) chain: &'a mut Chain,
    pub(crate) counts: &'a mut Counts,
    /// Which wallet pays, and the index of its account.
    pub(crate) script: &'static str,
    pub(crate) index: usize,
    folder: TempDir,
    /// Where commands write what they say.
    pub(crate) told: TempDir,
    pub(crate) number: usize,
    pub(crate) owner: Owner,
    pub(crate) desks: Vec<Desk>,
    pub(crate) places: Vec<Place>,
    /// Journals of vaults that are lost.
    pub(crate) journals: Vec<PathBuf>,
    pub(crate) waiting: Option<Waiting>,
    /// Whether so many blocks were replaced that what was final need not be any more.
    pub(crate) deep: bool,
    /// Whether two commands run on one ledger.
    pub(crate) beside: bool,
}

/// Makes a folder in memory, where there is any.
pub(crate) fn folder() -> TempDir {
    let memory = std::path::Path::new("/dev/shm");
    match memory.is_dir() {
        true => tempfile::tempdir_in(memory),
        false => tempfile::tempdir(),
    }
    .unwrap()
}

impl<'a> History<'a> {
    pub(crate) fn begin(
        seed: u64,
        template: &'a Template,
        ledger: &std::path::Path,
        chain: &'a mut Chain,
        counts: &'a mut Counts,
    ) -> Self {
        let mut rng = Rng(seed);
        let index = rng.below(SCRIPTS.len());
        let folder = folder();
        let (online, offline) = (folder.path().join("online"), folder.path().join("offline"));
        copy_folder(ledger, &online);
        template.vault(&offline);
        let mut history = History {
            seed,
            rng,
            template,
            chain,
            counts,
            script: SCRIPTS[index],
            index,
            folder,
            told: self::folder(),
            number: 0,
            owner: Owner::default(),
            desks: vec![Desk {
                folder: online,
                lists: Default::default(),
                copies: Vec::new(),
            }],
            places: vec![Place {
                folder: offline,
                vault: String::new(),
                acked: Acked {
                    bounds: vec![None],
                    ..Acked::default()
                },
                copies: Vec::new(),
            }],
            journals: Vec::new(),
            waiting: None,
            deep: false,
            beside: false,
        };
        let watcher = cofferdam_testkit::Watcher::new(&history.desks[0].folder);
        let next = watcher
            .run(&["address", "--wallet", history.script, "--next"])
            .unwrap();
        let address = next.json().unwrap()["address"].as_str().unwrap().to_owned();
        history.chain.fund(&address, COINS.0, COINS.1);
        let sync = history.sync(0);
        history.run(sync);
        history
    }

    /// Lives it through.
    pub(crate) fn live(mut self) {
        for _ in 0..STEPS {
            self.counts.steps += 1;
            if self.waiting.is_some() && self.rng.percent(25) {
                let waiting = self.waiting.take().unwrap();
                self.answer(waiting);
            }
            self.step();
        }
        self.rest();
        self.chain.take_back();
        self.counts.histories += 1;
    }

    fn step(&mut self) {
        let desk = self.some_desk();
        match self.rng.below(100) {
            0..=37 => self.advance(desk),
            38..=45 => self.create_and_answer(desk),
            46..=49 => {
                let order = self.sync(desk);
                self.run(order);
            }
            50..=54 => self.mine(),
            55..=57 => self.reorganise(),
            58..=59 => self.look_at_lists(desk, true),
            60..=68 => {
                let order = self.any_order(desk);
                self.run(order);
            }
            69..=74 => self.kill_watcher(),
            75..=78 => self.two_at_once(),
            79..=82 => self.copy_ledger(),
            83..=84 => {
                if let Some(paper) = self.some_paper() {
                    self.sign(&paper);
                }
            }
            85..=87 => {
                let paper = self.some_paper().filter(|_| self.waiting.is_none());
                if let Some(paper) = paper {
                    self.wait_at_a_question(paper);
                }
            }
            88 => {
                let place = self.some_place();
                self.tighten(place, None);
            }
            89..=90 => self.kill_signer(),
            91..=95 => self.meddle(),
            96 => self.clone_vault(),
            97 => self.restore(),
            98 => {
                let place = self.some_place();
                self.import_journal(place);
            }
            _ => {
                let place = self.some_place();
                if self.waiting.is_none() {
                    let _ = self.bring_back(place);
                }
            }
        }
    }

    /// Does with a list what comes next.
    fn advance(&mut self, desk: usize) {
        let Some(list) = self.some_list(desk) else {
            return self.create_and_answer(desk);
        };
        let returned = self
            .owner
            .returned
            .iter()
            .rev()
            .find(|(_, of)| *of == list)
            .cloned();
        let exported = self
            .owner
            .exported
            .iter()
            .rev()
            .find(|(_, of)| *of == list)
            .cloned();
        match (
            self.desks[desk].lists[&list].state.as_str(),
            returned,
            exported,
        ) {
            ("planned", _, _) | ("exported", _, None) => {
                let order = self.export(desk, &list);
                self.run(order);
            }
            ("exported" | "cancelling", Some((file, _)), _) if self.rng.percent(70) => {
                let order = self.import(desk, &list, &file);
                self.run(order);
            }
            ("exported" | "cancelling", _, Some((file, _))) => {
                let end = if file.extension().is_some_and(|end| end == "bundle") {
                    "return"
                } else {
                    "signed.psbt"
                };
                let paper = Paper {
                    place: self.some_place(),
                    out: self.new_file(end),
                    file,
                    list,
                };
                self.sign(&paper);
            }
            ("signed", _, _) => {
                let order = self.about(desk, "broadcast", &list);
                self.run(order);
            }
            ("broadcast", _, _) => {
                self.mine();
                let order = self.sync(desk);
                self.run(order);
                self.look_at_lists(desk, true);
            }
            _ => self.create_and_answer(desk),
        }
    }

    fn mine(&mut self) {
        let blocks = match self.rng.below(30) {
            0 => 100,
            1..=5 => 6,
            _ => 1,
        };
        self.chain.node.mine(blocks).unwrap();
        self.counts.note("blocks mined");
    }

    fn reorganise(&mut self) {
        let depth = if self.rng.percent(15) {
            7
        } else {
            1 + self.rng.below(3) as u64
        };
        let depth = self.chain.reorganise(depth);
        if depth == 0 {
            return;
        }
        self.counts.note("reorganised");
        self.deep |= depth > 5;
    }

    /// Names a file that is not there yet.
    pub(crate) fn new_file(&mut self, end: &str) -> PathBuf {
        self.number += 1;
        self.folder.path().join(format!("{}.{end}", self.number))
    }

    /// Counts what a command said, and whether it did what no command may.
    pub(crate) fn counted(&mut self, ran: &Ran) {
        if ran.killed() {
            self.counts.kills += 1;
        }
        if let Some(error) = ran.error() {
            self.counts.refuse(&ran.code());
            for code in codes(&error) {
                self.counts.find(&code);
            }
        }
        self.harm(ran.wrong());
        if std::env::var_os("COFFERDAM_HISTORY_SEED").is_some() {
            self.trace(ran);
        }
    }

    /// Writes down what happened, for one who looks into a single history.
    fn trace(&self, ran: &Ran) {
        let short = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let end = if ran.killed() {
            "KILLED".to_owned()
        } else {
            short(&ran.err)
        };
        println!("{}\n    {end} {}", ran.words, short(&ran.out));
    }

    pub(crate) fn harm(&mut self, harm: Option<String>) {
        if let Some(harm) = harm {
            let told = format!(
                "COFFERDAM_HISTORY_SEED={} ({}): {harm}",
                self.seed, self.script
            );
            println!("{told}");
            self.counts.harm.push(told);
        }
    }
}
