//! How the house is built, checked: which floor may name which, that no modules depend on each
//! other in a circle across folders, and that lines wrap. Each check is shown a violation of each
//! kind.
//!
//! - [`source`]: the files, and the modules that they are.
//! - [`imports`]: which module names which, and what else it names.
//! - [`circles`]: modules that depend on each other.
//! - [`floors`]: faces above services, services above the ground.
//! - [`lines`]: lines wrap at 100 columns.

mod circles;
mod floors;
mod imports;
mod lines;
mod source;

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
