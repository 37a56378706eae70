//! A data folder with one wallet on the rehearsal chain, and the real binary that works on it.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

pub(crate) const P2WPKH: &str = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";
pub(crate) const P2PKH: &str = "mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn";
pub(crate) const P2TR: &str = "bcrt1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqc8gma6";

pub(crate) struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    /// Makes a data folder with the fixture's first segwit wallet, which was never synced.
    pub(crate) fn new() -> Desk {
        let desk = Desk {
            folder: tempfile::tempdir().unwrap(),
        };
        desk.write("descriptor.txt", &format!("{}\n", descriptor("p2wpkh")));
        let file = desk.text("descriptor.txt");
        desk.ok(&[
            "wallet",
            "import",
            &file,
            "--network",
            "regtest",
            "--name",
            "main",
        ]);
        desk
    }

    /// Makes one whose wallet has `coins` coins of a million satoshi each.
    pub(crate) fn funded(coins: u32) -> Desk {
        let desk = Desk::new();
        let sat = (u64::from(coins) * 1_000_000).to_string();
        desk.ok(&[
            "rehearsal",
            "fund",
            "--wallet",
            "main",
            "--amount-sat",
            &sat,
            "--coins",
            &coins.to_string(),
        ]);
        desk.ok(&["sync", "--chain", "rehearsal"]);
        desk
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        std::fs::write(self.path(name), text).unwrap();
        self.text(name)
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cofferdam-watcher"));
        command
            .arg("--data")
            .arg(self.path("data"))
            .arg("--json")
            .args(arguments)
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    pub(crate) fn ok(&self, arguments: &[&str]) -> Value {
        let output = self.run(arguments);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {stderr}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Runs a command that must fail with an exit code, and returns its error document.
    pub(crate) fn fails(&self, arguments: &[&str], code: i32) -> Value {
        let output = self.run(arguments);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {stderr}");
        assert!(output.stdout.is_empty(), "a failure printed a document");
        let mut document: Value = serde_json::from_str(&stderr).unwrap();
        document["error"].take()
    }

    /// Writes a list of `count` payments and returns its path.
    pub(crate) fn list(&self, name: &str, count: usize, satoshi: u64) -> String {
        let mut text = String::from("payout_id,address,amount,unit,name,reference\n");
        for number in 0..count {
            let address = [P2WPKH, P2PKH, P2TR][number % 3];
            text.push_str(&format!(
                "{name}-{number},{address},{satoshi},sat,Payee {number},\n"
            ));
        }
        self.write(&format!("{name}.csv"), &text)
    }

    pub(crate) fn create(&self, file: &str) -> Value {
        self.ok(&[
            "payout",
            "create",
            file,
            "--wallet",
            "main",
            "--fee-rate",
            "2.5",
            "--seed",
            "7",
            // Tests pay the same few payees again and again.
            "--accept",
            "payment-open",
        ])
    }

    pub(crate) fn balance(&self, part: &str) -> u64 {
        self.ok(&["balance", "--wallet", "main"])[part]
            .as_u64()
            .unwrap()
    }
}

pub(crate) fn descriptor(case: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/core-signing/regtest.json");
    let fixture: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let cases = fixture["cases"].as_array().unwrap();
    let case = cases.iter().find(|found| found["name"] == case).unwrap();
    case["descriptor"].as_str().unwrap().to_owned()
}

/// Replaces what differs from run to run: hashes, outpoints, ids, times and the test's folder.
pub(crate) fn steady(value: &Value, desk: &Desk) -> Value {
    match value {
        Value::String(text) => Value::String(steady_text(text, desk)),
        Value::Array(items) => items.iter().map(|item| steady(item, desk)).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, field)| (name.clone(), steady(field, desk)))
            .collect(),
        other => other.clone(),
    }
}

pub(crate) fn steady_text(text: &str, desk: &Desk) -> String {
    let text = text.replace(&desk.folder.path().display().to_string(), "[folder]");
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    // Words are runs of what hashes, ids and times are made of.
    for character in text.chars() {
        if character.is_ascii_alphanumeric() || matches!(character, '-' | ':') {
            word.push(character);
            continue;
        }
        words.push(steady_word(std::mem::take(&mut word)));
        words.push(character.to_string());
    }
    words.push(steady_word(word));
    words.concat()
}

fn steady_word(word: String) -> String {
    let hex = |part: &str, length| {
        part.len() == length && part.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let id = ["po-", "sp-", "ca-"].iter().find(|prefix| {
        word.strip_prefix(**prefix)
            .is_some_and(|digits| hex(digits.trim_end_matches(':'), 10))
    });
    match word.split_once(':') {
        _ if hex(&word, 64) => "[hash]".into(),
        Some((txid, vout)) if hex(txid, 64) && vout.parse::<u32>().is_ok() => "[outpoint]".into(),
        _ if word.len() == 20 && word.ends_with('Z') && word.contains('T') => "[time]".into(),
        _ if id.is_some() => format!("[{}id]", id.unwrap()),
        _ => word,
    }
}
