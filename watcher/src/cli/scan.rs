//! `scan`

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;

use clap::Args;
use cofferdam_core::psbt::{Limits, Parsed};
use cofferdam_core::sanitize::line;
use cofferdam_core::wallet::{Birthday, ImportOptions, Wallet, WalletError, WalletName};
use cofferdam_core::{Network, ScriptType};
use cofferdam_scanner::Told;
use cofferdam_scanner::args::LookArgs;
use cofferdam_transport::collect::Wanted;
use cofferdam_transport::returned::Return;
use cofferdam_transport::{Kind, Payload, registry};

use super::context::Context;
use super::reply::Reply;
use super::{payout, wallet};
use crate::error::{CommandError, Error};
use crate::payout::{import, show, text};
use crate::scan;

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

impl ScanArgs {
    /// What is taken: what the options are about, and anything without. A wallet of another program
    /// can be text.
    fn wanted(&self) -> Wanted {
        let of_wallet = self.name.is_some()
            || self.network.is_some()
            || self.birthday.is_some()
            || self.script.is_some()
            || self.gap.is_some();
        match (&self.list, of_wallet) {
            (Some(_), _) => Wanted::Kinds(&[Kind::Psbt, Kind::Transaction, Kind::Return]),
            (None, true) => Wanted::Kinds(&[
                Kind::HdKey,
                Kind::Output,
                Kind::Account,
                Kind::Json,
                Kind::Text,
            ]),
            (None, false) => Wanted::Kinds(&[
                Kind::Psbt,
                Kind::Transaction,
                Kind::Return,
                Kind::HdKey,
                Kind::Output,
                Kind::Account,
                Kind::Json,
                Kind::Text,
            ]),
        }
    }
}

/// Tells text that is no wallet, such as a link on the wall. What is meant as one ends the scan,
/// and why it is refused is told.
fn is_meant(payload: &Payload) -> bool {
    if !matches!(payload.kind, Kind::Json | Kind::Text) {
        return true;
    }
    match Wallet::import(&payload.bytes, &ImportOptions::default()) {
        Err(WalletError::NoDescriptor | WalletError::Json { .. }) => false,
        // A descriptor of a wallet has an extended key, and so one of xpub, ypub, zpub, tpub, ...
        Err(WalletError::Syntax) => payload.bytes.windows(3).any(|part| part == b"pub"),
        _ => true,
    }
}

/// Runs the command.
pub async fn run(context: &Context, args: ScanArgs) -> Result<Reply, Error> {
    let (sources, wanted) = (args.look.sources(), args.wanted());
    let progress = context.progress;
    let looked = tokio::task::spawn_blocking(move || {
        let mut tell = |told: &Told| {
            if progress {
                tell(told);
            }
        };
        scan::look(&sources, wanted, is_meant, &mut tell)
    });
    let payload = looked
        .await
        .map_err(|error| CommandError::Unexpected(error.to_string()))??;
    match payload.kind {
        Kind::Psbt | Kind::Transaction | Kind::Return => {
            signatures(context, args.list, payload).await
        }
        _ => {
            let text = match payload.kind {
                Kind::HdKey | Kind::Output | Kind::Account => registry::descriptors(&payload)
                    .map_err(|error| CommandError::Malformed {
                        message: format!("the wallet in the codes: {error}"),
                        hint: "show the wallet as a descriptor, or as crypto-account".into(),
                    })?
                    .into_bytes(),
                _ => payload.bytes,
            };
            let import = wallet::ImportArgs {
                file: PathBuf::new(),
                name: args.name,
                network: args.network,
                birthday: args.birthday,
                script: args.script,
                gap: args.gap,
            };
            wallet::import_bytes(context, &text, import).await
        }
    }
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

async fn signatures(
    context: &Context,
    list: Option<String>,
    payload: Payload,
) -> Result<Reply, Error> {
    let id = match list {
        Some(id) => id,
        None => {
            let malformed = |message: String| CommandError::Malformed {
                message,
                hint: "show the codes again, from their beginning".into(),
            };
            let txids = match payload.kind {
                Kind::Return => Return::parse(&payload.bytes)
                    .map_err(|error| malformed(error.to_string()))?
                    .transactions()
                    .iter()
                    .map(|transaction| transaction.txid())
                    .collect(),
                Kind::Transaction => import::transaction(&payload.bytes)
                    .map(|finished| import::without_signatures(&finished).compute_txid())
                    .into_iter()
                    .collect(),
                _ => {
                    let psbt = Parsed::parse(&payload.bytes, &Limits::DEFAULT)
                        .map_err(|error| malformed(error.to_string()))?;
                    vec![psbt.txid()]
                }
            };
            show::list_of(&context.store, &txids).await?
        }
    };
    let name = match payload.kind {
        Kind::Return => "scanned.return",
        Kind::Transaction => "scanned.tx",
        _ => "scanned.psbt",
    };
    let contents = vec![(name.into(), payload.bytes)];
    let imported =
        import::import_contents(&context.store, &id, contents, import::Journals::Keep).await?;
    Ok(Reply::new(
        &imported,
        text::imported(&imported, payout::GLANCE),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_meant_as_a_wallet_ends_a_scan() {
        for (kind, bytes, meant) in [
            (Kind::Text, "https://example.org/", false),
            (Kind::Text, "see the lobby (second floor)", false),
            (Kind::Json, "{\"visitor\": \"guest\"}", false),
            (Kind::Json, "{visitor}", false),
            (Kind::Text, "wpkh(xpub6CUGRUo/<0;1>/*)", true),
            (
                Kind::Json,
                "{\"format\": \"cofferdam-wallet\", \"version\": 3}",
                true,
            ),
            (Kind::Psbt, "", true),
        ] {
            let payload = Payload {
                kind,
                bytes: bytes.into(),
            };
            assert_eq!(is_meant(&payload), meant, "{bytes}");
        }
    }
}
