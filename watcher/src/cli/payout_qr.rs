//! `payout qr`

use std::path::PathBuf;

use clap::Args;
use cofferdam_core::psbt::Version as PsbtVersion;
use cofferdam_scanner::args::ShowArgs;
use cofferdam_scanner::{self as scanner, PicturesError, ShowError};
use cofferdam_transport::schedule::{Preset, Schedule, ScheduleError, Version};
use cofferdam_transport::{Kind, Payload};
use serde_json::json;

use super::context::Context;
use super::files::write_pictures;
use super::payout::psbt_version;
use super::reply::Reply;
use crate::Error;
use crate::error::{CommandError, shown_path};
use crate::service::{Contents, HandoverFormat, TransactionState};

/// Arguments of `payout qr`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cofferdam-watcher payout qr po-0123456789
  cofferdam-watcher payout qr po-0123456789 --out payout.gif
  cofferdam-watcher payout qr po-0123456789 --to coldcard-q --transaction 2

Cofferdam's signer gets the whole list as one bundle; any other wallet gets a PSBT, one transaction at a time. On the
terminal, + and - change the density, f and s the pace, q ends.")]
pub struct QrArgs {
    /// The list.
    id: String,
    /// Write pictures instead: a .gif, a .png or .svg where one code is enough, or a folder (its
    /// name ends with a slash).
    #[arg(long, value_name = "PICTURES")]
    out: Option<PathBuf>,
    /// The transaction, where a list has several and the receiver is not Cofferdam's signer.
    #[arg(long, value_name = "N")]
    transaction: Option<usize>,
    /// The PSBT version.
    #[arg(long, value_name = "0|2", default_value = "0", value_parser = psbt_version)]
    psbt_version: PsbtVersion,
    #[command(flatten)]
    show: ShowArgs,
}

/// Runs the command.
pub async fn run(context: &Context, args: QrArgs) -> Result<Reply, Error> {
    let largest = match args.out {
        Some(_) => None,
        // Before the ledger notes that the list was handed over.
        None => Some(scanner::largest_on_terminal().map_err(|error| unshown(&error))?),
    };
    let own = args.show.receiver == Preset::Own && args.transaction.is_none();
    let format = if own {
        HandoverFormat::Bundle
    } else {
        HandoverFormat::Psbt
    };
    let handed = context
        .service
        .hand_over(&args.id, args.psbt_version, format, |contents| {
            Handed::prepare(&args, own, largest, contents)
        });
    let Handed {
        id,
        state,
        message,
        mut schedule,
    } = handed.await?;
    let mut document = json!({
        "id": id, "state": state, "message": message, "format": schedule.carrier().name(),
        "parts": schedule.count(), "millis": schedule.millis(), "out": null, "pictures": null,
    });
    let text = match &args.out {
        Some(out) => {
            let pictures = scanner::pictures(&mut schedule, out).map_err(undrawn)?;
            let written = write_pictures(out, pictures)?;
            document["out"] = json!(out);
            document["pictures"] = json!(written.len());
            format!(
                "{id}: {}\n{} codes of {message}: {}\n",
                state.name(),
                schedule.count(),
                shown_path(out)
            )
        }
        None => {
            let theme = args.show.theme();
            let title = id.clone();
            tokio::task::spawn_blocking(move || scanner::show(schedule, theme, &title))
                .await
                .map_err(|error| CommandError::Unexpected(error.to_string()))?
                .map_err(|error| unshown(&error))?;
            format!("{id}: {}\n", state.name())
        }
    };
    Ok(Reply::new(&document, text))
}

/// What is handed over as codes.
struct Handed {
    id: String,
    state: TransactionState,
    /// The name that a file of it would have.
    message: String,
    schedule: Schedule,
}

impl Handed {
    /// Chooses what is shown, and how. Nothing that the arguments ask for can fail later.
    fn prepare(
        args: &QrArgs,
        own: bool,
        largest: Option<Version>,
        contents: Contents,
    ) -> Result<Handed, Error> {
        let count = contents.files.len();
        let chosen = match (args.transaction, count) {
            (None, 1) => 1,
            (Some(number), _) if (1..=count).contains(&number) => number,
            (given, _) => {
                return Err(usage(
                    match given {
                        Some(number) => format!("the list has no transaction {number} to sign"),
                        None => format!(
                            "the list has {count} transactions, and one PSBT is shown at a time"
                        ),
                    },
                    format!("add --transaction N, with N from 1 to {count}"),
                ));
            }
        };
        let (message, bytes) = contents
            .files
            .into_iter()
            .nth(chosen - 1)
            .ok_or_else(|| CommandError::Unexpected("an export without files".into()))?;
        let payload = Payload {
            kind: if own { Kind::Bundle } else { Kind::Psbt },
            bytes,
        };
        let schedule = args
            .show
            .schedule(payload, largest)
            .map_err(|error| unscheduled(&error))?;
        if let Some(out) = &args.out {
            scanner::check_pictures(out, schedule.count()).map_err(undrawn)?;
        }
        Ok(Handed {
            id: contents.id,
            state: contents.state,
            message,
            schedule,
        })
    }
}

fn undrawn(error: PicturesError) -> Error {
    match error {
        PicturesError::Several(_) | PicturesError::Name => {
            usage(error.to_string(), "see `payout qr --help`".into())
        }
        error => CommandError::Unexpected(error.to_string()).into(),
    }
}

fn unscheduled(error: &ScheduleError) -> Error {
    usage(
        error.to_string(),
        "choose another --code, --to or --qr-version".into(),
    )
}

fn unshown(error: &ShowError) -> Error {
    match error {
        ShowError::NoTerminal(_) | ShowError::TooSmall { .. } => usage(
            error.to_string(),
            "run it on a larger terminal, or write pictures with --out FILE.gif".into(),
        ),
        ShowError::Schedule(error) => unscheduled(error),
        ShowError::Draw(_) => CommandError::Unexpected(error.to_string()).into(),
    }
}

fn usage(message: String, hint: String) -> Error {
    CommandError::Usage { message, hint }.into()
}
