//! Mutations of the hostile corpus and of clean payouts: nothing is signed without a finding but
//! what is equivalent to the original, or what the operator is shown truly as another transaction.
//!
//! A seeded sample is tried; `COFFERDAM_EXHAUSTIVE=1` tries all.
#![allow(clippy::print_stdout, reason = "the counts stand in docs/assurance.md")]

mod truth;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use cofferdam_core::ScriptType;
use cofferdam_core::psbt::{Limits, Parsed, RawPsbt, Version};
use cofferdam_core::review::{FeeLimits, KnownWallet, ReviewContext, Severity, review};
use cofferdam_testkit::frames::Random;
use cofferdam_testkit::hostile::fixture::known_wallets;
use cofferdam_testkit::hostile::mutate::{Mutant, mutants};
use cofferdam_testkit::hostile::{Case, Payout, read};
use truth::{Truth, Worth};

/// One in so many mutants is tried where not all are.
const SAMPLE: u64 = 16;

/// PSBTs of more bytes are not mutated: they are many times the same maps.
const LARGEST: usize = 20_000;

/// What became of a mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    /// The parser refused it.
    Unreadable,
    /// A rule refused it, or warns of it.
    Found,
    /// Only notes; what is shown is true.
    Noted,
    /// No finding: the same transaction over the same proven coins, with the same class for each
    /// output.
    Equivalent,
    /// No finding: the same transaction, but an own output is shown as a payment.
    Understated,
    /// No finding: another transaction, which is shown as it is.
    Shown,
    /// No finding, and the signature is worthless: it covers a claim about a taproot coin that is
    /// false.
    Worthless,
}

#[test]
fn nothing_but_the_equivalent_is_signed_without_a_finding() {
    let exhaustive = std::env::var_os("COFFERDAM_EXHAUSTIVE").is_some();
    let cases: Vec<(Case, Vec<RawPsbt>)> = read().unwrap().into_iter().map(with_psbts).collect();
    let clean: Vec<Payout> = ScriptType::ALL.map(Payout::new).into();
    let truth = Truth::new(&cases, &clean);
    let mut originals: Vec<(String, RawPsbt)> = Vec::new();
    for payout in &clean {
        for version in [Version::V0, Version::V2] {
            let name = format!(
                "clean {} v{version}",
                payout.coins[0].own.0.single().unwrap().script_type()
            );
            originals.push((name, payout.raw(version)));
        }
    }
    for (case, psbts) in &cases {
        let named = psbts.iter().map(|raw| (case.name.clone(), raw.clone()));
        originals.extend(named.filter(|(_, raw)| raw.to_bytes().len() <= LARGEST));
    }
    let next = AtomicUsize::new(0);
    let counts: Mutex<BTreeMap<Fate, usize>> = Mutex::default();
    let failures: Mutex<Vec<String>> = Mutex::default();
    let workers = std::thread::available_parallelism().map_or(1, |threads| threads.get());
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                let known = known_wallets();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some((name, original)) = originals.get(number) else {
                        break;
                    };
                    let mut random = Random::new(number as u64);
                    let partner = (random.bits() % originals.len() as u64) as usize;
                    let mut found = BTreeMap::<Fate, usize>::new();
                    for mutant in mutants(original, &originals[partner].1) {
                        // Clean payouts are always tried whole.
                        if !exhaustive && number >= 8 && !random.bits().is_multiple_of(SAMPLE) {
                            continue;
                        }
                        match fate(&mutant, original, &truth, &known) {
                            Ok(fate) => *found.entry(fate).or_default() += 1,
                            Err(what) => failures
                                .lock()
                                .unwrap()
                                .push(format!("{name}: {}: {what}", mutant.change)),
                        }
                    }
                    let mut counts = counts.lock().unwrap();
                    for (fate, count) in found {
                        *counts.entry(fate).or_default() += count;
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(
        failures.is_empty(),
        "{} lies:\n{}",
        failures.len(),
        failures.join("\n")
    );
    let counts = counts.into_inner().unwrap();
    let of = |fate| counts.get(&fate).copied().unwrap_or_default();
    println!(
        "mutations: {} tried of {} PSBTs; {} refused by the parser, {} refused or warned of by the review, {} noted; without a \
         finding: {} equivalent, {} the same but for an own output shown as a payment, {} another transaction shown truly, {} \
         whose taproot signature covers a false claim and is worthless; signed without a finding and wrongly shown: 0",
        counts.values().sum::<usize>(),
        originals.len(),
        of(Fate::Unreadable),
        of(Fate::Found),
        of(Fate::Noted),
        of(Fate::Equivalent),
        of(Fate::Understated),
        of(Fate::Shown),
        of(Fate::Worthless),
    );
    assert!(
        of(Fate::Unreadable) > 500 && of(Fate::Found) > 500,
        "the mutants are no mutants"
    );
}

/// The PSBTs of a case that the parser reads.
fn with_psbts(case: Case) -> (Case, Vec<RawPsbt>) {
    let files = case.files.iter().filter(|(name, _)| name != "twin.psbt");
    let psbts = files
        .filter_map(|(_, bytes)| Parsed::parse(bytes, &Limits::DEFAULT).ok())
        .map(|parsed| parsed.raw().clone())
        .collect();
    (case, psbts)
}

fn fate(
    mutant: &Mutant,
    original: &RawPsbt,
    truth: &Truth,
    known: &[KnownWallet<'_>],
) -> Result<Fate, String> {
    let Ok(parsed) = Parsed::parse(&mutant.raw.to_bytes(), &Limits::DEFAULT) else {
        return Ok(Fate::Unreadable);
    };
    let context = ReviewContext::new(known, FeeLimits::DEFAULT);
    let reviewed = review(parsed, &context);
    if reviewed
        .findings()
        .iter()
        .any(|finding| finding.severity() >= Severity::Warning)
    {
        return Ok(Fate::Found);
    }
    let worth = truth.judge(&reviewed)?;
    let txid = reviewed.parsed().txid();
    let same = RawPsbt::parse(&original.to_bytes(), &Limits::DEFAULT)
        .is_ok_and(|(_, transaction)| transaction.compute_txid() == txid);
    Ok(match worth {
        Worth::CoversAFalseClaim => Fate::Worthless,
        _ if !reviewed.findings().is_empty() => Fate::Noted,
        _ if !same => Fate::Shown,
        Worth::Understated => Fate::Understated,
        Worth::True => Fate::Equivalent,
    })
}
