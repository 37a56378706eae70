//! Sparrow's "send to many" CSV: address, amount, label; further columns are left alone.
//!
//! Sparrow skips every row whose amount it cannot read; here only the first row may be such a
//! header. It has to be there when a column is to be found by its name.

use cofferdam_core::Network;

use super::problem::{Cause, Place, Problems, shown};
use super::table::{self, Record};
use super::{Ids, MAX_PAYMENTS, Payment, PayoutId, Unit, address, amount, field};

pub(super) fn read(
    bytes: &[u8],
    unit: Unit,
    ids: &Ids,
    network: Network,
    problems: &mut Problems,
) -> Vec<(Place, Payment)> {
    let Some(text) = table::text(bytes, problems) else {
        return Vec::new();
    };
    let Some(records) = table::records(text, problems) else {
        return Vec::new();
    };
    let (header, rows) = match records.split_first() {
        Some((first, rest)) if is_header(first) => (Some(first), rest),
        _ => (None, records.as_slice()),
    };
    let id_column = match (ids, header) {
        (Ids::Column(name), header) => {
            let found =
                header.and_then(|header| header.cells.iter().position(|cell| cell.trim() == name));
            if found.is_none() {
                problems.add(Place::Line(1), Cause::MissingColumn(shown(name)));
                return Vec::new();
            }
            found
        }
        _ => None,
    };
    if rows.len() > MAX_PAYMENTS {
        problems.add(Place::File, Cause::TooManyPayments);
        return Vec::new();
    }
    let mut payments = Vec::with_capacity(rows.len());
    for (index, row) in rows.iter().enumerate() {
        let id = match id_column {
            Some(column) => PayoutId::parse(row.cell(column)).map(Some),
            None => ids.for_number(index + 1),
        };
        if let Some(payment) = payment(row, id, unit, network, problems) {
            payments.push((row.place, payment));
        }
    }
    payments
}

/// A first row without a digit where address and amount stand, as exports from a spreadsheet have.
/// There is no address without one: such a row is a payment, whatever its amount says.
fn is_header(record: &Record) -> bool {
    let bare = |cell: &str| !cell.is_empty() && !cell.bytes().any(|byte| byte.is_ascii_digit());
    bare(record.cell(0)) && bare(record.cell(1))
}

fn payment(
    row: &Record,
    id: Result<Option<PayoutId>, Cause>,
    unit: Unit,
    network: Network,
    problems: &mut Problems,
) -> Option<Payment> {
    let place = row.place;
    if row.is_empty() {
        problems.add(place, Cause::EmptyRow);
        return None;
    }
    if row.cells.len() < 2 {
        problems.add(place, Cause::NotAPair);
        return None;
    }
    let payout_id = problems.take_id(place, id);
    let address = problems.take(place, address::parse(row.cell(0).trim(), network));
    let amount = problems.take(place, amount::parse(row.cell(1).trim(), unit));
    let name = problems.take(place, field::free_text(row.cell(2), "name"));
    Some(Payment {
        payout_id: payout_id?,
        address: address?,
        amount: amount?,
        name: name?,
        reference: None,
    })
}
