//! `rehearsal fund`, `rehearsal mine`, `rehearsal reorg`.

use bitcoin::{Amount, Denomination, TxOut};
use clap::{Args, Subcommand};
use cofferdam_core::Network;
use cofferdam_core::wallet::Branch;
use serde::Serialize;

use super::context::Context;
use super::reply::{Reply, btc};
use crate::chain::rehearsal::Rehearsal;
use crate::chain::{ChainError, Tip};
use crate::error::{CommandError, Error};
use crate::settings::ChainKind;
use crate::{addresses, clock, sync, wallets};
use cofferdam_core::count::counted;

/// The most coins that one funding makes.
const MAX_COINS: u32 = 100_000;
/// The most blocks that one command mines.
const MAX_BLOCKS: u32 = 10_000;

/// Commands on the rehearsal chain.
#[derive(Debug, Subcommand)]
pub enum RehearsalCommand {
    /// Pay a wallet from the faucet, and mine the block that confirms it.
    Fund(FundArgs),
    /// Mine blocks that take up the memory pool.
    Mine(MineArgs),
    /// Replace the last blocks by others without their transactions, which go back to the memory
    /// pool.
    Reorg(ReorgArgs),
}

/// Arguments of `rehearsal fund`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cofferdam-watcher rehearsal fund --wallet main --amount 5
  cofferdam-watcher rehearsal fund --wallet main --amount-sat 100000000 --coins 20")]
pub struct FundArgs {
    /// The wallet's name.
    #[arg(long, value_name = "NAME")]
    wallet: String,
    /// How much in all, in satoshi.
    #[arg(
        long,
        value_name = "SATOSHI",
        required_unless_present = "amount",
        conflicts_with = "amount"
    )]
    amount_sat: Option<u64>,
    /// How much in all, in bitcoin.
    #[arg(long, value_name = "BTC", value_parser = parse_btc)]
    amount: Option<Amount>,
    /// How many coins to split it into, each on an address of its own.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_COINS)))]
    coins: u32,
    /// Leave the payment in the memory pool.
    #[arg(long)]
    unconfirmed: bool,
}

/// Arguments of `rehearsal mine`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cofferdam-watcher rehearsal mine\n  cofferdam-watcher rehearsal mine 6"
)]
pub struct MineArgs {
    /// How many blocks.
    #[arg(default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_BLOCKS)))]
    blocks: u32,
}

/// Arguments of `rehearsal reorg`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  cofferdam-watcher rehearsal reorg 2")]
pub struct ReorgArgs {
    /// How many blocks to replace.
    #[arg(value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_BLOCKS)))]
    depth: u32,
}

/// Runs a command on the rehearsal chain.
///
/// # Errors
///
/// The ledger follows a real chain: its wallets are paid there, not here.
pub async fn run(context: &Context, command: RehearsalCommand) -> Result<Reply, Error> {
    sync::refuse_other_kind(&mut *context.store.read().await?, ChainKind::Rehearsal).await?;
    match command {
        RehearsalCommand::Fund(args) => fund(context, args).await,
        RehearsalCommand::Mine(args) => {
            let (tip, transactions) = open(context).await?.mine(args.blocks, now()).await?;
            let report = ChainReport {
                height: tip.height,
                hash: tip.hash.to_string(),
                transactions,
            };
            Ok(Reply::new(
                &report,
                format!(
                    "block {}, {} confirmed\n",
                    tip.height,
                    counted(transactions, "transaction")
                ),
            ))
        }
        RehearsalCommand::Reorg(args) => {
            let tip = open(context).await?.reorganise(args.depth, now()).await?;
            let report = ChainReport {
                height: tip.height,
                hash: tip.hash.to_string(),
                transactions: 0,
            };
            Ok(Reply::new(
                &report,
                format!(
                    "{} replaced; block {}\n",
                    counted(args.depth, "block"),
                    tip.height
                ),
            ))
        }
    }
}

#[derive(Debug, Serialize)]
struct ChainReport {
    height: u32,
    hash: String,
    transactions: usize,
}

#[derive(Debug, Serialize)]
struct FundReport {
    wallet: String,
    amount_sat: u64,
    coins: u32,
    txids: Vec<String>,
    height: u32,
    confirmed: bool,
}

async fn fund(context: &Context, args: FundArgs) -> Result<Reply, Error> {
    let total = args
        .amount
        .unwrap_or(Amount::from_sat(args.amount_sat.unwrap_or(0)));
    let outputs = outputs(context, &args, total).await?;
    let chain = open(context).await?;
    let funded = chain.fund(&outputs, now()).await?;
    let tip: Tip = match args.unconfirmed {
        true => crate::chain::ChainSource::tip(&chain).await?,
        false => chain.mine(1, now()).await?.0,
    };
    let report = FundReport {
        wallet: args.wallet,
        amount_sat: total.to_sat(),
        coins: args.coins,
        txids: funded.txids.iter().map(ToString::to_string).collect(),
        height: tip.height,
        confirmed: !args.unconfirmed,
    };
    let text = format!(
        "{} paid to {} in {}; {}\nnext: cofferdam-watcher sync --chain rehearsal\n",
        btc(total),
        report.wallet,
        counted(report.coins, "coin"),
        if report.confirmed {
            format!("block {}", tip.height)
        } else {
            "in the memory pool".into()
        }
    );
    Ok(Reply::new(&report, text))
}

/// Hands out an address for each coin, and shares the sum among them.
async fn outputs(context: &Context, args: &FundArgs, total: Amount) -> Result<Vec<TxOut>, Error> {
    let mut write = context.store.write().await?;
    let record = wallets::find(&mut write, &args.wallet).await?;
    let found = record.wallet.network();
    if found != Network::Regtest {
        return Err(ChainError::OtherNetwork {
            expected: found,
            found: Network::Regtest,
        }
        .into());
    }
    let share = total / u64::from(args.coins);
    let rest = (total % u64::from(args.coins)).to_sat();
    let mut outputs = Vec::new();
    for coin in 0..u64::from(args.coins) {
        let index = addresses::reserve(&mut write, &record, Branch::Receive).await?;
        let script_pubkey = record
            .wallet
            .script_pubkey(Branch::Receive, index)
            .map_err(|error| {
                CommandError::Unexpected(format!("cannot derive an address: {error}"))
            })?;
        if share < script_pubkey.minimal_non_dust() {
            return Err(CommandError::Usage {
                message: format!("coins of {} satoshi are dust", share.to_sat()),
                hint: "ask for more, or for fewer coins".into(),
            }
            .into());
        }
        let value = if coin < rest {
            share + Amount::ONE_SAT
        } else {
            share
        };
        outputs.push(TxOut {
            value,
            script_pubkey,
        });
    }
    write.commit().await?;
    Ok(outputs)
}

async fn open(context: &Context) -> Result<Rehearsal, Error> {
    Ok(Rehearsal::open(&context.folder.rehearsal()).await?)
}

fn now() -> u32 {
    // Block times end in 2106.
    u32::try_from(clock::now()).unwrap_or(u32::MAX)
}

fn parse_btc(text: &str) -> Result<Amount, String> {
    Amount::from_str_in(text, Denomination::Bitcoin).map_err(|error| error.to_string())
}
