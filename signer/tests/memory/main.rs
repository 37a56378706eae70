//! Looks, as root, at all memory of all of the signer's processes: while the vault is open, once
//! its keys were wiped, and after the end. A signer on ordinary pages that wipes nothing is the
//! positive control: in it the same search finds the same secrets.

#![allow(clippy::print_stdout, reason = "the counts are the result")]

#[allow(dead_code, reason = "not all of it is used here")]
#[path = "../cli/psbts.rs"]
mod psbts;

mod examples;
mod needles;
mod processes;
mod stops;
mod vault;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use examples::example;
use needles::Needles;
use processes::{Found, Processes, may_look};
use stops::{STOPS, stopping_at};
use vault::Treasury;

fn product() -> PathBuf {
    env!("CARGO_BIN_EXE_cofferdam-signer").into()
}

fn names(found: &Found) -> BTreeSet<&str> {
    found.hits.iter().map(|hit| hit.secret.as_str()).collect()
}

#[track_caller]
fn clean(when: &str, found: &Found) {
    println!(
        "{when}: {} processes, {:.1} MB searched, {} kB out of root's reach, secrets found: {}",
        found.processes,
        found.searched as f64 / 1e6,
        found.hidden / 1000,
        found.hits.len()
    );
    assert!(found.searched > 1_000_000, "memory was searched");
    assert!(found.hits.is_empty(), "{when}: {:#?}", found.hits);
}

#[test]
fn an_open_vault_shows_nothing_but_secret_pages() {
    let (treasury, needles) = given();
    let held = treasury.sign(&product(), false);
    held.wait_for_consent();
    let found = held.search(&needles);
    clean("unlocked, waiting for consent", &found);
    assert_eq!(found.processes, 2, "screen and keys; the intake has ended");
    assert!(
        found.hidden >= 6 << 20,
        "a stack of 2 MiB and a heap of 4 MiB are out of reach: {found:?}"
    );
    held.let_go();
}

#[test]
fn a_screen_that_outlives_its_keys_has_nothing() {
    let (treasury, needles) = given();
    let held = treasury.sign(&product(), true);
    held.wait_for_result();
    let found = held.search(&needles);
    clean("signed, the screen still stands", &found);
    let id = held.id();
    assert!(held.let_go().contains("\"signatures\""));
    assert_eq!(
        Processes::of(id).count(),
        0,
        "after exit there is no process left to search"
    );
}

#[test]
fn what_was_wiped_is_gone_while_the_process_stands() {
    let (treasury, needles) = given();
    let held = treasury.sign(&example("stopping_signer"), false);
    held.wait_for_consent();
    let found = held.search(&needles);
    println!("the same program, unlocked: {:?}", names(&found));
    for kept in ["entropy", "passphrase", "data key"] {
        assert!(names(&found).contains(kept), "{kept} is there to be wiped");
    }
    held.end();
    let held = treasury.sign(&example("stopping_signer"), true);
    held.wait_for_stopped();
    let found = held.search(&needles);
    clean("wiped, the key process still stands", &found);
    assert_eq!(
        (found.processes, found.hidden),
        (2, 0),
        "nothing is out of reach: it was wiped"
    );
    held.end();
}

#[test]
fn the_control_on_ordinary_pages_shows_them() {
    let (treasury, needles) = given();
    let mut seen = BTreeSet::new();
    let held = treasury.sign(&example("ordinary_signer"), false);
    held.wait_for_consent();
    let found = held.search(&needles);
    println!("control, unlocked: {:?}", names(&found));
    seen.extend(names(&found).into_iter().map(str::to_owned));
    held.end();
    let held = treasury.sign(&example("ordinary_signer"), true);
    held.wait_for_stopped();
    let found = held.search(&needles);
    println!("control, at its end: {:?}", names(&found));
    seen.extend(names(&found).into_iter().map(str::to_owned));
    held.end();
    // A short job leaves on its stack what unlocking left there.
    for short in [
        &["account", "list"][..],
        &["export", "--account", "main", "--format", "json"],
    ] {
        let held = treasury.hold(&example("ordinary_signer"), short);
        held.wait_for_stopped();
        let found = held.search(&needles);
        println!("control, after {short:?}: {:?}", names(&found));
        seen.extend(names(&found).into_iter().map(str::to_owned));
        held.end();
    }
    // While it signs, the master key and the account's keys are in use.
    let found = signing(&treasury, &needles, &example("ordinary_signer"));
    println!("control, signing: {:?}", names(&found));
    seen.extend(names(&found).into_iter().map(str::to_owned));
    // What lives for microseconds is met where it is in use.
    for stop in &STOPS {
        let found = stopped(&treasury, &example("ordinary_signer"), stop);
        println!("control, at {}: {:?}", stop.function, names(&found));
        for secret in stop.secrets {
            assert!(
                names(&found).contains(secret),
                "{secret} is in use at {}; the signer said {:?}",
                stop.function,
                fs::read_to_string(treasury.said())
            );
        }
        seen.extend(names(&found).into_iter().map(str::to_owned));
    }
    let all: BTreeSet<String> = needles.secrets().map(str::to_owned).collect();
    let mut never: Vec<&String> = all.difference(&seen).collect();
    println!("never found in the control: {never:?}");
    // Where it stood, one key that signs or two were in use.
    never.retain(|secret| !secret.starts_with("key 84h/1h/0h/0/"));
    // Their two parts are found, key and chain code; no line of the signer writes them as text.
    assert_eq!(never, ["account xprv", "master xprv"]);
}

#[test]
fn secrets_in_use_lie_in_nothing_but_secret_pages() {
    let (treasury, _) = given();
    for stop in &STOPS {
        let found = stopped(&treasury, &product(), stop);
        clean(stop.function, &found);
        assert!(
            found.hidden >= 6 << 20,
            "the keys' process is the one that stands: {found:?}"
        );
    }
}

/// Searches a signer that stands still where a secret is in use.
fn stopped(treasury: &Treasury, signer: &Path, stop: &stops::Stop) -> Found {
    // The body's key is another one after each write.
    let needles = Needles::new(treasury.secrets());
    let program = stopping_at(signer, stop.function, treasury.folder());
    let held = treasury.begin(&program.program, stop.job);
    held.wait_for_stopped_in(&program);
    let found = held.search(&needles);
    held.end();
    found
}

#[test]
fn the_product_has_no_switch_for_it() {
    let symbols = Command::new("nm").arg(product()).output().unwrap();
    let symbols = String::from_utf8(symbols.stdout).unwrap();
    assert!(symbols.lines().count() > 1000, "the binary is not stripped");
    for switch in ["be_ordinary", "stop_before_the_end"] {
        assert!(!symbols.contains(switch), "{switch}");
    }
}

#[test]
fn keys_that_sign_show_nothing_but_secret_pages() {
    let (treasury, needles) = given();
    // A thread that was just begun has no stack of such pages yet: then it is met again.
    for _ in 0..10 {
        let found = signing(&treasury, &needles, &product());
        clean("signing", &found);
        if found.hidden > 6 << 20 {
            return;
        }
    }
    panic!("no signing thread was met on its stack");
}

/// Searches a signer that was stopped while its threads sign; one that signed unseen is followed by
/// another.
fn signing(treasury: &Treasury, needles: &Needles, signer: &Path) -> Found {
    for _ in 0..20 {
        let held = treasury.sign_many(signer);
        held.wait_for_consent();
        if let Some(held) = held.stop_while_it_signs() {
            let found = held.search(needles);
            held.end();
            return found;
        }
    }
    panic!("twenty signers signed unseen");
}

/// The vault that is searched for, and what of it.
fn given() -> (Treasury, Needles) {
    assert!(
        may_look(),
        "NOT TESTED: only root, with the right to trace, can look into the memory of the signer's processes; run this as root"
    );
    let treasury = Treasury::new(&product());
    let needles = Needles::new(treasury.secrets());
    (treasury, needles)
}
