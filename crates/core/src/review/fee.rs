//! The fee, and its rate.

use bitcoin::{Amount, Transaction, VarInt, Weight};
use serde::{Deserialize, Serialize};

use crate::ScriptType;

/// The fee of a transaction that is not signed yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fee {
    /// The fee.
    #[serde(rename = "sat", with = "bitcoin::amount::serde::as_sat")]
    pub amount: Amount,
    /// The size in virtual bytes that the signed transaction has at most, with low-R signatures and
    /// one weight for each type of input (`docs/formats/review.md`).
    pub vsize: u64,
    /// Satoshi for 1,000 virtual bytes, rounded down.
    pub sat_per_kvb: u64,
    /// Thousandths of what leaves the wallet, rounded down; none when nothing leaves it.
    pub permille: Option<u64>,
}

impl Fee {
    /// Computes the rates of a fee.
    pub(super) fn new(amount: Amount, vsize: u64, leaves: Amount) -> Self {
        let (fee, leaves) = (u128::from(amount.to_sat()), u128::from(leaves.to_sat()));
        let rate = (fee * 1000)
            .checked_div(u128::from(vsize))
            .unwrap_or(u128::MAX);
        let permille = (fee * 1000).checked_div(leaves);
        Self {
            amount,
            vsize,
            sat_per_kvb: saturated(rate),
            permille: permille.map(saturated),
        }
    }
}

fn saturated(value: u128) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

/// Returns the virtual size that the transaction has at most when it is signed.
///
/// Every input counts with its type's [`ScriptType::input_weight`]; an input of unknown type with
/// its outpoint, sequence and an empty script. With at least one witness, two weight units are
/// added for marker and flag, and one for the empty witness of each input that has none. The sum is
/// divided by four and rounded up.
pub(super) fn signed_vsize(transaction: &Transaction, types: &[Option<ScriptType>]) -> u64 {
    signed_weight(transaction, types).div_ceil(4)
}

/// Returns the weight that the transaction has at most when it is signed, in weight units.
pub(super) fn signed_weight(transaction: &Transaction, types: &[Option<ScriptType>]) -> u64 {
    let counts = VarInt::from(transaction.input.len()).size()
        + VarInt::from(transaction.output.len()).size();
    let outputs: u64 = transaction
        .output
        .iter()
        .map(|output| output.weight().to_wu())
        .sum();
    let inputs: u64 = types
        .iter()
        .map(|kind| kind.map_or(UNKNOWN_INPUT, ScriptType::input_weight).to_wu())
        .sum();
    let has_witness = |kind: &Option<ScriptType>| kind.is_some_and(ScriptType::has_witness);
    let witnesses = types.iter().filter(|kind| has_witness(kind)).count();
    let envelope = if witnesses > 0 {
        2 + (types.len() - witnesses) as u64
    } else {
        0
    };
    (8 + counts as u64) * 4 + outputs + inputs + envelope
}

/// Outpoint (36), length of an empty script (1), sequence (4).
const UNKNOWN_INPUT: Weight = Weight::from_wu(41 * 4);

#[cfg(test)]
mod tests {
    use bitcoin::absolute::LockTime;
    use bitcoin::transaction::Version;
    use bitcoin::{ScriptBuf, TxIn, TxOut};

    use super::*;

    #[test]
    fn sizes_are_those_of_textbooks() {
        let (legacy, segwit, taproot) =
            (ScriptType::Legacy, ScriptType::Segwit, ScriptType::Taproot);
        /// Name, types of the inputs, lengths of the outputs' scripts, virtual size.
        type Case<'a> = (&'a str, &'a [Option<ScriptType>], &'a [usize], u64);
        let cases: [Case<'_>; 6] = [
            ("p2pkh to two p2pkh", &[Some(legacy)], &[25, 25], 225),
            ("p2wpkh to two p2wpkh", &[Some(segwit)], &[22, 22], 141),
            ("p2tr to two p2tr", &[Some(taproot)], &[34, 34], 154),
            (
                "p2sh-p2wpkh to one p2sh",
                &[Some(ScriptType::Nested)],
                &[23],
                134,
            ),
            // 1,026 weight units: marker, flag and an empty witness make it 257 instead of 256.
            ("mixed", &[Some(legacy), Some(segwit)], &[22], 257),
            ("an unknown script", &[None], &[22], 82),
        ];
        for (name, types, scripts, expected) in cases {
            let outputs = scripts.iter().map(|length| TxOut {
                value: Amount::ZERO,
                script_pubkey: ScriptBuf::from_bytes(vec![0; *length]),
            });
            let transaction = Transaction {
                version: Version::TWO,
                lock_time: LockTime::ZERO,
                input: vec![TxIn::default(); types.len()],
                output: outputs.collect(),
            };
            assert_eq!(signed_vsize(&transaction, types), expected, "{name}");
        }
    }

    #[test]
    fn rates_are_rounded_down_and_never_wrap() {
        let fee = Fee::new(Amount::from_sat(1_999), 1_000, Amount::from_sat(2_000_000));
        assert_eq!((fee.sat_per_kvb, fee.permille), (1_999, Some(0)));
        let all = Fee::new(Amount::MAX_MONEY, 1, Amount::ZERO);
        assert_eq!(
            (all.sat_per_kvb, all.permille),
            (2_100_000_000_000_000_000, None)
        );
        assert_eq!(
            Fee::new(Amount::MAX, 0, Amount::ONE_SAT).sat_per_kvb,
            u64::MAX
        );
        assert_eq!(
            Fee::new(Amount::MAX, 1, Amount::ONE_SAT).permille,
            Some(u64::MAX)
        );
    }
}
