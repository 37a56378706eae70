//! The two binaries, run as a person or a script would run them.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// The lowest Argon2id costs that a vault may have, so that tests need not wait.
pub const LOWEST_COSTS: [&str; 4] = ["--kdf-memory-mib", "64", "--kdf-passes", "3"];

/// The passphrase of every vault that tests make.
pub const PASSPHRASE: &str = "correct horse battery staple";

/// What a finished program left behind.
#[derive(Debug)]
pub struct Run {
    /// The exit code.
    pub code: i32,
    /// What it wrote on standard output.
    pub stdout: String,
    /// What it wrote on standard error.
    pub stderr: String,
}

impl Run {
    fn from_output(output: Output) -> Result<Self> {
        Ok(Run {
            code: output
                .status
                .code()
                .context("the program was killed by a signal")?,
            stdout: String::from_utf8(output.stdout)?,
            stderr: String::from_utf8(output.stderr)?,
        })
    }

    /// Returns the JSON document on standard output of a program that must have succeeded.
    ///
    /// # Errors
    /// Fails when the exit code is not 0 or the output is not one JSON document.
    pub fn json(&self) -> Result<Value> {
        ensure!(self.code == 0, "exit {}: {}", self.code, self.stderr);
        serde_json::from_str(&self.stdout)
            .with_context(|| format!("not one JSON document: {}", self.stdout))
    }

    /// Returns the `error` object on standard error of a program that must have failed with `code`.
    ///
    /// # Errors
    /// Fails when the exit code is another, or when standard error does not end with the JSON
    /// document.
    pub fn error(&self, code: i32) -> Result<Value> {
        ensure!(
            self.code == code,
            "exit {} in place of {code}: {}{}",
            self.code,
            self.stdout,
            self.stderr
        );
        let start = self
            .stderr
            .find("{\"error\"")
            .context("no error document on standard error")?;
        let mut document: Value = serde_json::from_str(self.stderr[start..].trim())?;
        Ok(document["error"].take())
    }
}

/// A vault in a folder of its own, and the signer that works on it in an empty network namespace
/// where one is permitted.
#[derive(Debug)]
pub struct Signer {
    folder: PathBuf,
}

impl Signer {
    /// Makes a vault from a new seed of 12 words.
    ///
    /// # Errors
    /// Fails when the signer does.
    pub fn init(folder: &Path) -> Result<Self> {
        let signer = Self::without_vault(folder)?;
        let mut arguments = vec!["init", "--network", "regtest", "--words", "12"];
        arguments.extend(LOWEST_COSTS);
        signer.run(&arguments)?.json()?;
        Ok(signer)
    }

    /// Makes a vault from a mnemonic.
    ///
    /// # Errors
    /// Fails when the signer does.
    pub fn restore(folder: &Path, mnemonic: &str) -> Result<Self> {
        let signer = Self::without_vault(folder)?;
        let file = folder.join("mnemonic.txt");
        std::fs::write(&file, mnemonic)?;
        let file = file.display().to_string();
        let mut arguments = vec!["restore", "--network", "regtest", "--mnemonic-file", &file];
        arguments.extend(LOWEST_COSTS);
        signer.run(&arguments)?.json()?;
        Ok(signer)
    }

    /// Names a folder that has a vault and its passphrase file already.
    pub fn at(folder: &Path) -> Self {
        Signer {
            folder: folder.to_owned(),
        }
    }

    /// Adds an account.
    ///
    /// # Errors
    /// Fails when the signer does.
    pub fn add_account(&self, name: &str, script_type: &str, index: u32) -> Result<()> {
        let index = index.to_string();
        let run = self.run(&[
            "account",
            "add",
            "--name",
            name,
            "--script",
            script_type,
            "--index",
            &index,
        ])?;
        run.json().map(|_| ())
    }

    fn without_vault(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        std::fs::write(folder.join("passphrase.txt"), format!("{PASSPHRASE}\n"))?;
        Ok(Signer {
            folder: folder.to_owned(),
        })
    }

    /// Returns the path of a file in the vault's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Runs a command on the vault with `--json`.
    ///
    /// # Errors
    /// Fails when the program cannot be started; its own failures stand in [`Run`].
    pub fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result<Run> {
        Run::from_output(self.command()?.arg("--json").args(arguments).output()?)
    }

    /// Runs a command on the vault as a person reads it: text, and progress on standard error.
    ///
    /// # Errors
    /// As [`Signer::run`].
    pub fn run_for_people<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result<Run> {
        Run::from_output(self.command()?.args(arguments).output()?)
    }

    /// Returns the command with vault and passphrase, for a test that wants to start it by itself.
    ///
    /// # Errors
    /// Fails when there is no signer to run.
    pub fn command(&self) -> Result<Command> {
        let mut command = if network_namespace_permitted() {
            let mut command = Command::new("unshare");
            command.args(["-rn", "--"]).arg(signer_binary()?);
            command
        } else {
            let mut command = Command::new(signer_binary()?);
            command.arg("--allow-online");
            command
        };
        // The machine that tests may have radios, and they are not what tests are about.
        command.args(["--allow-unfit", "bluetooth,radio"]);
        command.arg("--vault").arg(self.path("vault"));
        command
            .arg("--passphrase-file")
            .arg(self.path("passphrase.txt"));
        command.stdin(Stdio::null());
        Ok(command)
    }
}

/// A ledger in a folder of its own, and the watcher that works on it.
#[derive(Debug)]
pub struct Watcher {
    folder: PathBuf,
}

impl Watcher {
    /// Names the data folder; the watcher makes it.
    pub fn new(folder: &Path) -> Self {
        Watcher {
            folder: folder.to_owned(),
        }
    }

    /// Runs a command on the ledger with `--json`.
    ///
    /// # Errors
    /// Fails when the program cannot be started; its own failures stand in [`Run`].
    pub fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result<Run> {
        Run::from_output(self.command(arguments)?.output()?)
    }

    /// Returns the command itself, for a test that wants to kill it.
    ///
    /// # Errors
    /// Fails when there is no watcher to run.
    pub fn command<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result<Command> {
        let mut command = Command::new(watcher_binary()?);
        command
            .arg("--data")
            .arg(&self.folder)
            .arg("--json")
            .args(arguments)
            .stdin(Stdio::null());
        Ok(command)
    }
}

/// Returns the signer: `$COFFERDAM_SIGNER`, or one that is built now, by itself, as releases are.
///
/// # Errors
/// Fails when the build fails.
pub fn signer_binary() -> Result<PathBuf> {
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    find_or_build(&FOUND, "COFFERDAM_SIGNER", "cofferdam-signer")
}

/// Returns the watcher: `$COFFERDAM_WATCHER`, or one that is built now.
///
/// # Errors
/// Fails when the build fails.
pub fn watcher_binary() -> Result<PathBuf> {
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    find_or_build(&FOUND, "COFFERDAM_WATCHER", "cofferdam-watcher")
}

fn find_or_build(
    found: &OnceLock<Option<PathBuf>>,
    variable: &str,
    package: &str,
) -> Result<PathBuf> {
    let path = found.get_or_init(|| match std::env::var_os(variable) {
        Some(path) => Some(PathBuf::from(path)),
        None => build(package),
    });
    path.clone()
        .filter(|path| path.is_file())
        .with_context(|| format!("there is no {package} to test"))
}

fn build(package: &str) -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--locked", "--package", package])
        .current_dir(&workspace)
        .status()
        .ok()?;
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| workspace.join("target"), PathBuf::from);
    status.success().then(|| target.join("debug").join(package))
}

/// Tells whether an unprivileged user may make an empty network namespace here.
pub fn network_namespace_permitted() -> bool {
    static PERMITTED: OnceLock<bool> = OnceLock::new();
    *PERMITTED.get_or_init(|| {
        Command::new("unshare")
            .args(["-rn", "--", "true"])
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    })
}
