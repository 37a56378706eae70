//! The journal as people read it.

use std::fmt::Write as _;

use bitcoin::Amount;
use cofferdam_core::sanitize::{folded, neutralised};
use serde_json::Value;

use super::{counted, sat};
use crate::protocol::JournalFacts;

/// Writes a journal as text: one line an entry, and a transaction's outputs below it.
pub(crate) fn journal(facts: &JournalFacts) -> String {
    let mut text = String::new();
    let t = &mut text;
    for entry in facts.entries.iter().flatten() {
        let of = |name: &str| entry[name].as_str().map(neutralised).unwrap_or_default();
        let _ = write!(
            t,
            "{:>6}  {}  {}",
            entry["sequence"].as_u64().unwrap_or_default(),
            of("time"),
            of("event")
        );
        if let Some(command) = entry["command"].as_str() {
            let _ = write!(t, " for {}", neutralised(command));
        }
        if let Some(unfit) = entry["unfit"].as_array().filter(|unfit| !unfit.is_empty()) {
            let _ = write!(t, " (machine not fit: {})", list(unfit));
        }
        if let Some(codes) = entry["codes"].as_array() {
            let _ = write!(t, " because of {}", list(codes));
        }
        if let Some(changes) = entry["changes"].as_array() {
            let _ = write!(t, ": {}", list(changes));
        }
        if let Some(wallet) = entry["wallet_id"].as_str() {
            let mark = |name: &str| {
                entry[name]
                    .as_u64()
                    .map_or("none".into(), |index| index.to_string())
            };
            let _ = write!(
                t,
                ": receive {}, change {} of wallet {}",
                mark("receive"),
                mark("change"),
                neutralised(wallet)
            );
        }
        let _ = writeln!(t);
        transaction(t, &entry["transaction"]);
    }
    let _ = writeln!(
        t,
        "vault {}, {}, {} of them in the vault's checkpoint",
        facts.vault_id,
        counted(facts.count, "record"),
        facts.checkpoint
    );
    let _ = writeln!(t, "head {}", facts.head);
    if facts.torn {
        let _ = writeln!(
            t,
            "the end of an interrupted write follows the last record; the next write moves it to a file of its own"
        );
    }
    for import in &facts.unconfirmed {
        let _ = writeln!(
            t,
            "not confirmed yet: the journal of vault {}, imported up to {}, head {}",
            import.vault_id,
            counted(import.count, "record"),
            import.head
        );
    }
    folded(&text)
}

fn transaction(t: &mut String, transaction: &Value) {
    let Some(txid) = transaction["unsigned_txid"].as_str() else {
        return;
    };
    let amount = |value: &Value| {
        value.as_u64().map_or("not known".to_owned(), |amount| {
            sat(Amount::from_sat(amount))
        })
    };
    let _ = writeln!(t, "        {txid}, fee {}", amount(&transaction["fee_sat"]));
    for output in transaction["outputs"].as_array().into_iter().flatten() {
        let to = output["address"]
            .as_str()
            .or(output["script"].as_str())
            .unwrap_or_default();
        let class = output["class"].as_str().unwrap_or_default();
        let place = match (output["branch"].as_str(), output["index"].as_u64()) {
            (Some(branch), Some(index)) => format!("  {} {index}", neutralised(branch)),
            _ => String::new(),
        };
        let _ = writeln!(
            t,
            "        {:>26}  {class:<13} {}{place}",
            amount(&output["amount_sat"]),
            neutralised(to)
        );
    }
}

fn list(values: &[Value]) -> String {
    let texts: Vec<String> = values
        .iter()
        .filter_map(Value::as_str)
        .map(neutralised)
        .collect();
    texts.join(", ")
}
