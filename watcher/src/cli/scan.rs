//! `scan`

use std::io::{IsTerminal as _, Write as _};

use clap::Args;
use cofferdam_core::sanitize::line;
use cofferdam_core::wallet::{Birthday, WalletName};
use cofferdam_core::{Network, ScriptType};
use cofferdam_scanner::args::LookArgs;

use super::context::Context;
use super::reply::Reply;
use super::{lists, payout, wallet};
use crate::Error;
use crate::service::{ScanRequest, ScannedDocument, Told, WalletRequest};

/// Arguments of `scan`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cofferdam-watcher scan --camera /dev/video0
  cofferdam-watcher scan recording.y4m
  cofferdam-watcher scan account.png --name main --network mainnet

What the codes hold is recognised: a return or a signed PSBT is imported into its payout list, a wallet is imported as by
`wallet import`. With --list, only signatures are taken; with an option of a wallet, only a wallet.")]
pub struct ScanArgs {
    #[command(flatten)]
    look: LookArgs,
    /// The list that signatures are for [default: the one that has their transactions].
    #[arg(long, value_name = "ID", conflicts_with_all = ["name", "network", "birthday", "script", "gap"])]
    list: Option<String>,
    /// A wallet's name; needed when the codes hold none.
    #[arg(long)]
    name: Option<WalletName>,
    /// A wallet's network; needed when the codes hold none.
    #[arg(long)]
    network: Option<Network>,
    /// A day (UTC, YYYY-MM-DD) before which a wallet received nothing.
    #[arg(long, value_name = "DATE")]
    birthday: Option<Birthday>,
    /// The script type to take where the codes hold several accounts: legacy, nested, segwit or
    /// taproot.
    #[arg(long, value_name = "TYPE")]
    script: Option<ScriptType>,
    /// How many addresses of a wallet to watch beyond the highest one used or handed out [default:
    /// 1000].
    #[arg(long, value_name = "N")]
    gap: Option<u32>,
}

/// Runs the command.
pub async fn run(context: &Context, args: ScanArgs) -> Result<Reply, Error> {
    let sources = args.look.sources();
    let request = ScanRequest {
        list: args.list,
        wallet: WalletRequest {
            name: args.name,
            network: args.network,
            birthday: args.birthday,
            script_type: args.script,
            gap: args.gap,
        },
    };
    let progress = context.progress;
    let hear = move |told: &Told| {
        if progress {
            tell(told);
        }
    };
    Ok(match context.service.scan(sources, request, hear).await? {
        ScannedDocument::Wallet(document) => wallet::imported(&document),
        ScannedDocument::Signatures(document) => {
            Reply::new(&document, lists::imported(&document, payout::GLANCE))
        }
    })
}

/// Progress stands in one line of a terminal; what is to be known gets a line of its own.
fn tell(told: &Told) {
    let mut out = std::io::stderr();
    let is_terminal = out.is_terminal();
    let _ = match told {
        Told::Parts { have, need, rate } => {
            let words = format!("read {have} of {need} codes, {rate:.1} a second");
            match is_terminal {
                true => write!(out, "\r{words}\x1b[K").and_then(|()| out.flush()),
                false => writeln!(out, "{words}"),
            }
        }
        Told::Note(note) if is_terminal => writeln!(out, "\r{}\x1b[K", line(note)),
        Told::Note(note) => writeln!(out, "{}", line(note)),
    };
}
