//! Money that needs no key: the faucet's script is `OP_TRUE` behind a hash, so that anyone on this
//! chain may spend it.

use std::collections::HashSet;

use bitcoin::blockdata::opcodes::OP_TRUE;
use bitcoin::blockdata::script::Builder;
use bitcoin::{
    Amount, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Txid, Witness, absolute,
    transaction,
};

use super::{Rehearsal, commit, db, mine, pool, rules};
use crate::chain::ChainError;
use crate::error::{Coded, Exit};
use crate::remedy::Remedy;
use crate::store::Connection;

/// Outputs of one funding transaction; twice as many would still be relayed.
const OUTPUTS_AT_ONCE: usize = 1_000;
/// The faucet's fee rate, in satoshi per virtual byte.
const FEE_RATE: u64 = 2;
/// Blocks mined before the faucet's coins are counted again.
const MINED_AT_ONCE: u32 = 10;
/// All subsidies of regtest come to less than this.
const ALL_SUBSIDIES: Amount = Amount::from_int_btc(15_000);
/// A subsidy below this is not worth waiting for.
const LEAST_SUBSIDY: Amount = Amount::from_sat(10_000_000);

/// Returns the script that mining pays to.
pub fn script() -> ScriptBuf {
    ScriptBuf::new_p2wsh(&witness_script().wscript_hash())
}

fn witness_script() -> ScriptBuf {
    Builder::new().push_opcode(OP_TRUE).into_script()
}

/// The faucet does not pay.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaucetError {
    /// The subsidies cannot cover what was asked for.
    #[error("the rehearsal chain's faucet does not hold that much, whatever is mined")]
    Empty,
    /// The rehearsal chain failed.
    #[error(transparent)]
    Chain(#[from] ChainError),
}

impl Coded for FaucetError {
    fn exit(&self) -> Exit {
        match self {
            FaucetError::Empty => Exit::Funds,
            FaucetError::Chain(error) => error.exit(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            FaucetError::Empty => "faucet-empty",
            FaucetError::Chain(error) => error.code(),
        }
    }

    fn remedy(&self) -> Remedy {
        match self {
            FaucetError::Empty => Remedy::AskLess,
            FaucetError::Chain(error) => error.remedy(),
        }
    }
}

/// What a funding did.
#[derive(Clone, Debug)]
pub struct Funded {
    /// The transactions sent, in the memory pool.
    pub txids: Vec<Txid>,
    /// The blocks mined for their subsidies.
    pub mined: u32,
}

impl Rehearsal {
    /// Pays the outputs from the faucet, all or nothing; the payments are in the memory pool then.
    /// Mines blocks when the faucet holds too little.
    ///
    /// Fails with [`FaucetError::Empty`] when the subsidies of regtest cannot cover the sum.
    pub async fn fund(&self, outputs: &[TxOut], now: u32) -> Result<Funded, FaucetError> {
        let total = outputs
            .iter()
            .try_fold(Amount::ZERO, |sum, output| sum.checked_add(output.value));
        if total.is_none_or(|total| total >= ALL_SUBSIDIES) {
            return Err(FaucetError::Empty);
        }
        let mut write = self.write().await?;
        let mut funded = Funded {
            txids: Vec::new(),
            mined: 0,
        };
        for part in outputs.chunks(OUTPUTS_AT_ONCE) {
            let transaction = loop {
                if let Some(transaction) = payment(&mut write, part).await? {
                    break transaction;
                }
                // What is mined last must mature too.
                let height = db::tip(&mut write).await?.height;
                if rules::subsidy(height.saturating_sub(rules::COINBASE_MATURITY)) < LEAST_SUBSIDY {
                    return Err(FaucetError::Empty);
                }
                for _ in 0..MINED_AT_ONCE {
                    mine::mine(&mut write, now).await?;
                }
                funded.mined += MINED_AT_ONCE;
            };
            pool::accept(&mut write, &transaction).await?;
            funded.txids.push(transaction.compute_txid());
        }
        commit(write).await?;
        Ok(funded)
    }
}

/// Makes a transaction with the outputs and change; `None` when the faucet's coins do not suffice.
async fn payment(
    db: &mut Connection,
    outputs: &[TxOut],
) -> Result<Option<Transaction>, ChainError> {
    let spent: HashSet<OutPoint> = db::pool(db)
        .await?
        .iter()
        .flat_map(|entry| &entry.transaction.input)
        .map(|input| input.previous_output)
        .collect();
    let height = db::tip(db).await?.height + 1;
    let mut coins = db::coins_of(db, &script(), height).await?;
    coins.retain(|(outpoint, _)| !spent.contains(outpoint));
    let needed: Amount = outputs.iter().map(|output| output.value).sum();
    for count in 1..=coins.len() {
        let (used, _) = coins.split_at(count);
        let held: Amount = used.iter().map(|(_, amount)| *amount).sum();
        if held < needed {
            continue;
        }
        let mut transaction = unpaid(used, outputs);
        let fee = Amount::from_sat(transaction.vsize() as u64 * FEE_RATE);
        let Some(rest) = held.checked_sub(needed + fee) else {
            continue;
        };
        match transaction.output.last_mut() {
            Some(change) if rest >= script().minimal_non_dust() => change.value = rest,
            // Too little to keep: it goes to the miner.
            _ => drop(transaction.output.pop()),
        }
        return Ok(
            (transaction.weight().to_wu() <= rules::MAX_BLOCK_WEIGHT / 10).then_some(transaction),
        );
    }
    Ok(None)
}

fn unpaid(coins: &[(OutPoint, Amount)], outputs: &[TxOut]) -> Transaction {
    let input = coins
        .iter()
        .map(|(outpoint, _)| TxIn {
            previous_output: *outpoint,
            script_sig: ScriptBuf::new(),
            sequence: Sequence::ENABLE_RBF_NO_LOCKTIME,
            witness: Witness::from_slice(&[witness_script().as_bytes()]),
        })
        .collect();
    let mut output = outputs.to_vec();
    output.push(TxOut {
        value: Amount::ZERO,
        script_pubkey: script(),
    });
    Transaction {
        version: transaction::Version::TWO,
        lock_time: absolute::LockTime::ZERO,
        input,
        output,
    }
}
