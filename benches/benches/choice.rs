//! Which coins pay a list: the planner against Bitcoin Core's rules and `bdk_wallet`'s selectors,
//! on the same coins, for the same transactions at the same rate: `cargo bench -p cofferdam-benches
//! --bench choice` (with `COFFERDAM_WATCHER` naming the release binary; `-- COINS` for another
//! number of coins).
//!
//! The planner divides the list; for each of its transactions in turn, a peer pays the same
//! payments with the coins that it has left. Fees are those of the signed transactions, by one rule
//! for all.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use bdk_wallet::chain::ChainPosition;
use bdk_wallet::coin_selection::{
    BranchAndBoundCoinSelection, CoinSelectionAlgorithm, LargestFirstCoinSelection,
    SingleRandomDraw,
};
use bdk_wallet::{KeychainKind, LocalOutput, Utxo, WeightedUtxo};
use bitcoin::address::NetworkUnchecked;
use bitcoin::{Address, Amount, FeeRate, Network, OutPoint, ScriptBuf, TxIn, TxOut, Weight};
use cofferdam_benches::choice::{Need, Settled, bitcoin_core};
use cofferdam_benches::treasury::chance::Chance;
use cofferdam_benches::treasury::recount::Count;
use cofferdam_benches::treasury::{Spec, Treasury, ledger};
use cofferdam_benches::{child, payouts};
use cofferdam_core::ScriptType;
use rand_core::{RngCore, impls};
use serde_json::Value;

/// Lists of each kind. Chance is in every choice, so that one alone says little.
const LISTS: u64 = 3;
const RATES: [u64; 3] = [1, 10, 50];
const TYPE: ScriptType = ScriptType::Segwit;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| word != "--bench")
        .collect();
    let coins: u32 = arguments.first().map_or(Ok(100_000), |word| word.parse())?;
    let watcher = PathBuf::from(std::env::var("COFFERDAM_WATCHER").context("COFFERDAM_WATCHER")?);
    let folder = tempfile::TempDir::new()?;
    eprintln!("writing a ledger");
    let treasury = Treasury::draw(Spec {
        seed: 8,
        script_type: TYPE,
        scripts: coins,
        coins,
        transactions: coins * 3,
        each_block: 100,
    })?;
    tokio::runtime::Runtime::new()?.block_on(ledger::write(&treasury, folder.path()))?;
    let counted = Count::of(&treasury).coins;
    let held: Vec<(OutPoint, u64)> = counted
        .iter()
        .map(|(outpoint, (satoshis, _))| (*outpoint, *satoshis))
        .collect();
    let change = treasury.scripts[1][0].clone();
    println!(
        "| {LISTS} lists | sat/vB | who | coins spent | coins left | fee, sat | ours / theirs | choosing ms |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    for (what, count, amounts) in [
        ("2500 payouts of 1000 to 100000 sat", 2_500, 1_000..100_000),
        (
            "500 payouts of 1 to 20 million sat",
            500,
            1_000_000..20_000_000,
        ),
    ] {
        for rate in RATES {
            let mut sums: Vec<Sum> = [
                "cofferdam",
                "Core's rules",
                "bdk_wallet",
                "bdk_wallet, largest first",
            ]
            .map(Sum::of)
            .into();
            for seed in 1..=LISTS {
                let list = folder.path().join("list.csv");
                std::fs::write(&list, payouts::csv_between(seed, count, amounts.clone()))?;
                let (needs, ours) = plan(&watcher, folder.path(), &list, rate, seed)?;
                sums[0].add(&ours);
                let peers: [&Peer; 3] = [
                    &core,
                    &|coins, need, chance| {
                        let change_size = TYPE.output_weight().to_vbytes_ceil();
                        let selector =
                            BranchAndBoundCoinSelection::new(change_size, SingleRandomDraw);
                        bdk(&selector, coins, need, &change, chance)
                    },
                    &|coins, need, chance| {
                        bdk(&LargestFirstCoinSelection, coins, need, &change, chance)
                    },
                ];
                for (peer, sum) in peers.into_iter().zip(&mut sums[1..]) {
                    sum.add(&in_turn(peer, &held, &needs, seed).context(sum.who)?);
                }
            }
            for sum in &sums {
                println!(
                    "| {what} | {rate} | {} | {} | {} | {} | {:.4} | {:.0} |",
                    sum.who,
                    sum.spent,
                    i64::from(coins) * LISTS as i64 - sum.spent as i64 + sum.made as i64,
                    sum.fee,
                    sums[0].fee as f64 / sum.fee as f64,
                    sum.seconds * 1e3 / LISTS as f64,
                );
            }
        }
    }
    Ok(())
}

/// What a list, or all of them, came to.
#[derive(Clone, Debug)]
struct Sum {
    who: &'static str,
    /// Coins that are spent, and change that is made.
    spent: usize,
    made: usize,
    fee: u64,
    seconds: f64,
}

impl Sum {
    fn of(who: &'static str) -> Self {
        Sum {
            who,
            spent: 0,
            made: 0,
            fee: 0,
            seconds: 0.0,
        }
    }

    fn add(&mut self, other: &Sum) {
        self.spent += other.spent;
        self.made += other.made;
        self.fee += other.fee;
        self.seconds += other.seconds;
    }

    fn add_one(&mut self, inputs: usize, settled: Settled) {
        self.spent += inputs;
        self.made += usize::from(settled.change.is_some());
        self.fee += settled.fee;
    }
}

/// Places in the list of coins, and what comes of them.
type Choice = (Vec<usize>, Settled);
/// Who chooses; nothing where the coins do not suffice.
type Peer<'a> = dyn Fn(&[(OutPoint, u64)], &Need, &mut Chance) -> Option<Choice> + 'a;

/// Plans a list without storing anything. Returns what each transaction pays, and what they came
/// to.
fn plan(
    watcher: &Path,
    folder: &Path,
    list: &Path,
    rate: u64,
    seed: u64,
) -> Result<(Vec<Need>, Sum)> {
    let words = [
        "--data",
        &folder.display().to_string(),
        "--json",
        "payout",
        "plan",
        &list.display().to_string(),
        "--wallet",
        "main",
        "--fee-rate",
        &rate.to_string(),
        "--seed",
        &seed.to_string(),
    ];
    let ran = child::run(watcher, &words)?;
    let said: Value = serde_json::from_slice(&ran.stdout)?;
    let transactions = said["transactions"].as_array().context("transactions")?;
    let nothing = Need {
        script_type: TYPE,
        rate,
        sum: 0,
        payments: 0,
        weight: Weight::ZERO,
    };
    let mut needs = vec![nothing; transactions.len()];
    for payment in said["payments"].as_array().context("payments")? {
        let number = payment["transaction"].as_u64().context("a number")? as usize;
        let need = needs.get_mut(number - 1).context("a transaction")?;
        let address: Address<NetworkUnchecked> =
            payment["address"].as_str().context("an address")?.parse()?;
        let output = TxOut {
            value: Amount::from_sat(payment["amount_sat"].as_u64().context("an amount")?),
            script_pubkey: address.require_network(Network::Regtest)?.script_pubkey(),
        };
        need.sum += output.value.to_sat();
        need.payments += 1;
        need.weight += output.weight();
    }
    let mut sum = Sum::of("cofferdam");
    sum.seconds = ran.seconds;
    for (transaction, need) in transactions.iter().zip(&needs) {
        let inputs = transaction["inputs"].as_array().context("inputs")?;
        let held: u64 = inputs
            .iter()
            .filter_map(|input| input["amount_sat"].as_u64())
            .sum();
        let change = transaction["change_sat"].as_u64();
        let fee = transaction["fee_sat"].as_u64().context("a fee")?;
        // The rule by which peers are measured is the one by which the plan was made.
        ensure!(
            held == need.sum + fee + change.unwrap_or(0)
                && (change.is_none() || fee == need.fee(inputs.len(), true)),
            "another rule for fees: {transaction}"
        );
        sum.add_one(inputs.len(), Settled { fee, change });
    }
    Ok((needs, sum))
}

/// Pays all transactions of a list, each with coins that are left of those before.
fn in_turn(peer: &Peer, held: &[(OutPoint, u64)], needs: &[Need], seed: u64) -> Option<Sum> {
    let mut coins = held.to_vec();
    let mut chance = Chance::new(seed);
    let mut sum = Sum::of("");
    for need in needs {
        let began = Instant::now();
        let (mut chosen, settled) = peer(&coins, need, &mut chance)?;
        sum.seconds += began.elapsed().as_secs_f64();
        sum.add_one(chosen.len(), settled);
        chosen.sort_unstable();
        for index in chosen.into_iter().rev() {
            coins.swap_remove(index);
        }
    }
    Some(sum)
}

fn core(coins: &[(OutPoint, u64)], need: &Need, chance: &mut Chance) -> Option<Choice> {
    let amounts: Vec<u64> = coins.iter().map(|(_, satoshis)| *satoshis).collect();
    let chosen = bitcoin_core::choose(&amounts, need, chance)?;
    Some((chosen.coins, chosen.settled))
}

fn bdk(
    selector: &impl CoinSelectionAlgorithm,
    coins: &[(OutPoint, u64)],
    need: &Need,
    change: &ScriptBuf,
    chance: &mut Chance,
) -> Option<Choice> {
    let bare = TxIn::default().segwit_weight();
    let offered = coins
        .iter()
        .zip(0..)
        .map(|((outpoint, satoshis), index)| WeightedUtxo {
            satisfaction_weight: TYPE.input_weight() - bare,
            utxo: Utxo::Local(LocalOutput {
                outpoint: *outpoint,
                txout: TxOut {
                    value: Amount::from_sat(*satoshis),
                    script_pubkey: change.clone(),
                },
                keychain: KeychainKind::External,
                is_spent: false,
                // Which coin it is, to know it again.
                derivation_index: index,
                chain_position: ChainPosition::Unconfirmed {
                    first_seen: None,
                    last_seen: None,
                },
            }),
        });
    let rate = FeeRate::from_sat_per_vb(need.rate)?;
    let target = Amount::from_sat(need.sum + need.fee(0, false));
    let mut random = Random(chance.clone());
    let chosen = selector
        .coin_select(
            Vec::new(),
            offered.collect(),
            rate,
            target,
            change,
            &mut random,
        )
        .ok()?;
    *chance = random.0;
    let places: Vec<usize> = chosen
        .selected
        .iter()
        .filter_map(|coin| match coin {
            Utxo::Local(coin) => Some(coin.derivation_index as usize),
            Utxo::Foreign { .. } => None,
        })
        .collect();
    let settled = need.settle(places.len(), chosen.selected_amount().to_sat(), need.dust())?;
    Some((places, settled))
}

/// Our seeded numbers, for bdk.
struct Random(Chance);

impl RngCore for Random {
    fn next_u32(&mut self) -> u32 {
        self.0.number() as u32
    }

    fn next_u64(&mut self) -> u64 {
        self.0.number()
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        impls::fill_bytes_via_next(self, bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}
