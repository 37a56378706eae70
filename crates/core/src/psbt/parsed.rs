//! A PSBT that was read whole.

use std::collections::HashMap;

use bitcoin::bip32::{KeySource, Xpub};
use bitcoin::{OutPoint, Transaction, Txid};

use super::encoding::{self, Encoding};
use super::error::{MapName, PsbtError};
use super::fields::{self, global, input};
use super::input::Input;
use super::limits::Limits;
use super::output::Output;
use super::previous::{NotATransaction, PreviousTransaction, TransactionIndex};
use super::raw::{RawKey, RawPsbt};
use super::unsigned;
use super::version::Version;

/// What a PSBT says about itself beyond the transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Global {
    /// Extended public keys and their origins.
    pub xpubs: Vec<(Xpub, KeySource)>,
    /// The flags of version 2 that let others add inputs and outputs.
    pub tx_modifiable: Option<u8>,
    /// The keys of unknown and proprietary fields.
    pub unknown: Vec<RawKey>,
}

/// A PSBT that was read whole: its form is right, its content is still a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    encoding: Encoding,
    version: Version,
    raw: RawPsbt,
    unsigned_tx: Transaction,
    txid: Txid,
    global: Global,
    inputs: Vec<Input>,
    outputs: Vec<Output>,
    size: Size,
}

/// What reading a PSBT took, by what [`Limits`] count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Key-value pairs.
    pub pairs: usize,
    /// Public keys, and leaves of taproot trees.
    pub keys: usize,
    /// Bytes of keys, and of the values of known fields that are not previous transactions.
    pub fields: usize,
}

impl Size {
    /// Returns the size of several PSBTs together.
    #[must_use]
    pub fn and(self, other: Size) -> Size {
        Size {
            pairs: self.pairs.saturating_add(other.pairs),
            keys: self.keys.saturating_add(other.keys),
            fields: self.fields.saturating_add(other.fields),
        }
    }

    /// Checks it against the limits.
    ///
    /// # Errors
    ///
    /// [`PsbtError::TooMany`], for the first that is exceeded.
    pub fn within(self, limits: &Limits) -> Result<(), PsbtError> {
        for (what, found, limit) in [
            ("key-value pairs", self.pairs, limits.pairs),
            ("public keys", self.keys, limits.keys),
            (
                "bytes of fields that are not previous transactions",
                self.fields,
                limits.fields,
            ),
        ] {
            if found > limit {
                let found = found as u64;
                return Err(PsbtError::TooMany { what, found, limit });
            }
        }
        Ok(())
    }
}

impl Parsed {
    /// Reads the content of a file, in whichever [`Encoding`] it is.
    pub fn parse(file: &[u8], limits: &Limits) -> Result<Self, PsbtError> {
        let (encoding, binary) = encoding::decode(file, limits)?;
        let (raw, version) = read_maps(&binary, limits)?;
        drop(binary);
        Self::interpret(raw, version, encoding, limits)
    }

    fn interpret(
        raw: RawPsbt,
        version: Version,
        encoding: Encoding,
        limits: &Limits,
    ) -> Result<Self, PsbtError> {
        let size = measure(&raw);
        size.within(limits)?;
        for (index, map) in raw.inputs.iter().enumerate() {
            fields::check(map, MapName::Input(index), version)?;
        }
        for (index, map) in raw.outputs.iter().enumerate() {
            fields::check(map, MapName::Output(index), version)?;
        }
        let unsigned_tx = unsigned::transaction(&raw, version)?;
        let inputs = read_inputs(&raw, &unsigned_tx)?;
        let outputs = raw.outputs.iter().enumerate();
        let outputs = outputs
            .map(|(index, map)| Output::read(map, MapName::Output(index)))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            encoding,
            version,
            txid: unsigned_tx.compute_txid(),
            unsigned_tx,
            global: read_global(&raw)?,
            inputs,
            outputs,
            raw,
            size,
        })
    }

    /// Returns what reading it took.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Returns the encoding of the file it was read from.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Returns the PSBT's version.
    pub fn version(&self) -> Version {
        self.version
    }

    /// Returns the transaction without signatures. It has as many inputs and outputs as
    /// [`inputs`](Self::inputs) and [`outputs`](Self::outputs).
    pub fn unsigned_tx(&self) -> &Transaction {
        &self.unsigned_tx
    }

    /// Returns the txid of the transaction without signatures; with only native segwit and taproot
    /// inputs it is that of the signed one too.
    pub fn txid(&self) -> Txid {
        self.txid
    }

    /// Returns what the global map says.
    pub fn global(&self) -> &Global {
        &self.global
    }

    /// Returns what the PSBT says about each input.
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// Returns what the PSBT says about each output.
    pub fn outputs(&self) -> &[Output] {
        &self.outputs
    }

    /// Returns the maps as they stood in the bytes.
    pub fn raw(&self) -> &RawPsbt {
        &self.raw
    }

    /// Returns the binary form: the very bytes that were read, decoded.
    pub fn to_binary(&self) -> Vec<u8> {
        self.raw.to_bytes()
    }
}

impl RawPsbt {
    /// Reads the maps of a binary PSBT, and the transaction that they are about. The fields of
    /// inputs and outputs are not looked at, but for those that version 2 makes the transaction of:
    /// this is for transport, [`Parsed::parse`] for use.
    pub fn parse(binary: &[u8], limits: &Limits) -> Result<(RawPsbt, Transaction), PsbtError> {
        let (raw, version) = read_maps(binary, limits)?;
        let unsigned_tx = unsigned::transaction(&raw, version)?;
        Ok((raw, unsigned_tx))
    }
}

/// Measures the maps before their fields are read.
fn measure(raw: &RawPsbt) -> Size {
    let inputs = raw.inputs.iter().enumerate();
    let outputs = raw.outputs.iter().enumerate();
    let inputs = inputs.map(|(index, map)| (map, MapName::Input(index)));
    let outputs = outputs.map(|(index, map)| (map, MapName::Output(index)));
    let maps = std::iter::once((&raw.global, MapName::Global))
        .chain(inputs)
        .chain(outputs);
    maps.map(|(map, name)| {
        let measure = fields::measure(map, name);
        Size {
            pairs: map.pairs.len(),
            keys: measure.keys,
            fields: measure.bytes,
        }
    })
    .fold(Size::default(), Size::and)
}

fn read_maps(binary: &[u8], limits: &Limits) -> Result<(RawPsbt, Version), PsbtError> {
    let mut version = Version::V0;
    let raw = RawPsbt::read(binary, limits, |global| {
        version = unsigned::version(global)?;
        let measure = fields::measure(global, MapName::Global);
        let size = Size {
            keys: measure.keys,
            ..Size::default()
        };
        size.within(limits)?;
        fields::check(global, MapName::Global, version)?;
        unsigned::counts(global, version)
    })?;
    Ok((raw, version))
}

/// Reads the input maps. A previous transaction that several inputs name is read and hashed once.
fn read_inputs(raw: &RawPsbt, unsigned_tx: &Transaction) -> Result<Vec<Input>, PsbtError> {
    let mut known: HashMap<Txid, (&[u8], TransactionIndex)> = HashMap::new();
    let mut inputs = Vec::with_capacity(raw.inputs.len());
    for (index, (map, tx_in)) in raw.inputs.iter().zip(&unsigned_tx.input).enumerate() {
        let name = MapName::Input(index);
        let given = map.plain(input::NON_WITNESS_UTXO);
        let previous = given.map(|bytes| previous(bytes, tx_in.previous_output, &mut known));
        let previous = previous
            .transpose()
            .map_err(|error| PsbtError::InvalidValue {
                map: name,
                field: "PSBT_IN_NON_WITNESS_UTXO",
                reason: error.to_string(),
            })?;
        inputs.push(Input::read(map, name, previous)?);
    }
    Ok(inputs)
}

/// Reads what is given as the previous transaction of a coin; `known` holds those that were read
/// before, by the txid that they were given for.
fn previous<'a>(
    bytes: &'a [u8],
    coin: OutPoint,
    known: &mut HashMap<Txid, (&'a [u8], TransactionIndex)>,
) -> Result<PreviousTransaction, NotATransaction> {
    let of = |index: &TransactionIndex| PreviousTransaction::new(index, bytes, coin.vout);
    match known.get(&coin.txid) {
        Some((seen, index)) if *seen == bytes => of(index),
        _ => {
            let index = TransactionIndex::read(bytes)?;
            let previous = of(&index)?;
            known.insert(coin.txid, (bytes, index));
            Ok(previous)
        }
    }
}

fn read_global(raw: &RawPsbt) -> Result<Global, PsbtError> {
    let mut read = Global::default();
    for pair in &raw.global.pairs {
        match pair.key.key_type {
            global::XPUB => read.xpubs.push(read_xpub(&pair.key.data, &pair.value)?),
            global::TX_MODIFIABLE => read.tx_modifiable = pair.value.first().copied(),
            _ if fields::is_unknown(pair, MapName::Global) => read.unknown.push(pair.key.clone()),
            _ => {}
        }
    }
    Ok(read)
}

fn read_xpub(key: &[u8], value: &[u8]) -> Result<(Xpub, KeySource), PsbtError> {
    let (map, field) = (MapName::Global, "PSBT_GLOBAL_XPUB");
    let xpub = fields::xpub(key).ok_or(PsbtError::InvalidKey { map, field })?;
    let invalid = |reason: String| PsbtError::InvalidValue { map, field, reason };
    let source =
        super::input::key_source(value).ok_or_else(|| invalid("no fingerprint and path".into()))?;
    if usize::from(xpub.depth) == source.1.len() {
        Ok((xpub, source))
    } else {
        Err(invalid(format!(
            "a path of {} steps for a key of depth {}",
            source.1.len(),
            xpub.depth
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::psbt::RawKey;

    fn legacy() -> RawPsbt {
        let text = include_str!("../../../../fixtures/core-signing/regtest.json");
        let fixture: serde_json::Value = serde_json::from_str(text).unwrap();
        let psbt = fixture["cases"][0]["unsigned"]["psbt_v0"].as_str().unwrap();
        Parsed::parse(psbt.as_bytes(), &Limits::DEFAULT)
            .unwrap()
            .raw()
            .clone()
    }

    /// A PSBT, both inputs of which spend outputs of one previous transaction.
    fn of_one_transaction(edit: impl FnOnce(&mut RawPsbt)) -> Parsed {
        let mut raw = legacy();
        let mut unsigned: Transaction =
            bitcoin::consensus::deserialize(raw.global.plain(fields::global::UNSIGNED_TX).unwrap())
                .unwrap();
        let first = unsigned.input[0].previous_output;
        unsigned.input[1].previous_output = bitcoin::OutPoint {
            vout: first.vout + 1,
            ..first
        };
        raw.global.set(
            RawKey::plain(fields::global::UNSIGNED_TX),
            bitcoin::consensus::serialize(&unsigned),
        );
        let given = raw.inputs[0]
            .plain(input::NON_WITNESS_UTXO)
            .unwrap()
            .to_vec();
        raw.inputs[1].set(RawKey::plain(input::NON_WITNESS_UTXO), given);
        edit(&mut raw);
        Parsed::parse(&raw.to_bytes(), &Limits::DEFAULT).unwrap()
    }

    fn given(parsed: &Parsed) -> [&PreviousTransaction; 2] {
        [0, 1].map(|index| {
            parsed.inputs()[index]
                .previous_transaction
                .as_ref()
                .unwrap()
        })
    }

    #[test]
    fn a_previous_transaction_of_two_inputs_gives_each_its_coin() {
        let parsed = of_one_transaction(|_| {});
        let [first, second] = given(&parsed);
        assert_eq!(first.txid(), second.txid());
        let whole: Transaction = bitcoin::consensus::deserialize(
            parsed.raw().inputs[0]
                .plain(input::NON_WITNESS_UTXO)
                .unwrap(),
        )
        .unwrap();
        let vout = |index: usize| parsed.unsigned_tx().input[index].previous_output.vout as usize;
        assert_eq!(first.coin(), whole.output.get(vout(0)));
        assert_eq!(second.coin(), whole.output.get(vout(1)));
    }

    #[test]
    fn another_transaction_under_the_same_txid_is_not_taken_for_the_first() {
        let parsed = of_one_transaction(|raw| {
            let mut other: Transaction = bitcoin::consensus::deserialize(
                raw.inputs[1].plain(input::NON_WITNESS_UTXO).unwrap(),
            )
            .unwrap();
            for output in &mut other.output {
                output.value = bitcoin::Amount::from_sat(1);
            }
            raw.inputs[1].set(
                RawKey::plain(input::NON_WITNESS_UTXO),
                bitcoin::consensus::serialize(&other),
            );
        });
        let [first, second] = given(&parsed);
        assert_ne!(first.txid(), second.txid());
        assert!(second.coin().is_none_or(|coin| coin.value.to_sat() == 1));
    }
}
