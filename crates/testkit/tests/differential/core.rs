//! A transaction as both see it, in one form.

use std::collections::HashMap;
use std::fmt;

use anyhow::{Context as _, Result};
use cofferdam_core::review::{OutputClass, Reviewed};
use cofferdam_core::wallet::Branch;
use cofferdam_testkit::Bitcoind;
use cofferdam_testkit::hostile::fixture::vault_wallets;
use serde_json::{Value, json};

/// Indices of each branch that payouts use.
pub(crate) const INDICES: u32 = 300;

/// Where an address stands: wallet, branch, index.
type Place = (String, Branch, u32);

/// The addresses of the vault's descriptors, as Bitcoin Core derives them.
pub(crate) struct Addresses(HashMap<String, Place>);

impl Addresses {
    pub(crate) fn derive(node: &Bitcoind) -> Result<Self> {
        let mut addresses = HashMap::new();
        for wallet in vault_wallets() {
            for branch in [Branch::Receive, Branch::Change] {
                let descriptor = wallet.branch_descriptor_text(branch);
                let derived = node.rpc("deriveaddresses", json!([descriptor, [0, INDICES - 1]]))?;
                let derived: Vec<String> = serde_json::from_value(derived)?;
                for (index, address) in (0..).zip(derived) {
                    addresses.insert(address, (wallet.name().to_string(), branch, index));
                }
            }
        }
        Ok(Addresses(addresses))
    }
}

/// What a transaction does.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct View {
    txid: String,
    /// Amount, and where the coin's address stands.
    inputs: Vec<(u64, Option<Place>)>,
    /// Amount, script, class, and where the address stands.
    outputs: Vec<(u64, String, OutputClass, Option<Place>)>,
    fee: u64,
}

impl View {
    /// Reads what `decodepsbt` says; classes follow from the addresses of the wallet of the first
    /// input.
    pub(crate) fn read(decoded: &Value, addresses: &Addresses) -> Result<Self> {
        let transaction = &decoded["tx"];
        let mut inputs = Vec::new();
        for (input, spent) in list(&decoded["inputs"])?
            .iter()
            .zip(list(&transaction["vin"])?)
        {
            let coin = match input.get("witness_utxo") {
                Some(coin) => (&coin["amount"], &coin["scriptPubKey"]),
                None => {
                    let outputs = list(&input["non_witness_utxo"]["vout"])?;
                    let coin = outputs
                        .iter()
                        .find(|output| output["n"] == spent["vout"])
                        .context("no such output")?;
                    (&coin["value"], &coin["scriptPubKey"])
                }
            };
            inputs.push((sat(coin.0)?, place(coin.1, addresses)));
        }
        let wallet = inputs
            .first()
            .and_then(|(_, place)| place.as_ref())
            .map(|place| place.0.clone());
        let mut outputs = Vec::new();
        for output in list(&transaction["vout"])? {
            let script = &output["scriptPubKey"];
            let place = place(script, addresses);
            let class = match &place {
                _ if script["type"] == "nulldata" => OutputClass::Data,
                Some((name, Branch::Change, _)) if Some(name) == wallet.as_ref() => {
                    OutputClass::Change
                }
                Some((name, Branch::Receive, _)) if Some(name) == wallet.as_ref() => {
                    OutputClass::SelfTransfer
                }
                _ => OutputClass::Payment,
            };
            let hex = script["hex"].as_str().context("no script")?.to_owned();
            outputs.push((sat(&output["value"])?, hex, class, place));
        }
        Ok(View {
            txid: transaction["txid"].as_str().context("no txid")?.to_owned(),
            inputs,
            outputs,
            fee: sat(&decoded["fee"])?,
        })
    }

    /// Says what the review says, and counts it.
    pub(crate) fn of(reviewed: &Reviewed, seen: &mut Seen) -> Self {
        let report = reviewed.report();
        let place = |owner: &cofferdam_core::review::OwnerReport| {
            (owner.wallet.to_string(), owner.branch, owner.index)
        };
        let inputs = report.inputs.iter().map(|input| {
            let proven = input
                .proof
                .and(input.amount)
                .expect("every amount is proven");
            (proven.to_sat(), input.owner.as_ref().map(place))
        });
        let outputs = report.outputs.iter().map(|output| {
            let amount = output.amount.to_sat();
            (
                amount,
                output.script.clone(),
                output.class,
                output.owner.as_ref().map(place),
            )
        });
        let view = View {
            txid: report.unsigned_txid.to_string(),
            inputs: inputs.collect(),
            outputs: outputs.collect(),
            fee: report.fee.expect("the fee is known").amount.to_sat(),
        };
        seen.count(&view);
        view
    }
}

fn list(value: &Value) -> Result<&Vec<Value>> {
    value.as_array().context("no list")
}

/// Bitcoin Core prints bitcoins with eight decimals; a double holds 21 million of them exactly
/// enough.
fn sat(value: &Value) -> Result<u64> {
    Ok((value.as_f64().context("no amount")? * 1e8).round() as u64)
}

fn place(script: &Value, addresses: &Addresses) -> Option<Place> {
    addresses.0.get(script["address"].as_str()?).cloned()
}

/// What was compared.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    inputs: usize,
    payments: usize,
    change: usize,
    self_transfers: usize,
    data: usize,
    to_other_wallets: usize,
}

impl Seen {
    fn count(&mut self, view: &View) {
        self.inputs += view.inputs.len();
        for (_, _, class, place) in &view.outputs {
            match class {
                OutputClass::Change => self.change += 1,
                OutputClass::SelfTransfer => self.self_transfers += 1,
                OutputClass::Data => self.data += 1,
                _ if place.is_some() => self.to_other_wallets += 1,
                _ => self.payments += 1,
            }
        }
    }

    /// Returns whether there was something of every kind.
    pub(crate) fn is_varied(&self) -> bool {
        let kinds = [
            self.payments,
            self.change,
            self.self_transfers,
            self.data,
            self.to_other_wallets,
        ];
        kinds.iter().all(|count| *count > 100)
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} inputs, {} payments, {} change, {} transfers to the wallet itself, {} to other wallets of the vault, {} data",
            self.inputs,
            self.payments,
            self.change,
            self.self_transfers,
            self.to_other_wallets,
            self.data
        )
    }
}
