//! From facts to the report that screens show.

use bitcoin::hex::DisplayHex;
use bitcoin::script::Instruction;
use bitcoin::{Address, Script, ScriptBuf};

use super::facts::{Facts, InputFacts, OutputFacts, Owner, lock_time, relative_lock};
use super::finding::{Finding, listed};
use super::report::{
    DataReport, InputReport, NotShown, OutputClass, OutputReport, OwnerReport, Report, Totals,
    WalletReport,
};
use crate::psbt::Parsed;

impl Report {
    pub(super) fn new(facts: &Facts<'_>, findings: &[Finding]) -> Self {
        let transaction = facts.parsed.unsigned_tx();
        let wallet = facts.wallet.map(|known| known.wallet);
        let inputs = facts.inputs.iter().zip(&transaction.input);
        let outputs = facts.outputs.iter().zip(&transaction.output);
        let (findings, more_findings) = listed(findings);
        Self {
            unsigned_txid: facts.parsed.txid(),
            psbt_version: facts.parsed.version().number(),
            transaction_version: transaction.version.0,
            network: wallet.map(|wallet| wallet.network()),
            wallet: wallet.map(|wallet| WalletReport {
                name: wallet.name().clone(),
                id: wallet.id(),
            }),
            inputs: inputs
                .map(|(input, tx_in)| InputReport {
                    relative_lock: relative_lock(transaction, tx_in.sequence),
                    ..facts.input_report(input)
                })
                .collect(),
            outputs: outputs
                .map(|(output, tx_out)| facts.output_report(output, tx_out))
                .collect(),
            totals: facts.totals,
            fee: facts.fee,
            lock_time: lock_time(transaction),
            replaceable: transaction.is_explicitly_rbf(),
            findings,
            more_findings,
            not_shown: None,
        }
    }

    /// The report of a transaction of which nothing is known but its form.
    pub(super) fn not_looked_at(parsed: &Parsed, findings: &[Finding]) -> Self {
        let transaction = parsed.unsigned_tx();
        let (findings, more_findings) = listed(findings);
        Self {
            unsigned_txid: parsed.txid(),
            psbt_version: parsed.version().number(),
            transaction_version: transaction.version.0,
            network: None,
            wallet: None,
            inputs: Vec::new(),
            outputs: Vec::new(),
            totals: Totals::default(),
            fee: None,
            lock_time: lock_time(transaction),
            replaceable: transaction.is_explicitly_rbf(),
            findings,
            more_findings,
            not_shown: Some(NotShown {
                inputs: transaction.input.len(),
                outputs: transaction.output.len(),
            }),
        }
    }
}

impl Facts<'_> {
    fn input_report(&self, input: &InputFacts) -> InputReport {
        InputReport {
            outpoint: input.outpoint,
            amount: input.coin.as_ref().map(|coin| coin.value),
            proof: input.proof,
            address: input
                .coin
                .as_ref()
                .and_then(|coin| self.address(&coin.script_pubkey)),
            owner: input.owner.and_then(|owner| self.owner_report(&owner)),
            relative_lock: None,
        }
    }

    fn output_report(&self, output: &OutputFacts, tx_out: &bitcoin::TxOut) -> OutputReport {
        OutputReport {
            amount: tx_out.value,
            class: output.class,
            address: self.address(&tx_out.script_pubkey),
            script: tx_out.script_pubkey.to_hex_string(),
            owner: output.owner.and_then(|owner| self.owner_report(&owner)),
            data: (output.class == OutputClass::Data).then(|| data_report(&tx_out.script_pubkey)),
        }
    }

    fn owner_report(&self, owner: &Owner) -> Option<OwnerReport> {
        let wallet = self.wallet_of(owner)?.wallet.name().clone();
        Some(OwnerReport {
            wallet,
            branch: owner.branch,
            index: owner.index,
        })
    }

    pub(super) fn address(&self, script: &Script) -> Option<String> {
        let address = Address::from_script(script, self.network?.to_bitcoin()).ok()?;
        Some(address.to_string())
    }
}

fn data_report(script: &ScriptBuf) -> DataReport {
    let bytes = script.as_bytes().get(1..).unwrap_or_default();
    let mut pushed = Vec::new();
    for instruction in script.instructions().skip(1) {
        match instruction {
            Ok(Instruction::PushBytes(push)) => pushed.extend_from_slice(push.as_bytes()),
            Ok(Instruction::Op(_)) => {}
            // Not a script to its end: no text, only bytes.
            Err(_) => {
                return DataReport {
                    hex: bytes.to_lower_hex_string(),
                    text: None,
                };
            }
        }
    }
    let text = String::from_utf8(pushed)
        .ok()
        .filter(|text| !text.is_empty());
    DataReport {
        hex: bytes.to_lower_hex_string(),
        text,
    }
}
