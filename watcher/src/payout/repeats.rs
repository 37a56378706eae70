//! Payees that are paid again: by what is still open, and by what was paid before.

use std::collections::{HashMap, HashSet};

use bitcoin::{Amount, OutPoint, ScriptBuf};

use crate::csv;
use crate::store::payouts::{
    self, Before, Outgoing, PaymentRecord, PayoutTxNo, Sighting, TransactionRecord,
};
use crate::store::{Connection, StoreError, blocks};

use super::PayoutError;
use super::document::rfc3339;
use super::draft::Draft;
use super::finding::{
    Earlier, Finding, Findings, PAID_BEFORE, PAYMENT_OPEN, PAYOUT_ID_SIMILAR, Severity,
};
use super::state::{ChainFacts, SETTLED_CONFIRMATIONS, depth};

/// Amounts that differ by no more are the same payment, written anew: a thousandth, and at least
/// this much; as the signer has it.
const TOLERANCE: Amount = Amount::from_sat(100);

/// Adds what the ledger and the chain know of a plan's payees and identifiers. That the lists in
/// `repeated` are paid again is meant.
pub(super) async fn check(
    db: &mut Connection,
    draft: &Draft,
    repeated: &HashSet<String>,
    findings: &mut Findings,
) -> Result<(), PayoutError> {
    let scripts = payees(draft);
    let mut open = Open::load(db, &scripts, repeated).await?;
    let spent: HashSet<(u32, OutPoint)> = draft
        .transactions
        .iter()
        .flat_map(|transaction| {
            let number = transaction.number;
            transaction
                .inputs
                .iter()
                .map(move |input| (number, input.outpoint))
        })
        .collect();
    let mut told: HashSet<&ScriptBuf> = HashSet::new();
    for (payment, number) in draft.payments.iter().zip(1..) {
        let made = (payment, number);
        if let Some(finding) = open.repeats(db, made, &spent).await? {
            told.insert(&payment.txout.script_pubkey);
            findings.add(finding);
        }
    }
    note_paid_before(db, draft, &open, &scripts, &told, findings).await?;
    note_similar_ids(db, draft, findings).await?;
    Ok(())
}

fn payees(draft: &Draft) -> Vec<ScriptBuf> {
    let mut seen = HashSet::new();
    let scripts = draft
        .payments
        .iter()
        .map(|payment| &payment.txout.script_pubkey);
    scripts
        .filter(|script| seen.insert(*script))
        .cloned()
        .collect()
}

/// What a payment is called in findings.
fn called(payment: &PaymentRecord, number: u32) -> String {
    payment
        .payout_id
        .clone()
        .unwrap_or_else(|| format!("payment {number}"))
}

fn alike(one: Amount, other: Amount) -> bool {
    let difference = one.to_sat().abs_diff(other.to_sat());
    difference <= TOLERANCE.to_sat().max(one.max(other).to_sat() / 1_000)
}

/// Payments to a plan's payees that may still be made, or undone.
struct Open {
    planned: HashMap<ScriptBuf, Vec<Before>>,
    outgoing: HashMap<ScriptBuf, Vec<Outgoing>>,
    /// What became of the transactions of `planned`; none when nothing of it is open.
    states: HashMap<PayoutTxNo, Option<Place>>,
    tip: Option<u32>,
}

/// Where an open transaction stands.
#[derive(Clone, Debug)]
struct Place {
    record: TransactionRecord,
    facts: ChainFacts,
}

impl Open {
    async fn load(
        db: &mut Connection,
        scripts: &[ScriptBuf],
        repeated: &HashSet<String>,
    ) -> Result<Self, StoreError> {
        let mut planned: HashMap<ScriptBuf, Vec<Before>> = HashMap::new();
        for before in payouts::open_to(db, scripts).await? {
            if repeated.contains(&before.list_id) {
                continue;
            }
            planned
                .entry(before.script.clone())
                .or_default()
                .push(before);
        }
        let mut outgoing: HashMap<ScriptBuf, Vec<Outgoing>> = HashMap::new();
        for paid in payouts::outgoing_to(db, scripts).await? {
            outgoing.entry(paid.script.clone()).or_default().push(paid);
        }
        Ok(Open {
            planned,
            outgoing,
            states: HashMap::new(),
            tip: blocks::tip(db).await?.map(|tip| tip.height),
        })
    }

    /// Returns the finding that a payment is as much as an open one to the same payee, if there is
    /// one.
    ///
    /// One whose anchor the new transaction spends is none: at most one of the two can confirm.
    async fn repeats(
        &mut self,
        db: &mut Connection,
        (payment, number): (&PaymentRecord, u32),
        spent: &HashSet<(u32, OutPoint)>,
    ) -> Result<Option<Finding>, StoreError> {
        let script = &payment.txout.script_pubkey;
        let mut earlier: Vec<Before> = self.planned.get(script).cloned().unwrap_or_default();
        earlier.retain(|before| alike(before.amount, payment.txout.value));
        earlier.sort_by_key(|before| {
            before
                .amount
                .to_sat()
                .abs_diff(payment.txout.value.to_sat())
        });
        for before in earlier {
            let Some(place) = self.place(db, before.transaction).await? else {
                continue;
            };
            if !spent.contains(&(payment.transaction, place.record.anchor)) {
                let earlier = of_list(db, &before, &place).await?;
                return Ok(Some(open_finding(
                    called(payment, number),
                    payment,
                    earlier,
                )));
            }
        }
        let paid = self.outgoing.get(script).and_then(|paid| {
            paid.iter()
                .filter(|paid| alike(paid.amount, payment.txout.value))
                .find(|paid| !is_settled(&paid.transaction, self.tip))
        });
        match paid {
            Some(paid) => {
                let earlier = of_others(db, paid).await?;
                Ok(Some(open_finding(
                    called(payment, number),
                    payment,
                    earlier,
                )))
            }
            None => Ok(None),
        }
    }

    /// Returns where a transaction stands, unless nothing of it is open.
    async fn place(
        &mut self,
        db: &mut Connection,
        no: PayoutTxNo,
    ) -> Result<Option<Place>, StoreError> {
        if let Some(known) = self.states.get(&no) {
            return Ok(known.clone());
        }
        let record = payouts::by_tx_no(db, no).await?;
        let facts = ChainFacts::look_up(db, &record).await?;
        let place = facts.is_open(&record).then_some(Place { record, facts });
        self.states.insert(no, place.clone());
        Ok(place)
    }
}

fn is_settled(seen: &Sighting, tip: Option<u32>) -> bool {
    seen.height
        .is_some_and(|height| depth(tip, height) >= SETTLED_CONFIRMATIONS)
}

fn open_finding(place: String, payment: &PaymentRecord, earlier: Earlier) -> Finding {
    let amount = earlier.amount_sat.unwrap_or_default();
    let what = match (&earlier.list, &earlier.payout_id) {
        (Some(list), Some(id)) => {
            format!("\"{id}\" in the list {list}, which is {}", earlier.state)
        }
        (Some(list), None) => format!("the list {list}, which is {}", earlier.state),
        _ => format!(
            "the transaction {} of none of this ledger's lists, which is {}",
            earlier.txid.as_deref().unwrap_or_default(),
            earlier.state
        ),
    };
    Finding {
        code: PAYMENT_OPEN,
        severity: Severity::Warning,
        place,
        expected: None,
        found: Some(payment.txout.value.to_sat()),
        message: format!("the payee gets {amount} sat by {what}: both may be paid"),
        earlier: Some(earlier),
    }
}

async fn of_list(
    db: &mut Connection,
    before: &Before,
    place: &Place,
) -> Result<Earlier, StoreError> {
    Ok(Earlier {
        list: Some(before.list_id.clone()),
        payout_id: before.payout_id.clone(),
        state: place.facts.state(&place.record).name(),
        amount_sat: Some(before.amount.to_sat()),
        date: Some(date(db, place.facts.height, before.created_at).await?),
        txid: place.facts.txid.map(|txid| txid.to_string()),
    })
}

async fn of_others(db: &mut Connection, paid: &Outgoing) -> Result<Earlier, StoreError> {
    let Sighting {
        txid,
        height,
        in_pool,
    } = paid.transaction;
    Ok(Earlier {
        list: None,
        payout_id: None,
        state: match (height, in_pool) {
            (Some(_), _) => "confirmed",
            (None, true) => "broadcast",
            (None, false) => "seen",
        },
        amount_sat: Some(paid.amount.to_sat()),
        date: Some(date(db, height, paid.first_seen).await?),
        txid: Some(txid.to_string()),
    })
}

/// The time of a block, or else another one.
async fn date(
    db: &mut Connection,
    height: Option<u32>,
    otherwise: i64,
) -> Result<String, StoreError> {
    let mined = match height {
        Some(height) => blocks::time(db, height).await?,
        None => None,
    };
    Ok(rfc3339(mined.map_or(otherwise, i64::from)))
}

/// Adds a note for each payee that was paid before, with the last payment.
async fn note_paid_before(
    db: &mut Connection,
    draft: &Draft,
    open: &Open,
    scripts: &[ScriptBuf],
    told: &HashSet<&ScriptBuf>,
    findings: &mut Findings,
) -> Result<(), PayoutError> {
    let last: HashMap<ScriptBuf, (u64, i64)> = payouts::last_to(db, scripts)
        .await?
        .into_iter()
        .map(|(script, payments, list)| (script, (payments, list)))
        .collect();
    let mut noted: HashSet<&ScriptBuf> = HashSet::new();
    for (payment, number) in draft.payments.iter().zip(1..) {
        let script = &payment.txout.script_pubkey;
        if told.contains(script) || !noted.insert(script) {
            continue;
        }
        let paid = open.outgoing.get(script).and_then(|paid| paid.last());
        let count = last.get(script).map_or(0, |(payments, _)| *payments)
            + open
                .outgoing
                .get(script)
                .map_or(0, |paid| paid.len() as u64);
        if count == 0 {
            continue;
        }
        if !findings.has_room(PAID_BEFORE) {
            findings.add(paid_before(called(payment, number), payment, count, None));
            continue;
        }
        let planned = match last.get(script) {
            Some((_, list)) => payouts::in_list(db, *list, script).await?,
            None => None,
        };
        let earlier = match (planned, paid) {
            (Some(before), _) => {
                let record = payouts::by_tx_no(db, before.transaction).await?;
                let facts = ChainFacts::look_up(db, &record).await?;
                Some(of_list(db, &before, &Place { record, facts }).await?)
            }
            (None, Some(paid)) => Some(of_others(db, paid).await?),
            (None, None) => None,
        };
        findings.add(paid_before(
            called(payment, number),
            payment,
            count,
            earlier,
        ));
    }
    Ok(())
}

fn paid_before(
    place: String,
    payment: &PaymentRecord,
    count: u64,
    earlier: Option<Earlier>,
) -> Finding {
    let (amount, when) = match &earlier {
        Some(earlier) => (
            earlier.amount_sat.unwrap_or_default(),
            earlier.date.clone().unwrap_or_default(),
        ),
        None => (0, String::new()),
    };
    let times = cofferdam_core::count::counted(count, "payment");
    Finding {
        code: PAID_BEFORE,
        severity: Severity::Note,
        place,
        expected: None,
        found: Some(payment.txout.value.to_sat()),
        message: format!("the payee was paid before, {amount} sat on {when}; {times} in all"),
        earlier,
    }
}

/// Adds a note for each identifier that people may take for another one, of the ledger or of the
/// list itself.
async fn note_similar_ids(
    db: &mut Connection,
    draft: &Draft,
    findings: &mut Findings,
) -> Result<(), PayoutError> {
    let mut by_key: HashMap<String, Vec<&str>> = HashMap::new();
    for id in draft
        .payments
        .iter()
        .filter_map(|payment| payment.payout_id.as_deref())
    {
        by_key.entry(csv::id_key(id)).or_default().push(id);
    }
    let keys: Vec<String> = by_key.keys().cloned().collect();
    let mut known: HashMap<String, Vec<(String, String)>> = HashMap::new();
    for (key, id, list) in payouts::ids_like(db, &keys).await? {
        known.entry(key).or_default().push((id, list));
    }
    for id in draft
        .payments
        .iter()
        .filter_map(|payment| payment.payout_id.as_deref())
    {
        let key = csv::id_key(id);
        let earlier = known
            .get(&key)
            .and_then(|ids| ids.iter().find(|(other, _)| other != id))
            .map(|(other, list)| (other.as_str(), Some(list.as_str())));
        let within = by_key
            .get(&key)
            .and_then(|ids| ids.iter().find(|other| **other != id))
            .map(|other| (*other, None));
        let Some((other, list)) = earlier.or(within) else {
            continue;
        };
        let place = match list {
            Some(list) => format!("of the list {list}"),
            None => "of this list".into(),
        };
        findings.add(Finding {
            code: PAYOUT_ID_SIMILAR,
            severity: Severity::Note,
            place: id.into(),
            expected: None,
            found: None,
            message: format!("it looks like \"{other}\" {place}, and is another payout_id"),
            earlier: Some(Earlier {
                list: list.map(Into::into),
                payout_id: Some(other.into()),
                state: "planned",
                amount_sat: None,
                date: None,
                txid: None,
            }),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_alike_within_a_thousandth() {
        let sat = Amount::from_sat;
        for (one, other, expected) in [
            (100_000, 100_001, true),
            (1_000_000, 1_001_000, true),
            (1_000_000, 998_999, false),
            (5_000, 5_100, true),
            (5_000, 5_101, false),
            (0, 21_000_000 * 100_000_000, false),
        ] {
            assert_eq!(alike(sat(one), sat(other)), expected, "{one} and {other}");
            assert_eq!(alike(sat(other), sat(one)), expected, "{other} and {one}");
        }
    }
}
