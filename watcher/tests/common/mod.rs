//! The watcher's binary, run as a person or a script would run it, and a node that says whatever a
//! test wants.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

pub mod database;
mod node;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

#[allow(unused_imports, reason = "each test file uses its part")]
pub use node::{Answer, FakeNode, genesis};

pub const WATCHER: &str = env!("CARGO_BIN_EXE_cofferdam-watcher");

/// The first segwit account of the mnemonic `abandon ... about` on regtest.
pub const SEGWIT: &str = "wpkh([73c5da0a/84h/1h/0h]tpubDC8msFGeGuwnKG9Upg7DM2b4DaRqg3CUZa5g8v2SRQ6K4NSkxUgd7HsL2XVWbVm39yBA4LAxysQAm397zwQSQoQgewGiYZqrA9DsP4zbQ1M/<0;1>/*)";
/// The same account on mainnet.
pub const MAINNET: &str = "wpkh([73c5da0a/84h/0h/0h]xpub6CatWdiZiodmUeTDp8LT5or8nmbKNcuyvz7WyksVFkKB4RHwCD3XyuvPEbvqAQY3rAPshWcMLoP2fMFMKHPJ4ZeZXYVUhLv1VMrjPC7PW6V/<0;1>/*)";

/// A data folder and what else a test writes.
pub struct Desk {
    pub folder: TempDir,
}

/// What a finished program left behind.
#[derive(Debug)]
pub struct Run {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// Returns the document on standard output of a program that must have succeeded.
    #[track_caller]
    pub fn json(&self) -> Value {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        serde_json::from_str(&self.stdout).unwrap()
    }

    /// Checks exit status and code of a failure, and returns its error object.
    #[track_caller]
    pub fn fails(&self, exit: i32, code: &str) -> Value {
        assert_eq!(self.code, Some(exit), "{}{}", self.stdout, self.stderr);
        let start = self.stderr.find("{\"error\"").expect("no error document");
        let mut document: Value = serde_json::from_str(self.stderr[start..].trim()).unwrap();
        let error = document["error"].take();
        assert_eq!(error["code"], code, "{error}");
        assert!(!error["message"].as_str().unwrap().is_empty());
        assert!(error["hint"].is_string());
        assert_eq!(self.stdout, "");
        error
    }
}

impl Desk {
    pub fn new() -> Self {
        Desk {
            folder: TempDir::new().unwrap(),
        }
    }

    /// With the segwit wallet, called `main`.
    pub fn with_wallet() -> Self {
        let desk = Desk::new();
        desk.import("main", SEGWIT, "regtest").json();
        desk
    }

    /// With the segwit wallet, five bitcoin in as many coins, synced from the rehearsal chain.
    pub fn with_money() -> Self {
        let desk = Desk::with_wallet();
        desk.run(&[
            "rehearsal",
            "fund",
            "--wallet",
            "main",
            "--amount",
            "5",
            "--coins",
            "5",
        ])
        .json();
        desk.run(&["sync", "--chain", "rehearsal"]).json();
        desk
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.display().to_string()
    }

    pub fn import(&self, name: &str, descriptor: &str, network: &str) -> Run {
        let file = self.write(&format!("{name}.txt"), descriptor);
        self.run(&[
            "wallet",
            "import",
            &file,
            "--name",
            name,
            "--network",
            network,
        ])
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(WATCHER);
        command
            .arg("--data")
            .arg(self.data())
            .arg("--json")
            .args(arguments)
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        run(&mut self.command(arguments))
    }

    pub fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Runs `sync` against a node.
    pub fn sync(&self, node: &FakeNode) -> Run {
        let arguments = self.sync_arguments(&node.url);
        self.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    }

    pub fn sync_arguments(&self, url: &str) -> Vec<String> {
        let cookie = self.write("cookie", "__cookie__:0123456789abcdef");
        [
            "sync",
            "--chain",
            "core",
            "--rpc-url",
            url,
            "--rpc-cookie",
            &cookie,
        ]
        .map(str::to_owned)
        .to_vec()
    }
}

pub fn run(command: &mut Command) -> Run {
    let output = command.output().unwrap();
    Run {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Waits until a condition holds: at once when it does, and long enough for a machine that has much
/// else to do.
pub fn wait_for(what: &str, condition: impl Fn() -> bool) {
    let start = std::time::Instant::now();
    while !condition() {
        assert!(
            start.elapsed().as_secs() < 120,
            "waited too long for {what}"
        );
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

/// Runs statements on a SQLite file.
pub fn sql(path: &Path, statements: &'static str) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        use sqlx::Connection;
        let url = format!("sqlite://{}", path.display());
        let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
        sqlx::raw_sql(statements)
            .execute(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
    });
}
