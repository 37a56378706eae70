//! `payout`: plan, create, list, show, export, import, broadcast, cancel, split-coins.

use std::path::PathBuf;

use bitcoin::{Amount, Weight};
use clap::{Args, Subcommand, ValueEnum};
use cofferdam_core::psbt::Version;

use super::chain_args::ChainArgs;
use super::context::Context;
use super::files::{self, Destination};
use super::reply::Reply;
use super::{lists, table};
use crate::Error;
use crate::error::{CommandError, shown_path};
use crate::service::{
    ACCEPTABLE, CancelRequest, ConsentRequest, DEFAULT_MAX_WEIGHT, FeeRate, FeeRequest,
    HandoverFormat, Ids, Journals, LEAST_MAX_WEIGHT, ListDocument, ListFormat, MAX_LIST_BYTES,
    MAX_SIGNED_BYTES, MAX_SPLIT, OrderRequest, PlanRequest, PlannedDocument, STANDARD_MAX_WEIGHT,
    Seed, SignedFile, SplitRequest, TransactionState, Unit,
};

/// Commands on payouts.
#[derive(Debug, Subcommand)]
pub enum PayoutCommand {
    /// Plan a payout list without storing anything.
    #[command(after_help = "\
Example:
  cofferdam-watcher payout plan payouts.csv --wallet main --fee-rate 12.5

The list is CSV with the columns payout_id,address,amount,unit and, if you like, name and reference. The unit of each row is
sat or btc. Other formats: see `cofferdam-watcher payout create --help`.")]
    Plan(ListArgs),
    /// Plan a payout list, store the plan and reserve its coins.
    #[command(after_help = "\
Examples:
  cofferdam-watcher payout create payouts.csv --wallet main --fee-rate 12.5
  cofferdam-watcher payout create payouts.csv --wallet main --fee-target 6
  cofferdam-watcher payout create many.txt --format electrum --unit btc \\
    --id-prefix 2026-11- --wallet main --fee-rate 3

All or nothing: every error of the list is shown with its line. A payout_id is paid once, ever.")]
    Create(ListArgs),
    /// List the payout lists.
    List(ListingArgs),
    /// Show a list, its transactions and payments.
    #[command(after_help = "\
Examples:
  cofferdam-watcher payout show po-0123456789
  cofferdam-watcher payout show po-0123456789 --csv > paid.csv")]
    Show(ShowArgs),
    /// Write the unsigned PSBTs of a list for the signer, or one bundle of them.
    #[command(after_help = "\
Examples:
  cofferdam-watcher payout export po-0123456789 --out unsigned.psbt
  cofferdam-watcher payout export po-0123456789 --out /media/usb --psbt-version 2
  cofferdam-watcher payout export po-0123456789 --out po.bundle --format bundle

A bundle is for cofferdam-signer: one file, with each previous transaction once. PSBTs are for any signer. Several transactions go into a folder. Exporting again gives the same transactions.")]
    Export(ExportArgs),
    /// Show a list's transactions as QR codes for the signer.
    Qr(super::payout_qr::QrArgs),
    /// Take signed PSBTs or a return back, after verifying every signature.
    #[command(after_help = "\
Examples:
  cofferdam-watcher payout import po-0123456789 signed.psbt
  cofferdam-watcher payout import po-0123456789 po.return")]
    Import(ImportArgs),
    /// Send the signed transactions of a list; a retry sends the same bytes.
    #[command(after_help = "Example:\n  cofferdam-watcher payout broadcast po-0123456789")]
    Broadcast(BroadcastArgs),
    /// Cancel a list: at once while it is planned, by a transaction of its own after it was
    /// exported.
    #[command(after_help = "\
Example:
  cofferdam-watcher payout cancel po-0123456789

After an export, somebody may hold a signed copy. The list then stays `cancelling` until a transaction that spends the same
anchor is six blocks deep: export, sign, import and broadcast the list that is named as cancelled_by.")]
    Cancel(CancelArgs),
    /// Divide coins among fresh addresses of the wallet, so that later lists find enough of them.
    #[command(after_help = "\
Examples:
  cofferdam-watcher payout split-coins --wallet main --into 20 --fee-rate 2
  cofferdam-watcher payout split-coins --wallet main --into 5 --amount-sat 10000000 --fee-rate 2

Without --amount-sat the largest coin is divided evenly. The result goes the way of a payout list: export, sign, import,
broadcast.")]
    SplitCoins(SplitArgs),
}

/// Fee rate and bounds of a plan.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// The wallet that pays.
    #[arg(long, value_name = "NAME")]
    wallet: String,
    #[command(flatten)]
    fee: FeeArgs,
    /// The most that a signed transaction may weigh, in weight units.
    #[arg(long, value_name = "WU", default_value_t = DEFAULT_MAX_WEIGHT.to_wu(),
          value_parser = clap::value_parser!(u64).range(LEAST_MAX_WEIGHT.to_wu()..=STANDARD_MAX_WEIGHT.to_wu()))]
    max_weight: u64,
    /// How many blocks must confirm the coins that are spent.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    confirmations: u32,
    /// A number that makes the plan reproducible [default: drawn at random].
    #[arg(long, value_name = "N")]
    seed: Option<Seed>,
    #[command(flatten)]
    consent: ConsentArgs,
    #[command(flatten)]
    chain: ChainArgs,
}

/// What is meant although it is out of the ordinary.
#[derive(Debug, Args)]
pub struct ConsentArgs {
    /// Go on in spite of the warnings with this code; can be given several times.
    #[arg(long, value_name = "CODE", value_parser = clap::builder::PossibleValuesParser::new(ACCEPTABLE))]
    accept: Vec<String>,
    /// The highest fee rate that is no warning [default: 100].
    #[arg(long, value_name = "SAT_PER_VB")]
    max_fee_rate: Option<FeeRate>,
}

/// How the fee rate is chosen.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct FeeArgs {
    /// The fee rate in satoshi per virtual byte, with up to three decimals.
    #[arg(long, value_name = "SAT_PER_VB")]
    fee_rate: Option<FeeRate>,
    /// Ask the node for the rate that confirms within so many blocks.
    #[arg(long, value_name = "BLOCKS", value_parser = clap::value_parser!(u16).range(1..=1008))]
    fee_target: Option<u16>,
}

/// Arguments of `payout plan` and `payout create`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// The payout list.
    list: PathBuf,
    #[command(flatten)]
    plan: PlanArgs,
    /// The list's format; it is never guessed.
    #[arg(long, value_enum, default_value_t = FormatName::Cofferdam)]
    format: FormatName,
    /// The unit of all amounts, for formats that do not say.
    #[arg(long, value_name = "sat|btc")]
    unit: Option<Unit>,
    /// Take each payout_id from this column of a Sparrow file.
    #[arg(long, value_name = "COLUMN", conflicts_with = "id_prefix")]
    id_column: Option<String>,
    /// Make each payout_id of this prefix and the payment's number in the file.
    #[arg(long, value_name = "PREFIX")]
    id_prefix: Option<String>,
    /// Pay although the very same file, or one that pays the very same, was made into a list
    /// before.
    #[arg(long)]
    again: bool,
}

/// The formats of payout lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FormatName {
    /// CSV with a header and a unit in each row.
    Cofferdam,
    /// Electrum's pay-to-many lines: address, amount.
    Electrum,
    /// Sparrow's CSV: address, amount, label.
    Sparrow,
    /// The outputs argument of Bitcoin Core's RPCs, as JSON.
    CoreOutputs,
}

/// Arguments of `payout list`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  cofferdam-watcher --json payout list --wallet main")]
pub struct ListingArgs {
    /// Only the lists of this wallet.
    #[arg(long, value_name = "NAME")]
    wallet: Option<String>,
}

/// Arguments of `payout show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The list.
    id: String,
    /// Print the payments as CSV, for reconciliation.
    #[arg(long)]
    csv: bool,
}

/// Arguments of `payout export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The list.
    id: String,
    /// The file, or the folder, to write to; a name that ends with a slash is a folder, and is
    /// made.
    #[arg(long, value_name = "FILE-OR-FOLDER")]
    out: PathBuf,
    /// The PSBT version.
    #[arg(long, value_name = "0|2", default_value = "0", value_parser = psbt_version)]
    psbt_version: Version,
    /// A PSBT for each transaction, or one bundle for cofferdam-signer.
    #[arg(long, value_enum, default_value_t = HandoverName::Psbt)]
    format: HandoverName,
}

/// How transactions are handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum HandoverName {
    /// A PSBT each, for any signer.
    Psbt,
    /// One file, for cofferdam-signer, which answers with a return.
    Bundle,
}

impl From<HandoverName> for HandoverFormat {
    fn from(name: HandoverName) -> Self {
        match name {
            HandoverName::Psbt => HandoverFormat::Psbt,
            HandoverName::Bundle => HandoverFormat::Bundle,
        }
    }
}

/// What was handed over.
#[derive(Debug, serde::Serialize)]
struct Exported {
    id: String,
    state: TransactionState,
    /// The files, in the order of the transactions.
    files: Vec<PathBuf>,
}

/// Arguments of `payout import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The list.
    id: String,
    /// Signed PSBTs, in binary, base64 or hexadecimal, finished transactions, returns of the
    /// signer, or folders of them.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Go on from the journal that the receipt tells, although it is another one than before: once
    /// it is known why, such as a vault that was put back from a copy on purpose.
    #[arg(long)]
    follow_journal: bool,
}

/// Arguments of `payout broadcast`.
#[derive(Debug, Args)]
pub struct BroadcastArgs {
    /// The list.
    id: String,
    #[command(flatten)]
    chain: ChainArgs,
}

/// Arguments of `payout cancel`.
#[derive(Debug, Args)]
pub struct CancelArgs {
    /// The list.
    id: String,
    /// The least fee rate of the transactions that cancel it [default: a little above the list's].
    #[arg(long, value_name = "SAT_PER_VB")]
    fee_rate: Option<FeeRate>,
    #[command(flatten)]
    consent: ConsentArgs,
}

/// Arguments of `payout split-coins`.
#[derive(Debug, Args)]
pub struct SplitArgs {
    #[command(flatten)]
    plan: PlanArgs,
    /// How many coins to make.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_SPLIT)))]
    into: u32,
    /// The amount of each.
    #[arg(long, value_name = "SAT", value_parser = clap::value_parser!(u64).range(1..=Amount::MAX_MONEY.to_sat()))]
    amount_sat: Option<u64>,
}

/// Runs a command on payouts.
pub async fn run(context: &Context, command: PayoutCommand) -> Result<Reply, Error> {
    let service = &context.service;
    match command {
        PayoutCommand::Plan(args) => {
            let (list, request) = order(args)?;
            let list = || files::read_up_to(&list, MAX_LIST_BYTES as u64);
            Ok(planned(&service.plan_list(request, list).await?))
        }
        PayoutCommand::Create(args) => {
            let (list, request) = order(args)?;
            let list = || files::read_up_to(&list, MAX_LIST_BYTES as u64);
            Ok(planned(&service.create_list(request, list).await?))
        }
        PayoutCommand::List(args) => {
            let lists = service.lists(args.wallet.as_deref()).await?;
            Ok(Reply::verbatim(
                &serde_json::json!({ "payouts": lists }),
                lists::summaries(&lists),
            ))
        }
        PayoutCommand::Show(args) => {
            let document = service.list(&args.id).await?;
            Ok(if args.csv {
                Reply::raw(table::csv(&document))
            } else {
                reply(&document, SHOWN)
            })
        }
        PayoutCommand::Export(args) => export(context, args).await,
        PayoutCommand::Qr(args) => super::payout_qr::run(context, args).await,
        PayoutCommand::Import(args) => import(context, args).await,
        PayoutCommand::Broadcast(args) => {
            let source = args.chain.into();
            Ok(reply(&service.broadcast(&args.id, &source).await?, GLANCE))
        }
        PayoutCommand::Cancel(args) => {
            let request = CancelRequest {
                list: args.id,
                fee_rate: args.fee_rate,
                consent: args.consent.into(),
            };
            Ok(planned(&service.cancel(request).await?))
        }
        PayoutCommand::SplitCoins(args) => {
            let request = SplitRequest {
                plan: args.plan.into(),
                into: args.into,
                each: args.amount_sat.map(Amount::from_sat),
            };
            Ok(planned(&service.split_coins(request).await?))
        }
    }
}

async fn export(context: &Context, args: ExportArgs) -> Result<Reply, Error> {
    let (id, out) = (&args.id, &args.out);
    let prepared =
        context
            .service
            .hand_over(id, args.psbt_version, args.format.into(), |contents| {
                let destination = Destination::choose(out, id, &contents.files)?;
                Ok((destination, contents))
            });
    let (destination, contents) = prepared.await?;
    let exported = Exported {
        files: destination.write(&contents.files)?,
        id: contents.id,
        state: contents.state,
    };
    let mut text = format!("{}: {}\n", exported.id, exported.state.name());
    for file in &exported.files {
        text.push_str(&format!("written {}\n", shown_path(file)));
    }
    Ok(Reply::new(&exported, text))
}

async fn import(context: &Context, args: ImportArgs) -> Result<Reply, Error> {
    let journals = match args.follow_journal {
        true => Journals::Follow,
        false => Journals::Keep,
    };
    let mut signed = Vec::new();
    for file in files::named(&args.files)? {
        signed.push(SignedFile {
            name: file.display().to_string(),
            bytes: files::read(&file, MAX_SIGNED_BYTES)?,
        });
    }
    let imported = context
        .service
        .import_signed(&args.id, signed, journals)
        .await?;
    Ok(Reply::new(&imported, lists::imported(&imported, GLANCE)))
}

/// How many payments people are shown: those who ask for a list want to see it, the others what was
/// done with it.
const SHOWN: usize = 100;
pub(super) const GLANCE: usize = 3;

fn reply(document: &ListDocument, listed: usize) -> Reply {
    Reply::new(document, lists::list(document, listed))
}

fn planned(document: &PlannedDocument) -> Reply {
    Reply::new(document, lists::planned(document, GLANCE))
}

fn order(args: ListArgs) -> Result<(PathBuf, OrderRequest), Error> {
    let request = OrderRequest {
        format: format(&args)?,
        again: args.again,
        plan: args.plan.into(),
    };
    Ok((args.list, request))
}

fn format(args: &ListArgs) -> Result<ListFormat, Error> {
    let ids = match (&args.id_column, &args.id_prefix) {
        (Some(column), _) => Ids::Column(column.clone()),
        (None, Some(prefix)) => Ids::Prefix(prefix.clone()),
        (None, None) => Ids::None,
    };
    if matches!(ids, Ids::Column(_)) && args.format != FormatName::Sparrow {
        return Err(usage(
            "--id-column is for --format sparrow",
            "use --id-prefix, or leave it out",
        ));
    }
    if args.format == FormatName::Cofferdam {
        return match (args.unit, ids) {
            (None, Ids::None) => Ok(ListFormat::Cofferdam),
            _ => Err(usage(
                "each row of this format has its own unit and payout_id",
                "leave --unit and --id-prefix out, or name another --format",
            )),
        };
    }
    let unit = args.unit.ok_or_else(|| {
        usage(
            "--unit is missing",
            "this format needs --unit sat or --unit btc",
        )
    })?;
    Ok(match args.format {
        FormatName::Electrum => ListFormat::Electrum(unit, ids),
        FormatName::Sparrow => ListFormat::Sparrow(unit, ids),
        FormatName::CoreOutputs | FormatName::Cofferdam => ListFormat::CoreOutputs(unit, ids),
    })
}

impl From<PlanArgs> for PlanRequest {
    fn from(args: PlanArgs) -> Self {
        PlanRequest {
            wallet: args.wallet,
            fee: args.fee.into(),
            max_weight: Weight::from_wu(args.max_weight),
            confirmations: args.confirmations,
            seed: args.seed,
            consent: args.consent.into(),
            source: args.chain.into(),
        }
    }
}

impl From<FeeArgs> for FeeRequest {
    fn from(args: FeeArgs) -> Self {
        // The parser takes exactly one of them.
        match (args.fee_rate, args.fee_target) {
            (Some(rate), _) => FeeRequest::Rate(rate),
            (None, blocks) => FeeRequest::Target(blocks.unwrap_or(6)),
        }
    }
}

impl From<ConsentArgs> for ConsentRequest {
    fn from(args: ConsentArgs) -> Self {
        ConsentRequest {
            max_fee_rate: args.max_fee_rate,
            accept: args.accept,
        }
    }
}

pub(super) fn psbt_version(text: &str) -> Result<Version, String> {
    let number = text.parse().ok().and_then(Version::from_number);
    number.ok_or_else(|| "use 0 (BIP174) or 2 (BIP370)".into())
}

fn usage(message: &str, hint: &str) -> Error {
    CommandError::Usage {
        message: message.into(),
        hint: hint.into(),
    }
    .into()
}
