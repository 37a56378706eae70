//! A previous transaction, read where it stands in its bytes: it may be as large as the PSBT, and
//! is copied nowhere.

use bitcoin::hashes::{Hash as _, HashEngine as _, sha256d};
use bitcoin::{Amount, ScriptBuf, TxOut, Txid};

/// Of so many outputs the first one's place is kept: any other is found after it.
const MARKED: usize = 64;

/// The longest script that can be executed (Bitcoin Core's `MAX_SCRIPT_SIZE`): a coin with a longer
/// one cannot be spent.
const MAX_SCRIPT: usize = 10_000;

/// Where the parts of a serialised transaction are, with or without witnesses, and its txid. The
/// bytes stay where they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionIndex {
    txid: Txid,
    outputs: usize,
    /// The place of every [`MARKED`]th output.
    marks: Vec<u32>,
}

/// Bytes are no transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotATransaction(&'static str);

impl TransactionIndex {
    /// Reads a whole transaction, hashing it where it stands.
    ///
    /// # Errors
    ///
    /// When the bytes are none, to the last of them.
    pub fn read(bytes: &[u8]) -> Result<Self, NotATransaction> {
        if u32::try_from(bytes.len()).is_err() {
            return Err(NotATransaction("it is longer than any transaction"));
        }
        let mut cursor = Cursor { bytes, at: 0 };
        cursor.take(4)?;
        let mut from = cursor.at;
        let mut inputs = cursor.size()?;
        let has_witness = inputs == 0;
        if has_witness {
            if cursor.take(1)? != [1] {
                return Err(NotATransaction("it has neither inputs nor witnesses"));
            }
            from = cursor.at;
            inputs = cursor.size()?;
        }
        for _ in 0..inputs {
            cursor.take(36)?;
            let script = cursor.size()?;
            cursor.take(script)?;
            cursor.take(4)?;
        }
        let outputs = cursor.size()?;
        let mut marks = Vec::new();
        for number in 0..outputs {
            if number % MARKED as u64 == 0 {
                marks.push(cursor.at as u32);
            }
            cursor.output()?;
        }
        let to = cursor.at;
        if has_witness {
            let mut is_empty = true;
            for _ in 0..inputs {
                let elements = cursor.size()?;
                is_empty &= elements == 0;
                for _ in 0..elements {
                    let element = cursor.size()?;
                    cursor.take(element)?;
                }
            }
            if is_empty && inputs > 0 {
                return Err(NotATransaction(
                    "it has the form with witnesses, and no witness",
                ));
            }
        }
        let lock_time = cursor.take(4)?;
        if cursor.at != bytes.len() {
            return Err(NotATransaction("bytes follow its end"));
        }
        let mut engine = sha256d::Hash::engine();
        for part in [&bytes[..4], &bytes[from..to], lock_time] {
            engine.input(part);
        }
        Ok(Self {
            txid: Txid::from_raw_hash(sha256d::Hash::from_engine(engine)),
            outputs: usize::try_from(outputs).map_err(|_| CUT)?,
            marks,
        })
    }

    /// Returns the txid, computed from the bytes.
    pub fn txid(&self) -> Txid {
        self.txid
    }

    /// Returns how many outputs it has.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Returns an output, from the bytes that were [`read`](Self::read); none where there is no
    /// such output.
    pub fn output(&self, bytes: &[u8], vout: u32) -> Option<TxOut> {
        let vout = usize::try_from(vout)
            .ok()
            .filter(|vout| *vout < self.outputs)?;
        let at = *self.marks.get(vout / MARKED)?;
        let mut cursor = Cursor {
            bytes,
            at: at as usize,
        };
        for _ in 0..vout % MARKED {
            cursor.output().ok()?;
        }
        let (value, script) = cursor.output().ok()?;
        Some(TxOut {
            value: Amount::from_sat(value),
            script_pubkey: ScriptBuf::from_bytes(script.to_vec()),
        })
    }
}

/// What a previous transaction that came with the PSBT says of an input's coin.
///
/// Nothing says yet that it is the transaction which the input spends: compare the txid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviousTransaction {
    txid: Txid,
    outputs: usize,
    coin: Option<TxOut>,
}

impl PreviousTransaction {
    pub(super) fn new(
        index: &TransactionIndex,
        bytes: &[u8],
        vout: u32,
    ) -> Result<Self, NotATransaction> {
        let coin = index.output(bytes, vout);
        if coin
            .as_ref()
            .is_some_and(|coin| coin.script_pubkey.len() > MAX_SCRIPT)
        {
            return Err(NotATransaction(
                "the output that is spent has a script of more than 10000 bytes, which nobody can spend",
            ));
        }
        Ok(Self {
            txid: index.txid,
            outputs: index.outputs,
            coin,
        })
    }

    /// Returns the txid, computed from the transaction.
    pub fn txid(&self) -> Txid {
        self.txid
    }

    /// Returns how many outputs it has.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Returns the output of the number that the input names; none where there is no such output.
    pub fn coin(&self) -> Option<&TxOut> {
        self.coin.as_ref()
    }
}

const CUT: NotATransaction = NotATransaction("it is cut off");

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, count: u64) -> Result<&'a [u8], NotATransaction> {
        let end = usize::try_from(count)
            .ok()
            .and_then(|count| self.at.checked_add(count));
        let end = end.ok_or(CUT)?;
        let taken = self.bytes.get(self.at..end).ok_or(CUT)?;
        self.at = end;
        Ok(taken)
    }

    /// Takes a compact size, in its shortest form.
    fn size(&mut self) -> Result<u64, NotATransaction> {
        let (width, least) = match self.take(1)? {
            [0xfd] => (2, 0xfd),
            [0xfe] => (4, 0x1_0000),
            [0xff] => (8, 0x1_0000_0000),
            [byte] => return Ok(u64::from(*byte)),
            _ => return Err(CUT),
        };
        let bytes = self.take(width)?.iter().rev();
        match bytes.fold(0u64, |value, byte| value << 8 | u64::from(*byte)) {
            value if value < least => Err(NotATransaction("a length is not in its shortest form")),
            value => Ok(value),
        }
    }

    fn output(&mut self) -> Result<(u64, &'a [u8]), NotATransaction> {
        let value = self.take(8)?.try_into().map_err(|_| CUT)?;
        let script = self.size()?;
        Ok((u64::from_le_bytes(value), self.take(script)?))
    }
}

#[cfg(test)]
mod tests {
    use bitcoin::absolute::LockTime;
    use bitcoin::consensus::{deserialize, serialize};
    use bitcoin::transaction::Version;
    use bitcoin::{OutPoint, Sequence, Transaction, TxIn, Witness};
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    prop_compose! {
        fn input(witness: bool)(
            txid in any::<[u8; 32]>(),
            script_sig in vec(any::<u8>(), 0..300),
            items in vec(vec(any::<u8>(), 0..80), if witness { 0..4 } else { 0..1 }),
        ) -> TxIn {
            TxIn {
                previous_output: OutPoint::new(Txid::from_byte_array(txid), 1),
                script_sig: ScriptBuf::from_bytes(script_sig),
                sequence: Sequence::MAX,
                witness: Witness::from_slice(&items),
            }
        }
    }

    prop_compose! {
        fn transaction()(
            version in any::<i32>(),
            lock_time in any::<u32>(),
            input in any::<bool>().prop_flat_map(|witness| vec(input(witness), 0..5)),
            output in vec((any::<u64>(), vec(any::<u8>(), 0..300)), 0..140),
        ) -> Transaction {
            let output = output.into_iter().map(|(value, script)| TxOut {
                value: Amount::from_sat(value),
                script_pubkey: ScriptBuf::from_bytes(script),
            });
            Transaction {
                version: Version(version),
                lock_time: LockTime::from_consensus(lock_time),
                input,
                output: output.collect(),
            }
        }
    }

    fn agrees(bytes: &[u8]) -> Result<(), TestCaseError> {
        let read = TransactionIndex::read(bytes);
        match deserialize::<Transaction>(bytes) {
            Ok(expected) => {
                let read = read.expect("the bitcoin crate reads it");
                prop_assert_eq!(read.txid(), expected.compute_txid());
                prop_assert_eq!(read.outputs(), expected.output.len());
                for (vout, output) in (0..).zip(&expected.output) {
                    let found = read.output(bytes, vout);
                    prop_assert_eq!(found.as_ref(), Some(output));
                }
                prop_assert_eq!(read.output(bytes, read.outputs() as u32), None);
            }
            Err(error) => prop_assert!(read.is_err(), "{error}"),
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn it_reads_what_the_bitcoin_crate_reads(
            transaction in transaction(),
            at in any::<prop::sample::Index>(),
            byte in any::<u8>(),
        ) {
            let mut bytes = serialize(&transaction);
            agrees(&bytes)?;
            agrees(&bytes[..at.index(bytes.len())])?;
            let at = at.index(bytes.len());
            bytes[at] = byte;
            agrees(&bytes)?;
            bytes.push(byte);
            agrees(&bytes)?;
        }
    }

    #[test]
    fn a_coin_that_nobody_can_spend_is_refused() {
        let of = |length: usize| {
            let transaction = Transaction {
                version: Version::TWO,
                lock_time: LockTime::ZERO,
                input: vec![TxIn::default()],
                output: vec![TxOut {
                    value: Amount::ONE_SAT,
                    script_pubkey: ScriptBuf::from_bytes(vec![0; length]),
                }],
            };
            let bytes = serialize(&transaction);
            let index = TransactionIndex::read(&bytes).unwrap();
            PreviousTransaction::new(&index, &bytes, 0).is_ok()
        };
        assert!(of(MAX_SCRIPT));
        assert!(!of(MAX_SCRIPT + 1));
    }
}
