//! Drawn histories of both real binaries and a real bitcoind, with real kills: vault, journal and
//! ledger against a model.
//!
//! Two processes at once, `kill -9` at any moment, copied, cut, deleted and put-back files of the
//! vault, copied and put-back ledgers, clones of both, imports, restores, lists that are created
//! again, returns that come late or never, reorganisations. The model is the owner: what was
//! acknowledged, which signatures left, which debts they pay, and the last count and head of the
//! journal that was told. Harm is a debt or a coin for which two signatures left, something
//! acknowledged that is gone, and nobody was told; a panic, an unexpected failure, or a command
//! that does not end; a vault or a ledger that does not come back.
//!
//! `COFFERDAM_HISTORIES=N` takes so many, `COFFERDAM_HISTORY_SEED=N` tells that one alone, step by
//! step, and `COFFERDAM_HISTORIES_FROM=N` begins with another one.
#![allow(clippy::print_stdout, reason = "the counts stand in docs/assurance.md")]

mod chain;
mod counts;
mod history;
mod meddle;
mod memory;
mod offline;
mod online;
mod owner;
mod process;
mod rest;
mod rng;
mod template;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use chain::Chain;
use counts::Counts;
use history::History;
use template::Template;

/// How many histories a run of the suite draws, which takes some 40 seconds on two cores, and the
/// first of them.
const DRAWN: u64 = 12;
const FIRST: u64 = 1000;

/// So many histories come to all that a history has to come to; of fewer that would rest on chance.
const MANY: u64 = 100;

/// After so many histories a thread takes a new node, for its chain keeps what was undone.
const ON_A_NODE: usize = 100;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// Lives one history after another until all are lived.
fn work(template: &Template, next: &AtomicU64, end: u64, all: &Mutex<Counts>) {
    loop {
        let mut chain = Chain::start();
        let folder = history::folder();
        template.ledger(folder.path(), &chain.node);
        for _ in 0..ON_A_NODE {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end {
                return;
            }
            let mut counts = Counts::default();
            History::begin(seed, template, folder.path(), &mut chain, &mut counts).live();
            all.lock().unwrap().add(counts);
        }
    }
}

#[test]
fn drawn_histories_of_both_programs_do_no_harm() {
    let one = number("COFFERDAM_HISTORY_SEED");
    let first = one.or(number("COFFERDAM_HISTORIES_FROM")).unwrap_or(FIRST);
    let count = one
        .map(|_| 1)
        .or(number("COFFERDAM_HISTORIES"))
        .unwrap_or(DRAWN);
    let template = Template::make();
    let all = Mutex::new(Counts::default());
    let next = AtomicU64::new(first);
    let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get() as u64);
    std::thread::scope(|scope| {
        for _ in 0..threads.min(count) {
            scope.spawn(|| work(&template, &next, first + count, &all));
        }
    });
    let counts = all.into_inner().unwrap();
    println!("{counts}");
    assert_eq!(counts.harm, Vec::<String>::new());
    if count < MANY {
        return;
    }
    let reached = |codes: &[&str]| {
        let counted = [&counts.refused, &counts.found, &counts.done];
        codes
            .iter()
            .any(|code| counted.iter().any(|all| all.contains_key(*code)))
    };
    for codes in [
        &["changed-meanwhile", "vault-busy"][..],
        &["coin-signed-before"],
        &[
            "journal-rolled-back",
            "journal-forked",
            "the count and head that were noted",
        ],
        &["no-memory"],
        &["payment-open", "payout-id-known"],
        &["two watchers at once"],
        &["reorganised"],
        &["restored"],
        &["ledger cloned", "ledger put back"],
    ] {
        assert!(reached(codes), "no history came to {codes:?}");
    }
    assert!(counts.kills > 0, "nothing was killed in the middle");
}
