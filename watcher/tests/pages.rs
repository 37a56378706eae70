//! The pages about the watcher's documents, held against its source and its help.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const DOCUMENTS: &str = include_str!("../../docs/formats/watcher-json.md");
const LISTS: &str = include_str!("../../docs/formats/payout-csv.md");

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

fn is_code(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// Returns the string literals within the bodies of `fn code(&self)`.
fn codes_of_the_source() -> BTreeSet<String> {
    let sources = sources();
    let bodies = sources.iter().flat_map(|text| {
        let bodies = text.split("fn code(&self)").skip(1);
        bodies.map(|after| after.split("\n    }\n").next().unwrap())
    });
    bodies
        .flat_map(|body| body.split('"').skip(1).step_by(2))
        .filter(|literal| is_code(literal))
        .map(str::to_owned)
        .collect()
}

/// Returns the codes that the error tables list, which have an exit code in their first column.
fn codes_of_the_page() -> BTreeSet<String> {
    let rows = DOCUMENTS
        .lines()
        .map(|line| line.split('|').map(str::trim).collect::<Vec<_>>())
        .filter(|cells| {
            cells.len() > 3 && cells[1].starts_with(|first: char| first.is_ascii_digit())
        });
    rows.flat_map(|cells| cells[2].split('`').skip(1).step_by(2))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_code_is_on_a_page_and_every_code_of_the_page_exists() {
    let (source, page) = (codes_of_the_source(), codes_of_the_page());
    assert!(source.len() > 80 && page.len() > 50, "{source:?} {page:?}");
    let missing: Vec<_> = source
        .iter()
        .filter(|code| {
            !DOCUMENTS.contains(&format!("`{code}`")) && !LISTS.contains(&format!("`{code}`"))
        })
        .collect();
    assert!(missing.is_empty(), "codes that no page lists: {missing:?}");
    let gone: Vec<_> = page.difference(&source).collect();
    assert!(
        gone.is_empty(),
        "codes that the page lists and nothing gives: {gone:?}"
    );
}

#[test]
fn every_command_is_on_the_page() {
    let mut pending: Vec<Vec<String>> = vec![Vec::new()];
    let mut commands = Vec::new();
    while let Some(path) = pending.pop() {
        let help = Command::new(env!("CARGO_BIN_EXE_cofferdam-watcher"))
            .args(&path)
            .arg("--help")
            .output()
            .unwrap();
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
            commands.push(path.join(" "));
        }
        pending.extend(
            below
                .into_iter()
                .map(|name| [path.clone(), vec![name]].concat()),
        );
    }
    assert!(commands.len() >= 21, "{commands:?}");
    let missing: Vec<_> = commands
        .iter()
        .filter(|command| !is_documented(command))
        .collect();
    assert!(
        missing.is_empty(),
        "commands that the page does not tell of: {missing:?}"
    );
}

/// The commands that print a payout list share a line, which names the first in full.
fn is_documented(command: &str) -> bool {
    let named = |name: &str| DOCUMENTS.contains(&format!("`{name}"));
    named(command) || command.strip_prefix("payout ").is_some_and(named)
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
fn every_field_of_a_snapshot_is_on_the_page() {
    let words: BTreeSet<&str> = [DOCUMENTS]
        .into_iter()
        // A code may go over the end of a line.
        .flat_map(|page| page.split("\n\n"))
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .flat_map(|code| {
            code.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
        })
        .collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots");
    let mut fields = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
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
