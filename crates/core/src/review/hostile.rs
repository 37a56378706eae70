//! The hostile corpus (`fixtures/hostile`) against the rules: each case is caught exactly as it
//! says, and each passes when the rule that it names, and those that it says would still speak, are
//! switched off.
#![allow(clippy::print_stdout, reason = "the counts stand in docs/assurance.md")]

use std::fs;
use std::path::{Path, PathBuf};

use bitcoin::psbt::Psbt;
use serde_json::Value;

use super::reviewed::review_with;
use super::rules::{RULES, Rule};
use super::testing::{OUR_WORDS, wallet};
use super::{
    Bounds, Budget, FeeLimits, FindingReport, KnownWallet, ReviewContext, Reviewed, review_run,
};
use crate::ScriptType;
use crate::psbt::{Limits, Parsed, decode};
use crate::wallet::Wallet;

/// Rules that only inform: nothing is hostile about what they find.
const INFORMING: [&str; 2] = ["unknown_fields", "amount_remembered"];

/// A case, read from its folder.
struct Case {
    folder: PathBuf,
    json: Value,
}

fn cases() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/hostile");
    let mut folders: Vec<PathBuf> = fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    folders.sort();
    let read = |folder: PathBuf| Case {
        json: serde_json::from_slice(&fs::read(folder.join("case.json")).unwrap()).unwrap(),
        folder,
    };
    folders.into_iter().map(read).collect()
}

impl Case {
    fn name(&self) -> String {
        self.folder
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned()
    }

    fn caught_by(&self) -> &str {
        self.json["caught_by"].as_str().unwrap()
    }

    fn also_caught_by(&self) -> Vec<&str> {
        let also = self.json["also_caught_by"].as_array().into_iter().flatten();
        also.map(|rule| rule.as_str().unwrap()).collect()
    }

    fn file(&self, name: &str) -> Vec<u8> {
        fs::read(self.folder.join(name)).unwrap()
    }

    /// The steps that inspect, each with its files.
    fn inspections(&self) -> impl Iterator<Item = (&Value, Vec<&str>)> {
        let steps = self.json["steps"].as_array().unwrap().iter();
        steps
            .filter(|step| step["command"] == "inspect")
            .map(|step| (step, strings(&step["files"])))
    }
}

fn strings(array: &Value) -> Vec<&str> {
    array
        .as_array()
        .unwrap()
        .iter()
        .map(|text| text.as_str().unwrap())
        .collect()
}

/// The vault's wallets: one of each type, and a second segwit account.
fn wallets() -> Vec<Wallet> {
    let firsts = ScriptType::ALL.into_iter().map(|script_type| {
        wallet(OUR_WORDS, script_type, 0).renamed(script_type.to_string().parse().unwrap())
    });
    let second = wallet(OUR_WORDS, ScriptType::Segwit, 1).renamed("second".parse().unwrap());
    firsts.chain([second]).collect()
}

fn reviewed(file: &[u8], wallets: &[Wallet], rules: &[Rule]) -> Reviewed {
    let known: Vec<KnownWallet<'_>> = wallets
        .iter()
        .map(|wallet| KnownWallet {
            wallet,
            highest_change_seen: None,
            highest_receive_seen: None,
        })
        .collect();
    let context = ReviewContext::new(&known, FeeLimits::DEFAULT);
    review_with(
        Parsed::parse(file, &Limits::DEFAULT).unwrap(),
        &context,
        rules,
    )
}

/// The findings of a review as the corpus writes them, sorted.
fn found(reviewed: &Reviewed) -> Vec<String> {
    let findings = reviewed.report().findings.iter();
    let mut found: Vec<String> = findings
        .map(|finding| {
            let FindingReport {
                code,
                severity,
                place,
                expected,
                found,
                ..
            } = finding;
            format!("{severity} {code} {place} {expected:?} {found:?}")
        })
        .collect();
    found.sort();
    found
}

/// The findings that a step expects of a file, sorted.
fn expected(step: &Value, file: &str) -> Vec<String> {
    let findings = step["findings"].as_array().into_iter().flatten();
    let mut expected: Vec<String> = findings
        .filter(|finding| finding["file"] == file)
        .map(|finding| {
            let text = |name: &str| finding[name].as_str();
            format!(
                "{} {} {} {:?} {:?}",
                text("severity").unwrap(),
                text("code").unwrap(),
                text("where").unwrap(),
                text("expected"),
                text("found")
            )
        })
        .collect();
    expected.sort();
    expected
}

fn rules(wanted: impl Fn(&str) -> bool) -> Vec<Rule> {
    RULES
        .iter()
        .filter(|rule| wanted(rule.name))
        .copied()
        .collect()
}

#[test]
fn every_rule_that_a_case_names_has_teeth() {
    let wallets = wallets();
    let (mut proven, mut named, mut caught_besides) = (0, Vec::new(), Vec::<String>::new());
    for case in cases() {
        let (name, rule, also) = (case.name(), case.caught_by(), case.also_caught_by());
        let known = RULES.iter().find(|known| known.name == rule);
        let Some(known) = known else { continue };
        named.push(known.name);
        for (step, files) in case.inspections() {
            for file in files {
                let bytes = case.file(file);
                let all = found(&reviewed(&bytes, &wallets, RULES));
                assert_eq!(all, expected(step, file), "{name}");
                let own = found(&reviewed(&bytes, &wallets, &rules(|other| other == rule)));
                assert!(!own.is_empty(), "{name}: {rule} says nothing");
                let without = found(&reviewed(&bytes, &wallets, &rules(|other| other != rule)));
                assert!(
                    own.iter().all(|finding| !without.contains(finding)),
                    "{name}: {rule} has no teeth"
                );
                for other in &also {
                    let spoken = found(&reviewed(&bytes, &wallets, &rules(|rule| rule == *other)));
                    assert!(!spoken.is_empty(), "{name}: {other} says nothing");
                }
                let off = rules(|other| other != rule && !also.contains(&other));
                let passed = found(&reviewed(&bytes, &wallets, &off));
                if !passed.is_empty() {
                    caught_besides.push(format!("{name}: {passed:?}"));
                }
            }
        }
        proven += 1;
    }
    assert_eq!(
        caught_besides,
        Vec::<String>::new(),
        "rules that a case does not name"
    );
    named.sort_unstable();
    named.dedup();
    let toothless: Vec<&str> = RULES
        .iter()
        .map(|rule| rule.name)
        .filter(|rule| !named.contains(rule) && !INFORMING.contains(rule))
        .collect();
    assert_eq!(toothless, Vec::<&str>::new(), "rules that no case names");
    println!(
        "teeth of the review's rules: {proven} cases, {} rules",
        named.len()
    );
}

/// What the run refuses, no rule of a single transaction does.
#[test]
fn runs_are_refused_by_nothing_else() {
    let wallets = wallets();
    let mut proven = 0;
    for case in cases().into_iter().filter(|case| case.caught_by() == "run") {
        for (step, files) in case.inspections() {
            let reviews: Vec<Reviewed> = files
                .iter()
                .map(|file| reviewed(&case.file(file), &wallets, RULES))
                .collect();
            let each: Vec<String> = reviews.iter().flat_map(found).collect();
            assert_eq!(each, Vec::<String>::new(), "{}", case.name());
            let said = review_run(&reviews, &FeeLimits::DEFAULT).findings;
            assert_eq!(
                said.len(),
                step["findings"].as_array().unwrap().len(),
                "{}",
                case.name()
            );
            assert!(!said.is_empty());
        }
        proven += 1;
    }
    println!("teeth of the run's rules: {proven} cases");
}

/// What is refused before it is looked at would pass a review without bounds.
#[test]
fn the_budget_refuses_nothing_else() {
    let wallets = wallets();
    let known: Vec<KnownWallet<'_>> = wallets
        .iter()
        .map(|wallet| KnownWallet {
            wallet,
            highest_change_seen: None,
            highest_receive_seen: None,
        })
        .collect();
    let mut proven = 0;
    for case in cases()
        .into_iter()
        .filter(|case| case.caught_by() == "budget")
    {
        for (step, files) in case.inspections() {
            for file in files {
                let bytes = case.file(file);
                let within = reviewed(&bytes, &wallets, RULES);
                assert_eq!(found(&within), expected(step, file), "{}", case.name());
                assert!(within.report().not_shown.is_some() && within.spends().is_empty());
                let unbounded = Budget::new(Bounds::NONE);
                let context = ReviewContext {
                    budget: Some(&unbounded),
                    ..ReviewContext::new(&known, FeeLimits::DEFAULT)
                };
                let parsed = Parsed::parse(&bytes, &Limits::DEFAULT).unwrap();
                let passed = found(&review_with(parsed, &context, RULES));
                assert_eq!(passed, Vec::<String>::new(), "{}", case.name());
            }
        }
        proven += 1;
    }
    assert!(proven > 0);
    println!("teeth of the budget: {proven} cases");
}

/// What the parser refuses would pass without the hostile bytes; and many of them pass a parser
/// that is less strict.
#[test]
fn the_parser_refuses_nothing_but_the_hostile_bytes() {
    let wallets = wallets();
    let (mut proven, mut lenient, mut undeclared) = (0, 0, Vec::<String>::new());
    for case in cases()
        .into_iter()
        .filter(|case| case.caught_by() == "parser")
    {
        let name = case.name();
        let hostile = case.file("payout.psbt");
        assert!(Parsed::parse(&hostile, &Limits::DEFAULT).is_err(), "{name}");
        let twin = case.file(case.json["twin"].as_str().unwrap());
        let clean = found(&reviewed(&twin, &wallets, RULES));
        assert_eq!(clean, Vec::<String>::new(), "{name}: its twin");
        let binary = decode(&hostile, &Limits::DEFAULT).map(|(_, binary)| binary);
        let takes = |parser: &str| match (parser, &binary) {
            ("bitcoin", Ok(binary)) => Psbt::deserialize(binary).is_ok(),
            // It panics at counts that no memory holds.
            ("psbt-v2", Ok(binary)) => {
                let read = || psbt_v2::v2::Psbt::deserialize(binary).is_ok();
                std::panic::catch_unwind(read).unwrap_or(false)
            }
            _ => false,
        };
        let taken: Vec<&str> = ["bitcoin", "psbt-v2"]
            .into_iter()
            .filter(|parser| takes(parser))
            .collect();
        let declared = case.json["lenient"]
            .as_array()
            .map(|_| strings(&case.json["lenient"]));
        if taken != declared.unwrap_or_default() {
            undeclared.push(format!("{name}: {taken:?}"));
        }
        lenient += usize::from(!taken.is_empty());
        proven += 1;
    }
    assert_eq!(
        undeclared,
        Vec::<String>::new(),
        "other parsers that take it"
    );
    println!("teeth of the parser: {proven} cases, of which {lenient} pass another parser");
}

/// Characters that write on a screen are in the case, and nowhere in the report.
#[test]
fn what_would_write_on_the_screen_is_neutralised() {
    let wallets = wallets();
    let mut proven = 0;
    let hostile = |text: &str| crate::sanitize::neutralised(text) != text;
    for case in cases()
        .into_iter()
        .filter(|case| case.caught_by() == "screen")
    {
        let (step, files) = case.inspections().next().unwrap();
        let reviewed = reviewed(&case.file(files[0]), &wallets, RULES);
        let raw = reviewed.parsed().raw();
        let maps = [&raw.global].into_iter().chain(&raw.outputs);
        let values = maps
            .flat_map(|map| &map.pairs)
            .filter(|pair| pair.key.key_type == 0xfc)
            .map(|pair| pair.value.clone());
        let scripts = reviewed.parsed().unsigned_tx().output.iter();
        let data = scripts
            .map(|output| &output.script_pubkey)
            .filter(|script| script.is_op_return());
        // OP_RETURN, and one byte of length.
        let data = data.map(|script| script.as_bytes()[2..].to_vec());
        let names = step["named"].as_str().map(|name| name.as_bytes().to_vec());
        let texts: Vec<Vec<u8>> = values.chain(data).chain(names).collect();
        assert!(!texts.is_empty(), "{}", case.name());
        for text in texts {
            assert!(
                hostile(&String::from_utf8(text).unwrap()),
                "{}",
                case.name()
            );
        }
        let document = serde_json::to_value(reviewed.report()).unwrap();
        // In the document text is exact, and so that nothing of it writes on a screen.
        let shown = crate::sanitize::json(&document);
        assert!(
            !hostile(&shown.replace(['\\', '\n'], "")),
            "{}: {shown:?}",
            case.name()
        );
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&shown).unwrap(),
            document
        );
        proven += 1;
    }
    println!("teeth of the screen: {proven} cases");
}
