//! The vaults that cases are tried on: made once, copied for each.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use bitcoin::hashes::{Hash as _, sha256};
use cofferdam_core::ScriptType;
use cofferdam_core::wallet::Branch;
use cofferdam_testkit::Signer;
use cofferdam_testkit::hostile::fixture::{ACCOUNTS, OUR_WORDS, ours, payee};
use cofferdam_testkit::hostile::{Coin, Payout, Vault};
use tempfile::TempDir;

/// The usual vault, which has its memory, and one that was restored and remembers nothing.
pub(crate) struct Templates {
    usual: TempDir,
    without_memory: TempDir,
}

impl Templates {
    /// Makes both: the usual one is restored too, with the journal of the other.
    pub(crate) fn make() -> Result<Self> {
        let templates = Templates {
            usual: TempDir::new()?,
            without_memory: TempDir::new()?,
        };
        let old = TempDir::new()?;
        let signer = restored(old.path())?;
        // Something must have been signed, for an empty journal is no memory. It is far from every
        // case.
        let payout = Payout::new(ScriptType::Segwit).with(|payout| {
            payout.coins = vec![Coin::new(
                ours(ScriptType::Segwit),
                Branch::Receive,
                0,
                12_350_000,
                9_000,
            )];
            payout.outputs.clear();
            payout.pay(payee(200), 12_340_000);
        });
        fs::write(signer.path("first.psbt"), payout.psbt())?;
        let [psbt, out, journal] =
            ["first.psbt", "out.psbt", "journal"].map(|name| text(&signer, name));
        signer
            .run(&["sign", &psbt, "--out", &out, "--yes"])?
            .json()?;
        signer
            .run(&["journal", "export", "--out", &journal])?
            .json()?;
        restored(templates.without_memory.path())?;
        let usual = restored(templates.usual.path())?;
        // The other one was restored too, and so it alone is no memory: the one that was born with
        // the words comes first.
        for journal in [born_journal()?, journal] {
            let imported = usual.run(&["journal", "import", &journal])?.json()?;
            let head = imported["head"].as_str().context("a head")?;
            let count = imported["count"].to_string();
            usual.run(&["journal", "confirm", &count, head])?.json()?;
        }
        Ok(templates)
    }

    /// Copies the vault that a case asks for.
    pub(crate) fn copy(&self, vault: &Vault) -> Result<TempDir> {
        let template = match vault.without_memory {
            true => &self.without_memory,
            false => &self.usual,
        };
        let copy = TempDir::new()?;
        for entry in fs::read_dir(template.path())? {
            let path = entry?.path();
            fs::copy(&path, copy.path().join(path.file_name().context("a file")?))?;
        }
        if let Some(costs) = vault.costs {
            write_costs(copy.path(), costs)?;
        }
        Ok(copy)
    }
}

/// The journal of a vault that was born with our words.
fn born_journal() -> Result<String> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../fixtures/born-journal/born.journal"
    );
    Ok(fs::canonicalize(path)?.display().to_string())
}

fn text(signer: &Signer, name: &str) -> String {
    signer.path(name).display().to_string()
}

fn restored(folder: &Path) -> Result<Signer> {
    let signer = Signer::restore(folder, OUR_WORDS)?;
    for (name, script_type, index) in ACCOUNTS {
        signer.add_account(name, &script_type.to_string(), index)?;
    }
    Ok(signer)
}

/// Writes costs into the only slot of the newest generation, with the checksum that anyone can
/// compute; the older generations go (`docs/formats/vault.md`).
fn write_costs(folder: &Path, costs: [u32; 3]) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let number = path
            .extension()
            .map(|extension| extension.to_string_lossy().into_owned());
        if number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit())) {
            fs::remove_file(path)?;
        }
    }
    let path = folder.join("vault");
    let mut bytes = fs::read(&path)?;
    let body = bytes.len() - 32;
    for (cost, at) in costs.iter().zip([20, 24, 28]) {
        bytes[96 + at..][..4].copy_from_slice(&cost.to_le_bytes());
    }
    let checksum = sha256::Hash::hash(&bytes[..body]).to_byte_array();
    bytes[body..].copy_from_slice(&checksum);
    Ok(fs::write(path, bytes)?)
}
