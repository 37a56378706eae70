//! A synthetic vault, every secret of which the test computes on its own, and signers that stand
//! still on it.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use aes_gcm::Aes256Gcm;
use aes_gcm::aead::{AeadInOut, KeyInit};
use argon2::{Algorithm, Argon2, Params, Version};
use bitcoin::NetworkKind;
use bitcoin::bip32::{DerivationPath, Xpriv};
use bitcoin::hashes::{Hash as _, HashEngine as _, Hmac, HmacEngine, sha512};
use bitcoin::secp256k1::Secp256k1;
use cofferdam_core::keys::{Entropy, Language, Mnemonic};
use cofferdam_core::wallet::Wallet;
use hkdf::Hkdf;
use sha2::Sha256;
use tempfile::TempDir;

use crate::needles::Needles;
use crate::processes::{Found, Processes, children};
use crate::psbts::{PAYEE, Plan};
use crate::stops::{Job, Stopping};

const PASSPHRASE: &str = "a synthetic passphrase, quince and larch";
const BIP39_PASSPHRASE: &str = "a synthetic extra, bramble and yew";

/// Twelve words' worth, random and for nothing but this.
const ENTROPY: [u8; 16] = [
    0x8d, 0x31, 0xe6, 0x5b, 0x92, 0x0f, 0xc7, 0x44, 0xa9, 0x7e, 0x13, 0xd8, 0x66, 0xbb, 0x25, 0xf1,
];

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// Coins of a transaction that takes long to sign.
const MANY: u32 = 400;

/// A vault with an account, and a PSBT to sign.
pub(crate) struct Treasury {
    folder: TempDir,
}

impl Treasury {
    pub(crate) fn new(signer: &Path) -> Self {
        let treasury = Treasury {
            folder: TempDir::new().unwrap(),
        };
        let path = |name: &str| treasury.folder.path().join(name).display().to_string();
        fs::write(path("p"), PASSPHRASE).unwrap();
        fs::write(path("extra"), BIP39_PASSPHRASE).unwrap();
        fs::write(path("words"), mnemonic().phrase().as_bytes()).unwrap();
        let words = path("words");
        let extra = path("extra");
        let restore = [
            "restore",
            "--network",
            "regtest",
            "--mnemonic-file",
            &words,
            "--bip39-passphrase-file",
            &extra,
        ];
        let costs = ["--kdf-memory-mib", "64", "--kdf-passes", "3"];
        treasury.run(signer, &[&restore[..], &costs].concat());
        treasury.run(
            signer,
            &["account", "add", "--name", "main", "--script", "segwit"],
        );
        let wallet = treasury.run(signer, &["export", "--account", "main", "--format", "json"]);
        let wallet = Wallet::parse_json(&wallet).unwrap();
        fs::write(
            path("psbt"),
            Plan::new(&wallet, &[0, 1, 2], &[(PAYEE, 1_500_000)]).psbt(),
        )
        .unwrap();
        treasury
    }

    fn command(&self, signer: &Path, arguments: &[&str]) -> Command {
        self.command_on(signer, arguments, "v")
    }

    fn command_on(&self, signer: &Path, arguments: &[&str], vault: &str) -> Command {
        let mut command = Command::new(signer);
        command
            .args(arguments)
            .args(["--allow-unfit", "network,swap"]);
        command.arg("--vault").arg(self.folder.path().join(vault));
        command
            .arg("--passphrase-file")
            .arg(self.folder.path().join("p"));
        command.stdin(Stdio::null());
        command
    }

    fn run(&self, signer: &Path, arguments: &[&str]) -> Vec<u8> {
        let output = self
            .command(signer, arguments)
            .arg("--json")
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        output.stdout
    }

    /// Begins to sign, with a standard output that is full: for people, the review blocks, and the
    /// keys wait for consent; for programs, the result blocks.
    pub(crate) fn sign(&self, signer: &Path, json: bool) -> Held {
        let psbt = self.folder.path().join("psbt").display().to_string();
        let out = self.folder.path().join("out").display().to_string();
        let _ = fs::remove_file(&out);
        // It was restored without its journal.
        let accepted = ["--yes", "--accept", "memory-missing"];
        let sign = ["sign", &psbt, "--out", &out];
        self.hold(
            signer,
            &[&sign[..], &accepted, if json { &["--json"] } else { &[] }].concat(),
        )
    }

    /// Begins to sign for people, as [`Treasury::sign`], so many coins that it can be met while it
    /// does.
    pub(crate) fn sign_many(&self, signer: &Path) -> Held {
        let path = |name: &str| self.folder.path().join(name).display().to_string();
        let product = Path::new(env!("CARGO_BIN_EXE_cofferdam-signer"));
        let wallet = self.run(
            product,
            &["export", "--account", "main", "--format", "json"],
        );
        let wallet = Wallet::parse_json(&wallet).unwrap();
        let coins: Vec<u32> = (0..MANY).collect();
        let mut plan = Plan::new(&wallet, &coins, &[(PAYEE, 1_500_000)]);
        plan.fee = 40_000;
        fs::write(path("many"), plan.psbt()).unwrap();
        let (psbt, out) = (path("many"), path("many.signed"));
        let sign = [
            "sign",
            &psbt,
            "--out",
            &out,
            "--yes",
            "--accept",
            "memory-missing",
        ];
        self.hold(signer, &sign)
    }

    /// Begins `job` with a signer that stops where the keys are in use.
    pub(crate) fn begin(&self, signer: &Path, job: Job) -> Held {
        match job {
            Job::Sign => self.sign(signer, true),
            Job::Restore => {
                let path = |name: &str| self.folder.path().join(name).display().to_string();
                let words = path("words");
                self.hold_on(
                    signer,
                    &["restore", "--network", "regtest", "--mnemonic-file", &words],
                    "another",
                )
            }
        }
    }

    /// What the last signer that was held said on standard error is in this file.
    pub(crate) fn said(&self) -> PathBuf {
        self.folder.path().join("said")
    }

    /// Where programs can be put.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Begins a command, with a standard output that is full.
    pub(crate) fn hold(&self, signer: &Path, arguments: &[&str]) -> Held {
        self.hold_on(signer, arguments, "v")
    }

    fn hold_on(&self, signer: &Path, arguments: &[&str], vault: &str) -> Held {
        let (reader, writer) = std::io::pipe().unwrap();
        let filled = fill(&writer);
        let mut command = self.command_on(signer, arguments, vault);
        let said = File::create(self.said()).unwrap();
        let child = command.stdout(writer).stderr(said).spawn().unwrap();
        Held {
            child,
            reader,
            filled,
        }
    }

    /// Every secret of the vault, computed here by the documented formulas.
    pub(crate) fn secrets(&self) -> Vec<(String, Vec<u8>)> {
        let secp = Secp256k1::new();
        let mnemonic = mnemonic();
        let seed = seed(&mnemonic.phrase());
        let master = Xpriv::new_master(NetworkKind::Test, &seed).unwrap();
        let derive = |path: &str| {
            master
                .derive_priv(&secp, &path.parse::<DerivationPath>().unwrap())
                .unwrap()
        };
        let account = derive("84h/1h/0h");
        let mut secrets = vec![
            ("entropy".to_owned(), ENTROPY.to_vec()),
            ("words".into(), mnemonic.phrase().as_bytes().to_vec()),
            ("passphrase".into(), PASSPHRASE.into()),
            ("BIP39 passphrase".into(), BIP39_PASSPHRASE.into()),
            ("seed".into(), seed.to_vec()),
            // Those of the account and below are public: they stand in the wallet's descriptor, or
            // follow from it.
            (
                "master chain code".into(),
                master.chain_code.to_bytes().to_vec(),
            ),
            (
                "master key".into(),
                master.private_key.secret_bytes().to_vec(),
            ),
            (
                "account key".into(),
                account.private_key.secret_bytes().to_vec(),
            ),
            // The first letters of the text write what is public.
            ("master xprv".into(), master.to_string()[64..].into()),
            ("account xprv".into(), account.to_string()[64..].into()),
        ];
        for path in [
            "84h/1h/0h/0",
            "84h/1h/0h/1",
            "84h/1h/0h/0/0",
            "84h/1h/0h/0/1",
            "84h/1h/0h/0/2",
        ] {
            let key = derive(path).private_key.secret_bytes().to_vec();
            secrets.push((format!("key {path}"), key));
        }
        secrets.extend(self.vault_keys());
        secrets
    }

    /// The keys of the vault's first slot and body, by `docs/formats/vault.md`.
    fn vault_keys(&self) -> Vec<(String, Vec<u8>)> {
        let file = fs::read(self.folder.path().join("v")).unwrap();
        let slot = &file[96..96 + 176];
        let number = |at: usize| u32::from_le_bytes(slot[at..at + 4].try_into().unwrap());
        let params = Params::new(number(20), number(24), number(28), Some(32)).unwrap();
        let mut stretched = [0; 32];
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(PASSPHRASE.as_bytes(), &slot[32..64], &mut stretched)
            .unwrap();
        let context = [&file[..8], &file[16..32], &slot[..96]].concat();
        let wrapping: [u8; 64] = hkdf(&stretched, &file[16..32], &[b"cofferdam/1/slot", &context]);
        assert_eq!(&wrapping[32..], &slot[96..128], "the commitment");
        let mut data_key: [u8; 32] = slot[128..160].try_into().unwrap();
        let tag: [u8; 16] = slot[160..176].try_into().unwrap();
        Aes256Gcm::new_from_slice(&wrapping[..32])
            .unwrap()
            .decrypt_inout_detached(
                &[0; 12].into(),
                &context,
                data_key.as_mut_slice().into(),
                &tag.into(),
            )
            .expect("the data key");
        let header: [u8; 32] = hkdf(&data_key, b"", &[b"cofferdam/1/header"]);
        let body: [u8; 32] = hkdf(
            &data_key,
            &file[48..80],
            &[b"cofferdam/1/body", &file[16..32], &file[32..40]],
        );
        vec![
            ("stretched passphrase".into(), stretched.to_vec()),
            ("key-encryption key".into(), wrapping[..32].to_vec()),
            ("data key".into(), data_key.to_vec()),
            ("header key".into(), header.to_vec()),
            ("body key".into(), body.to_vec()),
        ]
    }
}

fn mnemonic() -> Mnemonic {
    Mnemonic::from_entropy(&Entropy::from_bytes(&ENTROPY).unwrap(), Language::English)
}

/// BIP39: PBKDF2-HMAC-SHA512 in 2048 rounds, whose output is one block.
fn seed(phrase: &str) -> [u8; 64] {
    let hmac = |data: &[u8]| {
        let mut engine = HmacEngine::<sha512::Hash>::new(phrase.as_bytes());
        engine.input(data);
        Hmac::from_engine(engine).to_byte_array()
    };
    let mut last = hmac(&[b"mnemonic", BIP39_PASSPHRASE.as_bytes(), &[0, 0, 0, 1]].concat());
    let mut seed = last;
    for _ in 1..2048 {
        last = hmac(&last);
        seed.iter_mut()
            .zip(last)
            .for_each(|(byte, other)| *byte ^= other);
    }
    seed
}

fn hkdf<const N: usize>(ikm: &[u8], salt: &[u8], info: &[&[u8]]) -> [u8; N] {
    let mut okm = [0; N];
    Hkdf::<Sha256>::new(Some(salt), ikm)
        .expand_multi_info(info, &mut okm)
        .unwrap();
    okm
}

/// Fills a pipe, so that the next write blocks. Returns how many bytes it took.
fn fill(mut writer: &std::io::PipeWriter) -> usize {
    rustix::io::ioctl_fionbio(writer, true).unwrap();
    let mut filled = 0;
    while let Ok(written) = writer.write(&[b'.'; 4096]) {
        filled += written;
    }
    rustix::io::ioctl_fionbio(writer, false).unwrap();
    filled
}

/// A signer that stands still.
pub(crate) struct Held {
    child: Child,
    reader: std::io::PipeReader,
    filled: usize,
}

impl Held {
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    fn processes(&self) -> Processes {
        Processes::of(self.child.id())
    }

    pub(crate) fn search(&self, needles: &Needles) -> Found {
        self.processes().search(needles)
    }

    #[track_caller]
    fn wait(&self, what: &str, is_so: impl Fn() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so() {
            assert!(
                Instant::now() < deadline,
                "waited in vain: {what}\n{}",
                self.processes().describe()
            );
            sleep(Duration::from_millis(20));
        }
    }

    /// Waits until the screen cannot write the review: the keys, which sent it, wait for the
    /// operator.
    #[track_caller]
    pub(crate) fn wait_for_consent(&self) {
        self.wait_for_output();
        self.wait_for_processes(2);
    }

    /// Waits until the screen cannot write the result, and stands alone.
    #[track_caller]
    pub(crate) fn wait_for_result(&self) {
        self.wait_for_output();
        self.wait_for_processes(1);
    }

    #[track_caller]
    fn wait_for_output(&self) {
        let id = self.child.id();
        self.wait("something that cannot be written", || {
            let doing = fs::read_to_string(format!("/proc/{id}/syscall")).unwrap_or_default();
            // write(1, ...)
            doing.starts_with("1 0x1 ")
        });
    }

    #[track_caller]
    fn wait_for_processes(&self, count: usize) {
        self.wait("as many processes", || self.processes().count() == count);
    }

    /// Waits until it stands in the function that it was made to stop in.
    #[track_caller]
    pub(crate) fn wait_for_stopped_in(&self, program: &Stopping) {
        self.wait("a process that stopped where it was made to", || {
            self.processes().one_stands_in(&program.standing)
        });
        self.wait_for_processes(2);
    }

    #[track_caller]
    pub(crate) fn wait_for_stopped(&self) {
        self.wait("a process that stopped", || self.processes().one_stands());
        self.wait_for_processes(2);
    }

    /// Lets the review be written, and stops the key process once it has threads that sign. None
    /// where it had signed before it was looked at, which a busy machine can make of any number of
    /// coins.
    #[track_caller]
    pub(crate) fn stop_while_it_signs(self) -> Option<Self> {
        let mut reader = self.reader.try_clone().unwrap();
        let keys = *children(self.child.id())
            .last()
            .expect("the key process was forked last");
        let threads = || fs::read_dir(format!("/proc/{keys}/task")).map_or(0, Iterator::count);
        // Argon2's, which wait.
        let before = threads();
        std::thread::spawn(move || std::io::copy(&mut reader, &mut std::io::sink()));
        let deadline = Instant::now() + PATIENCE;
        while threads() <= before {
            assert!(Instant::now() < deadline, "it does not sign");
            if before == 0 || !Path::new(&format!("/proc/{keys}/task")).exists() {
                self.end();
                return None;
            }
        }
        // All its threads stop.
        let keys = nix::unistd::Pid::from_raw(keys.try_into().unwrap());
        let _ = nix::sys::signal::kill(keys, nix::sys::signal::Signal::SIGSTOP);
        self.wait("the keys stand, or are gone", || {
            self.processes().one_stands() || self.processes().count() < 2
        });
        if self.processes().count() < 2 {
            self.end();
            return None;
        }
        Some(self)
    }

    /// Reads what it wanted to write; it succeeds.
    pub(crate) fn let_go(mut self) -> String {
        let mut written = Vec::new();
        self.reader.read_to_end(&mut written).unwrap();
        assert!(self.child.wait().unwrap().success());
        String::from_utf8(written.split_off(self.filled)).unwrap()
    }

    /// Ends it; its processes end with it.
    pub(crate) fn end(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}
