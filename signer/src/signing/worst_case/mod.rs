//! What the worst files cost: drawn from families that were made to cost much, and searched further
//! around the worst.
//!
//! In the suite a hundred small ones, whose counted work and bytes are asserted; nothing rests on a
//! clock. With `COFFERDAM_WORST=10000`, so many files of any size, drawn from
//! `COFFERDAM_WORST_SEED`, and a table of the slowest, the largest in memory and the longest in
//! output; the worst have to stay within the seconds and the memory that are promised
//! (`scripts/worst-cases`).
#![allow(clippy::print_stdout, reason = "the table is what the search is for")]

mod draw;
mod families;

use std::fmt;
use std::fs;

use cofferdam_core::ScriptType;
use cofferdam_core::psbt::{Limits, Parsed, Size};
use cofferdam_core::review::{Bounds, FeeLimits, Work};
use cofferdam_core::seal::VaultId;
use cofferdam_transport::bundle::Bundle;

use self::draw::Draw;
use self::families::Family;
use super::tests::{body_of, wallet_of};
use super::{Surroundings, examine};
use crate::journal::{Log, Memory};
use crate::protocol::{Blob, PsbtFile, Unlocked};
use crate::screens;

/// What a review may take: seconds of one processor, and MiB beside what the program has before.
const MOST_SECONDS: u64 = 5;
const MOST_MIB: u64 = 512;

/// A file of a family, or several, or a bundle of them.
#[derive(Clone, Debug)]
struct Case {
    families: Vec<(Family, [usize; 2])>,
    is_bundle: bool,
    seed: u64,
}

impl Case {
    fn draw(draw: &mut Draw, smaller: usize) -> Case {
        let files = match draw.below(8) {
            0 => 1 + draw.size(40),
            _ => 1,
        };
        let one = Family::ALL[draw.below(Family::ALL.len())];
        let families = (0..files).map(|_| {
            let family = match draw.below(4) {
                0 => Family::ALL[draw.below(Family::ALL.len())],
                _ => one,
            };
            let (count, size) = family.most();
            (
                family,
                [draw.size(count / smaller), draw.size(size / smaller)],
            )
        });
        let mut case = Case {
            families: families.collect(),
            is_bundle: draw.below(5) == 0,
            seed: draw.next(),
        };
        case.shrink();
        case
    }

    /// One like it, a little larger or smaller.
    fn near(&self, draw: &mut Draw) -> Case {
        let mut case = self.clone();
        for (family, numbers) in &mut case.families {
            let (count, size) = family.most();
            for (number, most) in numbers.iter_mut().zip([count, size]) {
                *number = (*number * (50 + draw.below(150)) / 100 + draw.below(3)).min(most);
            }
        }
        case.seed = draw.next();
        case.shrink();
        case
    }

    /// No file is longer than any file may be.
    fn shrink(&mut self) {
        const MOST: usize = 120_000_000;
        let bytes = |(family, [count, size]): &(Family, [usize; 2])| match family {
            Family::JunkSignatures | Family::SighashBytes => count * (300 + size * 250),
            Family::Unclaimed | Family::FalseClaims => count * (40 + size * 65),
            Family::Own => count * 400 + size * 110,
            Family::LongPaths => count * size * 4,
            Family::LargePrevious | Family::ManyPrevious => count.max(&1) * (size * 9 + 400),
            Family::Taproot => count * (200 + 32 * (size % 200) + 33 * (size % 40)),
            Family::Unknown => count * (size + 10),
            Family::Xpubs => count * (90 + size * 4),
            _ => count * (size + 50),
        };
        while self.families.iter().map(bytes).sum::<usize>() > MOST {
            for (_, numbers) in &mut self.families {
                numbers.iter_mut().for_each(|number| *number -= *number / 4);
            }
        }
    }

    fn files(&self) -> Vec<Vec<u8>> {
        let mut draw = Draw(self.seed);
        let files = self.families.iter();
        files
            .map(|(family, numbers)| family.psbt(*numbers, &mut draw))
            .collect()
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, numbers) = self.families[0];
        let more = self.families.len() - 1;
        write!(f, "{first:?} {numbers:?}")?;
        if more > 0 {
            write!(f, " and {more} more files")?;
        }
        f.write_str(if self.is_bundle { ", a bundle" } else { "" })
    }
}

/// What of an answer is to be as large as can be.
type Measure = fn(&Answer) -> u64;

/// What an answer took, and how long it is.
#[derive(Clone, Debug, Default)]
struct Answer {
    /// What it was: `reviewed`, or why not.
    kind: String,
    bytes: usize,
    outputs: usize,
    json: usize,
    text: usize,
    spent: [u64; 4],
    nanos: u64,
    kib: u64,
}

const COUNTED: [Work; 4] = [
    Work::Parts,
    Work::Derivations,
    Work::SignatureChecks,
    Work::HashedBytes,
];

/// Does what the intake and the key process do with files: the first reads each, and the second
/// reads and reviews all.
fn answer(case: &Case) -> Answer {
    let mut files = case.files();
    let mut answer = Answer::default();
    let mut bundle = None;
    if case.is_bundle {
        let wallet = wallet_of(ScriptType::Segwit, 0).id();
        match Bundle::of(wallet, "po", &files) {
            Ok(made) => bundle = Some(made.to_bytes()),
            Err(error) => {
                answer.kind = kind(&error.to_string());
                return answer;
            }
        }
        files = Vec::new();
    }
    answer.bytes = bundle
        .as_ref()
        .map_or(files.iter().map(Vec::len).sum(), Vec::len);
    let before = Usage::start();
    answer_within(&mut answer, files, bundle);
    (answer.nanos, answer.kib) = before.end();
    answer
}

fn answer_within(answer: &mut Answer, mut files: Vec<Vec<u8>>, bundle: Option<Vec<u8>>) {
    if let Some(bytes) = bundle {
        let rebuilt = Bundle::parse(&bytes).and_then(|bundle| {
            drop(bytes);
            bundle.rebuild(|_, psbt| {
                files.push(psbt);
                Ok(())
            })
        });
        if let Err(error) = rebuilt {
            answer.kind = kind(&error.to_string());
            return;
        }
    }
    let mut size = Size::default();
    for file in &files {
        let parsed = Parsed::parse(file, &Limits::DEFAULT);
        let fits = parsed.and_then(|parsed| {
            size = size.and(parsed.size());
            size.within(&Limits::DEFAULT)
        });
        if let Err(error) = fits {
            let text = error.to_string();
            answer.json = text.len();
            answer.kind = kind(&text);
            return;
        }
    }
    let files: Vec<PsbtFile> = files
        .into_iter()
        .map(|bytes| PsbtFile {
            path: "a.psbt".into(),
            bytes: Blob(bytes),
        })
        .collect();
    let body = body_of(&ScriptType::ALL.map(|script_type| (script_type, 0)));
    let memory = Memory::of(&[]);
    let surroundings = Surroundings {
        body: &body,
        memory: &memory,
        unconfirmed: &[],
        unlocked: Unlocked {
            vault_id: "00".repeat(16),
            generation: 1,
            journal: None,
        },
        fee_limits: FeeLimits::DEFAULT,
        now: None,
        supersede: &[],
        bundle: None,
        journal: &Log::empty(VaultId([1; 16])),
        answers: &[],
    };
    let examined = examine(&files, &surroundings).unwrap();
    let review = examined.review();
    answer.json = serde_json::to_vec(review).unwrap().len();
    answer.text = screens::review(review).len();
    let transactions = examined.reviewed.iter();
    answer.outputs = transactions
        .map(|reviewed| reviewed.parsed().unsigned_tx().output.len())
        .sum();
    answer.spent = COUNTED.map(|work| examined.budget.spent(work));
    let refused = review
        .findings
        .iter()
        .map(|found| found.finding.code.as_str());
    let mut bounds =
        refused.filter(|code| ["work-exceeded", "transaction-too-heavy"].contains(code));
    answer.kind = bounds.next().unwrap_or("reviewed").into();
}

/// The first words of an error, without its numbers.
fn kind(text: &str) -> String {
    let words = text.split(|letter: char| letter.is_ascii_digit() || letter == '(');
    words
        .into_iter()
        .next()
        .unwrap_or_default()
        .trim()
        .to_owned()
}

/// What the thread and the process took until now.
struct Usage {
    nanos: u64,
    kib: u64,
}

impl Usage {
    fn start() -> Usage {
        // The peak is counted anew from here.
        let _ = fs::write("/proc/self/clear_refs", "5");
        Usage {
            nanos: nanos(),
            kib: status("VmRSS:"),
        }
    }

    /// Returns the nanoseconds of a processor, and the KiB of memory at most, since the start.
    fn end(self) -> (u64, u64) {
        (
            nanos().saturating_sub(self.nanos),
            status("VmHWM:").saturating_sub(self.kib),
        )
    }
}

fn nanos() -> u64 {
    let times = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let first = times.split(' ').next().and_then(|time| time.parse().ok());
    first.unwrap_or_default()
}

fn status(field: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.unwrap_or_default()
}

/// Tells what of an answer is beyond the bounds that are counted. What was read and refused needs
/// no more.
fn beyond(answer: &Answer) -> bool {
    // The file names and the vault's line are a few bytes more in words than in JSON.
    let limit = (1 << 20) + 1_000 * answer.outputs;
    let bounds = Bounds::DEFAULT;
    let most = [
        bounds.parts,
        bounds.derivations,
        bounds.signature_checks,
        bounds.hashed_bytes,
    ];
    let works = answer
        .spent
        .iter()
        .zip(most)
        .any(|(spent, most)| *spent > most + 1);
    answer.json > limit || answer.text > limit || works
}

/// Tells whether an answer took more of the clock or of memory than is promised.
fn too_costly(answer: &Answer) -> bool {
    answer.nanos > MOST_SECONDS * 1_000_000_000 || answer.kib > MOST_MIB * 1024
}

const MEASURES: [(&str, Measure); 4] = [
    ("processor", |answer| answer.nanos),
    ("memory", |answer| answer.kib),
    ("output", |answer| answer.json.max(answer.text) as u64),
    // Of what is long: how much longer words are than JSON, which is what is bounded.
    ("words to JSON", |answer| match answer.json > 200_000 {
        true => (answer.text * 1_000 / answer.json) as u64,
        false => 0,
    }),
];

/// Returns which answers have most of something, those first.
fn worst(answers: &[(Case, Answer)], by: Measure) -> Vec<usize> {
    let mut order: Vec<usize> = (0..answers.len()).collect();
    order.sort_by_key(|at| std::cmp::Reverse(by(&answers[*at].1)));
    order
}

#[test]
fn every_file_is_answered_within_bounds() {
    let number = |name: &str| std::env::var(name).ok()?.parse::<usize>().ok();
    let Some(files) = number("COFFERDAM_WORST") else {
        let mut draw = Draw(10);
        for _ in 0..100 {
            let case = Case::draw(&mut draw, 40);
            let answer = answer(&case);
            assert!(!beyond(&answer), "{case:?}: {answer:?}");
        }
        return;
    };
    let mut draw = Draw(number("COFFERDAM_WORST_SEED").unwrap_or(10) as u64);
    let (mut answers, mut done): (Vec<(Case, Answer)>, usize) = (Vec::new(), 0);
    while done < files {
        // The last third is drawn around the worst of before.
        let case = match done * 3 > files * 2 {
            true => {
                let (_, by) = MEASURES[draw.below(MEASURES.len())];
                let at = worst(&answers, by)[draw.below(5)];
                answers[at].0.near(&mut draw)
            }
            false => Case::draw(&mut draw, 1),
        };
        done += case.families.len();
        let answer = answer(&case);
        answers.push((case, answer));
        if answers.len().is_multiple_of(500) {
            eprintln!("{done} files");
        }
    }
    print(&answers, done);
    let broken = |(_, answer): &&(Case, Answer)| beyond(answer) || too_costly(answer);
    for (case, answer) in answers.iter().filter(broken).take(5) {
        println!("beyond the bounds: {case:?}\n{answer:?}");
    }
    assert_eq!(
        answers.iter().filter(broken).count(),
        0,
        "answers beyond the bounds"
    );
}

/// Prints the worst of each measure.
fn print(answers: &[(Case, Answer)], files: usize) {
    for (name, by) in MEASURES {
        println!("\n| most of {name} | bytes | ms | MiB | JSON | text | answer |");
        println!("| --- | --- | --- | --- | --- | --- | --- |");
        for at in worst(answers, by).into_iter().take(10) {
            let (case, answer) = &answers[at];
            println!(
                "| {case} | {} | {} | {} | {} | {} | {} |",
                answer.bytes,
                answer.nanos / 1_000_000,
                answer.kib / 1024,
                answer.json,
                answer.text,
                answer.kind
            );
        }
    }
    let mut kinds = std::collections::BTreeMap::<&str, usize>::new();
    for (_, answer) in answers {
        *kinds.entry(&answer.kind).or_default() += 1;
    }
    println!("\n{files} files in {} reviews: {kinds:#?}", answers.len());
}

/// Without the bounds each of these takes what the bounds forbid; the counts are those of one
/// example of each.
#[test]
fn the_bounds_end_what_they_are_for() {
    let of = |family: Family, numbers: [usize; 2]| {
        let case = Case {
            families: vec![(family, numbers)],
            is_bundle: false,
            seed: 1,
        };
        let answer = answer(&case);
        assert!(!beyond(&answer), "{case}: {answer:?}");
        answer
    };
    for (family, numbers, expected) in [
        (Family::JunkSignatures, [1_500, 1], "transaction-too-heavy"),
        (Family::BareInputs, [2_500, 1], "transaction-too-heavy"),
        (Family::BareOutputs, [9_990, 2], "transaction-too-heavy"),
        (Family::Data, [1, 101_000], "transaction-too-heavy"),
        (Family::Unclaimed, [1_400, 32], "work-exceeded"),
        (Family::LongPaths, [1, 300], "the output"),
        (Family::Unknown, [1_000_001, 1], "the PSBT has"),
        (Family::Xpubs, [50_001, 1], "the PSBT has"),
        (Family::LongFields, [2, 9_000_000], "the PSBT has"),
        (Family::SighashBytes, [900, 60], "the PSBT has"),
    ] {
        let answer = of(family, numbers);
        assert!(
            answer.kind.starts_with(expected),
            "{family:?}: {}",
            answer.kind
        );
    }
    // Listed 20 times, and counted beyond.
    let listed = of(Family::SighashBytes, [300, 60]);
    assert_eq!(listed.kind, "reviewed");
    assert!(listed.json < 400_000, "{}", listed.json);
    let alike = of(Family::Alike, [2_500, 3]);
    assert!(alike.json < 1_000 * 2_500, "{}", alike.json);
}
