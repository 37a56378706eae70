//! The cases of the hostile corpus (`fixtures/hostile`) that the journal, a bundle's claim or the
//! operator's approval catches: each passes when that is switched off.
#![allow(clippy::print_stdout, reason = "the counts stand in docs/assurance.md")]

use std::fs;
use std::path::{Path, PathBuf};

use bitcoin::Txid;
use cofferdam_core::ScriptType;
use cofferdam_core::psbt::{Limits, Parsed};
use cofferdam_core::wallet::WalletId;
use cofferdam_transport::bundle::Bundle;
use cofferdam_transport::journals::{JournalAnswer, Kept};
use serde_json::Value;

use super::tests::{body_of, consent, examined_answering, examined_by};
use super::{Examined, NotConsented, consented, permit};
use crate::body::Body;
use crate::journal::{Entry, Event};
use crate::memory_state::MemoryState;
use crate::protocol::{Blob, PsbtFile};

struct Case {
    folder: PathBuf,
    json: Value,
    body: Body,
}

fn cases(layer: &str) -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/hostile");
    let folders = fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let read = |folder: PathBuf| -> (PathBuf, Value) {
        let json = fs::read(folder.join("case.json")).unwrap();
        (folder, serde_json::from_slice(&json).unwrap())
    };
    let accounts: Vec<(ScriptType, u32)> = ScriptType::ALL
        .into_iter()
        .map(|script_type| (script_type, 0))
        .chain([(ScriptType::Segwit, 1)])
        .collect();
    let mut cases: Vec<Case> = folders
        .map(read)
        .filter(|(_, json)| json["caught_by"] == layer)
        .map(|(folder, json)| Case {
            body: Body {
                memory: match json["vault"]["without_memory"].as_bool() {
                    Some(true) => MemoryState::Missing,
                    _ => MemoryState::Complete,
                },
                ..body_of(&accounts)
            },
            folder,
            json,
        })
        .collect();
    cases.sort_by(|a, b| a.folder.cmp(&b.folder));
    assert!(!cases.is_empty(), "no case of {layer}");
    cases
}

impl Case {
    fn name(&self) -> String {
        self.folder.display().to_string()
    }

    fn bytes(&self, file: &str) -> Vec<u8> {
        fs::read(self.folder.join(file)).unwrap()
    }

    fn steps(&self) -> &Vec<Value> {
        self.json["steps"].as_array().unwrap()
    }

    fn txid(&self, file: &str) -> Txid {
        Parsed::parse(&self.bytes(file), &Limits::DEFAULT)
            .unwrap()
            .txid()
    }

    /// The transactions that a step allows to be superseded.
    fn superseded(&self, step: &Value) -> Vec<Txid> {
        let arguments = step["arguments"].as_array().into_iter().flatten();
        let named = arguments.filter_map(|argument| argument.as_str()?.strip_prefix("TXID:"));
        named.map(|file| self.txid(file)).collect()
    }

    fn examined(&self, step: &Value, entries: &[Entry]) -> Examined {
        // Without a journal there is nothing to supersede.
        let superseded = if entries.is_empty() {
            Vec::new()
        } else {
            self.superseded(step)
        };
        let files: Vec<PsbtFile> = step["files"]
            .as_array()
            .unwrap()
            .iter()
            .map(|file| file.as_str().unwrap())
            .map(|file| psbt(file, self.bytes(file)))
            .collect();
        examined_by(&files, &self.body, entries, &superseded, None)
    }
}

fn psbt(name: &str, bytes: Vec<u8>) -> PsbtFile {
    PsbtFile {
        path: name.into(),
        bytes: Blob(bytes),
    }
}

/// The codes of a review, with severities and places, sorted.
fn found(examined: &Examined) -> Vec<String> {
    let findings = examined
        .review()
        .findings
        .iter()
        .map(|found| &found.finding);
    let mut found: Vec<String> = findings
        .map(|finding| format!("{} {} {}", finding.severity, finding.code, finding.place))
        .collect();
    found.sort();
    found
}

fn expected(step: &Value) -> Vec<String> {
    let findings = step["findings"].as_array().into_iter().flatten();
    let mut expected: Vec<String> = findings
        .map(|finding| {
            let text = |name: &str| finding[name].as_str().unwrap();
            format!("{} {} {}", text("severity"), text("code"), text("where"))
        })
        .collect();
    expected.sort();
    expected
}

/// Signs what a step signs, as far as the journal is concerned.
fn signed(case: &Case, step: &Value, entries: &[Entry]) -> Vec<Entry> {
    let examined = case.examined(step, entries);
    let review = examined.review().review;
    let permitted = permit(examined).ok().unwrap();
    let arguments = step["arguments"].as_array().into_iter().flatten();
    let arguments: Vec<&str> = arguments.filter_map(Value::as_str).collect();
    let pairs = arguments.windows(2).filter(|pair| pair[0] == "--accept");
    let accepted: Vec<&str> = pairs.map(|pair| pair[1]).collect();
    let approved = consented(permitted, &consent(review, &accepted), &[])
        .ok()
        .unwrap();
    let entry = |event: Event| Entry {
        time: 0,
        generation: 1,
        unfit: vec![],
        event,
    };
    approved.events().into_iter().map(entry).collect()
}

#[test]
fn what_the_journal_refuses_passes_without_it() {
    let mut proven = 0;
    for mut case in cases("journal") {
        let (mut entries, mut spoken) = (Vec::new(), false);
        for step in case.steps().clone() {
            if step["command"] == "inspect" {
                let all = found(&case.examined(&step, &entries));
                assert_eq!(all, expected(&step), "{}", case.name());
                spoken |= !all.is_empty();
                let memory = std::mem::replace(&mut case.body.memory, MemoryState::Complete);
                let without = found(&case.examined(&step, &[]));
                assert_eq!(
                    without,
                    Vec::<String>::new(),
                    "{}: without the journal",
                    case.name()
                );
                case.body.memory = memory;
            } else if step["exit"] == 0 {
                entries.extend(signed(&case, &step, &entries));
            } else if step["error"] == "wrong-usage" {
                // An id that the journal does not know is refused before anything is examined.
                let known = entries.iter().any(|entry| {
                    matches!(&entry.event, Event::Signed(record)
                        if case.superseded(&step).contains(&record.txid()))
                });
                assert!(!known, "{}", case.name());
                spoken = true;
            }
        }
        assert!(spoken, "{}: the journal says nothing", case.name());
        proven += 1;
    }
    println!("teeth of the journal: {proven} cases");
}

#[test]
fn what_a_bundle_is_refused_for_passes_without_it() {
    let mut proven = 0;
    for case in cases("bundle") {
        let step = &case.steps()[0];
        let bundle = Bundle::parse(&case.bytes("po-1.bundle"))
            .and_then(|bundle| Ok((bundle.wallet_id(), bundle.psbts()?)));
        match bundle {
            Ok((wallet, psbts)) => {
                let files = [psbt("po-1.psbt", psbts[0].clone())];
                let examined =
                    |bundle: Option<WalletId>| examined_by(&files, &case.body, &[], &[], bundle);
                assert_eq!(
                    found(&examined(Some(wallet))),
                    expected(step),
                    "{}",
                    case.name()
                );
                assert_eq!(
                    found(&examined(None)),
                    Vec::<String>::new(),
                    "{}",
                    case.name()
                );
            }
            Err(_) => assert_eq!(step["error"], "malformed-bundle", "{}", case.name()),
        }
        proven += 1;
    }
    println!("teeth of bundles: {proven} cases");
}

/// The question after the journal is all that finds a vault gone back, or a copy of it.
#[test]
fn what_a_bundle_asks_after_the_journal_passes_unasked() {
    let mut proven = 0;
    for case in cases("journal-head") {
        let bundle = Bundle::parse(&case.bytes("po-1.bundle")).unwrap();
        let files = [psbt("po-1.psbt", bundle.psbts().unwrap()[0].clone())];
        let mut spoken = false;
        for step in case
            .steps()
            .iter()
            .filter(|step| step["command"] == "inspect")
        {
            let kept = match step["asks"].as_str().unwrap() {
                "its-own" => Kept::Yes,
                "longer" => Kept::Shorter,
                _ => Kept::Other,
            };
            let answer = JournalAnswer {
                count: 1,
                head: [7; 32],
                kept,
            };
            let asked = found(&examined_answering(&files, &case.body, &[answer]));
            assert_eq!(asked, expected(step), "{}", case.name());
            spoken |= !asked.is_empty();
        }
        assert!(spoken, "{}", case.name());
        let unasked = found(&examined_answering(&files, &case.body, &[]));
        assert_eq!(unasked, Vec::<String>::new(), "{}", case.name());
        proven += 1;
    }
    println!("teeth of the question after the journal: {proven} cases");
}

/// The file that is swapped in would be signed by itself: only the digest of what was shown stands
/// against it.
#[test]
fn what_was_approved_is_all_that_keeps_another_file_out() {
    let mut proven = 0;
    for case in cases("approval") {
        let step = &case.steps()[0];
        let shown = case.examined(step, &[]).review().review;
        let file = step["files"][0].as_str().unwrap();
        let other = [psbt(
            file,
            case.bytes(step["swapped_for"].as_str().unwrap()),
        )];
        let swapped = || {
            let examined = examined_by(&other, &case.body, &[], &[], None);
            assert_eq!(found(&examined), Vec::<String>::new(), "{}", case.name());
            permit(examined).ok().unwrap()
        };
        let refused = consented(swapped(), &consent(shown, &[]), &[]);
        assert!(
            matches!(refused, Err((NotConsented::OtherReview { .. }, _))),
            "{}",
            case.name()
        );
        let its_own = swapped().review().review;
        assert!(
            consented(swapped(), &consent(its_own, &[]), &[]).is_ok(),
            "{}",
            case.name()
        );
        proven += 1;
    }
    println!("teeth of the approval: {proven} cases");
}
