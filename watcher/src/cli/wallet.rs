//! `wallet import`, `wallet list`, `wallet show`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use cofferdam_core::wallet::{Birthday, Branch, ImportOptions, Wallet, WalletName};
use cofferdam_core::{Network, ScriptType};
use serde::Serialize;

use super::context::Context;
use super::reply::Reply;
use crate::error::{CommandError, Error};
use crate::store::wallets::{self as rows, WalletRecord};
use crate::store::{Connection, StoreError};
use crate::wallets::{self, MarkedUsed, WalletsError};

/// The largest wallet file that is read, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// Commands on wallets.
#[derive(Debug, Subcommand)]
pub enum WalletCommand {
    /// Import a wallet: the signer's JSON, a descriptor, or Bitcoin Core's, Sparrow's or Specter's
    /// export.
    Import(ImportArgs),
    /// List the wallets.
    #[command(after_help = "Example:\n  cofferdam-watcher --json wallet list")]
    List,
    /// Show one wallet.
    Show(ShowArgs),
    /// Tell that an index is in use, such as that of change which the signer's journal knows far
    /// out: it is watched from then on.
    #[command(visible_alias = "seen")]
    MarkUsed(MarkUsedArgs),
}

/// Arguments of `wallet mark-used`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cofferdam-watcher wallet mark-used main change 12000
  cofferdam-watcher wallet mark-used main change 2147483000   # that one alone: too many lie between

The next sync searches again from the wallet's birthday. Addresses up to an index that is not watched alone are not handed out.")]
pub struct MarkUsedArgs {
    /// The wallet's name.
    name: String,
    /// The branch: receive, or change.
    branch: BranchName,
    /// The index.
    index: u32,
}

/// A branch, as it is typed.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum BranchName {
    Receive,
    Change,
}

/// Arguments of `wallet import`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cofferdam-watcher wallet import main.json
  cofferdam-watcher wallet import descriptor.txt --name main --network mainnet --birthday 2026-11-01")]
pub struct ImportArgs {
    /// The file.
    pub(super) file: PathBuf,
    /// The wallet's name; needed when the file holds none.
    #[arg(long)]
    pub(super) name: Option<WalletName>,
    /// The network; needed when the file holds none, checked when it does.
    #[arg(long)]
    pub(super) network: Option<Network>,
    /// A day (UTC, YYYY-MM-DD) before which the wallet received nothing; sync starts two weeks
    /// before.
    #[arg(long, value_name = "DATE")]
    pub(super) birthday: Option<Birthday>,
    /// The script type to take from a file with several accounts: legacy, nested, segwit or
    /// taproot.
    #[arg(long, value_name = "TYPE")]
    pub(super) script: Option<ScriptType>,
    /// How many addresses to watch beyond the highest one used or handed out [default: 1000].
    #[arg(long, value_name = "N")]
    pub(super) gap: Option<u32>,
}

/// Arguments of `wallet show`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  cofferdam-watcher wallet show main")]
pub struct ShowArgs {
    /// The wallet's name.
    name: String,
}

/// Runs a command on wallets.
pub async fn run(context: &Context, command: WalletCommand) -> Result<Reply, Error> {
    match command {
        WalletCommand::Import(args) => import(context, args).await,
        WalletCommand::List => list(context).await,
        WalletCommand::Show(args) => show(context, args).await,
        WalletCommand::MarkUsed(args) => mark_used(context, args).await,
    }
}

async fn import(context: &Context, args: ImportArgs) -> Result<Reply, Error> {
    let bytes = read_limited(&args.file)?;
    import_bytes(context, &bytes, args).await
}

/// Imports the wallet in these bytes, whatever file the arguments name.
pub(super) async fn import_bytes(
    context: &Context,
    bytes: &[u8],
    args: ImportArgs,
) -> Result<Reply, Error> {
    let options = ImportOptions {
        name: args.name,
        network: args.network,
        birthday: args.birthday,
        script_type: args.script,
    };
    let wallet = Wallet::import(bytes, &options).map_err(WalletsError::Malformed)?;
    let imported = wallets::import(&context.store, wallet, args.gap).await?;
    let mut view = context.store.read().await?;
    let entry = WalletEntry::of(&mut view, &imported.record).await?;
    let verb = if imported.known {
        "already there"
    } else {
        "imported"
    };
    let text = format!("{verb}: {}next: cofferdam-watcher sync\n", entry.text());
    let mut reply = Reply::verbatim(&entry, text);
    if let Reply::Both {
        json: serde_json::Value::Object(fields),
        ..
    } = &mut reply
    {
        fields.insert("known".into(), imported.known.into());
    }
    Ok(reply)
}

async fn list(context: &Context) -> Result<Reply, Error> {
    let mut view = context.store.read().await?;
    let mut entries = Vec::new();
    for record in rows::all(&mut view).await? {
        entries.push(WalletEntry::of(&mut view, &record).await?);
    }
    let text = match entries.as_slice() {
        [] => "no wallets; import one with: cofferdam-watcher wallet import FILE\n".into(),
        entries => entries.iter().map(WalletEntry::text).collect::<String>(),
    };
    Ok(Reply::verbatim(
        &serde_json::json!({ "wallets": entries }),
        text,
    ))
}

async fn show(context: &Context, args: ShowArgs) -> Result<Reply, Error> {
    let mut view = context.store.read().await?;
    let record = wallets::find(&mut view, &args.name).await?;
    let entry = WalletEntry::of(&mut view, &record).await?;
    Ok(Reply::verbatim(&entry, entry.text()))
}

async fn mark_used(context: &Context, args: MarkUsedArgs) -> Result<Reply, Error> {
    let branch = match args.branch {
        BranchName::Receive => Branch::Receive,
        BranchName::Change => Branch::Change,
    };
    let (record, marked) =
        wallets::mark_used(&context.store, &args.name, branch, args.index).await?;
    let (name, index) = (record.wallet.name(), args.index);
    let (watched, text) = match marked {
        MarkedUsed::Watched => (
            "already",
            format!("{branch} {index} of {name} was watched already\n"),
        ),
        MarkedUsed::UpToIt => (
            "up-to-it",
            format!(
                "{branch} addresses of {name} are watched up to {index}\nnext: cofferdam-watcher sync\n"
            ),
        ),
        MarkedUsed::Alone => (
            "alone",
            format!(
                "{branch} {index} of {name} is watched by itself, and nothing between\nnext: cofferdam-watcher sync\n"
            ),
        ),
    };
    let document = serde_json::json!({
        "name": name,
        "branch": branch,
        "index": index,
        "watched": watched,
    });
    Ok(Reply::new(&document, text))
}

/// A wallet, as people and scripts see it.
#[derive(Debug, Serialize)]
struct WalletEntry {
    id: String,
    name: String,
    network: Network,
    descriptor: String,
    birthday: Option<Birthday>,
    receipt_key: Option<String>,
    script: ScriptType,
    gap: u32,
    next_receive_index: u32,
    next_change_index: u32,
    synced_height: Option<u32>,
}

impl WalletEntry {
    async fn of(db: &mut Connection, record: &WalletRecord) -> Result<Self, StoreError> {
        let wallet = &record.wallet;
        Ok(WalletEntry {
            id: wallet.id().to_string(),
            name: wallet.name().to_string(),
            network: wallet.network(),
            descriptor: wallet.descriptor_text(),
            birthday: wallet.birthday(),
            receipt_key: wallet.receipt_key().map(|key| key.to_string()),
            script: wallet.script_type(),
            gap: record.gap,
            next_receive_index: rows::branch(db, record.no, Branch::Receive)
                .await?
                .next_index,
            next_change_index: rows::branch(db, record.no, Branch::Change)
                .await?
                .next_index,
            synced_height: record.next_height.and_then(|next| next.checked_sub(1)),
        })
    }

    fn text(&self) -> String {
        let synced = self
            .synced_height
            .map_or("not synced yet".into(), |height| {
                format!("synced to block {height}")
            });
        let birthday = self
            .birthday
            .map_or("unknown".into(), |birthday| birthday.to_string());
        format!(
            "{} ({}, {}), {synced}\n  id          {}\n  descriptor  {}\n  birthday    {birthday}\n",
            self.name, self.network, self.script, self.id, self.descriptor
        )
    }
}

fn read_limited(path: &std::path::Path) -> Result<Vec<u8>, CommandError> {
    use std::io::Read;
    let failed = |source| CommandError::File {
        action: "read",
        path: crate::error::shown_path(path),
        source,
    };
    let mut bytes = Vec::new();
    let file = cofferdam_scanner::open_regular(path).map_err(failed)?;
    file.take(MAX_FILE + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > MAX_FILE {
        let source = std::io::Error::new(
            std::io::ErrorKind::InvalidData,
            "too large for a wallet's file",
        );
        return Err(failed(source));
    }
    Ok(bytes)
}
