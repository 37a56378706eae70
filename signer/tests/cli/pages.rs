//! The page about the signer's documents, held against its source, its help and the snapshots.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::offline;

const PAGE: &str = include_str!("../../../docs/formats/signer-json.md");
const REVIEW: &str = include_str!("../../../docs/formats/review.md");
const WALLET: &str = include_str!("../../../docs/formats/wallet.md");

/// The exit codes by their names in the source.
const EXITS: [(&str, u8); 11] = [
    ("Unexpected", 1),
    ("Usage", 2),
    ("Refused", 3),
    ("Credential", 4),
    ("Damaged", 5),
    ("Malformed", 6),
    ("Unfit", 7),
    ("Busy", 9),
    ("Storage", 10),
    ("Conflict", 12),
    ("Interrupted", 130),
];

/// Returns the text of every source file, those with the codes of scans included.
fn sources() -> Vec<String> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![package.join("src"), package.join("../crates/scanner/src")];
    let mut texts = Vec::new();
    while let Some(folder) = folders.pop() {
        let paths = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        for path in paths.collect::<Vec<PathBuf>>() {
            match path.is_dir() {
                true => folders.push(path),
                false => texts.push(fs::read_to_string(path).unwrap()),
            }
        }
    }
    texts
}

/// Returns each pair of an exit and the code that follows it, as in `Exit::Malformed, "no-psbt"`; a
/// scan that fails is malformed input, unless its process does not start.
fn codes_of_the_source() -> Vec<(u8, String)> {
    let mut codes = Vec::new();
    for text in sources() {
        for after in text.split("Exit::").skip(1) {
            let Some((exit, rest)) = after.split_once(',') else {
                continue;
            };
            let literal = rest
                .trim_start()
                .strip_prefix('"')
                .and_then(|rest| rest.split_once('"'));
            let known = EXITS.iter().find(|(name, _)| *name == exit);
            if let (Some((_, exit)), Some((code, _))) = (known, literal) {
                codes.push((*exit, code.to_owned()));
            }
        }
        for line in text.lines().filter(|line| line.contains("ScanError::")) {
            if let Some((_, after)) = line.split_once("=> \"")
                && let Some((code, _)) = after.split_once("\",")
                && code
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'-')
            {
                codes.push((if code == "unexpected" { 1 } else { 6 }, code.to_owned()));
            }
        }
    }
    codes
}

/// Returns the codes that the page lists, with their exits.
fn codes_of_the_page() -> BTreeMap<String, u8> {
    let mut codes = BTreeMap::new();
    for line in PAGE.lines() {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        if let [_, exit, listed, _, _] = cells[..]
            && let Ok(exit) = exit.parse()
        {
            for code in listed.split('`').skip(1).step_by(2) {
                assert_eq!(
                    codes.insert(code.to_owned(), exit),
                    None,
                    "{code} is listed twice"
                );
            }
        }
    }
    codes
}

#[test]
fn every_code_is_on_the_page_with_its_exit_and_every_code_of_the_page_exists() {
    let (source, page) = (codes_of_the_source(), codes_of_the_page());
    assert!(source.len() > 50 && page.len() > 30, "{source:?} {page:?}");
    for (exit, code) in &source {
        assert_eq!(
            page.get(code),
            Some(exit),
            "{code} with exit {exit} is not on the page"
        );
    }
    let sources = sources().concat();
    for code in page.keys() {
        assert!(
            sources.contains(&format!("\"{code}\"")),
            "nothing gives {code}"
        );
    }
}

#[test]
fn every_command_is_on_the_page_and_has_a_snapshot() {
    let snapshots: Vec<String> =
        fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/snapshots"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
    let mut pending: Vec<Vec<String>> = vec![Vec::new()];
    let mut commands = 0;
    while let Some(path) = pending.pop() {
        let help = offline().args(&path).arg("--help").output().unwrap();
        let help = String::from_utf8(help.stdout).unwrap();
        let listed = help
            .lines()
            .skip_while(|line| !line.starts_with("Commands:"));
        let below: Vec<String> = listed
            .skip(1)
            .take_while(|line| !line.is_empty())
            .filter(|line| !line.starts_with("   "))
            .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
            .filter(|name| name != "help")
            .collect();
        if below.is_empty() {
            commands += 1;
            let name = path.join(" ");
            assert!(
                PAGE.contains(&format!("`{name}")),
                "the page does not tell of {name}"
            );
            // What `completions` prints is a script, not a document.
            let snapshot = format!("cli__json_output__{}", path.join("-"));
            let is_shown = snapshots.iter().any(|file| file.starts_with(&snapshot));
            assert!(is_shown || name == "completions", "{name} has no snapshot");
        }
        pending.extend(
            below
                .into_iter()
                .map(|name| [path.clone(), vec![name]].concat()),
        );
    }
    assert!(commands >= 22, "{commands}");
}

/// Adds the names of all fields within a document.
fn collect_fields(document: &serde_json::Value, fields: &mut BTreeSet<String>) {
    match document {
        serde_json::Value::Object(map) => {
            for (name, value) in map {
                fields.insert(name.clone());
                collect_fields(value, fields);
            }
        }
        serde_json::Value::Array(values) => values
            .iter()
            .for_each(|value| collect_fields(value, fields)),
        _ => {}
    }
}

#[test]
fn every_field_of_a_snapshot_is_on_a_page() {
    let words: BTreeSet<&str> = [PAGE, REVIEW, WALLET]
        .into_iter()
        // A code may go over the end of a line.
        .flat_map(|page| page.split("\n\n"))
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .flat_map(|code| {
            code.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
        })
        .collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/snapshots");
    let mut fields = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // Bitcoin Core's form is Bitcoin Core's to document.
        if path.ends_with("cli__json_output__export-core.snap") {
            continue;
        }
        let text = fs::read_to_string(path).unwrap();
        let (_, document) = text.split_once("\n---\n").unwrap();
        if let Ok(document) = serde_json::from_str(document) {
            collect_fields(&document, &mut fields);
        }
    }
    assert!(fields.len() > 40, "{fields:?}");
    let missing: Vec<_> = fields
        .iter()
        .filter(|field| !words.contains(field.as_str()))
        .collect();
    assert!(missing.is_empty(), "fields that no page names: {missing:?}");
}
