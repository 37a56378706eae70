//! Writes a treasury straight into a ledger, as a sync would have left it.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use anyhow::Result;
use bitcoin::consensus::encode::serialize;
use bitcoin::hashes::{Hash as _, sha256d};
use bitcoin::{BlockHash, OutPoint, Script, Txid};
use cofferdam_core::ScriptType;
use cofferdam_core::wallet::Branch;
use cofferdam_watcher::chain::Tip;
use cofferdam_watcher::store::facts::{self, Fact};
use cofferdam_watcher::store::{Connection, Store, blocks, rows, wallets as records};
use cofferdam_watcher::{addresses, wallets};
use sqlx::AssertSqlSafe;

use super::Treasury;

/// Values in one statement; few, since SQLite looks up each `$1` among all before it.
const VALUES_AT_ONCE: usize = 500;

struct Coin {
    outpoint: OutPoint,
    branch: Branch,
    index: u32,
    satoshis: u64,
    height: u32,
    spent: Option<(Txid, u32)>,
}

/// Makes the data folder `folder`, with a ledger that holds the treasury.
///
/// # Errors
/// Fails where the ledger cannot be written.
pub async fn write(treasury: &Treasury, folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    let store = Store::open(&folder.join("ledger.sqlite")).await?;
    let record = wallets::import(&store, treasury.wallet.clone(), None)
        .await?
        .record;
    let mut write = store.write().await?;
    for (branch, scripts) in Branch::ALL.into_iter().zip(&treasury.scripts) {
        let highest = scripts.len() as u32 - 1;
        addresses::note_used(&mut write, &record, branch, highest).await?;
    }
    insert_blocks(&mut write, treasury).await?;
    let (transactions, coins) = gather(treasury);
    insert_transactions(&mut write, &transactions).await?;
    insert_coins(&mut write, record.no.0, &coins).await?;
    if treasury.spec.script_type != ScriptType::Taproot {
        insert_previous(&mut write, treasury, &coins).await?;
    }
    facts::set(&mut write, Fact::Chain, "network").await?;
    facts::set(&mut write, Fact::SyncedHeight, &treasury.tip().to_string()).await?;
    records::begin_at(&mut write, record.no, treasury.tip() + 1).await?;
    write.commit().await?;
    store.close().await;
    Ok(())
}

/// Lists transactions with heights, and coins with what spent them.
fn gather(treasury: &Treasury) -> (Vec<(Txid, u32)>, Vec<Coin>) {
    let mut places: HashMap<&Script, (Branch, u32)> = HashMap::new();
    for (branch, scripts) in Branch::ALL.into_iter().zip(&treasury.scripts) {
        for (script, index) in scripts.iter().zip(0..) {
            places.insert(script, (branch, index));
        }
    }
    let mut transactions = Vec::with_capacity(treasury.history.len());
    let mut coins: Vec<Coin> = Vec::new();
    let mut known: HashMap<OutPoint, usize> = HashMap::new();
    for (height, transaction) in &treasury.history {
        let txid = transaction.compute_txid();
        transactions.push((txid, *height));
        for input in &transaction.input {
            if let Some(at) = known.get(&input.previous_output) {
                coins[*at].spent = Some((txid, *height));
            }
        }
        for (output, vout) in transaction.output.iter().zip(0..) {
            if let Some((branch, index)) = places.get(output.script_pubkey.as_script()) {
                let outpoint = OutPoint::new(txid, vout);
                known.insert(outpoint, coins.len());
                coins.push(Coin {
                    outpoint,
                    branch: *branch,
                    index: *index,
                    satoshis: output.value.to_sat(),
                    height: *height,
                    spent: None,
                });
            }
        }
    }
    (transactions, coins)
}

async fn insert_blocks(db: &mut Connection, treasury: &Treasury) -> Result<()> {
    let block = |height: u32| {
        let hash = BlockHash::from_raw_hash(sha256d::Hash::hash(&height.to_le_bytes()));
        (Tip { height, hash }, 1_600_000_000 + height)
    };
    let all: Vec<_> = (0..=treasury.tip()).map(block).collect();
    Ok(blocks::insert(db, &all).await?)
}

async fn insert_transactions(db: &mut Connection, transactions: &[(Txid, u32)]) -> Result<()> {
    for part in transactions.chunks(VALUES_AT_ONCE / 2) {
        let places = rows::places(part.len(), 2);
        let sql = format!("INSERT INTO transactions (txid, height) VALUES {places}");
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for (txid, height) in part {
            query = query
                .bind(txid.to_byte_array().to_vec())
                .bind(i64::from(*height));
        }
        query.execute(&mut *db).await?;
    }
    Ok(())
}

async fn insert_coins(db: &mut Connection, wallet: i64, coins: &[Coin]) -> Result<()> {
    for part in coins.chunks(VALUES_AT_ONCE / 10) {
        let places = rows::places(part.len(), 10);
        let sql = format!(
            "INSERT INTO coins (txid, vout, wallet_no, branch, address_index, amount_sat, height, coinbase, spent_txid, spent_height)
             VALUES {places}"
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for coin in part {
            query = query
                .bind(coin.outpoint.txid.to_byte_array().to_vec())
                .bind(i64::from(coin.outpoint.vout))
                .bind(wallet)
                .bind(i64::from(coin.branch.step()))
                .bind(i64::from(coin.index))
                .bind(coin.satoshis as i64)
                .bind(i64::from(coin.height))
                .bind(0_i64)
                .bind(coin.spent.map(|(txid, _)| txid.to_byte_array().to_vec()))
                .bind(coin.spent.map(|(_, height)| i64::from(height)));
        }
        query.execute(&mut *db).await?;
    }
    Ok(())
}

/// Keeps the transactions that made the coins that are left.
async fn insert_previous(db: &mut Connection, treasury: &Treasury, coins: &[Coin]) -> Result<()> {
    let needed: HashSet<Txid> = coins
        .iter()
        .filter(|coin| coin.spent.is_none())
        .map(|coin| coin.outpoint.txid)
        .collect();
    let kept: Vec<(Txid, Vec<u8>)> = treasury
        .history
        .iter()
        .map(|(_, transaction)| (transaction.compute_txid(), transaction))
        .filter(|(txid, _)| needed.contains(txid))
        .map(|(txid, transaction)| (txid, serialize(transaction)))
        .collect();
    for part in kept.chunks(VALUES_AT_ONCE / 2) {
        let places = rows::places(part.len(), 2);
        let sql = format!("INSERT INTO previous_transactions (txid, raw) VALUES {places}");
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for (txid, raw) in part {
            query = query.bind(txid.to_byte_array().to_vec()).bind(raw.clone());
        }
        query.execute(&mut *db).await?;
    }
    Ok(())
}
