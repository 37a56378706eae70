//! How the house is built, checked: which floor may name which, that no modules depend on each
//! other in a circle across folders, and that lines wrap. Each check is shown a violation of each
//! kind.
//!
//! - [`source`]: the files, and the modules that they are.
//! - [`imports`]: which module names which, and what else it names.
//! - [`circles`]: modules that depend on each other.
//! - [`floors`]: faces above services, services above the ground.
//! - [`lines`]: lines wrap at 100 columns.
//! - [`help`]: examples of one program that the other has to take.

#![allow(clippy::print_stdout, reason = "what was found is told")]

mod circles;
mod floors;
mod help;
mod imports;
mod lines;
mod source;

use cofferdam_testkit::binaries::{signer_binary, watcher_binary};
use imports::Graph;
use source::Crate;

/// Every crate of the workspace that is shipped.
const CRATES: [(&str, &str); 7] = [
    ("watcher", "watcher/src"),
    ("signer", "signer/src"),
    ("core", "crates/core/src"),
    ("transport", "crates/transport/src"),
    ("scanner", "crates/scanner/src"),
    ("memory", "crates/memory/src"),
    ("camera", "crates/camera/src"),
];

fn read(name: &str) -> Crate {
    let (_, folder) = CRATES
        .iter()
        .find(|(known, _)| *known == name)
        .expect("a crate of the workspace");
    Crate::read(&source::root().join(folder)).unwrap()
}

#[test]
fn no_circle_goes_across_folders() {
    let mut found = Vec::new();
    for (name, _) in CRATES {
        let circles = circles::across_folders(&Graph::of(&read(name)).unwrap());
        found.extend(circles.iter().map(|circle| format!("{name}: {circle}")));
    }
    println!("circles across folders: {}", found.len());
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_floor_names_only_what_stands_below() {
    let mut found = Vec::new();
    for house in floors::HOUSES {
        found.extend(house.violations(&read(house.name)));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn lines_wrap_at_a_hundred_columns() {
    let found = lines::too_wide(&source::root()).unwrap();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// A violation of each kind, put into a file as it stands, is found and named.
#[test]
fn seeded_violations_are_found() {
    for seed in floors::SEEDS {
        let house = floors::HOUSES
            .iter()
            .find(|house| house.name == seed.house)
            .expect("a house");
        let mut sources = read(seed.house);
        sources.append(seed.file, seed.line);
        let found = house.violations(&sources);
        assert!(
            found.iter().any(|found| found.contains(seed.found)),
            "{} in {}: {found:?}",
            seed.line,
            seed.file
        );
    }
    for (name, file, line, neighbours) in circles::SEEDS {
        let mut sources = read(name);
        sources.append(file, line);
        let found = circles::across_folders(&Graph::of(&sources).unwrap());
        assert!(
            found.iter().any(|found| {
                let circle = found.split_once(']').map_or("", |(circle, _)| circle);
                neighbours.iter().all(|one| circle.contains(one))
            }),
            "{line} in {file}: {found:?}"
        );
    }
    let folder = tempfile::tempdir().unwrap();
    for (file, text) in lines::SEEDS {
        std::fs::write(
            folder.path().join(file),
            text.replace("...", &"wide ".repeat(20)),
        )
        .unwrap();
        let found = lines::in_file(folder.path(), file).unwrap();
        assert_eq!(found.len(), 1, "{file}: {text}: {found:?}");
    }
    println!(
        "violations found: {}",
        floors::SEEDS.len() + circles::SEEDS.len() + lines::SEEDS.len()
    );
}

/// Whoever copies an example out of a help text must not be told that there is no such option.
#[test]
fn examples_of_help_are_taken() {
    let built = [signer_binary(), watcher_binary()].map(|program| program.unwrap());
    let programs = built.each_ref().map(|program| program.as_path());
    let (mut refused, mut tried) = (Vec::new(), 0);
    for program in programs {
        let (examples, texts) = help::examples(program).unwrap();
        assert!(texts > 10, "{}: {texts} help texts", program.display());
        for example in examples {
            let [signer, watcher] = programs;
            let other = match example.starts_with("cofferdam-signer ") {
                true => signer,
                false => watcher,
            };
            tried += 1;
            refused.extend(
                help::refusal(other, &example)
                    .unwrap()
                    .map(|why| format!("{example}: {why}")),
            );
        }
    }
    println!("examples: {tried}");
    assert!(refused.is_empty(), "{}", refused.join("\n"));
    // A wrong option is found.
    let [signer, watcher] = programs;
    for (program, example) in [
        (
            signer,
            "cofferdam-signer --vault V address --account main --compare ADDRESS",
        ),
        (watcher, "cofferdam-watcher payout export ID --to FILE"),
    ] {
        assert!(
            help::refusal(program, example).unwrap().is_some(),
            "{example}"
        );
    }
}
