//! A folder with a vault, and the signer at work on it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// Arguments that make a vault at the least cost.
pub(crate) const INIT: [&str; 10] = [
    "init",
    "--network",
    "regtest",
    "--words",
    "12",
    "--no-backup",
    "--kdf-memory-mib",
    "64",
    "--kdf-passes",
    "3",
];

/// Arguments that write a vault's next generation.
pub(crate) const ADD_ACCOUNT: [&str; 6] =
    ["account", "add", "--name", "main", "--script", "segwit"];

/// Arguments that sign what [`Folder::for_signing`] has.
pub(crate) const SIGN: [&str; 5] = ["sign", "in.psbt", "--out", "out.psbt", "--yes"];

/// Arguments that sign it into another folder.
pub(crate) const SIGN_ELSEWHERE: [&str; 5] =
    ["sign", "in.psbt", "--out", "signed/out.psbt", "--yes"];

/// A folder with a vault `V` in it, or none yet, and a passphrase elsewhere.
pub(crate) struct Folder {
    folder: TempDir,
    secrets: TempDir,
}

impl Folder {
    pub(crate) fn empty() -> Self {
        let folder = Folder {
            folder: tempfile::tempdir().unwrap(),
            secrets: tempfile::tempdir().unwrap(),
        };
        fs::write(folder.secret("passphrase"), "correct horse\n").unwrap();
        folder
    }

    /// A folder with `V` of generation `last`, and those before it.
    pub(crate) fn with_generations(last: usize) -> Self {
        let folder = Folder::empty();
        folder.run_well(&INIT);
        for index in 1..last {
            let index = index.to_string();
            let name = format!("account-{index}");
            folder.run_well(&[
                "account", "add", "--name", &name, "--script", "segwit", "--index", &index,
            ]);
        }
        folder
    }

    pub(crate) fn copy_of(template: &Folder) -> Self {
        let copy = Folder::empty();
        for name in template.names() {
            match template.path(&name).is_dir() {
                true => fs::create_dir(copy.path(&name)).unwrap(),
                false => drop(fs::copy(template.path(&name), copy.path(&name)).unwrap()),
            }
        }
        copy
    }

    /// A folder with a vault of generation 2 and `in.psbt`, which spends its coins.
    pub(crate) fn for_signing() -> Self {
        let fixture = signing_fixture();
        let case = p2wpkh(&fixture);
        let folder = Folder::empty();
        let words = fixture["mnemonics"][0].as_str().unwrap();
        fs::write(folder.secret("words"), words).unwrap();
        fs::write(
            folder.path("in.psbt"),
            case["unsigned"]["psbt_v0"].as_str().unwrap(),
        )
        .unwrap();
        let words = folder.secret("words");
        let mut restore = vec![
            "restore",
            "--network",
            "regtest",
            "--mnemonic-file",
            words.to_str().unwrap(),
        ];
        restore.extend(["--kdf-memory-mib", "64", "--kdf-passes", "3"]);
        folder.run_well(&restore);
        folder.run_well(&ADD_ACCOUNT);
        folder
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    /// A file in the vault's folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A file that is not in the vault's folder.
    pub(crate) fn secret(&self, name: &str) -> PathBuf {
        self.secrets.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> Option<Vec<u8>> {
        fs::read(self.path(name)).ok()
    }

    pub(crate) fn names(&self) -> BTreeSet<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    pub(crate) fn add_args(&self, command: &mut Command, args: &[&str]) {
        command
            .arg("--vault")
            .arg(self.path("V"))
            .arg("--passphrase-file")
            .arg(self.secret("passphrase"))
            .args([
                "--allow-unfit",
                "network,swap,bluetooth,radio,tracer",
                "--json",
            ])
            .args(args);
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(SIGNER);
        self.add_args(&mut command, args);
        command.current_dir(self.root()).output().unwrap()
    }

    /// Runs the signer, which must succeed; returns what it printed.
    pub(crate) fn run_well(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{args:?}: {}",
            text(&output.stderr)
        );
        text(&output.stdout)
    }

    /// Runs the signer; returns its exit code, and what it says when that is not 0.
    pub(crate) fn exit(&self, args: &[&str]) -> (i32, String) {
        let output = self.run(args);
        (
            output.status.code().expect("the signer ends by itself"),
            text(&output.stderr),
        )
    }
}

/// The txid of what `in.psbt` becomes.
pub(crate) fn signed_txid() -> String {
    p2wpkh(&signing_fixture())["txid"]
        .as_str()
        .unwrap()
        .to_owned()
}

fn signing_fixture() -> Value {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../fixtures/core-signing/regtest.json"
    );
    json(&fs::read(path).unwrap())
}

fn p2wpkh(fixture: &Value) -> &Value {
    let cases = fixture["cases"].as_array().unwrap();
    cases.iter().find(|case| case["name"] == "p2wpkh").unwrap()
}

/// The binary under test.
const SIGNER: &str = env!("CARGO_BIN_EXE_cofferdam-signer");

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub(crate) fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or_else(|error| panic!("{error}: {}", text(bytes)))
}
