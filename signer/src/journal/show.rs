//! Entries as `journal show --json` prints them.

use bitcoin::hex::DisplayHex;
use bitcoin::{Address, ScriptBuf};
use cofferdam_core::Network;
use cofferdam_core::wallet::{Branch, WalletId};
use serde_json::{Value, json};

use super::entry::{Class, Entry, Event, Place, Proof, TransactionRecord};
use crate::date::date;

impl Entry {
    /// Returns the entry as JSON, under its number.
    pub(crate) fn to_json(&self, sequence: u64, network: Network) -> Value {
        let mut shown = json!({
            "sequence": sequence,
            "time": date(self.time),
            "generation": self.generation,
            "unfit": self.unfit,
        });
        let event = match &self.event {
            Event::Created => json!({"event": "created"}),
            Event::Restored => json!({"event": "restored"}),
            Event::Unlocked(command) => json!({"event": "unlocked", "command": command}),
            Event::Signed(record) => {
                json!({"event": "signed", "transaction": transaction(record, network)})
            }
            Event::Refused(record, codes) => {
                json!({"event": "refused", "codes": codes, "transaction": transaction(record, network)})
            }
            Event::Imported {
                vault_id,
                sequence,
                time,
                transaction: record,
            } => json!({
                "event": "imported",
                "from_vault_id": vault_id.to_lower_hex_string(),
                "from_sequence": sequence,
                "signed": date(*time),
                "transaction": transaction(record, network),
            }),
            Event::ImportDone {
                vault_id,
                count,
                head,
            } => json!({
                "event": "import-done",
                "from_vault_id": vault_id.to_lower_hex_string(),
                "from_count": count,
                "from_head": head.to_lower_hex_string(),
            }),
            Event::Declined(record) => json!({
                "event": "refused",
                "codes": record.codes,
                "more_codes": record.more_codes,
                "transaction": {
                    "unsigned_txid": record.txid(),
                    "wallet_id": record.wallet_id(),
                    "input_count": record.inputs,
                    "output_count": record.outputs,
                    "fee_sat": record.fee_sat,
                    "review": record.review.to_lower_hex_string(),
                },
            }),
            Event::PolicyChanged(changes) => json!({"event": "policy-changed", "changes": changes}),
            Event::MarkedUsed(marks) => json!({
                "event": "marked-used",
                "wallet_id": WalletId::from_bytes(marks.wallet_id),
                "receive": marks.receive,
                "change": marks.change,
            }),
            Event::State { parts, .. } => json!({"event": "state", "changes": parts}),
            Event::Resealed { from, beyond } => {
                json!({"event": "resealed", "from_generation": from, "changes": beyond})
            }
            Event::CredentialChanged { rotated } => json!({
                "event": "credential-changed",
                "rotated": rotated,
            }),
            Event::ImportConfirmed {
                vault_id,
                count,
                head,
            } => json!({
                "event": "import-confirmed",
                "from_vault_id": vault_id.to_lower_hex_string(),
                "from_count": count,
                "from_head": head.to_lower_hex_string(),
            }),
        };
        if let (Value::Object(shown), Value::Object(event)) = (&mut shown, event) {
            shown.extend(event);
        }
        shown
    }
}

/// The branch of an own coin or output.
fn branch(place: Option<Place>) -> Option<String> {
    Some(Branch::from_step(place?.branch)?.to_string())
}

fn transaction(record: &TransactionRecord, network: Network) -> Value {
    let inputs = record.inputs.iter().map(|input| {
        json!({
            "outpoint": input.outpoint().to_string(),
            "amount_sat": input.amount_sat,
            "proof": match input.proof {
                Proof::PreviousTransaction => Some("previous-transaction"),
                Proof::Signature => Some("taproot-sighash"),
                Proof::Remembered => Some("remembered"),
                Proof::None => None,
            },
            "branch": branch(input.place),
            "index": input.place.map(|place| place.index),
        })
    });
    let outputs = record.outputs.iter().map(|output| {
        let script = ScriptBuf::from_bytes(output.script.clone());
        let address = Address::from_script(&script, network.to_bitcoin()).ok();
        json!({
            "amount_sat": output.amount_sat,
            "class": match output.class {
                Class::Payment => "payment",
                Class::Change => "change",
                Class::Own => "self-transfer",
                Class::Data => "data",
            },
            "address": address.map(|address| address.to_string()),
            "script": script.to_hex_string(),
            "branch": branch(output.place),
            "index": output.place.map(|place| place.index),
        })
    });
    json!({
        "unsigned_txid": record.txid(),
        "wallet_id": record.wallet_id(),
        "inputs": inputs.collect::<Vec<_>>(),
        "outputs": outputs.collect::<Vec<_>>(),
        "fee_sat": record.fee_sat,
        "manifest": record.manifest.map(|hash| hash.to_lower_hex_string()),
        "payout_ids": record.payout_ids,
        "review": record.review.to_lower_hex_string(),
        "accepted": record.accepted,
        "supersedes": record.supersedes.iter().map(|superseded| superseded.txid()).collect::<Vec<_>>(),
    })
}
