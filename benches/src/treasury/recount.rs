//! A plain count of a treasury's history that knows nothing of ledgers: outputs to its scripts,
//! less what later inputs name.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use anyhow::{Result, bail};
use bitcoin::{OutPoint, Script, Txid};
use cofferdam_watcher::store::balances::{self, Balance};
use cofferdam_watcher::store::{Store, coins, rows, wallets};

use super::Treasury;

/// What is left, and what happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// The unspent coins with their satoshis and heights.
    pub coins: BTreeMap<OutPoint, (u64, u32)>,
    /// The spent ones, with the spender and its height.
    pub spent: BTreeMap<OutPoint, (Txid, u32)>,
    /// Every transaction that pays or spends a coin of the treasury, with its height.
    pub history: BTreeMap<Txid, u32>,
}

impl Count {
    /// Counts.
    pub fn of(treasury: &Treasury) -> Self {
        let own: HashSet<&Script> = treasury
            .scripts
            .iter()
            .flatten()
            .map(AsRef::as_ref)
            .collect();
        let mut count = Count {
            coins: BTreeMap::new(),
            spent: BTreeMap::new(),
            history: BTreeMap::new(),
        };
        for (height, transaction) in &treasury.history {
            let txid = transaction.compute_txid();
            let mut ours = false;
            for input in &transaction.input {
                if count.coins.remove(&input.previous_output).is_some() {
                    count.spent.insert(input.previous_output, (txid, *height));
                    ours = true;
                }
            }
            for (output, vout) in transaction.output.iter().zip(0..) {
                if own.contains(output.script_pubkey.as_script()) {
                    let coin = (output.value.to_sat(), *height);
                    count.coins.insert(OutPoint::new(txid, vout), coin);
                    ours = true;
                }
            }
            if ours {
                count.history.insert(txid, *height);
            }
        }
        count
    }

    /// Returns the satoshis that are left.
    pub fn balance(&self) -> u64 {
        self.coins.values().map(|(satoshis, _)| satoshis).sum()
    }
}

/// What a ledger with one wallet says.
#[derive(Clone, Debug)]
pub struct Said {
    /// Its balance.
    pub balance: Balance,
    /// Its coins and history.
    pub count: Count,
}

/// Reads a ledger: the balance as the watcher answers it, coins and history from the tables.
///
/// # Errors
/// Fails where the ledger cannot be read, or has another number of wallets than one.
pub async fn of_ledger(path: &Path) -> Result<Said> {
    let store = Store::open(path).await?;
    let mut view = store.read().await?;
    let records = wallets::all(&mut view).await?;
    let [record] = records.as_slice() else {
        bail!("one wallet is expected, and there are {}", records.len());
    };
    let balance = balances::balance(&mut view, record.no).await?;
    let coins = coins::unspent(&mut view, record.no).await?;
    let coins = coins
        .into_iter()
        .map(|coin| (coin.outpoint, (coin.amount.to_sat(), coin.height)))
        .collect();
    let spent = sqlx::query(
        "SELECT txid, vout, spent_txid, spent_height FROM coins WHERE spent_height IS NOT NULL",
    )
    .fetch_all(&mut *view)
    .await?
    .iter()
    .map(|row| {
        let spender = (
            rows::txid(row, "spent_txid")?,
            rows::number(row, "spent_height")?,
        );
        Ok((rows::outpoint(row)?, spender))
    })
    .collect::<Result<_>>()?;
    let history = sqlx::query("SELECT txid, height FROM transactions")
        .fetch_all(&mut *view)
        .await?
        .iter()
        .map(|row| Ok((rows::txid(row, "txid")?, rows::number(row, "height")?)))
        .collect::<Result<_>>()?;
    drop(view);
    store.close().await;
    Ok(Said {
        balance,
        count: Count {
            coins,
            spent,
            history,
        },
    })
}
