//! The real binary on a vault in a folder of its own.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use cofferdam_core::wallet::Wallet;
use serde_json::Value;
use tempfile::TempDir;

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_cofferdam-signer");

/// The lowest costs that a vault may have.
pub(crate) const COSTS: [&str; 4] = ["--kdf-memory-mib", "64", "--kdf-passes", "3"];

pub(crate) const PASSPHRASE: &str = "correct horse battery staple";

/// The public words of the fixtures.
pub(crate) const WORDS: &str =
    "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";

/// What a run of the binary left behind.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Run {
            code: output.status.code().expect("ended by a signal"),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Run {
    /// The JSON document of a run that succeeded.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.code, 0, "{}{}", self.stdout, self.stderr);
        serde_json::from_str(&self.stdout).expect("one JSON document on standard output")
    }

    /// The error of a run that failed with this exit code: the only thing on standard error.
    #[track_caller]
    pub(crate) fn error(&self, code: i32) -> Value {
        assert_eq!(self.code, code, "{}{}", self.stdout, self.stderr);
        let mut document: Value =
            serde_json::from_str(&self.stderr).expect("one JSON document on standard error");
        document["error"].take()
    }

    /// The code of an error with this exit code.
    #[track_caller]
    pub(crate) fn error_code(&self, code: i32) -> String {
        self.error(code)["code"].as_str().unwrap().to_owned()
    }
}

/// A folder with a passphrase file, and perhaps a vault.
pub(crate) struct Signer {
    pub(crate) folder: TempDir,
}

impl Signer {
    /// A folder without a vault.
    pub(crate) fn bare() -> Self {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("p"), format!("{PASSPHRASE}\n")).unwrap();
        Signer { folder }
    }

    /// A vault with a new seed.
    pub(crate) fn init() -> Self {
        let signer = Self::bare();
        let arguments = ["init", "--network", "regtest", "--words", "12"];
        signer.run(&[&arguments[..], &COSTS].concat()).json();
        signer
    }

    /// A vault of the fixtures' words.
    pub(crate) fn restore() -> Self {
        let signer = Self::bare();
        signer.write("words", WORDS);
        let words = signer.text("words");
        let arguments = ["restore", "--network", "regtest", "--mnemonic-file", &words];
        signer.run(&[&arguments[..], &COSTS].concat()).json();
        signer
    }

    /// A vault with a new seed and a wallet named `main`.
    pub(crate) fn with_wallet(script: &str) -> (Self, Wallet) {
        let signer = Self::init();
        let wallet = signer.add_account("main", script);
        (signer, wallet)
    }

    pub(crate) fn add_account(&self, name: &str, script: &str) -> Wallet {
        self.run(&["account", "add", "--name", name, "--script", script])
            .json();
        let export = self.run(&["export", "--account", name, "--format", "json"]);
        Wallet::parse_json(export.stdout.as_bytes()).unwrap()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    /// The names of the files in the folder.
    pub(crate) fn names(&self) -> Vec<String> {
        names(self.folder.path())
    }

    /// Runs a command with `--json` on the vault.
    pub(crate) fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Run {
        self.command(arguments)
            .arg("--json")
            .output()
            .unwrap()
            .into()
    }

    /// Runs a command on the vault, for people.
    pub(crate) fn words<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Run {
        self.command(arguments).output().unwrap().into()
    }

    /// The command with passphrase and vault, without a terminal, in an empty network namespace
    /// where one is permitted.
    pub(crate) fn command<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = self.command_without_passphrase(arguments);
        command.arg("--passphrase-file").arg(self.path("p"));
        command
    }

    pub(crate) fn command_without_passphrase<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = offline();
        command.args(arguments);
        command.arg("--vault").arg(self.path("v"));
        command.stdin(Stdio::null());
        command
    }
}

/// The binary in a session of its own, so that it has no terminal, and offline.
pub(crate) fn offline() -> Command {
    let mut command = Command::new("setsid");
    command.arg("--wait");
    if namespace_permitted() {
        command.args(["unshare", "-rn", "--", BINARY]);
    } else {
        command.args([BINARY, "--allow-online"]);
    }
    // The machine that tests may have swap and radios, and scripts/strace-network traces: they are
    // not what tests are about.
    command.args(["--allow-unfit", "swap,bluetooth,radio,tracer"]);
    command
}

/// Whether an unprivileged user may make an empty network namespace here.
pub(crate) fn namespace_permitted() -> bool {
    static PERMITTED: OnceLock<bool> = OnceLock::new();
    *PERMITTED.get_or_init(|| {
        let tried = Command::new("unshare")
            .args(["-rn", "--", "true"])
            .stderr(Stdio::null())
            .status();
        tried.is_ok_and(|status| status.success())
    })
}

pub(crate) fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
