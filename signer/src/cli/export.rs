//! `export`

use std::path::{Path, PathBuf};

use cofferdam_core::wallet::WalletName;
use serde_json::json;

use super::context::{Context, Done};
use super::names::ExportName;
use crate::error::Failure;
use crate::files::{self, Existing};
use crate::jobs::{ExportJob, Job};
use crate::process::LandlockRules;
use crate::protocol::{ExportFormat, Outcome};
use crate::screens;
use crate::workers::out_of_turn;

/// Print an account's public wallet.
///
/// What is written holds no secret. Without --out it goes to standard output as it is, with --json
/// too.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cofferdam-signer --vault treasury.vault export --account main --format json --out main.json
  cofferdam-signer --vault treasury.vault export --account main --format core
  cofferdam-signer --vault treasury.vault export --account main --format descriptor")]
pub(crate) struct Args {
    /// The account.
    #[arg(long)]
    account: WalletName,

    /// json: Cofferdam's own; core: the argument of Bitcoin Core's importdescriptors; descriptor:
    /// BIP380 with BIP389.
    #[arg(long, default_value = "json")]
    format: ExportName,

    /// Write it to this file. An earlier export is overwritten, any other file is not.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Args {
    /// Adds what the screen process reads and writes.
    pub(super) fn landlock_rules(&self, rules: LandlockRules) -> LandlockRules {
        self.out.iter().fold(rules, |rules, out| rules.writes(out))
    }
}

pub(super) fn run(context: &Context, args: Args) -> Result<Done, Failure> {
    let job = Job::Export(ExportJob {
        account: args.account,
        format: args.format.into(),
    });
    let Outcome::Export(export) = context.run("export", job)? else {
        return Err(out_of_turn());
    };
    let Some(out) = args.out else {
        let json = match export.format {
            ExportFormat::Descriptor => json!({
                "name": export.name,
                "id": export.id,
                "format": export.format,
                "descriptor": export.text.trim_end(),
            }),
            ExportFormat::Json | ExportFormat::Core => {
                serde_json::from_str(&export.text).map_err(Failure::unexpected)?
            }
        };
        return Ok(Done::new(json, export.text).verbatim());
    };
    let existing = if is_export(&out) {
        Existing::Replace
    } else {
        Existing::Keep
    };
    files::write(&out, export.text.as_bytes(), existing)?;
    Ok(Done::new(
        json!({"name": export.name, "id": export.id, "format": export.format, "out": out}),
        format!(
            "wrote wallet {} ({}) to {}\n",
            export.name,
            export.id,
            screens::path(&out)
        ),
    ))
}

/// Whether a file holds a ranged descriptor, as every export does: what another export may take the
/// place of.
fn is_export(path: &Path) -> bool {
    const MOST: u64 = 1 << 20;
    let found = files::read(path, MOST).ok().flatten();
    found.is_some_and(|text| String::from_utf8(text).is_ok_and(|text| text.contains("/*)")))
}
