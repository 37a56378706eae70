//! Unsigned PSBTs of a wallet, over coins that were never mined: a signer cannot tell.

use std::sync::Arc;

use bitcoin::absolute::LockTime;
use bitcoin::hashes::Hash as _;
use bitcoin::transaction::Version as TxVersion;
use bitcoin::{
    Address, Amount, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Txid, Witness,
};
use cofferdam_core::ScriptType;
use cofferdam_core::psbt::build::{Template, TemplateInput, TemplateOutput, create};
use cofferdam_core::psbt::{Limits, RawKey, RawPsbt, Version, fields};
use cofferdam_core::wallet::{Branch, Wallet};

/// Somebody who is paid.
pub(crate) const PAYEE: &str = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";

/// Somebody else.
pub(crate) const OTHER: &str = "bcrt1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqc8gma6";

/// The amount of every coin.
pub(crate) const COIN: u64 = 1_000_000;

/// A payment to be made.
pub(crate) struct Plan<'a> {
    pub(crate) wallet: &'a Wallet,
    /// Coins by number: each number is another coin.
    pub(crate) coins: &'a [u32],
    pub(crate) payments: &'a [(&'a str, u64)],
    pub(crate) fee: u64,
    /// The index of the change.
    pub(crate) change: u32,
    /// The index and the amount of a payment to the wallet itself.
    pub(crate) to_self: Option<(u32, u64)>,
    /// Whether coins come with the transactions that made them.
    pub(crate) proven: bool,
    /// Coins whose amounts the PSBT tells falsely, while their transactions are as they are.
    pub(crate) false_amounts: &'a [(u32, u64)],
    /// A data output, after all others.
    pub(crate) data: Option<ScriptBuf>,
}

impl<'a> Plan<'a> {
    pub(crate) fn new(
        wallet: &'a Wallet,
        coins: &'a [u32],
        payments: &'a [(&'a str, u64)],
    ) -> Self {
        Plan {
            wallet,
            coins,
            payments,
            fee: 1_000,
            change: 0,
            to_self: None,
            proven: true,
            false_amounts: &[],
            data: None,
        }
    }

    /// The same with a data output after all others.
    pub(crate) fn with_data(self, script: ScriptBuf) -> Self {
        Plan {
            data: Some(script),
            ..self
        }
    }

    /// The PSBT, in binary.
    pub(crate) fn psbt(&self) -> Vec<u8> {
        self.psbt_of(Version::V0)
    }

    pub(crate) fn psbt_of(&self, version: Version) -> Vec<u8> {
        let bytes = create(&self.template(), self.wallet, version).unwrap();
        if self.proven && self.false_amounts.is_empty() {
            return bytes;
        }
        let (mut raw, _) = RawPsbt::parse(&bytes, &Limits::DEFAULT).unwrap();
        for (coin, input) in self.coins.iter().zip(&mut raw.inputs) {
            if !self.proven {
                input.remove_type(fields::input::NON_WITNESS_UTXO);
            }
            if let Some((_, amount)) = self.false_amounts.iter().find(|(number, _)| number == coin)
            {
                let mut utxo = input.plain(fields::input::WITNESS_UTXO).unwrap().to_vec();
                utxo[..8].copy_from_slice(&amount.to_le_bytes());
                input.set(RawKey::plain(fields::input::WITNESS_UTXO), utxo);
            }
        }
        raw.to_bytes()
    }

    pub(crate) fn coins(&self) -> Vec<TxOut> {
        self.template()
            .inputs
            .into_iter()
            .map(|input| input.utxo)
            .collect()
    }

    fn template(&self) -> Template {
        let paid: u64 = self.payments.iter().map(|(_, amount)| amount).sum();
        let paid = paid + self.to_self.map_or(0, |(_, amount)| amount);
        let spent = COIN * self.coins.len() as u64;
        let mut outputs: Vec<TemplateOutput> = self
            .payments
            .iter()
            .map(|(address, amount)| TemplateOutput {
                txout: TxOut {
                    value: Amount::from_sat(*amount),
                    script_pubkey: script(address),
                },
                own: None,
            })
            .collect();
        if let Some((index, amount)) = self.to_self {
            outputs.push(TemplateOutput {
                txout: TxOut {
                    value: Amount::from_sat(amount),
                    script_pubkey: self.wallet.script_pubkey(Branch::Receive, index).unwrap(),
                },
                own: Some((Branch::Receive, index)),
            });
        }
        if spent > paid + self.fee {
            outputs.push(TemplateOutput {
                txout: TxOut {
                    value: Amount::from_sat(spent - paid - self.fee),
                    script_pubkey: self
                        .wallet
                        .script_pubkey(Branch::Change, self.change)
                        .unwrap(),
                },
                own: Some((Branch::Change, self.change)),
            });
        }
        outputs.extend(self.data.clone().map(|script_pubkey| TemplateOutput {
            txout: TxOut {
                value: Amount::ZERO,
                script_pubkey,
            },
            own: None,
        }));
        Template {
            version: TxVersion::TWO,
            lock_time: LockTime::ZERO,
            inputs: self
                .coins
                .iter()
                .map(|coin| input(self.wallet, *coin))
                .collect(),
            outputs,
        }
    }
}

fn input(wallet: &Wallet, coin: u32) -> TemplateInput {
    let own = (Branch::Receive, coin);
    let utxo = TxOut {
        value: Amount::from_sat(COIN),
        script_pubkey: wallet.script_pubkey(own.0, own.1).unwrap(),
    };
    let previous = Transaction {
        version: TxVersion::TWO,
        lock_time: LockTime::ZERO,
        input: vec![TxIn {
            previous_output: OutPoint::new(Txid::from_byte_array([7; 32]), coin),
            script_sig: ScriptBuf::new(),
            sequence: Sequence::MAX,
            witness: Witness::new(),
        }],
        output: vec![utxo.clone()],
    };
    TemplateInput {
        outpoint: OutPoint::new(previous.compute_txid(), 0),
        sequence: Sequence::ENABLE_RBF_NO_LOCKTIME,
        previous_transaction: (wallet.single().unwrap().script_type() != ScriptType::Taproot)
            .then(|| Arc::new(previous)),
        utxo,
        own,
    }
}

fn script(address: &str) -> ScriptBuf {
    let address: Address<_> = address.parse().unwrap();
    address.assume_checked().script_pubkey()
}
