//! Cofferdam's CSV: `payout_id,address,amount,unit,name,reference`, columns by name in any order.
//!
//! `name` and `reference` may be left out as columns or be empty in a row.

use cofferdam_core::Network;

use super::problem::{Cause, Place, Problems, shown};
use super::table::{self, Record};
use super::{MAX_PAYMENTS, Payment, PayoutId, Unit, address, amount, field};

pub(super) fn read(
    bytes: &[u8],
    network: Network,
    problems: &mut Problems,
) -> Vec<(Place, Payment)> {
    let Some(text) = table::text(bytes, problems) else {
        return Vec::new();
    };
    if let Some(separator) = wrong_separator(text) {
        problems.add(Place::Line(1), Cause::Separator(separator));
        return Vec::new();
    }
    let Some(records) = table::records(text, problems) else {
        return Vec::new();
    };
    let Some((header, rows)) = records.split_first() else {
        problems.add(Place::File, Cause::NoHeader);
        return Vec::new();
    };
    let Some(columns) = Columns::read(header, problems) else {
        return Vec::new();
    };
    if rows.len() > MAX_PAYMENTS {
        problems.add(Place::File, Cause::TooManyPayments);
        return Vec::new();
    }
    let mut payments = Vec::with_capacity(rows.len());
    for row in rows {
        if let Some(payment) = columns.payment(row, network, problems) {
            payments.push((row.place, payment));
        }
    }
    payments
}

/// Names the separator of a first line that has no comma.
fn wrong_separator(text: &str) -> Option<&'static str> {
    let first = text.lines().next().unwrap_or("");
    match () {
        () if first.contains(',') => None,
        () if first.contains(';') => Some("semicolons"),
        () if first.contains('\t') => Some("tabs"),
        () if first.contains('|') => Some("vertical bars"),
        () => None,
    }
}

struct Columns {
    count: usize,
    payout_id: usize,
    address: usize,
    amount: usize,
    unit: usize,
    name: Option<usize>,
    reference: Option<usize>,
}

impl Columns {
    fn read(header: &Record, problems: &mut Problems) -> Option<Self> {
        const KNOWN: [&str; 6] = [
            "payout_id",
            "address",
            "amount",
            "unit",
            "name",
            "reference",
        ];
        let place = header.place;
        let names: Vec<&str> = header.cells.iter().collect();
        if !names
            .iter()
            .any(|name| KNOWN.contains(&name.trim().to_lowercase().as_str()))
        {
            problems.add(place, Cause::NoHeader);
            return None;
        }
        let before = problems.count();
        for (index, name) in names.iter().enumerate() {
            if !KNOWN.contains(name) {
                problems.add(place, Cause::UnknownColumn(shown(name)));
            } else if names.iter().take(index).any(|earlier| earlier == name) {
                problems.add(place, Cause::DuplicateColumn(shown(name)));
            }
        }
        let find = |name: &str| names.iter().position(|found| *found == name);
        let mut require = |name: &str| {
            let found = find(name);
            if found.is_none() {
                problems.add(place, Cause::MissingColumn(name.into()));
            }
            found
        };
        let (payout_id, address) = (require("payout_id"), require("address"));
        let (amount, unit) = (require("amount"), require("unit"));
        if problems.count() > before {
            return None;
        }
        Some(Columns {
            count: names.len(),
            payout_id: payout_id?,
            address: address?,
            amount: amount?,
            unit: unit?,
            name: find("name"),
            reference: find("reference"),
        })
    }

    fn payment(&self, row: &Record, network: Network, problems: &mut Problems) -> Option<Payment> {
        let place = row.place;
        if row.is_empty() {
            problems.add(place, Cause::EmptyRow);
            return None;
        }
        if row.cells.len() != self.count {
            problems.add(
                place,
                Cause::CellCount {
                    expected: self.count,
                    found: row.cells.len(),
                },
            );
            return None;
        }
        let payout_id =
            problems.take_id(place, PayoutId::parse(row.cell(self.payout_id)).map(Some));
        let address = field::unpadded(row.cell(self.address), "address")
            .and_then(|text| Ok(address::parse(text, network)?));
        let address = problems.take(place, address);
        let unit = row.cell(self.unit);
        let unit = match unit {
            "" => Err(Cause::EmptyCell { column: "unit" }),
            unit => unit
                .parse::<Unit>()
                .map_err(|_| Cause::Unit(unit_shown(unit))),
        };
        let unit = problems.take(place, unit);
        let amount = match (row.cell(self.amount), unit) {
            (text, _) if text.trim() != text => Err(Cause::Spaces { column: "amount" }),
            // Without a unit, what holds in either unit is still reported.
            (text, unit) => amount::parse(text, unit.unwrap_or(Unit::Btc)).map_err(Cause::from),
        };
        let amount = match (amount, unit) {
            (Err(Cause::Amount(amount::AmountError::TooLarge(_))), None) => None,
            (amount, _) => problems.take(place, amount),
        };
        let mut text = |index: Option<usize>, column| {
            let cell = index.map_or("", |index| row.cell(index));
            problems.take(place, field::free_text(cell, column))
        };
        let (name, reference) = (text(self.name, "name"), text(self.reference, "reference"));
        unit?;
        Some(Payment {
            payout_id: payout_id?,
            address: address?,
            amount: amount?,
            name: name?,
            reference: reference?,
        })
    }
}

fn unit_shown(unit: &str) -> String {
    match unit.len() <= 16 && unit.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        true => unit.into(),
        false => shown(unit),
    }
}
