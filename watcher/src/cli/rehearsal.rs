//! `rehearsal fund`, `rehearsal mine`, `rehearsal reorg`.

use bitcoin::{Amount, Denomination};
use clap::{Args, Subcommand};
use cofferdam_core::count::counted;

use super::context::Context;
use super::reply::{Reply, btc};
use crate::Error;
use crate::service::FundRequest;

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
pub async fn run(context: &Context, command: RehearsalCommand) -> Result<Reply, Error> {
    let service = &context.service;
    match command {
        RehearsalCommand::Fund(args) => fund(context, args).await,
        RehearsalCommand::Mine(args) => {
            let mined = service.mine(args.blocks).await?;
            let confirmed = counted(mined.transactions, "transaction");
            let text = format!("block {}, {confirmed} confirmed\n", mined.height);
            Ok(Reply::new(&mined, text))
        }
        RehearsalCommand::Reorg(args) => {
            let mined = service.reorganise(args.depth).await?;
            let replaced = counted(args.depth, "block");
            let text = format!("{replaced} replaced; block {}\n", mined.height);
            Ok(Reply::new(&mined, text))
        }
    }
}

async fn fund(context: &Context, args: FundArgs) -> Result<Reply, Error> {
    let amount = args
        .amount
        .unwrap_or(Amount::from_sat(args.amount_sat.unwrap_or(0)));
    let request = FundRequest {
        wallet: args.wallet,
        amount,
        coins: args.coins,
        unconfirmed: args.unconfirmed,
    };
    let funded = context.service.fund(request).await?;
    let text = format!(
        "{} paid to {} in {}; {}\nnext: cofferdam-watcher sync --chain rehearsal\n",
        btc(amount),
        funded.wallet,
        counted(funded.coins, "coin"),
        if funded.confirmed {
            format!("block {}", funded.height)
        } else {
            "in the memory pool".into()
        }
    );
    Ok(Reply::new(&funded, text))
}

fn parse_btc(text: &str) -> Result<Amount, String> {
    Amount::from_str_in(text, Denomination::Bitcoin).map_err(|error| error.to_string())
}
