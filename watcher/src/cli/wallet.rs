//! `wallet import`, `wallet list`, `wallet show`, `wallet mark-used`.

use std::io::{Error as IoError, ErrorKind};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use cofferdam_core::wallet::{Birthday, Branch, WalletName};
use cofferdam_core::{Network, ScriptType};

use super::context::Context;
use super::files;
use super::reply::Reply;
use crate::Error;
use crate::error::{CommandError, shown_path};
use crate::service::{ImportedWallet, MarkRequest, WalletDocument, WalletRequest, Watched};

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
  # that one alone: too many lie between
  cofferdam-watcher wallet mark-used main change 2147483000

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
  cofferdam-watcher wallet import descriptor.txt --name main --network mainnet \\
    --birthday 2026-11-01")]
pub struct ImportArgs {
    /// The file.
    file: PathBuf,
    #[command(flatten)]
    told: ToldArgs,
}

/// What is told of a wallet beside its file.
#[derive(Debug, Args)]
struct ToldArgs {
    /// The wallet's name; needed when the file holds none.
    #[arg(long)]
    name: Option<WalletName>,
    /// The network; needed when the file holds none, checked when it does.
    #[arg(long)]
    network: Option<Network>,
    /// A day (UTC, YYYY-MM-DD) before which the wallet received nothing; sync starts two weeks
    /// before.
    #[arg(long, value_name = "DATE")]
    birthday: Option<Birthday>,
    /// The script type to take from a file with several accounts: legacy, nested, segwit or
    /// taproot.
    #[arg(long, value_name = "TYPE")]
    script: Option<ScriptType>,
    /// How many addresses to watch beyond the highest one used or handed out [default: 1000].
    #[arg(long, value_name = "N")]
    gap: Option<u32>,
}

impl From<ToldArgs> for WalletRequest {
    fn from(args: ToldArgs) -> Self {
        WalletRequest {
            name: args.name,
            network: args.network,
            birthday: args.birthday,
            script_type: args.script,
            gap: args.gap,
        }
    }
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
    let bytes = read(&args.file)?;
    let request = args.told.into();
    Ok(imported(
        &context.service.import_wallet(&bytes, request).await?,
    ))
}

/// Shows a wallet that was imported.
pub(super) fn imported(document: &ImportedWallet) -> Reply {
    let verb = match document.known {
        true => "already there",
        false => "imported",
    };
    let text = format!(
        "{verb}: {}next: cofferdam-watcher sync\n",
        text(&document.wallet)
    );
    Reply::verbatim(document, text)
}

async fn list(context: &Context) -> Result<Reply, Error> {
    let wallets = context.service.wallets().await?;
    let text = match wallets.as_slice() {
        [] => "no wallets; import one with: cofferdam-watcher wallet import FILE\n".into(),
        wallets => wallets.iter().map(text).collect::<String>(),
    };
    Ok(Reply::verbatim(
        &serde_json::json!({ "wallets": wallets }),
        text,
    ))
}

async fn show(context: &Context, args: ShowArgs) -> Result<Reply, Error> {
    let wallet = context.service.wallet(&args.name).await?;
    Ok(Reply::verbatim(&wallet, text(&wallet)))
}

async fn mark_used(context: &Context, args: MarkUsedArgs) -> Result<Reply, Error> {
    let request = MarkRequest {
        wallet: args.name,
        branch: match args.branch {
            BranchName::Receive => Branch::Receive,
            BranchName::Change => Branch::Change,
        },
        index: args.index,
    };
    let document = context.service.mark_used(&request).await?;
    let (name, branch, index) = (&document.name, document.branch, document.index);
    let text = match document.watched {
        Watched::Already => format!("{branch} {index} of {name} was watched already\n"),
        Watched::UpToIt => format!(
            "{branch} addresses of {name} are watched up to {index}\nnext: cofferdam-watcher sync\n"
        ),
        Watched::Alone => format!(
            "{branch} {index} of {name} is watched by itself, and nothing between\nnext: cofferdam-watcher sync\n"
        ),
    };
    Ok(Reply::new(&document, text))
}

fn text(wallet: &WalletDocument) -> String {
    let synced = wallet
        .synced_height
        .map_or("not synced yet".into(), |height| {
            format!("synced to block {height}")
        });
    let birthday = wallet
        .birthday
        .map_or("unknown".into(), |birthday| birthday.to_string());
    format!(
        "{} ({}, {}), {synced}\n  id          {}\n  descriptor  {}\n  birthday    {birthday}\n",
        wallet.name, wallet.network, wallet.script, wallet.id, wallet.descriptor
    )
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let bytes = files::read_up_to(path, MAX_FILE)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(CommandError::File {
            action: "read",
            path: shown_path(path),
            source: IoError::new(ErrorKind::InvalidData, "too large for a wallet's file"),
        }
        .into());
    }
    Ok(bytes)
}
