//! Electrum's pay-to-many lines: `address, amount`, one a line, blank lines between them.
//!
//! Electrum also takes `label <address>`, which is read, and `!`, `2!` (all that is left) and
//! `script(...)`, which are refused. The amount's unit there is a setting, here it is named.

use cofferdam_core::Network;

use super::problem::{Cause, Place, Problems};
use super::{Ids, MAX_PAYMENTS, Payment, Unit, address, amount, field, table};

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
    let mut payments = Vec::new();
    let mut number = 0;
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        number += 1;
        let place = Place::Line(index as u64 + 1);
        if number > MAX_PAYMENTS {
            problems.add(Place::File, Cause::TooManyPayments);
            return Vec::new();
        }
        if let Some(payment) = payment(line, number, unit, ids, network, place, problems) {
            payments.push((place, payment));
        }
    }
    payments
}

fn payment(
    line: &str,
    number: usize,
    unit: Unit,
    ids: &Ids,
    network: Network,
    place: Place,
    problems: &mut Problems,
) -> Option<Payment> {
    // The last comma but those of a decimal comma or of thousands: an address has none, so the
    // first one splits.
    let Some((recipient, value)) = line.split_once(',') else {
        problems.add(place, Cause::NotAPair);
        return None;
    };
    let recipient = recipient.trim();
    if recipient.starts_with("script(") {
        problems.add(place, Cause::RawScript);
        return None;
    }
    let (label, target) = match recipient
        .strip_suffix('>')
        .and_then(|inner| inner.rsplit_once('<'))
    {
        Some((label, target)) => (label.trim(), target),
        None => ("", recipient),
    };
    let address = problems.take(place, address::parse(target, network));
    let amount = problems.take(place, amount::parse(value.trim(), unit));
    let name = problems.take(place, field::free_text(label, "name"));
    let payout_id = problems.take_id(place, ids.for_number(number));
    Some(Payment {
        payout_id: payout_id?,
        address: address?,
        amount: amount?,
        name: name?,
        reference: None,
    })
}
