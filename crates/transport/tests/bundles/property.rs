//! Any PSBTs come back, and any bytes are read or refused.

use bitcoin::absolute::LockTime;
use bitcoin::consensus::serialize;
use bitcoin::transaction::Version;
use bitcoin::{Amount, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Witness};
use cofferdam_core::psbt::fields::{global, input};
use cofferdam_core::psbt::{RawKey, RawMap, RawPair, RawPsbt};
use cofferdam_transport::bundle::Bundle;
use cofferdam_transport::returned::Return;
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, proptest};

use super::fixture::{resealed, sealed, wallet};

/// What an input of a made-up PSBT has.
#[derive(Clone, Debug)]
struct Spend {
    previous: usize,
    output: usize,
    fields: [bool; 3],
    order: Vec<usize>,
}

fn spend() -> impl Strategy<Value = Spend> {
    let order = Just(vec![0, 1, 2]).prop_shuffle();
    (0..4usize, 0..3usize, any::<[bool; 3]>(), order).prop_map(
        |(previous, output, fields, order)| Spend {
            previous,
            output,
            fields,
            order,
        },
    )
}

fn transaction(input: Vec<OutPoint>, outputs: u64, mark: u32) -> Transaction {
    Transaction {
        version: Version::TWO,
        lock_time: LockTime::from_consensus(mark),
        input: input
            .into_iter()
            .map(|previous_output| TxIn {
                previous_output,
                script_sig: ScriptBuf::new(),
                sequence: Sequence::MAX,
                witness: Witness::new(),
            })
            .collect(),
        output: (0..outputs)
            .map(|number| TxOut {
                value: Amount::from_sat(number),
                script_pubkey: ScriptBuf::from_bytes(vec![0x51; 1 + number as usize]),
            })
            .collect(),
    }
}

fn psbt(spends: &[Spend], mark: u32) -> Vec<u8> {
    let previous: Vec<_> = (0..4)
        .map(|number| transaction(vec![OutPoint::null()], 3, number))
        .collect();
    let inputs = spends.iter().map(|spend| {
        let made = &previous[spend.previous];
        let coin = made.output[spend.output].clone();
        let pairs = [
            (input::NON_WITNESS_UTXO, serialize(made)),
            (input::WITNESS_UTXO, serialize(&coin)),
            (0x77, vec![]),
        ];
        let pairs = spend
            .order
            .iter()
            .filter(|field| spend.fields[**field])
            .map(|field| RawPair {
                key: RawKey::plain(pairs[*field].0),
                value: pairs[*field].1.clone(),
            });
        RawMap {
            pairs: pairs.collect(),
        }
    });
    let outpoints = spends.iter().map(|spend| OutPoint {
        txid: previous[spend.previous].compute_txid(),
        vout: spend.output as u32,
    });
    let mut global = RawMap::default();
    global.set(
        RawKey::plain(global::UNSIGNED_TX),
        serialize(&transaction(outpoints.collect(), 1, mark)),
    );
    RawPsbt {
        global,
        inputs: inputs.collect(),
        outputs: vec![RawMap::default()],
    }
    .to_bytes()
}

proptest! {
    #[test]
    fn any_psbts_come_back(runs in vec(vec(spend(), 1..8), 1..5)) {
        let psbts: Vec<_> = runs.iter().zip(1..).map(|(spends, mark)| psbt(spends, mark)).collect();
        let bundle = Bundle::of(wallet(), "po-1", &psbts).unwrap();
        let read = Bundle::parse(&bundle.to_bytes()).unwrap();
        prop_assert_eq!(&read, &bundle);
        prop_assert_eq!(read.psbts().unwrap(), psbts);
    }

    /// Random content behind the right head and checksum, so that parsing goes as far as it can.
    #[test]
    fn any_bytes_are_read_or_refused(content in vec(any::<u8>(), 0..200), entries in 3..10u64) {
        for format in ["cofferdam/bundle", "cofferdam/return"] {
            let bytes = sealed(entries, format, |encoder| encoder.writer_mut().extend_from_slice(&content));
            if let Ok(bundle) = Bundle::parse(&bytes) {
                prop_assert!(bundle.to_bytes() == bytes);
            }
            if let Ok(returned) = Return::parse(&bytes) {
                prop_assert!(returned.to_bytes() == bytes);
            }
        }
    }

    /// Bytes of a bundle changed anywhere, with the right checksum: what is read is what is written
    /// again.
    #[test]
    fn what_is_read_has_one_form(changes in vec((any::<usize>(), any::<u8>()), 1..4)) {
        let spend = Spend { previous: 0, output: 1, fields: [true; 3], order: vec![0, 1, 2] };
        let mut bytes = Bundle::of(wallet(), "po-1", &[psbt(&[spend], 1)]).unwrap().to_bytes();
        let length = bytes.len();
        for (at, value) in changes {
            bytes[at % length] = value;
        }
        let bytes = resealed(&bytes);
        if let Ok(bundle) = Bundle::parse(&bytes) {
            prop_assert!(bundle.to_bytes() == bytes);
        }
    }
}
